import ClientKubernetes
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ActionsKubernetes

/// A stand-in cluster with one namespace and three nodes, twenty times as fast as a real one.
struct ClusterBench {
    let server: KubernetesServer
    let namespace = "shop"
    private let opened = Opened()

    /// The targets of all steps: their connections are closed at the end.
    private final class Opened: Sendable {
        private let targets = Mutex<[StepTargets]>([])
        func append(_ opened: StepTargets) { targets.withLock { $0.append(opened) } }
        func close() async { for target in targets.withLock({ $0 }) { await target.close() } }
    }

    private init(server: KubernetesServer) { self.server = server }

    var store: KubernetesStore { server.store }
    var cluster: KubernetesCluster {
        get throws { try #require(server.cluster) }
    }

    static func with(speed: Double = 20, _ body: (ClusterBench) async throws -> Void) async throws {
        var options = KubernetesServer.Options()
        options.speed = speed
        options.namespaces = ["shop"]
        let bench = ClusterBench(server: try await KubernetesServer.start(options))
        do {
            for number in 0..<3 { try bench.cluster.addNode("node-\(number)", address: "10.1.0.1\(number)") }
            try await body(bench)
        } catch {
            await bench.opened.close()
            await bench.server.stop()
            throw error
        }
        await bench.opened.close()
        await bench.server.stop()
    }

    // MARK: Objects

    func template(_ app: String, _ spec: [String: JSON] = [:]) -> JSON {
        var pod: JSON = [
            "terminationGracePeriodSeconds": 5,
            "containers": [
                [
                    "name": "main", "image": .string("shop/\(app):v1"),
                    "readinessProbe": ["httpGet": ["path": "/health", "port": 8080]],
                ]
            ],
        ]
        for (field, value) in spec { pod[field] = value }
        return ["metadata": ["labels": ["app": .string(app)]], "spec": pod]
    }

    func make(
        _ resource: APIResource, _ name: String, replicas: Int? = 4, _ more: [String: JSON] = [:]
    ) throws {
        var spec: JSON = ["selector": ["matchLabels": ["app": .string(name)]], "template": template(name)]
        if let replicas { spec["replicas"] = .int(replicas) }
        for (field, value) in more { spec[field] = value }
        try store.create(resource, ["metadata": ["name": .string(name)], "spec": spec], in: namespace)
    }

    /// A deployment whose pods are all ready.
    func deploy(_ name: String, replicas: Int = 4, _ more: [String: JSON] = [:]) async throws {
        try make(.deployments, name, replicas: replicas, more)
        try await settled(.deployments, name)
    }

    func settled(_ resource: APIResource, _ name: String) async throws {
        let isSo = try await cluster.eventually { store in
            let object = try store.get(resource, name, in: namespace)
            let status = object["status"]
            let count = object[dotted: "spec.replicas"]?.int ?? 3
            let ready = status?["readyReplicas"]?.int ?? status?["numberReady"]?.int ?? 0
            return status?["observedGeneration"]?.int == object[dotted: "metadata.generation"]?.int && ready == count
        }
        try #require(isSo, "\(name) does not get ready")
    }

    func pods(of app: String) -> [JSON] {
        store.list(.pods, in: namespace).items.filter { $0[path: ["metadata", "labels", "app"]]?.string == app }
    }

    func name(_ object: JSON) -> String { object[dotted: "metadata.name"]?.string ?? "" }
    func uid(_ object: JSON) -> String { object[dotted: "metadata.uid"]?.string ?? "" }

    func patch(_ resource: APIResource, _ name: String, _ patch: JSON) throws {
        try store.patch(resource, name, in: namespace, .merge(patch))
    }

    /// What a cluster autoscaler says when it makes a node for a pod.
    func scaleUp(for pod: JSON) -> JSON {
        [
            "metadata": ["generateName": "scale-up."], "reason": "TriggeredScaleUp", "type": "Normal",
            "message": "pod triggered scale-up",
            "involvedObject": [
                "kind": "Pod", "name": .string(name(pod)), "namespace": "shop", "uid": .string(uid(pod)),
            ],
        ]
    }

    /// Template patches that the API got.
    var restarts: Int {
        server.requests.count {
            $0.method == "PATCH" && String(decoding: $0.body, as: UTF8.self).contains("restartedAt")
        }
    }

    // MARK: Steps

    func step(
        _ action: String, _ parameters: [String: PlanValue], user: KubernetesUser = .admin,
        patience: Duration = .seconds(40), run: String = "run-1"
    ) throws -> ClusterStep {
        let step = try ClusterStep(
            action, parameters, kubeconfig: server.kubeconfig(user: user, namespace: namespace), patience: patience,
            run: run)
        opened.append(step.targets)
        return step
    }

    func restart(_ names: [String], _ more: [String: PlanValue] = [:], patience: Duration = .seconds(40)) throws
        -> ClusterStep
    {
        try step(
            "kubernetes.rollout-restart",
            ["workloads": .list(names.map { .text($0) }), "settle": .text("0s")].merging(more) { $1 },
            patience: patience)
    }
}

/// A step on a cluster, through the same definitions as a plan's.
struct ClusterStep: Sendable {
    let configured: ConfiguredAction
    let targets: StepTargets
    let patience: Duration
    let run: String
    let evidence = EvidenceLog(host: .system)
    let told = Told()

    final class Told: Sendable {
        private let texts = Mutex<[String]>([])
        var all: [String] { texts.withLock { $0 } }
        func append(_ text: String) { texts.withLock { $0.append(text) } }
    }

    init(
        _ action: String, _ parameters: [String: PlanValue], kubeconfig: String, patience: Duration, run: String
    ) throws {
        let definition = try #require(KubernetesActions.all.first { $0.name == action })
        configured = try definition.configured(with: .map(parameters.map { .init($0.key, $0.value) }))
        let kind = try TargetKindDefinition(KubernetesKind.self).target(
            from: .map([.init("kubeconfig", .text(kubeconfig))]))
        targets = StepTargets(OpenTarget(kind, on: .system))
        self.patience = patience
        self.run = run
    }

    func context(_ unit: WorkUnit? = nil) -> Context {
        let told = told
        return Context(
            host: .system, deadline: Host.system.steady() + patience,
            label: WorkLabel(run: run, step: "step", unit: unit?.id), evidence: evidence,
            progress: { told.append($0.text) })
    }

    var change: ConfiguredChange {
        get throws {
            guard case .change(let change) = configured.work else { throw Unexpected() }
            return change
        }
    }

    func observe() async throws -> Observation {
        guard case .check(let check) = configured.work else { throw Unexpected() }
        return try await check.observe(targets, context())
    }

    func preview() async throws -> Preview { try await change.preview(targets, context()) }

    /// The only unit, and its baseline.
    func begin() async throws -> (WorkUnit, [UInt8]) {
        let preview = try await preview()
        let unit = try #require(preview.units.first, "\(preview.findings)")
        return (unit, try await change.prepare(unit, targets, context(unit)))
    }

    func probe(_ begun: (WorkUnit, [UInt8])) async throws -> ChangeState {
        try await change.probe(begun.0, begun.1, targets, context(begun.0))
    }

    func apply(_ begun: (WorkUnit, [UInt8])) async throws {
        try await change.apply(begun.0, begun.1, targets, context(begun.0))
    }

    func undo(_ begun: (WorkUnit, [UInt8])) async throws {
        try await change.undo?(begun.0, begun.1, targets, context(begun.0))
    }

    /// Why applying failed; `nil` where it did not.
    func refusal(_ begun: (WorkUnit, [UInt8])) async -> (cause: Cause, isCertain: Bool)? {
        do {
            try await apply(begun)
            return nil
        } catch {
            return (Cause(error), error is ChangeFailed)
        }
    }

    /// Probes as the engine does, until nothing runs there any more.
    func outcome(_ begun: (WorkUnit, [UInt8])) async throws -> ChangeState {
        let end = Host.system.steady() + patience
        while true {
            let state = try await probe(begun)
            guard case .running = state, Host.system.steady() < end else { return state }
            try await Host.system.sleep(.milliseconds(20))
        }
    }
}

extension ChangeState {
    var proof: Proof? { if case .applied(let proof) = self { proof } else { nil } }
    var partly: String? { if case .partial(let what) = self { what } else { nil } }
    var cause: Cause? { if case .unknown(let cause) = self { cause } else { nil } }
}

extension Proof {
    func value(_ name: String) -> Double? { measurements.first { $0.name == name }?.value }
}

func causeOf(_ body: () async throws -> some Any) async -> Cause? {
    do {
        _ = try await body()
        return nil
    } catch {
        return Cause(error)
    }
}
