import Foundation
import Sandbox
import Testing

/// A namespace with 5,000 pods, listed page by page and judged by the program itself.
struct ManyPodsTests {
    @Test func fiveThousandPodsAreListedAndJudged() async throws {
        var options = KubernetesServer.Options()
        options.hasCluster = false
        options.namespaces = ["many"]
        let server = try await KubernetesServer.start(options)
        for number in 0..<3 {
            let ready: JSON = ["conditions": [["type": "Ready", "status": "True"]]]
            let name = "node-\(number)"
            try server.store.create(.nodes, ["metadata": ["name": .string(name)]])
            try server.store.modify(.nodes, name, .status) { $0["status"] = ready }
        }
        for group in 0..<50 { try make(group, pods: 100, in: server.store) }
        try await withFolder { folder in
            let plan = folder.appending(path: "many.yaml")
            let kubeconfig = try server.kubeconfig(namespace: "many")
            try """
            service: many
            targets: { cluster: { kubernetes: { kubeconfig: "\(kubeconfig)", namespace: many } } }
            procedures: { pods: { steps: [{ check: kubernetes.pods }] } }
            """.write(to: plan, atomically: true, encoding: .utf8)
            let seen = try await CommandLine.run("check", plan.path)
            #expect(seen.exit == 0 && seen.output.contains("5000 of 5000 pods are ready"), "\(seen.output)")
        }
        await server.stop()
    }

    private func make(_ group: Int, pods: Int, in store: KubernetesStore) throws {
        let name = "app-\(group)"
        let labels: JSON = ["app": .string(name)]
        let container: JSON = ["name": "main", "image": .string("shop/\(name):v1")]
        let template: JSON = ["metadata": ["labels": labels], "spec": ["containers": [container]]]
        let spec: JSON = ["replicas": .int(pods), "selector": ["matchLabels": labels], "template": template]
        let status: JSON = [
            "replicas": .int(pods), "readyReplicas": .int(pods), "availableReplicas": .int(pods),
            "updatedReplicas": .int(pods), "observedGeneration": 1,
        ]
        let deployment = try store.create(
            .deployments, ["metadata": ["name": .string(name)], "spec": spec], in: "many")
        try store.modify(.deployments, name, in: "many", .status) { $0["status"] = status }
        let set = try store.create(
            .replicaSets,
            [
                "metadata": [
                    "name": .string(name + "-1"), "labels": labels, "ownerReferences": owner("Deployment", deployment),
                ],
                "spec": spec,
            ], in: "many")
        try store.modify(.replicaSets, name + "-1", in: "many", .status) { $0["status"] = status }
        for pod in 0..<pods {
            let conditions: JSON = ["Ready", "ContainersReady", "PodScheduled", "Initialized"].reduce(into: []) {
                $0 = .array(($0.array ?? []) + [["type": .string($1), "status": "True"]])
            }
            let running: JSON = ["running": ["startedAt": "2026-11-20T00:00:00Z"]]
            let state: JSON = [
                "phase": "Running", "conditions": conditions,
                "containerStatuses": [["name": "main", "ready": true, "restartCount": 0, "state": running]],
            ]
            try store.create(
                .pods,
                [
                    "metadata": [
                        "name": .string("\(name)-\(pod)"), "labels": labels,
                        "ownerReferences": owner("ReplicaSet", set),
                    ],
                    "spec": ["nodeName": .string("node-\(pod % 3)"), "containers": [container]],
                ], in: "many")
            try store.modify(.pods, "\(name)-\(pod)", in: "many", .status) { $0["status"] = state }
        }
    }

    private func owner(_ kind: String, _ object: JSON) -> JSON {
        [
            [
                "apiVersion": "apps/v1", "kind": .string(kind), "name": object["metadata"]?["name"] ?? "",
                "uid": object["metadata"]?["uid"] ?? "", "controller": true,
            ]
        ]
    }
}
