import ClientRedis
import Host
import Maintenance

/// What one pass over the keys found: distinct keys, for a scan may give a key more than once.
struct KeyPlan: Sendable {
    private let isReplica: Bool
    private var seen: Set<[UInt8]> = []
    private(set) var names: [String] = []
    private(set) var excepted = 0
    private(set) var states: [KeyConditions.State: Int] = [:]

    private init(isReplica: Bool) { self.isReplica = isReplica }

    var matched: Int { seen.count - (states[.gone] ?? 0) }
    var spared: Int { matched - names.count }

    static func make(
        _ choice: KeyChoice, _ conditions: KeyConditions, _ access: RedisAccess, in context: Context
    ) async throws -> KeyPlan {
        let space = try await access.keyspace()
        var plan = KeyPlan(isReplica: space.isReplica)
        for server in space.servers { try await plan.pass(choice, conditions, server, in: context) }
        if space.isCluster, try await !access.keyspace().hasSameOwners(as: space) {
            throw CouldNotLook(.busy, "\(access.identity): slots of the cluster moved during the look: try again.")
        }
        return plan
    }

    private mutating func pass(
        _ choice: KeyChoice, _ conditions: KeyConditions, _ access: RedisAccess, in context: Context
    ) async throws {
        var pace = try await Pace.begin(Int(Int32.max), access, in: context)
        var scan = RedisScan(pattern: choice.pattern.bytes, count: RedisActionLimits.scanPage)
        while true {
            let start = context.host.steady()
            guard let page = try await scan.next(access) else { return }
            let candidates = try take(page, choice, access.identity)
            let states = candidates.isEmpty ? [] : try await conditions.states(of: candidates, access)
            for (key, state) in zip(candidates, states) {
                self.states[state, default: 0] += 1
                if state == .satisfies { names.append(KeyName.text(key)) }
            }
            context.progress(Progress(done: Double(seen.count), "\(seen.count) keys found"))
            // As long as the server worked for us, it is left to the others.
            try await pace.after(
                page.count, atLeast: pace.served(context.host.steady() - start, trips: candidates.isEmpty ? 1 : 2))
        }
    }

    /// Those of a page that were not seen before and are not excepted.
    private mutating func take(_ page: [[UInt8]], _ choice: KeyChoice, _ identity: String) throws -> [[UInt8]] {
        var candidates: [[UInt8]] = []
        for key in page {
            guard choice.pattern.matches(key) else {
                throw CouldNotLook(.malformed, "\(identity) answered SCAN with a key that the pattern does not match.")
            }
            guard seen.insert(key).inserted else { continue }
            if choice.includes(key) { candidates.append(key) } else { excepted += 1 }
        }
        guard seen.count <= RedisActionLimits.plannedKeys else {
            throw CouldNotLook(
                .tooLarge,
                "More than \(RedisActionLimits.plannedKeys) keys match `\(choice.pattern.text)`: narrow the pattern.")
        }
        return candidates
    }

    /// The preview of a change that does one thing to each planned key.
    func preview(
        _ choice: KeyChoice, _ identity: String, would verb: String, script: String
    ) -> Preview {
        var findings: [Finding] = []
        if isReplica { findings.append(.replica(identity)) }
        let sparing = spared > 0 ? "; left alone: \(kept.joined(separator: ", "))" : ""
        return Preview(
            summary: "\(names.count) of \(matched) keys that match `\(choice.pattern.text)` would \(verb)\(sparing)",
            units: choice.units(names),
            measurements: [
                Measurement("matched", matched), Measurement("planned", names.count), Measurement("spared", spared),
            ],
            findings: findings, statements: statements(choice, script))
    }

    /// Why keys that match are not planned, with how many.
    private var kept: [String] {
        KeyConditions.State.allCases.compactMap { state in
            guard let reason = state.reason, let count = states[state], count > 0 else { return nil }
            return "\(count) \(reason)"
        } + (excepted > 0 ? ["\(excepted) excepted"] : [])
    }

    private func statements(_ choice: KeyChoice, _ script: String) -> [String] {
        var lines = ["SCAN 0 MATCH \(choice.pattern.text) COUNT \(RedisActionLimits.scanPage)"]
        guard !names.isEmpty else { return lines }
        lines.append("EVAL, for every \(RedisActionLimits.scriptKeys) keys:\n\(script)")
        let sample = names.prefix(RedisActionLimits.sample).map(KeyName.shown)
        lines.append("for example: \(sample.joined(separator: ", "))")
        return lines
    }
}

extension KeyConditions.State {
    /// Why a key is left alone; nil where it is not.
    var reason: String? {
        switch self {
        case .gone, .satisfies: nil
        case .persistent: "without expiry"
        case .expiring: "with an expiry"
        case .otherType: "of another type"
        case .inUse: "in use"
        case .small: "smaller"
        }
    }
}

extension Finding {
    /// A change cannot be done there.
    static func replica(_ identity: String) -> Finding {
        Finding(
            identity, .fail, Cause(.rejected, "\(identity) is a replica: it only reads."),
            advice: "Give the primary as the target.")
    }
}
