import Synchronization
import Testing

@testable import Sandbox

/// Deployments move as recorded from a real kube-controller-manager.
@Suite struct ClusterDeploymentTests {
    @Test func becomesAvailableWithTheFieldsOfARealOne() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web")
            #expect(try await fixture.rolledOut("web"))
            let deployment = try fixture.deployment("web")
            #expect(deployment.annotations["deployment.kubernetes.io/revision"] == "1")
            #expect(deployment.generation == 1)
            #expect(deployment[dotted: "status.unavailableReplicas"] == nil)
            let available = Conditions.find("Available", in: deployment)
            #expect(available?["reason"] == "MinimumReplicasAvailable")
            #expect(available?["message"] == "Deployment has minimum availability.")
            let set = try #require(fixture.sets("web").first)
            #expect(set.labels["pod-template-hash"].map { "web-" + $0 } == set.name)
            let progressing = Conditions.find("Progressing", in: deployment)
            #expect(progressing?["message"]?.string == "ReplicaSet \"\(set.name)\" has successfully progressed.")
            #expect(fixture.pods("web").allSatisfy { $0.controllerOwner?["uid"]?.string == set.uid })
            #expect(fixture.pods("web").allSatisfy { $0[dotted: "status.phase"] == "Running" })
            #expect(fixture.events("Scheduled").count == 4)
            #expect(fixture.events("SuccessfulCreate").count == 4)
        }
    }

    @Test func restartNeverLeavesFewerThanAllowed() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web")
            #expect(try await fixture.rolledOut("web"))
            let before = Set(fixture.pods("web").map(\.uid))
            let seen = Mutex<[(replicas: Int, available: Int, reason: String)]>([])
            fixture.store.observe { event in
                guard event.resource == .deployments, event.change == .modified else { return }
                let object = event.object
                seen.withLock {
                    $0.append(
                        (
                            object[dotted: "status.replicas"]?.int ?? 0,
                            object[dotted: "status.availableReplicas"]?.int ?? 0,
                            Conditions.find("Progressing", in: object)?["reason"]?.string ?? ""
                        ))
                }
            }
            try fixture.restart("web")
            #expect(
                try await fixture.cluster.eventually { _ in
                    Set(fixture.pods("web").map(\.uid)).isDisjoint(with: before) && fixture.pods("web").count == 4
                })
            #expect(try await fixture.rolledOut("web"))
            let steps = seen.withLock { $0 }
            // 25 % of four: one more, one less.
            #expect(steps.allSatisfy { $0.available >= 3 && $0.replicas <= 5 })
            #expect(steps.contains { $0.available == 3 })
            #expect(steps.map(\.reason).contains("NewReplicaSetCreated"))
            #expect(steps.map(\.reason).contains("ReplicaSetUpdated"))
            #expect(steps.last?.reason == "NewReplicaSetAvailable")
            let deployment = try fixture.deployment("web")
            #expect(deployment.generation == 2)
            #expect(deployment.annotations["deployment.kubernetes.io/revision"] == "2")
            #expect(fixture.sets("web").map(\.replicas).sorted() == [0, 4])
        }
    }

    @Test func anImageThatIsNotThereMissesTheDeadlineAndIsUndone() async throws {
        try await ClusterFixture.with { fixture in
            fixture.cluster.script(image: "bad", .pullFails())
            try fixture.deploy("web", replicas: 3, ["progressDeadlineSeconds": 20])
            #expect(try await fixture.rolledOut("web"))
            let first = try #require(fixture.sets("web").first)
            try fixture.setImage("web", "shop/web:v2-bad")
            #expect(
                try await fixture.cluster.eventually { _ in try fixture.reason("web") == "ProgressDeadlineExceeded" })
            let stalled = try fixture.deployment("web")
            #expect(Conditions.status(of: "Progressing", in: stalled) == "False")
            #expect(stalled[dotted: "status.updatedReplicas"]?.int == 1)
            #expect(stalled[dotted: "status.availableReplicas"]?.int == 3)
            #expect(stalled[dotted: "status.unavailableReplicas"]?.int == 1)
            let waiting = fixture.pods("web").compactMap {
                $0[dotted: "status.containerStatuses"]?[0]?[dotted: "state.waiting.reason"]?.string
            }
            #expect(waiting == ["ImagePullBackOff"] || waiting == ["ErrImagePull"])
            #expect(fixture.events("Failed").contains { $0["message"]?.string?.contains("shop/web:v2-bad") ?? false })
            try fixture.setImage("web", "shop/web:v1")
            #expect(try await fixture.rolledOut("web"))
            let undone = try fixture.deployment("web")
            #expect(undone.annotations["deployment.kubernetes.io/revision"] == "3")
            let newest = try fixture.store.get(.replicaSets, first.name, in: fixture.namespace)
            #expect(newest.replicas == 3)
            #expect(newest.annotations["deployment.kubernetes.io/revision-history"] == "1")
        }
    }

    @Test func pausedDoesNotRoll() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web")
            #expect(try await fixture.rolledOut("web"))
            try fixture.store.patch(.deployments, "web", in: fixture.namespace, .merge(["spec": ["paused": true]]))
            try fixture.setImage("web", "shop/web:v2")
            #expect(
                try await fixture.cluster.eventually { _ in
                    let object = try fixture.deployment("web")
                    return object[dotted: "status.observedGeneration"]?.int == 3
                        && Conditions.find("Progressing", in: object)?["reason"] == "DeploymentPaused"
                })
            #expect(fixture.sets("web").count == 1)
            try fixture.store.patch(.deployments, "web", in: fixture.namespace, .merge(["spec": ["paused": false]]))
            #expect(try await fixture.rolledOut("web"))
            #expect(fixture.sets("web").count == 2)
        }
    }

    @Test func scalesUpAndDownAndToNothing() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web", replicas: 2)
            #expect(try await fixture.rolledOut("web"))
            for replicas in [5, 1, 0, 3] {
                let spec: JSON = ["spec": ["replicas": .int(replicas)]]
                try fixture.store.patch(.deployments, "web", in: fixture.namespace, .merge(spec))
                #expect(try await fixture.rolledOut("web"))
                #expect(try await fixture.cluster.eventually { _ in fixture.pods("web").count == replicas })
            }
            #expect(fixture.sets("web").count == 1)
        }
    }

    @Test func recreateEndsTheOldPodsFirst() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web", replicas: 2, ["strategy": ["type": "Recreate"]])
            #expect(try await fixture.rolledOut("web"))
            let most = Mutex(0)
            let images = Mutex<[String: String]>([:])
            fixture.store.observe { event in
                guard event.resource == .pods else { return }
                let image = event.object[dotted: "spec.containers"]?[0]?["image"]?.string ?? ""
                let kinds = images.withLock { images in
                    images[event.object.uid] = event.change == .deleted ? nil : image
                    return Set(images.values).count
                }
                most.withLock { $0 = max($0, kinds) }
            }
            try fixture.setImage("web", "shop/web:v2")
            #expect(try await fixture.rolledOut("web"))
            #expect(most.withLock { $0 } == 1)
        }
    }

    @Test func deletingItTakesItsPodsAlong() async throws {
        try await ClusterFixture.with { fixture in
            try fixture.deploy("web")
            #expect(try await fixture.rolledOut("web"))
            try fixture.store.delete(.deployments, "web", in: fixture.namespace)
            #expect(
                try await fixture.cluster.eventually { _ in
                    fixture.pods("web").isEmpty && fixture.sets("web").isEmpty
                })
        }
    }

    @Test func keepsAsMuchHistoryAsAsked() async throws {
        try await ClusterFixture.with(speed: 100) { fixture in
            try fixture.deploy("web", replicas: 1, ["revisionHistoryLimit": 2])
            for version in 2...5 {
                #expect(try await fixture.rolledOut("web"))
                try fixture.setImage("web", "shop/web:v\(version)")
            }
            #expect(try await fixture.rolledOut("web"))
            #expect(try await fixture.cluster.eventually { _ in fixture.sets("web").count == 3 })
        }
    }
}
