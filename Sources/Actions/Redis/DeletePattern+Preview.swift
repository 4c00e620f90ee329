import ClientRedis
import Host
import Maintenance

extension DeletePattern {
    /// What one pass over the keys found.
    private struct Plan {
        var seen: Set<[UInt8]> = []
        var names: [String] = []
        var excepted = 0
        var states: [KeyConditions.State: Int] = [:]

        var matched: Int { seen.count - (states[.gone] ?? 0) }
        var spared: Int { matched - names.count }
    }

    func preview(_ access: RedisAccess, in context: Context) async throws -> Preview {
        let facts = try await access.wholeServer()
        let plan = try await plan(access, in: context)
        var findings: [Finding] = []
        if facts.isReplica {
            findings.append(
                Finding(
                    access.identity, .fail, Cause(.rejected, "\(access.identity) is a replica: it only reads."),
                    advice: "Give the primary as the target."))
        }
        return Preview(
            summary: summary(plan), units: units(plan.names),
            measurements: [
                Measurement("matched", plan.matched), Measurement("planned", plan.names.count),
                Measurement("spared", plan.spared),
            ],
            findings: findings, statements: statements(plan))
    }

    /// Distinct keys: a scan may give a key more than once.
    private func plan(_ access: RedisAccess, in context: Context) async throws -> Plan {
        var plan = Plan()
        var pace = try await Pace.begin(Int(Int32.max), access, in: context)
        var scan = RedisScan(pattern: pattern.bytes, count: RedisActionLimits.scanPage)
        while true {
            let start = context.host.steady()
            guard let page = try await scan.next(access) else { return plan }
            var candidates: [[UInt8]] = []
            for key in page {
                guard pattern.matches(key) else {
                    throw CouldNotLook(
                        .malformed, "\(access.identity) answered SCAN with a key that the pattern does not match.")
                }
                guard plan.seen.insert(key).inserted else { continue }
                if except.contains(where: { $0.matches(key) }) { plan.excepted += 1 } else { candidates.append(key) }
            }
            let states = candidates.isEmpty ? [] : try await conditions.states(of: candidates, access)
            for (key, state) in zip(candidates, states) {
                plan.states[state, default: 0] += 1
                if state == .satisfies { plan.names.append(KeyName.text(key)) }
            }
            guard plan.seen.count <= RedisActionLimits.plannedKeys else {
                throw CouldNotLook(
                    .tooLarge,
                    "More than \(RedisActionLimits.plannedKeys) keys match `\(pattern.text)`: narrow the pattern.")
            }
            context.progress(Progress(done: Double(plan.seen.count), "\(plan.seen.count) keys found"))
            // As long as the server worked for us, it is left to the others.
            try await pace.after(
                page.count, atLeast: pace.served(context.host.steady() - start, trips: candidates.isEmpty ? 1 : 2))
        }
    }

    private func units(_ names: [String]) -> [WorkUnit] {
        stride(from: 0, to: names.count, by: batch).enumerated().map { number, start in
            let items = Array(names[start..<min(start + batch, names.count)])
            return WorkUnit(
                id: "keys-\(number + 1)",
                title: "\(items.count) keys from \(KeyName.shown(items[0]))",
                size: Double(items.count),
                expected: .milliseconds(100 + Int64(Double(items.count) / Double(pace) * 1000)), items: items)
        }
    }

    private func summary(_ plan: Plan) -> String {
        var kept: [String] = []
        func add(_ count: Int, _ what: String) { if count > 0 { kept.append("\(count) \(what)") } }
        add(plan.states[.persistent] ?? 0, "without expiry")
        add(plan.states[.otherType] ?? 0, "of another type")
        add(plan.states[.inUse] ?? 0, "in use")
        add(plan.excepted, "excepted")
        let sparing = kept.isEmpty ? "" : "; kept: \(kept.joined(separator: ", "))"
        return "\(plan.names.count) of \(plan.matched) keys that match `\(pattern.text)` would be deleted\(sparing)"
    }

    private func statements(_ plan: Plan) -> [String] {
        var lines = ["SCAN 0 MATCH \(pattern.text) COUNT \(RedisActionLimits.scanPage)"]
        guard !plan.names.isEmpty else { return lines }
        lines.append("EVAL, for every \(RedisActionLimits.scriptKeys) keys:\n\(KeyConditions.script)")
        let sample = plan.names.prefix(RedisActionLimits.sample).map(KeyName.shown)
        lines.append("for example: \(sample.joined(separator: ", "))")
        return lines
    }
}
