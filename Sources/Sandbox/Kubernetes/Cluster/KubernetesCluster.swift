import Host
import Synchronization

/// The living part of a stand-in cluster: controllers, scheduler and kubelets over a store. Pods start, get ready,
/// crash, end and go as those of a real one do, and as they are told to by scripts.
public final class KubernetesCluster: Sendable {
    public let store: KubernetesStore
    let clock: ClusterClock
    let scripts = ClusterScripts()
    let logBook = LogBook()
    let disks = DiskLedger()
    let execs = ExecScripts()
    let loop: ClusterLoop

    /// Begins to live at once; `speed` says how many times as fast as the wall its delays pass.
    public init(store: KubernetesStore, speed: Double = 1, pace: PodPace = PodPace()) {
        self.store = store
        clock = ClusterClock(speed: speed)
        loop = ClusterLoop(clock: clock)
        store.observe { [loop] event in
            for key in Controllers.keys(touchedBy: event) { loop.enqueue(key) }
        }
        loop.start { [store, loop, scripts, logBook] in
            let controllers = Controllers(store: store, loop: loop, scripts: scripts, logs: logBook, pace: pace)
            return { controllers.serve($0) }
        }
    }

    /// How many times as fast as the wall delays pass, from now on.
    public var speed: Double {
        get { clock.speed }
        set {
            clock.speed = newValue
            loop.wakeUp()
        }
    }

    /// The controllers end; the objects stay as they are.
    public func stop() async { await loop.stop() }

    // MARK: Scripts

    /// Pods with such an image behave so from now on, those that run already too.
    @discardableResult
    public func script(image: String, _ behaviour: PodBehaviour) -> ScriptMark { script(.image(image), behaviour) }

    /// The selected pods behave so from now on, those that run already too.
    @discardableResult
    public func script(_ selection: PodSelection, _ behaviour: PodBehaviour) -> ScriptMark {
        defer { lookAgain() }
        return scripts.add(selection, behaviour)
    }

    /// Takes a script away: what it spoiled recovers.
    public func unscript(_ mark: ScriptMark) {
        scripts.remove(mark)
        lookAgain()
    }

    private func lookAgain() {
        for pod in store.list(.pods).items { loop.enqueue(ObjectKey(.pods, pod.namespace, pod.name)) }
    }

    // MARK: Waiting

    /// Waits until the objects are as wanted; `false` when the time (by the wall) is over.
    public func eventually(
        within limit: Duration = .seconds(20), _ isSo: (KubernetesStore) throws -> Bool
    ) async throws -> Bool {
        try await Sandbox.eventually(within: limit, every: .milliseconds(5)) { try isSo(store) }
    }

    /// Nothing is left to be done at this moment; crash loops and deadlines may still wait for their time.
    public var isIdle: Bool { loop.isIdle }

    // MARK: Nodes

    /// The node stops to answer, or answers again: its pods are not ready, its kubelet refuses.
    public func setLost(node: String, _ isLost: Bool) {
        scripts.setLost(node, isLost)
        loop.enqueue(ObjectKey(.nodes, "", node))
        lookAgain()
    }

    /// The node's kubelet puts the pod out, for its disk or memory: phase Failed, reason Evicted.
    public func evict(_ pod: String, in namespace: String, message: String) throws {
        try store.modify(.pods, pod, in: namespace, .status) { object in
            object[dotted: "status.phase"] = "Failed"
            object[dotted: "status.reason"] = "Evicted"
            object[dotted: "status.message"] = .string(message)
        }
    }

    /// Adds a node of this size that is ready.
    public func addNode(_ name: String, address: String, cpu: String = "4", memory: String = "16Gi") throws {
        try store.create(.nodes, NodeObject.make(name, cpu: cpu, memory: memory))
        let status = NodeObject.status(
            name, address: address, cpu: cpu, memory: memory, since: store.clock.now(), disks.capacity)
        try store.modify(.nodes, name, .status) { $0["status"] = status }
    }

    // MARK: CronJobs

    /// Makes a Job as the CronJob's schedule would.
    @discardableResult
    public func run(cronJob name: String, in namespace: String, as jobName: String? = nil) throws -> String {
        let cronJob = try store.get(.cronJobs, name, in: namespace)
        let now = store.clock.now()
        let template = cronJob[dotted: "spec.jobTemplate"] ?? .emptyObject
        var metadata = template["metadata"] ?? .emptyObject
        metadata["name"] = .string(jobName ?? "\(name)-\(now.secondsSinceEpoch / 60)")
        metadata["ownerReferences"] = [Workload.reference(to: cronJob)]
        metadata[path: ["annotations", "batch.kubernetes.io/cronjob-scheduled-timestamp"]] = .string(now.timestamp)
        let job = try store.create(
            .jobs, ["metadata": metadata, "spec": template["spec"] ?? .emptyObject], in: namespace)
        try store.modify(.cronJobs, name, in: namespace, .status) {
            $0[dotted: "status.lastScheduleTime"] = .string(now.timestamp)
        }
        return job.name
    }
}
