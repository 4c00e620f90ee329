import Synchronization
import Testing

@testable import Sandbox

/// StatefulSets, DaemonSets, claims, budgets and namespaces.
@Suite struct ClusterWorkloadTests {
    @Test func aStatefulSetMakesItsPodsInOrderAndReplacesThemFromTheLast() async throws {
        try await ClusterFixture.with(speed: 50) { fixture in
            let store = fixture.store
            try store.create(.storageClasses, ["metadata": ["name": "fast"], "provisioner": "csi.example.com"])
            let claim: JSON = [
                "metadata": ["name": "data"],
                "spec": [
                    "accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
                    "resources": ["requests": ["storage": "1Gi"]],
                ],
            ]
            let spec: JSON = [
                "replicas": 3, "serviceName": "db", "selector": ["matchLabels": ["app": "db"]],
                "template": fixture.template("db", image: "shop/db:v1"), "volumeClaimTemplates": [claim],
            ]
            let order = Mutex<[String]>([])
            store.observe { event in
                guard event.resource == .pods, event.change != .modified else { return }
                order.withLock { $0.append("\(event.change.rawValue) \(event.object.name)") }
            }
            try store.create(.statefulSets, ["metadata": ["name": "db"], "spec": spec], in: "shop")
            func isRolled() throws -> Bool {
                let set = try store.get(.statefulSets, "db", in: "shop")
                let status = set["status"]
                return status?["observedGeneration"]?.int == set.generation && status?["readyReplicas"]?.int == 3
                    && status?["updatedReplicas"]?.int == 3 && status?["currentRevision"] == status?["updateRevision"]
            }
            #expect(try await fixture.cluster.eventually { _ in try isRolled() })
            #expect(order.withLock { $0 } == ["ADDED db-0", "ADDED db-1", "ADDED db-2"])
            order.withLock { $0 = [] }
            let image: JSON = ["containers": [["name": "main", "image": "shop/db:v2"]]]
            try store.patch(.statefulSets, "db", in: "shop", .strategic(["spec": ["template": ["spec": image]]]))
            #expect(try await fixture.cluster.eventually { _ in try isRolled() })
            #expect(
                order.withLock { $0 } == [
                    "DELETED db-2", "ADDED db-2", "DELETED db-1", "ADDED db-1", "DELETED db-0", "ADDED db-0",
                ])
            let claims = store.list(.persistentVolumeClaims, in: "shop").items
            #expect(claims.map(\.name) == ["data-db-0", "data-db-1", "data-db-2"])
            #expect(claims.allSatisfy { $0[dotted: "status.phase"] == "Bound" })
            #expect(store.list(.controllerRevisions, in: "shop").items.count == 2)
        }
    }

    @Test func aDaemonSetHasAPodOnEachNode() async throws {
        try await ClusterFixture.with(speed: 50) { fixture in
            let store = fixture.store
            let spec: JSON = [
                "selector": ["matchLabels": ["app": "agent"]],
                "template": fixture.template("agent", image: "shop/agent:v1"),
            ]
            try store.create(.daemonSets, ["metadata": ["name": "agent"], "spec": spec], in: "shop")
            func ready(_ count: Int) throws -> Bool {
                let status = try store.get(.daemonSets, "agent", in: "shop")["status"]
                return status?["numberReady"]?.int == count && status?["desiredNumberScheduled"]?.int == count
                    && status?["updatedNumberScheduled"]?.int == count
            }
            #expect(try await fixture.cluster.eventually { _ in try ready(3) })
            #expect(Set(fixture.pods("agent").compactMap { $0[dotted: "spec.nodeName"]?.string }).count == 3)
            try fixture.cluster.addNode("node-3", address: "10.1.0.13")
            #expect(try await fixture.cluster.eventually { _ in try ready(4) })
        }
    }

    @Test func aBudgetCountsWhatMayGo() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web")
            let spec: JSON = ["minAvailable": "75%", "selector": ["matchLabels": ["app": "web"]]]
            try fixture.store.create(.podDisruptionBudgets, ["metadata": ["name": "web"], "spec": spec], in: "shop")
            #expect(
                try await fixture.cluster.eventually { store in
                    let status = try store.get(.podDisruptionBudgets, "web", in: "shop")["status"]
                    return status?["disruptionsAllowed"]?.int == 1 && status?["desiredHealthy"]?.int == 3
                        && status?["currentHealthy"]?.int == 4
                })
        }
    }

    @Test func aClaimWithoutAClassWaitsAndABoundOneGrows() async throws {
        try await ClusterFixture.with { fixture in
            let store = fixture.store
            try store.create(
                .storageClasses,
                [
                    "metadata": ["name": "fast"], "provisioner": "csi.example.com", "allowVolumeExpansion": true,
                ])
            for name in ["fast", "none"] {
                let spec: JSON = [
                    "accessModes": ["ReadWriteOnce"], "storageClassName": .string(name),
                    "resources": ["requests": ["storage": "1Gi"]],
                ]
                let claim: JSON = ["metadata": ["name": .string(name)], "spec": spec]
                try store.create(.persistentVolumeClaims, claim, in: "shop")
            }
            #expect(
                try await fixture.cluster.eventually { store in
                    try store.get(.persistentVolumeClaims, "fast", in: "shop")[dotted: "status.phase"] == "Bound"
                })
            #expect(try store.get(.persistentVolumeClaims, "none", in: "shop")[dotted: "status.phase"] == "Pending")
            let more: JSON = ["spec": ["resources": ["requests": ["storage": "2Gi"]]]]
            try store.patch(.persistentVolumeClaims, "fast", in: "shop", .merge(more))
            #expect(
                try await fixture.cluster.eventually { store in
                    try store.get(.persistentVolumeClaims, "fast", in: "shop")[dotted: "status.capacity.storage"]
                        == "2Gi"
                })
        }
    }

    @Test func aNamespaceGoesWithAllThatIsInIt() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web")
            #expect(try await fixture.rolledOut("web"))
            try fixture.store.delete(.namespaces, "shop")
            #expect(
                try await fixture.cluster.eventually { store in
                    store.find(.namespaces, "shop") == nil && store.list(.pods).items.isEmpty
                        && store.list(.secrets).items.isEmpty && store.list(.events).items.isEmpty
                })
        }
    }

    @Test func aThousandPodsAreReadyInTime() async throws {
        try await ClusterFixture.with(speed: 20) { fixture in
            for number in 0..<25 {
                try fixture.cluster.addNode("big-\(number)", address: "10.2.0.\(number)", cpu: "64")
            }
            let start = ContinuousClock().now
            try fixture.deploy("web", replicas: 1000)
            #expect(
                try await fixture.cluster.eventually(within: .seconds(60)) { _ in
                    try fixture.deployment("web")[dotted: "status.availableReplicas"]?.int == 1000
                })
            let took = ContinuousClock().now - start
            #expect(took < .seconds(60), "\(took)")
        }
    }
}
