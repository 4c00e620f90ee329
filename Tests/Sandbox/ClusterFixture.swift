import Host
import Testing

@testable import Sandbox

/// A small living cluster without a server: one namespace, three nodes.
struct ClusterFixture {
    let store: KubernetesStore
    let cluster: KubernetesCluster
    let namespace = "shop"

    /// `body` gets a cluster that ends afterwards, whatever happens.
    static func with(
        speed: Double = 20, pace: PodPace = PodPace(), _ body: (ClusterFixture) async throws -> Void
    ) async throws {
        let store = KubernetesStore()
        let fixture = ClusterFixture(
            store: store, cluster: KubernetesCluster(store: store, speed: speed, pace: pace))
        try await doing {
            try store.create(.namespaces, ["metadata": ["name": "shop"]])
            for number in 0..<3 { try fixture.cluster.addNode("node-\(number)", address: "10.1.0.1\(number)") }
            try await body(fixture)
        } finally: {
            await fixture.cluster.stop()
        }
    }

    @discardableResult
    func deploy(
        _ name: String, replicas: Int = 4, image: String = "shop/web:v1", _ more: [String: JSON] = [:]
    ) throws -> JSON {
        var spec: JSON = [
            "replicas": .int(replicas), "selector": ["matchLabels": ["app": .string(name)]],
            "template": template(name, image: image),
        ]
        for (field, value) in more { spec[field] = value }
        return try store.create(.deployments, ["metadata": ["name": .string(name)], "spec": spec], in: namespace)
    }

    func template(_ app: String, image: String, restart: String = "Always") -> JSON {
        [
            "metadata": ["labels": ["app": .string(app)]],
            "spec": [
                "restartPolicy": .string(restart),
                "containers": [
                    [
                        "name": "main", "image": .string(image),
                        "resources": ["requests": ["cpu": "100m", "memory": "128Mi"]],
                    ]
                ],
            ],
        ]
    }

    func setImage(_ name: String, _ image: String) throws {
        try store.patch(
            .deployments, name, in: namespace,
            .strategic(["spec": ["template": ["spec": ["containers": [["name": "main", "image": .string(image)]]]]]]))
    }

    func restart(_ name: String, at: String = "2026-11-20T22:00:00Z") throws {
        let annotation: JSON = ["kubectl.kubernetes.io/restartedAt": .string(at)]
        try store.patch(
            .deployments, name, in: namespace,
            .strategic(["spec": ["template": ["metadata": ["annotations": annotation]]]]))
    }

    func deployment(_ name: String) throws -> JSON { try store.get(.deployments, name, in: namespace) }

    func pods(_ app: String) -> [JSON] {
        store.list(.pods, in: namespace, labels: LabelSelector(["app": app])).items
    }

    func sets(_ app: String) -> [JSON] {
        store.list(.replicaSets, in: namespace, labels: LabelSelector(["app": app])).items
    }

    func events(_ reason: String) -> [JSON] {
        store.list(.events, in: namespace).items.filter { $0["reason"]?.string == reason }
    }

    /// Waits for the rollout's end by the words that `kubectl rollout status` goes by.
    func rolledOut(_ name: String) async throws -> Bool {
        try await cluster.eventually { _ in
            let object = try deployment(name)
            let status = object["status"]
            let replicas = object.replicas
            return status?["observedGeneration"]?.int == object.generation
                && status?["updatedReplicas"]?.int ?? 0 == replicas && status?["replicas"]?.int ?? 0 == replicas
                && status?["availableReplicas"]?.int ?? 0 == replicas
                && Conditions.find("Progressing", in: object)?["reason"] == "NewReplicaSetAvailable"
        }
    }

    func reason(_ name: String) throws -> String? {
        Conditions.find("Progressing", in: try deployment(name))?["reason"]?.string
    }
}
