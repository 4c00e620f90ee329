import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsKubernetes

/// The check on a stand-in cluster: each fault put in, and what must be said of it.
struct KubernetesPodsTests {
    private func check(_ bench: ClusterBench, _ parameters: [String: PlanValue] = [:]) async throws -> Observation {
        try await bench.step("kubernetes.pods", parameters).observe()
    }

    @Test func allIsWell() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web")
            try await bench.deploy("worker", replicas: 2)
            let step = try bench.step("kubernetes.pods", ["expected": .text("6")])
            let seen = try await step.observe()
            #expect(seen.value("ready") == 6 && seen.findings.isEmpty && seen.summary == "6 of 6 pods are ready")
            #expect(step.evidence.drain().contains { $0.statement.contains("/namespaces/shop/pods") })
        }
    }

    @Test func crashLooping() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web")
            let pod = bench.name(bench.pods(of: "web")[0])
            try bench.cluster.script(.pod(pod), .runsOutOfMemory(after: .milliseconds(200)))
            let isSo = try await bench.cluster.eventually { _ in
                bench.pods(of: "web").contains { pod in
                    (pod[dotted: "status.containerStatuses"]?[0]?[dotted: "state.waiting.reason"]) == "CrashLoopBackOff"
                }
            }
            #expect(isSo)
            let seen = try await check(bench)
            #expect(seen.value("ready") == 3 && seen.value("lacking") == 1 && seen.value("crash_looping") == 1)
            #expect(seen.codes == ["crash-looping"])
            #expect(seen.findings.first?.cause.sentence.contains("exit 137 (OOMKilled)") == true)
            #expect(seen.findings.first?.subject == pod)
        }
    }

    @Test func pendingPods() async throws {
        try await ClusterBench.with { bench in
            try bench.cluster.script(
                image: "shop/web", .unschedulable(message: "0/3 nodes are available: 3 Insufficient memory."))
            try bench.cluster.script(image: "shop/worker", .pullFails(message: "manifest unknown"))
            try bench.make(.deployments, "web", replicas: 2)
            try bench.make(.deployments, "worker", replicas: 1)
            let isSo = try await bench.cluster.eventually { _ in
                bench.pods(of: "web").allSatisfy { $0[dotted: "status.conditions"]?[0]?["reason"] == "Unschedulable" }
                    && bench.pods(of: "worker").first?[dotted: "status.containerStatuses"]?[0]?[
                        dotted: "state.waiting.message"] != nil
                    && bench.pods(of: "web").count == 2
            }
            #expect(isSo)
            let seen = try await check(bench)
            #expect(seen.value("unscheduled") == 2 && seen.value("pending") == 3 && seen.value("ready") == 0)
            #expect(
                seen.findings.filter { $0.severity == .fail }.map(\.subject).sorted() == [
                    "deployment/web", "deployment/worker",
                ])
            #expect(seen.findings.contains { $0.cause.sentence.contains("3 Insufficient memory") })
            #expect(seen.findings.contains { $0.cause.code.rawValue == "image-not-pulled" })
        }
    }

    @Test func aTerminationThatHangs() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 2)
            let pod = bench.name(bench.pods(of: "web")[0])
            try bench.cluster.script(.pod(pod), .hangsTerminating)
            try bench.store.delete(.pods, pod, in: "shop")
            #expect(try await bench.cluster.eventually { _ in bench.pods(of: "web").count == 3 })
            try await bench.settled(.deployments, "web")
            let seen = try await check(bench)
            #expect(seen.value("terminating") == 1 && seen.value("ready") == 2 && seen.value("lacking") == 0)
            // Half an hour later it still is there.
            let objects = bench.store.list(.pods, in: "shop").items.map { JSONValue($0) }
            let sets = bench.store.list(.replicaSets, in: "shop").items.map { JSONValue($0) }
            let deployments = bench.store.list(.deployments, in: "shop").items.map {
                (WorkloadKind.deployment, JSONValue($0))
            }
            let view = NamespaceView(namespace: "shop", pods: objects, workloads: deployments, replicaSets: sets)
            let later = try PodsJudgement.observe(view, KubernetesPods(), at: Host.system.now() + .seconds(1800))
            #expect(later.codes == ["hanging-termination"])
        }
    }

    @Test func pausedHalfRolledAndStalled() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", ["progressDeadlineSeconds": 10])
            try bench.patch(.deployments, "web", ["spec": ["paused": true]])
            #expect(try await check(bench).codes == ["paused"])
            try bench.cluster.script(image: "shop/web:v2", .neverReady)
            let image: JSON = [
                "spec": ["template": ["spec": ["containers": [["name": "main", "image": "shop/web:v2"]]]]]
            ]
            try bench.patch(.deployments, "web", ["spec": ["paused": false]])
            try bench.patch(.deployments, "web", image)
            #expect(try await bench.cluster.eventually { _ in bench.pods(of: "web").count == 5 })
            // Not long enough ago to be told of; then nothing moves.
            #expect(try await check(bench).codes.contains("half-rolled") == false)
            let isStalled = try await bench.cluster.eventually { store in
                let conditions = try store.get(.deployments, "web", in: "shop")[dotted: "status.conditions"]
                return [conditions?[0], conditions?[1]].contains { $0?["reason"] == "ProgressDeadlineExceeded" }
            }
            #expect(isStalled)
            let seen = try await check(bench)
            #expect(seen.codes.contains("stalled") && seen.value("ready") == 3)
            #expect(seen.codes.filter { $0 == "not-ready" }.count == 2)
        }
    }

    @Test func aNodeThatDoesNotAnswer() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 3)
            let node = try #require(bench.pods(of: "web").first?[dotted: "spec.nodeName"]?.string)
            try bench.store.modify(.nodes, node, .status) { object in
                object[dotted: "status.conditions"] = [
                    ["type": "Ready", "status": "Unknown", "message": "Kubelet stopped posting node status."]
                ]
            }
            let looked = try await bench.step("kubernetes.pods", ["nodes": .text("true")]).observe()
            // Its controllers may have set it right again meanwhile; then nothing is wrong.
            #expect(looked.codes.contains("node-not-ready") || looked.value("ready") == 3)
            try bench.cluster.setLost(node: node, true)
            let isSo = try await bench.cluster.eventually { store in
                try NamespaceView.unready([JSONValue(store.get(.nodes, node))]).isEmpty == false
            }
            #expect(isSo)
            let seen = try await check(bench)
            #expect((seen.value("ready") ?? 9) < 3 && !seen.findings.isEmpty)
        }
    }

    @Test func whatTheAPIRefuses() async throws {
        try await ClusterBench.with { bench in
            try await bench.deploy("web", replicas: 1)
            func cause(_ code: Int, times: Int? = nil, retryAfter: Int? = nil) async throws -> Cause? {
                bench.server.fault(
                    .status(code, retryAfter: retryAfter), verbs: ["list"], resources: ["pods"], times: times)
                defer { bench.server.clear() }
                let step = try bench.step("kubernetes.pods", [:], patience: .seconds(4))
                return await causeOf { try await step.observe() }
            }
            #expect(try await cause(401)?.code == .signInFailed)
            #expect(try await cause(403)?.code == .noPermission)
            #expect(try await cause(500)?.code.rawValue == "server-error")
            // One answer that asks for patience, or a list that is gone in its midst, is no verdict.
            #expect(try await cause(429, times: 1) == nil)
            #expect(try await cause(429)?.code != nil)
            for fault in [KubernetesFault.garbage, .html, .half] {
                bench.server.fault(fault, verbs: ["list"], resources: ["pods"])
                let step = try bench.step("kubernetes.pods", [:], patience: .seconds(4))
                #expect(await causeOf { try await step.observe() } != nil, "\(fault)")
                bench.server.clear()
            }
            bench.server.fault(.status(403), verbs: ["list"], resources: ["nodes"])
            let seen = try await check(bench)
            #expect(seen.findings.map(\.severity) == [.unknown] && seen.findings.first?.cause.code == .noPermission)
            #expect(try await check(bench, ["nodes": .text("false")]).findings.isEmpty)
        }
    }

    @Test func anEmptyOrMissingNamespace() async throws {
        try await ClusterBench.with { bench in
            let step = try bench.step("kubernetes.pods", ["namespace": .text("nowhere")])
            #expect(await causeOf { try await step.observe() }?.code == .noData)
        }
    }

    @Test func parametersOfAPlan() throws {
        let definition = try #require(KubernetesActions.all.first { $0.name == "kubernetes.pods" })
        for (key, value) in [
            ("expected", "0"), ("workloads", "job/x"), ("workloads", "Web"), ("selector", "a b"),
            ("selector", "app in x"),
        ] {
            #expect(throws: ValueErrors.self) {
                try definition.configured(with: .map([.init(key, .text(value))]))
            }
        }
        for text in ["app=web", "app==web,tier!=test", "tier in (a, b),!beta", "tier notin (c)", "gpu"] {
            _ = try definition.configured(with: .map([.init("selector", .text(text))]))
        }
    }
}

extension JSONValue {
    /// The sandbox's document as ours.
    init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .number(Double(value))
        case .double(let value): self = .number(value)
        case .string(let value): self = .text(value)
        case .array(let items): self = .list(items.map { JSONValue($0) })
        case .object(let fields): self = .object(fields.mapValues { JSONValue($0) })
        }
    }
}
