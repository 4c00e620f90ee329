import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsKubernetes

/// Restarts that are interrupted, taken back, or that others meddle with.
struct RolloutRecoveryTests {
    /// The process dies right after its patch: the next one finds the restart, awaits it and does it no second time.
    @Test func aRestartThatALostProcessBegan() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web")
            let first = try bench.restart(["web"])
            let begun = try await first.begin()
            let work = Task { try await first.apply(begun) }
            #expect(try await bench.cluster.eventually { _ in bench.restarts == 1 })
            work.cancel()
            _ = await work.result
            let next = try bench.restart(["web"])
            #expect(try await next.outcome(begun).proof?.value("pods") == 4)
            try await next.apply(begun)
            #expect(bench.restarts == 1)
        }
    }

    /// The patch arrived, and its answer did not.
    @Test func anAnswerThatIsLost() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            let step = try bench.restart(["web"], patience: .seconds(10))
            let begun = try await step.begin()
            bench.server.fault(.drop, verbs: ["patch"], resources: ["deployments"], times: 1)
            let refusal = await step.refusal(begun)
            if let refusal { #expect(!refusal.isCertain) }
            if case .pending = try await step.outcome(begun) { try await step.apply(begun) }
            #expect(try await step.outcome(begun).proof != nil)
            #expect(bench.restarts <= 2)
        }
    }

    @Test func anUndoPutsTheEarlierPodsTemplateBack() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            func hash() throws -> String? {
                let pods = bench.pods(of: "web").filter { $0[dotted: "metadata.deletionTimestamp"] == nil }
                return pods.first?[path: ["metadata", "labels", "pod-template-hash"]]?.string
            }
            let before = try hash()
            let step = try bench.restart(["web"])
            let begun = try await step.begin()
            try await step.apply(begun)
            #expect(try hash() != before)
            try await step.undo(begun)
            #expect(try await step.probe(begun) == .pending)
            #expect(try hash() == before)
            #expect(bench.pods(of: "web").count == 2)
        }
    }

    @Test func anUndoOfARestartThatFailed() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            let step = try bench.restart(["web"], ["patience": .text("0s")])
            let begun = try await step.begin()
            let mark = try bench.cluster.script(image: "shop/web", .pullFails())
            #expect(await step.refusal(begun)?.cause.code.rawValue == "image-not-pulled")
            try await step.undo(begun)
            #expect(try await step.probe(begun) == .pending)
            try bench.cluster.unscript(mark)
            #expect(bench.pods(of: "web").count == 2)
        }
    }

    /// A pod that was broken before stays broken: waiting for it would hold up everything behind.
    @Test func anUndoOwesNoMorePodsThanThereWere() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 4)
            let mark = try bench.cluster.script(image: "shop/web", .pullFails())
            let broken = bench.name(try #require(bench.pods(of: "web").first))
            _ = try bench.store.delete(.pods, broken, in: bench.namespace)
            let isSo = try await bench.cluster.eventually { store in
                let status = try store.get(.deployments, "web", in: bench.namespace)["status"]
                return status?["readyReplicas"]?.int == 3 && status?["replicas"]?.int == 4
            }
            try #require(isSo)
            let step = try bench.restart(["web"], ["patience": .text("0s"), "deadline": .text("20s")])
            let begun = try await step.begin()
            #expect(await step.refusal(begun)?.cause.code.rawValue == "image-not-pulled")
            try await step.undo(begun)
            #expect(try await step.probe(begun) == .pending)
            try bench.cluster.unscript(mark)
        }
    }

    @Test func whatOthersDoMeanwhile() async throws {
        try await ClusterBench.with { bench in
            let image: JSON = [
                "spec": ["template": ["spec": ["containers": [["name": "main", "image": "shop/web:v2"]]]]]
            ]
            // Another template, between the intent and the act.
            try await bench.deploy("web", replicas: 2)
            var step = try bench.restart(["web"])
            var begun = try await step.begin()
            try bench.patch(.deployments, "web", image)
            try await bench.settled(.deployments, "web")
            #expect(try await bench.cluster.eventually { _ in bench.pods(of: "web").count == 2 })
            #expect(await step.refusal(begun)?.cause.code == .init(rawValue: "conflict"))
            #expect(bench.restarts == 0)
            // Another template afterwards: the pods are newer still, and the undo is not ours.
            step = try bench.restart(["web"])
            begun = try await step.begin()
            try await step.apply(begun)
            try bench.patch(.deployments, "web", ["spec": ["template": ["metadata": ["labels": ["tier": "b"]]]]])
            try await bench.settled(.deployments, "web")
            #expect(try await step.outcome(begun).proof?.findings.map(\.cause.code.rawValue) == ["changed-since"])
            #expect(await causeOf { try await step.undo(begun) }?.code == .init(rawValue: "conflict"))
            // Scaled meanwhile: a change of the object, not of the template.
            begun = try await step.begin()
            try bench.patch(.deployments, "web", ["spec": ["replicas": 3]])
            try await bench.settled(.deployments, "web")
        }
    }

    @Test func scaledBetweenIntentAndAct() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            let step = try bench.restart(["web"])
            let begun = try await step.begin()
            try bench.patch(.deployments, "web", ["spec": ["replicas": 3]])
            try await bench.settled(.deployments, "web")
            try await step.apply(begun)
            #expect(try await step.probe(begun).proof?.value("pods") == 3)
        }
    }

    @Test func deletedAndMadeAnew() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 1)
            let step = try bench.restart(["web"])
            let begun = try await step.begin()
            try bench.store.delete(.deployments, "web", in: "shop")
            #expect(await step.refusal(begun)?.cause.code == .notFound)
            #expect(try await bench.cluster.eventually { _ in bench.pods(of: "web").isEmpty })
            try await bench.deploy("web", replicas: 1)
            #expect(await step.refusal(begun)?.cause.code == .notFound)
            #expect(bench.restarts == 0)
        }
    }

    /// Watches that break off, are refused or too old: the rollout is followed all the same.
    @Test(arguments: [KubernetesFault.cutWatch(after: 1), .goneWatch(after: 1), .status(403), .garbage, .silentWatch])
    func watchesThatFail(_ fault: KubernetesFault) async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            let step = try bench.restart(["web"])
            let begun = try await step.begin()
            bench.server.fault(fault, verbs: ["watch"])
            try await step.apply(begun)
            bench.server.clear()
            let state = try await step.outcome(begun)
            #expect(state.proof?.value("pods") == 2, "\(state) \(step.told.all)")
        }
    }

    @Test func theAPIRestartsMeanwhile() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web")
            let step = try bench.restart(["web"])
            let begun = try await step.begin()
            async let refused = step.refusal(begun)
            #expect(try await bench.cluster.eventually { _ in bench.restarts == 1 })
            try await bench.server.restart(downFor: .milliseconds(300), keepingHistory: false)
            // The answer to the patch may be lost with the connection; what came of it is seen all the same.
            let refusal = await refused
            #expect(refusal == nil || refusal?.isCertain == false)
            #expect(try await step.outcome(begun).proof?.value("pods") == 4)
        }
    }

    /// A token that expires in mid-run: nobody can look, so nothing is known.
    @Test func signedOutInMidRun() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            let user = KubernetesUser("ops", groups: ["system:masters"])
            let step = try bench.step(
                "kubernetes.rollout-restart", ["deployments": .text("web")], user: user, patience: .seconds(10))
            let begun = try await step.begin()
            bench.server.revoke(bench.server.token(user))
            let refusal = try #require(await step.refusal(begun))
            #expect(refusal.cause.code == .signInFailed && !refusal.isCertain)
            #expect(await causeOf { try await step.probe(begun) }?.code == .signInFailed)
        }
    }

    @Test func parametersOfAPlan() throws {
        let definition = try #require(KubernetesActions.all.first { $0.name == "kubernetes.rollout-restart" })
        func mistake(_ entries: [PlanValue.Entry]) -> String? {
            do {
                _ = try definition.configured(with: .map(entries))
                return nil
            } catch { return error.errors.first.map { ($0.path + [$0.message]).joined(separator: ": ") } }
        }
        #expect(mistake([]) == "workloads: no workload is named")
        #expect(mistake([.init("workloads", .text("w*"))])?.contains("one by one") == true)
        #expect(mistake([.init("deployments", .text("sts/x"))])?.contains("alone") == true)
        #expect(mistake([.init("workloads", .text("rs/x"))])?.contains("ReplicaSet") == true)
        #expect(mistake([.init("deployments", .list([.text("a"), .text("b")]))]) == nil)
    }
}
