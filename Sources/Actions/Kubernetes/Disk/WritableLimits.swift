import Maintenance

/// What a pod may write into its containers' layers and logs and into volumes of its own. Its kubelet evicts it for one
/// container that is over its own limit, and for the sum of the limits: of those that are set, where some are not.
struct WritableLimits: Sendable {
    /// Of each container that serves and has one.
    private(set) var containers: [(name: String, bytes: Double)] = []
    /// `nil` where no container has one.
    private(set) var pod: Double?
    /// Containers whose limit is written as nobody here reads it.
    private(set) var unread: [String] = []

    init(_ pod: JSONValue) {
        var beside = 0.0
        // What only prepares runs alone, next to those that serve beside it from the start on.
        var preparing = 0.0
        for container in pod.items("spec", "initContainers") {
            let serves = container.text("restartPolicy") == "Always"
            guard let bytes = take(container, serves: serves) else { continue }
            if serves { beside += bytes } else { preparing = max(preparing, beside + bytes) }
        }
        let serving = pod.items("spec", "containers").reduce(beside) { $0 + (take($1, serves: true) ?? 0) }
        let limit = max(serving, preparing)
        guard limit > 0, unread.isEmpty else { return }
        self.pod = limit + (pod.text("spec", "overhead", Self.resource).flatMap(PodMemory.amount) ?? 0)
    }

    private mutating func take(_ container: JSONValue, serves: Bool) -> Double? {
        guard let text = container.text("resources", "limits", Self.resource) else { return nil }
        let name = container.text("name") ?? "?"
        guard let bytes = PodMemory.amount(text) else {
            unread.append(name)
            return nil
        }
        if serves, bytes > 0 { containers.append((name, bytes)) }
        return bytes
    }

    private static let resource = "ephemeral-storage"

    /// Holds what the kubelet tells of a pod against its limits.
    func judge(_ stats: JSONValue, of pod: Pod, _ findings: inout DiskFindings) {
        let told = Dictionary(
            stats.items("containers").compactMap { stats in stats.text("name").map { ($0, stats) } }
        ) { first, _ in first }
        let running = Set(pod.containers.filter(\.isStarted).map(\.name))
        for (name, bytes) in containers where running.contains(name) {
            let title = "\(pod.name)/\(name)"
            guard case .number(let layer)? = told[name]?.at("rootfs", "usedBytes"),
                case .number(let logs)? = told[name]?.at("logs", "usedBytes")
            else {
                findings.miss(
                    "limit \(title)", .noData,
                    "The kubelet does not say how much container \(name) of pod \(pod.name) has written of its limit.")
                continue
            }
            findings.uses.append(use(title, pod, layer + logs, of: bytes))
        }
        if let limit = self.pod, !running.isEmpty {
            if case .number(let used)? = stats.at(Self.resource, "usedBytes") {
                findings.uses.append(use(pod.name, pod, used, of: limit))
            } else {
                findings.miss(
                    "limit \(pod.name)", .noData,
                    "The kubelet does not say how much pod \(pod.name) has written of its limits.")
            }
        }
        for name in unread {
            findings.miss(
                "limit \(pod.name)/\(name)", .malformed,
                "What container \(name) of pod \(pod.name) may write at most cannot be read.")
        }
    }

    private func use(_ name: String, _ pod: Pod, _ used: Double, of total: Double) -> DiskUse {
        DiskUse(place: .limit, name: name, pods: [pod.name], used: used, total: total, available: nil)
    }
}
