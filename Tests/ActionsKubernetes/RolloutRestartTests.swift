import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsKubernetes

/// Restarts on a stand-in cluster that live through their whole course.
struct RolloutRestartTests {
    @Test func fourPodsOnline() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web")
            try bench.store.create(
                .services,
                ["metadata": ["name": "web"], "spec": ["selector": ["app": "web"], "ports": [["port": 80]]]], in: "shop"
            )
            #expect(try await bench.cluster.eventually { !$0.list(.endpointSlices, in: "shop").items.isEmpty })
            let before = Set(bench.pods(of: "web").map(bench.uid))
            let step = try bench.restart(["web"])
            let preview = try await step.preview()
            #expect(preview.impact == nil && preview.findings.isEmpty && preview.summary == "1 workloads, 4 pods")
            #expect(preview.statements == ["kubectl --namespace shop rollout restart deployment/web"])
            let begun = try await step.begin()
            #expect(try await step.probe(begun) == .pending)
            try await step.apply(begun)
            let proof = try #require(try await step.probe(begun).proof)
            #expect(proof.value("pods") == 4 && proof.value("workloads") == 1 && proof.findings.isEmpty)
            #expect((proof.value("lowest_ready") ?? 0) >= 3)
            #expect(proof.value("memory_before") ?? 0 > 0)
            #expect(before.isDisjoint(with: bench.pods(of: "web").map(bench.uid)))
            #expect(bench.restarts == 1)
            #expect(step.told.all.contains { $0.contains("deployment/web: ") })
            // What is in place is not done again.
            try await step.apply(begun)
            #expect(bench.restarts == 1)
        }
    }

    @Test func statefulSetsAndDaemonSets() async throws {
        try await ClusterBench.with(speed: 40) { bench in
            try bench.make(.statefulSets, "db", replicas: 2, ["serviceName": "db"])
            try bench.make(.daemonSets, "agent", replicas: nil)
            try await bench.settled(.statefulSets, "db")
            try await bench.settled(.daemonSets, "agent")
            let step = try bench.restart(["statefulset/db", "daemonset/agent"])
            let preview = try await step.preview()
            #expect(preview.impact == .disruptive && preview.units.map(\.id) == ["statefulset/db", "daemonset/agent"])
            for (unit, count) in zip(preview.units, [2.0, 3]) {
                let begun = (unit, try await step.change.prepare(unit, step.targets, step.context(unit)))
                try await step.apply(begun)
                #expect(try await step.probe(begun).proof?.value("pods") == count)
            }
        }
    }

    @Test func whatIsRefusedBeforehand() async throws {
        try await ClusterBench.with { bench in
            func findings(_ name: String) async throws -> [String] {
                try await bench.restart([name]).preview().findings.map(\.cause.code.rawValue)
            }
            try await bench.deploy("web", replicas: 2)
            try bench.patch(.deployments, "web", ["spec": ["paused": true]])
            #expect(try await findings("web") == ["paused"])
            try bench.make(.statefulSets, "db", replicas: 1, ["updateStrategy": ["type": "OnDelete"]])
            try bench.make(.daemonSets, "agent", replicas: nil, ["updateStrategy": ["type": "OnDelete"]])
            try bench.make(
                .statefulSets, "queue", replicas: 3,
                ["updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["partition": 1]]])
            #expect(try await findings("sts/db") == ["on-delete"])
            #expect(try await findings("ds/agent") == ["on-delete"])
            #expect(try await findings("sts/queue") == ["partition"])
            #expect(try await findings("nothing") == ["not-found"])
            try await bench.deploy("idle", replicas: 0)
            #expect(try await findings("idle") == ["scaled-to-zero", "not-found"])
            try bench.cluster.script(image: "shop/busy:v2", .neverReady)
            try await bench.deploy("busy", replicas: 2)
            try bench.patch(
                .deployments, "busy",
                ["spec": ["template": ["spec": ["containers": [["name": "main", "image": "shop/busy:v2"]]]]]])
            #expect(try await findings("busy") == ["busy"])
        }
    }

    @Test func disruptionIsFoundByLooking() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("one", replicas: 1)
            try await bench.deploy("all", replicas: 2, ["strategy": ["rollingUpdate": ["maxUnavailable": "100%"]]])
            try await bench.deploy("anew", replicas: 2, ["strategy": ["type": "Recreate"]])
            try await bench.deploy("web", replicas: 2)
            for (name, impact) in [
                ("one", Impact.disruptive), ("all", .disruptive), ("anew", .disruptive), ("web", nil),
            ] {
                #expect(try await bench.restart([name]).preview().impact == impact, "\(name)")
            }
        }
    }

    /// From the first event of the trouble to its name.
    private func trouble(
        _ behaviour: PodBehaviour, _ isSeen: @escaping (JSON) -> Bool, _ parameters: [String: PlanValue] = [:]
    ) async throws -> (cause: Cause, state: ChangeState, named: Duration) {
        var result: (Cause, ChangeState, Duration)?
        try await ClusterBench.with { bench in
            try await bench.deploy("web")
            let old = Set(bench.pods(of: "web").map(bench.name))
            let step = try bench.restart(["web"], parameters)
            let begun = try await step.begin()
            async let refused = step.refusal(begun)
            // The new pods, and only they, behave so.
            let isThere = try await bench.cluster.eventually { _ in
                let new = bench.pods(of: "web").filter { !old.contains(bench.name($0)) }
                for pod in new { try bench.cluster.script(.pod(bench.name(pod)), behaviour) }
                return new.contains(where: isSeen)
            }
            #expect(isThere)
            let first = Host.system.steady()
            let refusal = try #require(await refused)
            #expect(refusal.isCertain)
            result = (refusal.cause, try await step.probe(begun), Host.system.steady() - first)
        }
        return try #require(result)
    }

    @Test func aCrashLoopIsNamedAtOnce() async throws {
        let seen = try await trouble(.crashes(after: .milliseconds(100), exitCode: 3, reason: "Error")) { pod in
            (pod[dotted: "status.containerStatuses"]?[0]?[dotted: "lastState.terminated"]) != nil
        }
        #expect(seen.cause.code.rawValue == "crash-looping" && seen.named < .seconds(10))
        #expect(seen.cause.sentence.contains("exit 3"))
        #expect(seen.state.partly?.contains("exit 3") == true)
    }

    @Test func anUnschedulablePodIsNamedWithinTenSeconds() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web")
            let step = try bench.restart(["web"], ["patience": .text("1s")])
            let begun = try await step.begin()
            // Those that run already have their node.
            try bench.cluster.script(
                image: "shop/web", .unschedulable(message: "0/3 nodes are available: 3 Insufficient cpu."))
            let first = Host.system.steady()
            let refusal = try #require(await step.refusal(begun))
            #expect(refusal.cause.code.rawValue == "unschedulable" && refusal.isCertain)
            #expect(refusal.cause.sentence.contains("3 Insufficient cpu"))
            #expect(Host.system.steady() - first < .seconds(10))
            #expect(try await step.outcome(begun).partly?.contains("Insufficient cpu") == true)
        }
    }

    @Test func aBadImageIsNamedWithinTenSeconds() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web")
            let step = try bench.restart(["web"], ["patience": .text("1s")])
            let begun = try await step.begin()
            try bench.cluster.script(image: "shop/web", .pullFails(message: "manifest unknown"))
            let first = Host.system.steady()
            let refusal = try #require(await step.refusal(begun))
            #expect(refusal.cause.code.rawValue == "image-not-pulled" && refusal.isCertain)
            #expect(refusal.cause.sentence.contains("manifest unknown"))
            #expect(Host.system.steady() - first < .seconds(10))
        }
    }

    /// With an autoscaler, a pod without a node is only early.
    @Test func aPodThatAnAutoscalerAwaits() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            let step = try bench.restart(["web"], ["patience": .text("1500ms")])
            let begun = try await step.begin()
            let mark = try bench.cluster.script(image: "shop/web", .unschedulable())
            let old = Set(bench.pods(of: "web").map(bench.uid))
            async let refused = step.refusal(begun)
            let isThere = try await bench.cluster.eventually { store in
                guard let pod = bench.pods(of: "web").first(where: { !old.contains(bench.uid($0)) }) else {
                    return false
                }
                try store.create(.events, bench.scaleUp(for: pod), in: "shop")
                return true
            }
            #expect(isThere)
            try await Host.system.sleep(.seconds(3))
            try bench.cluster.unscript(mark)
            #expect(await refused == nil)
            #expect(try await step.probe(begun).proof != nil)
        }
    }

    @Test func aPodThatNeverGetsReadyHasUntilTheDeadline() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            let step = try bench.restart(["web"], ["deadline": .text("2s")])
            let begun = try await step.begin()
            let old = Set(bench.pods(of: "web").map(bench.name))
            async let refused = step.refusal(begun)
            _ = try await bench.cluster.eventually { _ in
                let new = bench.pods(of: "web").filter { !old.contains(bench.name($0)) }
                for pod in new { try bench.cluster.script(.pod(bench.name(pod)), .neverReady) }
                return !new.isEmpty
            }
            let refusal = try #require(await refused)
            #expect(refusal.cause.code == .timedOut && refusal.isCertain)
            #expect(refusal.cause.sentence.contains("new pods are ready"))
            #expect(try await step.outcome(begun).partly?.contains("2s after the restart") == true)
        }
    }
}
