import ClientKubernetes
import Host
import Maintenance

/// A workload in its rollout and all that belongs to it, as it was last seen.
struct RolloutView: Sendable {
    let baseline: RolloutBaseline
    /// `nil` once it is deleted.
    var workload: Workload?
    private(set) var pods: [String: Pod] = [:]
    /// Ready addresses of each service, by the uid of the pod behind it, slice by slice.
    private(set) var slices: [String: Slice] = [:]
    /// New pods for which an autoscaler makes room.
    var awaited: Set<String> = []
    /// The last warning of the cluster about it.
    private(set) var warning: String?
    /// The last refusal to make a pod, and when it came.
    private(set) var refusal: (sentence: String, at: Instant)?
    /// The fewest pods that were ready since one began to look.
    private(set) var lowestReady: Int?

    struct Slice: Sendable {
        let service: String
        let ready: Int
    }

    init(_ baseline: RolloutBaseline, workload: Workload?, pods: [JSONValue], slices: [JSONValue]) {
        self.baseline = baseline
        self.workload = workload
        self.pods = Dictionary(pods.map { Pod($0) }.map { ($0.uid, $0) }) { first, _ in first }
        for slice in slices { take(slice: slice) }
        remember()
    }

    mutating func take(pod object: JSONValue) {
        let pod = Pod(object)
        pods[pod.uid] = pod
        remember()
    }

    mutating func lose(pod object: JSONValue) {
        pods[Pod(object).uid] = nil
        remember()
    }

    mutating func take(slice object: JSONValue) {
        guard let name = object.text("metadata", "name"),
            let service = object.text("metadata", "labels", "kubernetes.io/service-name")
        else { return }
        // An endpoint that does not say is ready, as the API has it.
        let ready = object.items("endpoints").filter { $0.at("conditions", "ready") != .bool(false) }
        slices[name] = Slice(service: service, ready: ready.reduce(0) { $0 + $1.items("addresses").count })
    }

    mutating func lose(slice object: JSONValue) {
        if let name = object.text("metadata", "name") { slices[name] = nil }
    }

    /// Keeps a warning that is about the workload, what it owns, or its pods.
    mutating func take(event: JSONValue, at now: Instant) {
        guard event.text("type") == "Warning", let about = event.text("involvedObject", "name"),
            about == baseline.name || about.hasPrefix(baseline.name + "-")
        else { return }
        let kind = event.text("involvedObject", "kind") ?? ""
        if kind == "Pod", let uid = event.text("involvedObject", "uid"), pods[uid].map({ isNew($0) }) == false {
            return
        }
        let reason = event.text("reason") ?? "Warning"
        warning = "\(reason): \(shown(event.text("message") ?? ""))"
        if reason == "FailedCreate", kind != "Job" { refusal = (shown(event.text("message") ?? ""), now) }
    }

    /// What only a watch knows.
    mutating func keep(from earlier: RolloutView) {
        (awaited, warning, refusal) = (earlier.awaited, earlier.warning, earlier.refusal)
        if let before = earlier.lowestReady { lowestReady = min(before, lowestReady ?? before) }
    }

    private mutating func remember() {
        let ready = ours.count { $0.isReady }
        lowestReady = min(lowestReady ?? ready, ready)
    }

    func isNew(_ pod: Pod) -> Bool { pod.annotations[RestartMark.key] == baseline.mark }

    /// Other workloads may have pods with the same labels.
    private func isOurs(_ pod: Pod) -> Bool {
        isNew(pod) || baseline.pods.contains(pod.uid) || pod.owner.map { baseline.owners.contains($0.uid) } == true
    }

    var ours: some Sequence<Pod> { pods.values.lazy.filter { isOurs($0) } }

    /// Of the template that the restart wrote.
    var new: [Pod] { pods.values.filter { isNew($0) }.sorted { $0.name < $1.name } }

    /// From before; those that are over hold nothing up.
    var old: [Pod] { pods.values.filter { isOurs($0) && !isNew($0) && !$0.isOver }.sorted { $0.name < $1.name } }

    func readyAddresses(of service: String) -> Int {
        slices.values.reduce(0) { $0 + ($1.service == service ? $1.ready : 0) }
    }
}
