/// Finds a node for a pod: ready, not cordoned, wanted by its selector, with room, and the least used of those.
struct Scheduler {
    enum Choice {
        case node(String)
        /// In the scheduler's words.
        case none(String)
    }

    /// What a pod takes of its node.
    private struct Use {
        var pods = 0
        var requests: [String: Double] = [:]
    }

    let store: KubernetesStore
    private var used: [String: Use] = [:]
    /// By the pod's uid.
    private var placed: [String: (node: String, requests: [String: Double])] = [:]

    init(store: KubernetesStore) { self.store = store }

    mutating func take(_ pod: JSON, on node: String) {
        guard placed[pod.uid] == nil else { return }
        let requests = Dictionary(uniqueKeysWithValues: ["cpu", "memory"].map { ($0, Self.request(pod, $0)) })
        placed[pod.uid] = (node, requests)
        used[node, default: Use()].pods += 1
        used[node]?.requests.merge(requests, uniquingKeysWith: +)
    }

    /// It has ended or is gone.
    mutating func release(_ uid: String) {
        guard let place = placed.removeValue(forKey: uid) else { return }
        used[place.node]?.pods -= 1
        used[place.node]?.requests.merge(place.requests, uniquingKeysWith: -)
    }

    func node(for pod: JSON, refusal: PodOrders.Refusal?) -> Choice {
        let nodes = store.list(.nodes).items
        if let refusal {
            let why = refusal.message ?? "\(nodes.count) Insufficient memory"
            return .none(message(nodes.count, [why]))
        }
        var reasons: [String: Int] = [:]
        var best: (name: String, count: Int)?
        for node in nodes {
            let there = used[node.name] ?? Use()
            if let reason = refusalReason(node, pod, there) {
                reasons[reason, default: 0] += 1
            } else if best.map({ there.pods < $0.count }) ?? true {
                best = (node.name, there.pods)
            }
        }
        if let best { return .node(best.name) }
        return .none(message(nodes.count, reasons.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }))
    }

    private func message(_ count: Int, _ reasons: [String]) -> String {
        guard count > 0 else { return "no nodes available to schedule pods" }
        return "0/\(count) nodes are available: \(reasons.joined(separator: ", ")). preemption: 0/\(count) nodes are "
            + "available: \(count) Preemption is not helpful for scheduling."
    }

    private func refusalReason(_ node: JSON, _ pod: JSON, _ there: Use) -> String? {
        if node[dotted: "spec.unschedulable"]?.bool == true { return "node(s) were unschedulable" }
        if Conditions.status(of: "Ready", in: node) != "True" {
            return "node(s) had untolerated taint {node.kubernetes.io/unreachable: }"
        }
        let labels = node.labels
        let wanted = pod[dotted: "spec.nodeSelector"]?.strings ?? [:]
        guard wanted.allSatisfy({ labels[$0.key] == $0.value }) else {
            return "node(s) didn't match Pod's node affinity/selector"
        }
        for resource in ["cpu", "memory"] {
            guard let room = Quantity.value(node[dotted: "status.allocatable"]?[resource]) else { continue }
            // Sums of tenths are not exact.
            if (there.requests[resource] ?? 0) + Self.request(pod, resource) > room * 1.000_001 {
                return "Insufficient \(resource)"
            }
        }
        return nil
    }

    static func request(_ pod: JSON, _ resource: String) -> Double {
        (pod[dotted: "spec.containers"]?.array ?? [])
            .compactMap { Quantity.value($0[dotted: "resources.requests"]?[resource]) }.reduce(0, +)
    }
}

/// Kubernetes's quantities: `100m`, `128Mi`, `2G`, `16`.
enum Quantity {
    static func value(_ json: JSON?) -> Double? {
        if let number = json?.int { return Double(number) }
        guard let text = json?.string else { return nil }
        let digits = text.prefix { $0.isNumber || $0 == "." || $0 == "-" || $0 == "+" }
        guard let number = Double(digits), let unit = units[String(text.dropFirst(digits.count))] else { return nil }
        return number * unit
    }

    private static let units: [String: Double] = [
        "": 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 1024, "Mi": 1_048_576, "Gi": 1_073_741_824,
        "Ti": 1_099_511_627_776,
    ]
}
