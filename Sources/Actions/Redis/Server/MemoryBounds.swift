import Maintenance

/// The two bounds of a server's memory: its own, `maxmemory`, and what its host or container has. What it means to come
/// near the first depends on what the server does there: a cache that evicts is full and well.
struct MemoryBounds: Sendable {
    private let used: Double
    private let resident: Double
    private let maximum: Double?
    private let physical: Double?
    private let isContainer: Bool
    private let policy: String
    private let isReplica: Bool
    private let keys: Double
    private let expiring: Double

    init(_ info: ServerInfo, used: Double, resident: Double, limit: ByteCount?) {
        // Buffers of replicas and of the append-only file are not counted against maxmemory.
        self.used = max(0, used - (info.number("mem_not_counted_for_evict") ?? 0))
        self.resident = resident
        maximum = info.number("maxmemory").flatMap { $0 > 0 ? $0 : nil }
        physical = limit.map { Double($0.bytes) } ?? info.number("total_system_memory").flatMap { $0 > 0 ? $0 : nil }
        isContainer = limit != nil
        policy = info.text("maxmemory_policy") ?? "unknown"
        isReplica = info.isReplica
        let databases = info.numbered("db")
        func sum(_ name: String) -> Double {
            databases.reduce(0) { $0 + ($1.parts[name].flatMap { Double($0) } ?? 0) }
        }
        keys = sum("keys")
        expiring = sum("expires")
    }

    /// In percent.
    var share: Double? {
        maximum.map { 100 * used / $0 } ?? physical.map { 100 * resident / $0 }
    }

    var summary: String {
        let share = share.map { ", \($0.percentText) of" } ?? ""
        let bound: String
        if let maximum {
            bound = "\(share) its maxmemory of \(ByteCount.text(maximum)) (\(policy))"
        } else if let physical {
            bound =
                "\(share) the \(isContainer ? "limit" : "host's memory") of \(ByteCount.text(physical)); no maxmemory"
        } else {
            bound = "; no maxmemory"
        }
        return "\(ByteCount.text(used)) used, \(ByteCount.text(resident)) resident\(bound)"
    }

    func findings(_ subject: String, warnAt: Share, failAt: Share) -> [Finding] {
        var findings: [Finding] = []
        func severity(_ share: Double) -> Verdict? {
            share >= failAt.percent ? .fail : share >= warnAt.percent ? .warn : nil
        }
        // A replica leaves the decision to its primary.
        if let maximum, !isReplica, let severity = severity(100 * used / maximum), let danger = danger {
            findings.append(
                Finding(
                    subject, severity,
                    Cause(.threshold, "\((100 * used / maximum).percentText) of maxmemory are used, and \(danger)."),
                    advice: "Raise maxmemory, delete what nobody needs, or choose a policy that can evict."))
        }
        guard let physical else { return findings }
        let place = isContainer ? "limit" : "host's memory"
        if let severity = severity(100 * resident / physical) {
            findings.append(
                Finding(
                    subject, severity,
                    Cause(
                        .threshold,
                        "The process takes \((100 * resident / physical).percentText) of the \(place): beyond it the system ends it."
                    ),
                    advice: maximum == nil ? "Set maxmemory, well below the \(place)." : "Lower maxmemory."))
        } else if let maximum, maximum > physical {
            findings.append(
                Finding(
                    subject, .warn,
                    Cause(
                        .threshold,
                        "maxmemory is \(ByteCount.text(maximum)) and the \(place) \(ByteCount.text(physical)): it protects nothing."
                    ),
                    advice: "Set maxmemory well below the \(place): saving needs memory too."))
        }
        return findings
    }

    /// What happens when maxmemory is reached, where that is no good; a cache that can evict goes on.
    private var danger: String? {
        if policy == "noeviction" { return "writes are refused beyond it (noeviction)" }
        guard policy.hasPrefix("volatile-"), keys > 0 else { return nil }
        // It evicts only keys that expire.
        if expiring == 0 { return "no key can be evicted, for none expires (\(policy)): writes are refused beyond it" }
        guard 10 * expiring < keys else { return nil }
        return "only \(Int(expiring)) of \(Int(keys)) keys can be evicted (\(policy))"
    }
}
