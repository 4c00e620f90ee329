import ClientRedis
import Maintenance

/// How much memory the server takes, against what it may take, and why it takes more than its data need.
struct MemoryUse: Check {
    typealias Kind = RedisKind

    var limit: ByteCount?
    var warnAt = Share(percent: 80)
    var failAt = Share(percent: 95)
    var fragmentationWarn = Share(percent: 50)
    var ignoreBelow = ByteCount(100 << 20)

    static let declaration = Declaration(
        name: "redis.memory",
        summary: "Measures memory against its limit, and splits what is lost by cause: each has another remedy.",
        measurements: [
            MeasurementDeclaration(
                "used", .bytes, "Memory of the data and all that serves them, as the server counts."),
            MeasurementDeclaration("resident", .bytes, "Memory of the process, as its host counts."),
            MeasurementDeclaration(
                "used_percent", .percent, "Share used of `maxmemory`; without one, share resident of the host's."),
            MeasurementDeclaration("fragmented", .bytes, "Lost between values: only defragmenting gives it back."),
            MeasurementDeclaration("retained", .bytes, "Free pages kept by the allocator: a purge gives them back."),
            MeasurementDeclaration("overhead", .bytes, "Resident and not the allocator's: no remedy on it helps."),
            MeasurementDeclaration(
                "absent", .bytes, "The allocator's and not resident: swapped out, or never touched."),
            MeasurementDeclaration("fragmented_percent", .percent, "`fragmented`, of what the allocator handed out."),
            MeasurementDeclaration("retained_percent", .percent, "`retained`, of the same."),
        ],
        timeout: .seconds(15),
        applies:
            "Redis from version 4 on and servers that speak its protocol, primaries, replicas and nodes of a cluster: "
            + "each is a target. The server knows its host's memory, not a container's limit: give `limit`.",
        example: "{ limit: 2 GiB }", looksByItself: true)

    static let parameters: [Parameter<MemoryUse>] = [
        .optional(
            "limit", \.limit, default: nil,
            "What the process may take, where the server cannot know it: a container's limit."),
        .optional(
            "warn-at", \.warnAt, default: Share(percent: 80),
            "Share of a bound that may not be reached from which on it is a warning."),
        .optional("fail-at", \.failAt, default: Share(percent: 95), "The same, from which on it is a failure."),
        .optional(
            "fragmentation-warn", \.fragmentationWarn, default: Share(percent: 50),
            "Loss by one cause from which on it is a warning; 50% is a ratio of 1.5."),
        .optional(
            "ignore-below", \.ignoreBelow, default: ByteCount(100 << 20),
            "Loss that is never a warning: of a small server every ratio is large."),
    ]

    func validate() throws(ValueError) {
        guard warnAt.percent <= failAt.percent else {
            throw ValueError("the warning comes before the failure", path: ["warn-at"])
        }
    }

    var rights: [Right] {
        Right.readInfo + [
            .redis(.look, "+memory|malloc-stats", "to say which remedy this server has"),
            .redis(.look, "+config|get", "to see whether it defragments by itself"),
        ]
    }

    func observe(_ access: RedisAccess, in context: Context) async throws -> Observation {
        let info = try await ServerInfo.read(access)
        let used = try info.required("used_memory")
        let resident = try info.required("used_memory_rss")
        var observation = Observation(
            summary: "",
            measurements: [Measurement("used", used, .bytes), Measurement("resident", resident, .bytes)])
        let bounds = MemoryBounds(info, used: used, resident: resident, limit: limit)
        if let share = bounds.share {
            observation.measurements.append(Measurement("used_percent", share, .percent))
        } else {
            observation.missing["used_percent"] = Cause(
                .noData, "It has no `maxmemory` and does not say what its host has: give `limit`.")
        }
        observation.summary = bounds.summary
        observation.findings = bounds.findings(access.identity, warnAt: warnAt, failAt: failAt)
        try await split(access, info, &observation)
        return observation
    }

    private func split(_ access: RedisAccess, _ info: ServerInfo, _ observation: inout Observation) async throws {
        let parts: Fragmentation
        do {
            parts = try Fragmentation(info)
        } catch let error as CouldNotLook {
            for name in ["fragmented", "retained", "overhead", "absent", "fragmented_percent", "retained_percent"] {
                observation.missing[name] = error.cause
            }
            observation.findings.append(Finding(access.identity, .unknown, error.cause))
            return
        }
        observation.measurements += [
            Measurement("fragmented", parts.fragmented, .bytes), Measurement("retained", parts.retained, .bytes),
            Measurement("overhead", parts.overhead, .bytes), Measurement("absent", parts.absent, .bytes),
            Measurement("fragmented_percent", parts.percent(parts.fragmented), .percent),
            Measurement("retained_percent", parts.percent(parts.retained), .percent),
        ]
        let losses = MemoryLoss.all(parts).filter {
            $0.bytes >= Double(ignoreBelow.bytes) && parts.percent($0.bytes) >= fragmentationWarn.percent
        }
        guard !losses.isEmpty else { return }
        let support = try await AllocatorSupport.ask(access, info)
        observation.findings += losses.map { $0.finding(access.identity, parts, support) }
    }
}

/// One cause of lost memory, with what this server has against it.
struct MemoryLoss: Hashable, Sendable {
    enum Reason: String, Sendable { case fragmented, retained, overhead, absent }

    let reason: Reason
    let bytes: Double

    static func all(_ parts: Fragmentation) -> [MemoryLoss] {
        [
            MemoryLoss(reason: .fragmented, bytes: parts.fragmented),
            MemoryLoss(reason: .retained, bytes: parts.retained),
            MemoryLoss(reason: .overhead, bytes: parts.overhead), MemoryLoss(reason: .absent, bytes: parts.absent),
        ]
    }

    func finding(_ subject: String, _ parts: Fragmentation, _ support: AllocatorSupport) -> Finding {
        let amount = "\(ByteCount.text(bytes)) (\(parts.percent(bytes).percentText) of what is allocated)"
        return Finding(
            subject, .warn, Cause(.threshold, sentence(amount)), advice: advice(support),
            attributes: [
                "reason": .text(reason.rawValue), "allocator": .text(support.allocator),
                "defragments": support.defragments.map { .bool($0) } ?? .null, "purges": .bool(support.purges),
            ])
    }

    private func sentence(_ amount: String) -> String {
        switch reason {
        case .fragmented: "\(amount) are lost between values: the allocator's pages are only partly full."
        case .retained: "\(amount) are free pages that the allocator keeps."
        case .overhead: "\(amount) are resident and not the allocator's: modules, scripts, or huge pages."
        case .absent: "\(amount) of the allocator's memory are not resident: swapped out, if they were ever touched."
        }
    }

    private func advice(_ support: AllocatorSupport) -> String {
        let restart = "A restart packs it anew: of a replica first, then a failover."
        switch reason {
        case .fragmented:
            if support.defragmentsNow { return "It is defragmenting now: look again later." }
            return switch support.defragments {
            case true?: "This server can defragment while it works: CONFIG SET activedefrag yes."
            case false?: "This server was built without active defragmentation, and a purge does not help. \(restart)"
            case nil:
                "Whether this server can defragment is not known without the right to MEMORY MALLOC-STATS. A purge does "
                    + "not help. \(restart)"
            }
        case .retained:
            return support.purges
                ? "MEMORY PURGE gives them back to the host; it stops the server for a moment."
                : "Its allocator (\(support.allocator)) cannot be told to give them back. \(restart)"
        case .overhead: return "Neither a purge nor defragmenting helps: see INFO memory, and transparent huge pages."
        case .absent: return "Look at the host's swap: give it more memory, or the server a smaller maxmemory."
        }
    }
}
