/// Something that is wrong with STEAMTRAP's cluster on purpose, and can be undone.
public struct ClusterFault: Sendable {
    /// What must show it.
    public enum Sight: String, Sendable {
        case pods, logs, disk, rollout, retraining, node
    }

    public let name: String
    /// What is wrong.
    public let summary: String
    public let sight: Sight
    /// `false` for what a healthy plan must bear without a word.
    public let isWrong: Bool
    private let apply: @Sendable (SteamTrapCluster) async throws -> Heal

    /// Undoes what was done.
    typealias Heal = @Sendable (SteamTrapCluster) async throws -> Void

    init(
        _ name: String, _ summary: String, _ sight: Sight, isWrong: Bool = true,
        _ apply: @escaping @Sendable (SteamTrapCluster) async throws -> Heal
    ) {
        self.name = name
        self.summary = summary
        self.sight = sight
        self.isWrong = isWrong
        self.apply = apply
    }

    public static let all = podFaults + workloadFaults + nodeFaults

    public static func named(_ name: String) -> ClusterFault? { all.first { $0.name == name } }

    /// Puts it in force and waits until it can be seen.
    public func apply(to world: SteamTrapCluster) async throws -> ClusterFaultInForce {
        ClusterFaultInForce(name: name, world: world, undo: try await apply(world))
    }
}

/// A fault that was applied; `heal` undoes it and waits until all is well again.
public struct ClusterFaultInForce: Sendable {
    public let name: String
    let world: SteamTrapCluster
    let undo: ClusterFault.Heal

    public func heal() async throws {
        try await undo(world)
        let isWell = try await world.cluster.eventually { [world] _ in world.isHealthy }
        guard isWell else { throw WorldFailure("\(name) is healed and the pods are not ready again") }
    }
}

extension SteamTrapCluster {
    /// Waits until the fault shows.
    func shows(_ what: String, _ isSo: (KubernetesStore) throws -> Bool) async throws {
        guard try await cluster.eventually(within: .seconds(30), isSo) else {
            throw WorldFailure("\(what) does not show")
        }
    }

    func firstPod(of app: String) throws -> JSON {
        guard let pod = pods(of: app).first else { throw WorldFailure("\(app) has no pod") }
        return pod
    }

    /// Whether a container of such a pod waits for one of these reasons.
    func waits(_ app: String, _ reasons: Set<String>) -> Bool {
        pods(of: app).contains { pod in
            (pod[dotted: "status.containerStatuses"]?.array ?? []).contains {
                reasons.contains($0[dotted: "state.waiting.reason"]?.string ?? "")
            }
        }
    }

    /// A script for as long as the fault is in force.
    func spoil(_ selection: PodSelection, _ behaviour: PodBehaviour) -> ClusterFault.Heal {
        let mark = cluster.script(selection, behaviour)
        return { $0.cluster.unscript(mark) }
    }

    func patch(_ deployment: String, _ patch: JSON) throws {
        try store.patch(.deployments, deployment, in: Self.namespace, .strategic(patch))
    }

    /// Another image for the app's container.
    static func image(_ app: String, _ image: String) -> JSON {
        ["spec": ["template": ["spec": ["containers": [["name": .string(app), "image": .string(image)]]]]]]
    }

    /// The Deployment as its manifest says, with nothing else left of what was patched.
    func restoreManifest(of name: String) throws {
        guard let app = SteamTrapWorkloads.apps.first(where: { $0.name == name }) else { return }
        let manifest = SteamTrapWorkloads.deployment(app)
        guard store.find(.deployments, name, in: Self.namespace) != nil else {
            try store.create(.deployments, manifest, in: Self.namespace)
            return
        }
        try store.modify(.deployments, name, in: Self.namespace) { object in
            object["spec"] = manifest["spec"]
        }
    }
}
