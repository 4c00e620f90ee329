import Testing

@testable import Sandbox

/// Pods live, fail and go as their kubelets would tell it.
@Suite struct ClusterPodTests {
    private func container(_ pod: JSON?) -> JSON? { pod?[dotted: "status.containerStatuses"]?[0] }

    @Test func crashLoopCountsBacksOffAndHeals() async throws {
        try await ClusterFixture.with(speed: 50) { fixture in
            let mark = fixture.cluster.script(
                image: "web", .crashes(after: .milliseconds(300), exitCode: 3, reason: "Error"))
            try fixture.deploy("web", replicas: 1)
            #expect(
                try await fixture.cluster.eventually { _ in
                    container(fixture.pods("web").first)?["restartCount"]?.int ?? 0 >= 2
                        && container(fixture.pods("web").first)?[dotted: "state.waiting.reason"] == "CrashLoopBackOff"
                })
            let pod = try #require(fixture.pods("web").first)
            let status = container(pod)
            #expect(status?[dotted: "lastState.terminated.exitCode"]?.int == 3)
            #expect(status?["ready"] == false)
            let message = status?[dotted: "state.waiting.message"]?.string ?? ""
            #expect(message.hasPrefix("back-off ") && message.contains("pod=\(pod.name)_shop(\(pod.uid))"))
            #expect(pod[dotted: "status.phase"] == "Running")
            #expect(Conditions.find("Ready", in: pod)?["reason"] == "ContainersNotReady")
            #expect(fixture.events("BackOff").first?["type"] == "Warning")
            fixture.cluster.unscript(mark)
            #expect(try await fixture.rolledOut("web"))
        }
    }

    @Test func tooMuchMemoryIsSaid() async throws {
        try await ClusterFixture.with(speed: 50) { fixture in
            fixture.cluster.script(image: "web", .runsOutOfMemory(after: .milliseconds(300)))
            try fixture.deploy("web", replicas: 1)
            #expect(
                try await fixture.cluster.eventually { _ in
                    container(fixture.pods("web").first)?[dotted: "lastState.terminated.reason"] == "OOMKilled"
                })
            #expect(
                container(fixture.pods("web").first)?[dotted: "lastState.terminated.exitCode"]?.int == 137)
        }
    }

    @Test func anImageIsTriedAgainAndAgainUntilItIsThere() async throws {
        try await ClusterFixture.with(speed: 50) { fixture in
            let mark = fixture.cluster.script(image: "web", .pullFails(message: "403 Forbidden"))
            try fixture.deploy("web", replicas: 1)
            #expect(
                try await fixture.cluster.eventually { _ in
                    container(fixture.pods("web").first)?[dotted: "state.waiting.reason"] == "ImagePullBackOff"
                        && fixture.events("BackOff").contains { $0["count"]?.int ?? 0 >= 2 }
                })
            let pod = try #require(fixture.pods("web").first)
            #expect(pod[dotted: "status.phase"] == "Pending")
            let messages = fixture.events("Failed").compactMap { $0["message"]?.string }
            #expect(messages.contains("Failed to pull image \"shop/web:v1\": 403 Forbidden"))
            #expect(messages.contains("Error: ErrImagePull"))
            #expect(messages.contains("Error: ImagePullBackOff"))
            fixture.cluster.unscript(mark)
            #expect(try await fixture.rolledOut("web"))
        }
    }

    @Test func noNodeTakesIt() async throws {
        try await ClusterFixture.with { fixture in
            let mark = fixture.cluster.script(image: "web", .unschedulable())
            try fixture.deploy("web", replicas: 1)
            #expect(try await fixture.cluster.eventually { _ in !fixture.events("FailedScheduling").isEmpty })
            let pod = try #require(fixture.pods("web").first)
            let condition = Conditions.find("PodScheduled", in: pod)
            #expect(condition?["reason"] == "Unschedulable")
            #expect(condition?["message"]?.string?.hasPrefix("0/3 nodes are available: 3 Insufficient memory") == true)
            #expect(pod[dotted: "spec.nodeName"] == nil)
            fixture.cluster.unscript(mark)
            #expect(try await fixture.rolledOut("web"))
        }
    }

    @Test func nodesHaveOnlySoMuchRoom() async throws {
        try await ClusterFixture.with { fixture in
            // Three nodes of 4 cores: 120 pods of 0.1.
            try fixture.deploy("web", replicas: 121)
            #expect(
                try await fixture.cluster.eventually { _ in
                    fixture.pods("web").filter(Workload.isReady).count == 120
                        && fixture.events("FailedScheduling").contains {
                            $0["message"]?.string?.contains("3 Insufficient cpu") ?? false
                        }
                })
            let perNode = Dictionary(grouping: fixture.pods("web")) { $0[dotted: "spec.nodeName"]?.string ?? "" }
            #expect(perNode["node-0"]?.count == 40)
        }
    }

    @Test func cordonedNodesGetNothing() async throws {
        try await ClusterFixture.with { fixture in
            for node in ["node-0", "node-1"] {
                try fixture.store.patch(.nodes, node, .merge(["spec": ["unschedulable": true]]))
            }
            try fixture.deploy("web")
            #expect(try await fixture.rolledOut("web"))
            #expect(fixture.pods("web").allSatisfy { $0[dotted: "spec.nodeName"] == "node-2" })
        }
    }

    @Test func aTerminatingPodHangsUntilItIsLetGo() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web", replicas: 1)
            #expect(try await fixture.rolledOut("web"))
            let pod = try #require(fixture.pods("web").first)
            let mark = fixture.cluster.script(.pod(pod.name), .hangsTerminating)
            try fixture.store.delete(.pods, pod.name, in: fixture.namespace)
            #expect(
                try await fixture.cluster.eventually { _ in
                    fixture.pods("web").filter { Workload.isReady($0) && !$0.isBeingDeleted }.count == 1
                })
            #expect(fixture.store.find(.pods, pod.name, in: fixture.namespace)?.isBeingDeleted == true)
            #expect(fixture.events("Killing").count == 1)
            fixture.cluster.unscript(mark)
            #expect(try await fixture.cluster.eventually { $0.find(.pods, pod.name, in: "shop") == nil })
        }
    }

    @Test func readinessComesAndGoes() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web", replicas: 2)
            try fixture.store.create(
                .services,
                ["metadata": ["name": "web"], "spec": ["selector": ["app": "web"], "ports": [["port": 80]]]],
                in: fixture.namespace)
            #expect(try await fixture.rolledOut("web"))
            func addresses(_ field: String) -> Int {
                fixture.store.find(.endpoints, "web", in: "shop")?["subsets"]?[0]?[field]?.array?.count ?? 0
            }
            #expect(try await fixture.cluster.eventually { _ in addresses("addresses") == 2 })
            let pod = try #require(fixture.pods("web").first)
            let mark = fixture.cluster.script(.pod(pod.name), .neverReady)
            #expect(
                try await fixture.cluster.eventually { _ in
                    addresses("addresses") == 1 && addresses("notReadyAddresses") == 1
                })
            #expect(fixture.events("Unhealthy").first?["type"] == "Warning")
            let slice = fixture.store.list(.endpointSlices, in: "shop").items.first
            let ready = slice?["endpoints"]?.array?.filter { $0[dotted: "conditions.ready"] == true }.count
            #expect(ready == 1)
            fixture.cluster.unscript(mark)
            #expect(try await fixture.cluster.eventually { _ in addresses("addresses") == 2 })
        }
    }

    @Test func anEvictedPodStaysFailedAndIsReplaced() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web", replicas: 1)
            #expect(try await fixture.rolledOut("web"))
            let pod = try #require(fixture.pods("web").first)
            try fixture.cluster.evict(pod.name, in: "shop", message: "The node was low on resource: memory.")
            #expect(
                try await fixture.cluster.eventually { _ in
                    fixture.pods("web").contains { $0.uid != pod.uid && Workload.isReady($0) }
                })
            let evicted = try fixture.store.get(.pods, pod.name, in: "shop")
            #expect(evicted[dotted: "status.reason"] == "Evicted")
            #expect(evicted[dotted: "status.phase"] == "Failed")
        }
    }

    @Test func aLostNodeTakesReadinessThenThePods() async throws {
        try await ClusterFixture.with(speed: 100) { fixture in
            try fixture.deploy("web", replicas: 3)
            #expect(try await fixture.rolledOut("web"))
            let lost = try #require(fixture.pods("web").first { $0[dotted: "spec.nodeName"] == "node-1" })
            fixture.cluster.setLost(node: "node-1", true)
            #expect(
                try await fixture.cluster.eventually { store in
                    try Conditions.status(of: "Ready", in: store.get(.nodes, "node-1")) == "Unknown"
                        && !Workload.isReady(store.get(.pods, lost.name, in: "shop"))
                })
            // After five minutes of the cluster's time they are put elsewhere; the lost one cannot say that it is gone.
            #expect(
                try await fixture.cluster.eventually { store in
                    fixture.pods("web").filter { Workload.isReady($0) && !$0.isBeingDeleted }.count == 3
                        && store.find(.pods, lost.name, in: "shop")?.isBeingDeleted == true
                })
            fixture.cluster.setLost(node: "node-1", false)
            #expect(
                try await fixture.cluster.eventually { store in
                    try Conditions.status(of: "Ready", in: store.get(.nodes, "node-1")) == "True"
                        && store.find(.pods, lost.name, in: "shop") == nil
                })
        }
    }
}
