import Host

/// How much STEAMTRAP's pods write.
public struct SteamTrapLogSize: Sendable {
    /// Of each replica.
    public var linesPerHour: Double
    /// Of all replicas of `steam-trap-inspector` together.
    public var errorsPerHour: Double
    /// How long the pods have been running.
    public var age: Duration

    public init(linesPerHour: Double = 120, errorsPerHour: Double = 4, age: Duration = .seconds(8 * 86_400)) {
        self.linesPerHour = linesPerHour
        self.errorsPerHour = errorsPerHour
        self.age = age
    }
}

/// STEAMTRAP's cluster: its namespace with 17 pods that have been running for days, its CronJobs with what they left,
/// and a neighbour's namespace that is none of its business.
public final class SteamTrapCluster: Sendable {
    public static let namespace = SteamTrapWorkloads.namespace
    public static let staging = SteamTrapWorkloads.staging
    public static let expectedPods = SteamTrapWorkloads.expectedPods
    public static let nodes = ["node-0", "node-1", "node-2"]

    public let store: KubernetesStore
    public let cluster: KubernetesCluster
    let past: PastClock

    /// Builds it; `speed` is how fast it lives afterwards (1: a rollout of four pods takes some four seconds).
    public static func start(speed: Double = 1, logs: SteamTrapLogSize = SteamTrapLogSize()) async throws
        -> SteamTrapCluster
    {
        let world = SteamTrapCluster()
        do {
            try await world.build(logs)
            world.cluster.speed = speed
            return world
        } catch {
            await world.stop()
            throw error
        }
    }

    private init() {
        past = PastClock()
        store = KubernetesStore(clock: past.clock)
        cluster = KubernetesCluster(store: store, speed: 200)
    }

    public func stop() async { await cluster.stop() }

    /// An API server in front of it; ending the server ends the cluster.
    public func serve() async throws -> KubernetesServer {
        try await KubernetesServer.start(living: cluster)
    }

    // MARK: Building

    private func build(_ logs: SteamTrapLogSize) async throws {
        past.set(ago: .seconds(40 * 86_400))
        for name in [Self.namespace, Self.staging] {
            try store.create(.namespaces, ["metadata": ["name": .string(name)]])
        }
        for (index, name) in Self.nodes.enumerated() { try cluster.addNode(name, address: "10.1.0.1\(index)") }
        let provisioner: JSON = ["metadata": ["name": "fast"], "provisioner": "csi.example.com"]
        try store.create(.storageClasses, provisioner)
        try store.create(
            .secrets, SteamTrapWorkloads.credentials(password: SteamTrapWorkloads.password), in: Self.namespace)
        setUsualCommands()
        setLogs(logs)
        past.set(ago: logs.age)
        try buildApps()
        try buildNeighbours()
        guard try await cluster.eventually({ [self] _ in isHealthy }) else {
            throw WorldFailure("its pods are not ready")
        }
        try await leaveJobs()
        past.set(ago: .zero)
        // Events live for an hour.
        for event in store.list(.events).items { try store.delete(.events, event.name, in: event.namespace) }
    }

    private func buildApps() throws {
        for app in SteamTrapWorkloads.apps {
            if let volume = app.volume {
                try store.create(.persistentVolumeClaims, SteamTrapWorkloads.claim(volume), in: Self.namespace)
            }
            try store.create(.deployments, SteamTrapWorkloads.deployment(app), in: Self.namespace)
            try store.create(.services, SteamTrapWorkloads.service(app), in: Self.namespace)
        }
        for cronJob in SteamTrapWorkloads.cronJobs { try store.create(.cronJobs, cronJob, in: Self.namespace) }
    }

    /// The same application in staging, and one there that crash-loops: neither counts.
    private func buildNeighbours() throws {
        var inspector = SteamTrapWorkloads.App(
            name: "steam-trap-inspector-staging", replicas: 2, image: "greenlang/steam-trap-inspector:v2.5.0-rc1",
            port: 8080)
        try store.create(.deployments, SteamTrapWorkloads.deployment(inspector), in: Self.staging)
        inspector = SteamTrapWorkloads.App(
            name: "experiment", replicas: 1, image: "greenlang/experiment:nightly", port: 8080)
        cluster.script(image: "greenlang/experiment", .crashes(after: .seconds(3)))
        try store.create(.deployments, SteamTrapWorkloads.deployment(inspector), in: Self.staging)
    }

    /// Ended Jobs with their pods: three backups, a retraining that went well and one that did not.
    private func leaveJobs() async throws {
        for day in [3, 2, 1] {
            past.set(ago: .seconds(day * 86_400))
            try await leave("database-backup")
        }
        past.set(ago: .seconds(5 * 86_400))
        try await leave("ml-model-retraining")
        past.set(ago: .seconds(4 * 86_400))
        let mark = cluster.script(.cronJob("ml-model-retraining"), .fails(after: .seconds(1), exitCode: 1))
        try await leave("ml-model-retraining", as: "retrain-model-manual")
        cluster.unscript(mark)
    }

    private func leave(_ cronJob: String, as name: String? = nil) async throws {
        let job = try cluster.run(cronJob: cronJob, in: Self.namespace, as: name)
        let isDone = try await cluster.eventually { store in
            try JobProgress.finishedAt(store.get(.jobs, job, in: Self.namespace)) != nil
        }
        guard isDone else { throw WorldFailure("the Job \(job) did not end") }
    }

    private func setLogs(_ logs: SteamTrapLogSize) {
        for app in SteamTrapWorkloads.apps where app.name != "redis" {
            let isInspector = app.name == "steam-trap-inspector"
            let errors = isInspector ? logs.errorsPerHour / Double(app.replicas) : 0.1
            let pattern = LogPattern(linesPerHour: logs.linesPerHour, errorsPerHour: errors, component: app.name)
            cluster.setLog(pattern, labels: ["app": app.name])
        }
    }

    // MARK: Looking

    /// Every Deployment of the namespace has all its pods, of its newest template, and none too many.
    public var isHealthy: Bool {
        let deployments = store.list(.deployments, in: Self.namespace).items
        return deployments.count == SteamTrapWorkloads.apps.count && deployments.allSatisfy(Self.isSettled)
            && appPods.count == Self.expectedPods && appPods.allSatisfy(Workload.isReady)
            && appPods.allSatisfy { !$0.isBeingDeleted }
    }

    /// The pods of the namespace that belong to its applications; Jobs' pods do not.
    public var appPods: [JSON] {
        store.list(.pods, in: Self.namespace).items.filter { $0.controllerOwner?["kind"]?.string == "ReplicaSet" }
    }

    public func pods(of app: String) -> [JSON] {
        store.list(.pods, in: Self.namespace, labels: LabelSelector(["app": app])).items
            .filter { $0.controllerOwner?["kind"]?.string == "ReplicaSet" }
    }

    static func isSettled(_ deployment: JSON) -> Bool {
        let status = deployment["status"]
        return status?["observedGeneration"]?.int == deployment.generation
            && [status?["replicas"], status?["updatedReplicas"], status?["availableReplicas"]].allSatisfy {
                ($0?.int ?? 0) == deployment.replicas
            } && Conditions.find("Progressing", in: deployment)?["reason"] == "NewReplicaSetAvailable"
    }
}

/// A world that does not come to be as it should.
struct WorldFailure: Error, CustomStringConvertible {
    let description: String

    init(_ why: String) { description = "the sandbox's cluster: " + why }
}
