import Host
import Synchronization

/// How full something is, in bytes.
struct DiskUse: Sendable {
    let capacity: Int
    let used: Int

    var available: Int { capacity - used }
    /// As `df` rounds: up.
    var percent: Int { capacity == 0 ? 0 : (used * 100 + capacity - 1) / capacity }

    init(capacity: Int, percent: Double) {
        self.capacity = capacity
        used = Int(Double(capacity) * percent / 100)
    }
}

/// How full the nodes' disks, pods' file systems and volumes are: between 45 and 60 % where nobody said otherwise.
final class DiskLedger: Sendable {
    private struct State {
        var nodes: [String: Double] = [:]
        /// By namespace and name.
        var pods: [String: Double] = [:]
        var claims: [String: Double] = [:]
        var refusing: Set<String> = []
    }

    /// Of each node's disk.
    let capacity = 100 << 30
    private let state = Mutex(State())

    func fill(node: String, percent: Double?) { state.withLock { $0.nodes[node] = percent } }
    func fill(pod: String, in namespace: String, percent: Double?) {
        state.withLock { $0.pods["\(namespace)/\(pod)"] = percent }
    }
    func fill(claim: String, in namespace: String, percent: Double?) {
        state.withLock { $0.claims["\(namespace)/\(claim)"] = percent }
    }
    func setRefusing(_ node: String, _ refuses: Bool) {
        state.withLock { state in
            if refuses { state.refusing.insert(node) } else { state.refusing.remove(node) }
        }
    }

    func isRefusing(_ node: String) -> Bool { state.withLock { $0.refusing.contains(node) } }

    func node(_ name: String) -> DiskUse {
        DiskUse(capacity: capacity, percent: state.withLock { $0.nodes[name] } ?? Self.usual(name))
    }

    /// What a container sees as `/`: its node's disk, unless something else was said of the pod.
    func pod(_ pod: JSON) -> DiskUse {
        if let percent = state.withLock({ $0.pods["\(pod.namespace)/\(pod.name)"] }) {
            return DiskUse(capacity: capacity, percent: percent)
        }
        return node(pod[dotted: "spec.nodeName"]?.string ?? "")
    }

    func claim(_ name: String, in namespace: String, size: JSON?) -> DiskUse {
        let key = "\(namespace)/\(name)"
        let bytes = Int(Quantity.value(size) ?? 10_737_418_240)
        return DiskUse(capacity: bytes, percent: state.withLock { $0.claims[key] } ?? Self.usual(key))
    }

    private static func usual(_ name: String) -> Double { 45 + Double(SeededGenerator.seed(of: name) % 140) / 10 }
}
