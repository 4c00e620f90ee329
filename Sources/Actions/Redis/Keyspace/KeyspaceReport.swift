import ClientRedis
import Host
import Maintenance

/// A pass as an observation.
struct KeyspaceReport {
    let tally: KeyTally
    let ending: SurveyPass.Ending
    let facts: [KeyFact]
    let isReplica: Bool

    func observation(_ subject: String) -> Observation {
        var observation = Observation(summary: summary, details: details)
        if ending.isWhole {
            observation.measurements = totals
        } else {
            let cause = Cause(
                .partlyCovered,
                "The time was up after \(tally.total.keys) of about \(Int(ending.expected)) keys: give the step more time, or a "
                    + "faster pace.")
            for measurement in totals { observation.missing[measurement.name] = cause }
            observation.findings.append(Finding(subject, .unknown, cause))
        }
        if tally.total.keys == 0 { observation.missing["lasting_percent"] = Cause(.noData, "There are no keys.") }
        for (fact, names) in [(KeyFact.bytes, ["bytes", "largest"]), (.ttl, ["lasting", "lasting_percent"])]
        where !facts.contains(fact) {
            for name in names { observation.missing[name] = Cause(.noData, "`facts` leaves out \(fact.rawValue).") }
        }
        speed(&observation)
        if !tally.repeatsAreKnown {
            let cause = Cause(
                .partlyCovered,
                "Beyond \(RedisActionLimits.distinctKeys) keys repeats of the scan are not told apart: sums may be too high."
            )
            observation.findings.append(
                Finding(subject, .unknown, cause, advice: "Look at parts, each by a `pattern`."))
        }
        return observation
    }

    /// What the evidence keeps of millions of answers.
    func evidence(_ survey: RedisSurvey) -> String {
        let questions = survey.questions.map { $0.command(Array("KEY".utf8)).description }
        let lines = tally.classes.map { "\($0.group) \($0.name): \($0.weight.keys) keys, \($0.weight.bytes) bytes" }
        return
            ([
                "\(ending.pages) pages\(ending.isWhole ? " to the end" : "")",
                "of each: \(questions.joined(separator: ", "))",
            ]
            + ["\(tally.total.keys) keys, \(tally.total.bytes) bytes, \(tally.repeats) repeats, \(tally.gone) gone"]
            + lines)
            .joined(separator: "\n")
    }

    private var summary: String {
        var text = "\(tally.total.keys) keys"
        if facts.contains(.bytes) { text += ", \(ByteCount.text(Double(tally.total.bytes)))" }
        if facts.contains(.ttl), tally.total.keys > 0 { text += ", \(tally.total.lasting) without expiry" }
        if let first = tally.largest.all.first {
            text += "; the largest \(KeyName.shown(KeyName.text(first.key))), \(ByteCount.text(Double(first.bytes)))"
        }
        return isReplica ? text + " (on a replica)" : text
    }

    private var totals: [Measurement] {
        var totals = [Measurement("keys", tally.total.keys), Measurement("repeats", tally.repeats)]
        if facts.contains(.bytes) {
            totals.append(Measurement("bytes", Double(tally.total.bytes), .bytes))
            totals.append(Measurement("largest", Double(tally.largest.all.first?.bytes ?? 0), .bytes))
        }
        if facts.contains(.ttl) {
            totals.append(Measurement("lasting", tally.total.lasting))
            if tally.total.keys > 0 {
                totals.append(
                    Measurement(
                        "lasting_percent", 100 * Double(tally.total.lasting) / Double(tally.total.keys), .percent))
            }
        }
        return totals
    }

    private func speed(_ observation: inout Observation) {
        let seconds = ending.took.inSeconds
        if seconds > 0 {
            observation.measurements.append(
                Measurement("keys_per_second", (Double(tally.total.keys) / seconds).rounded()))
        }
        if let p99 = ending.p99 {
            observation.measurements.append(Measurement("latency_idle", p99.idle * 1000, .milliseconds))
            observation.measurements.append(Measurement("latency", p99.beside * 1000, .milliseconds))
        } else {
            let cause = Cause(.noData, "The pass was not paced, or too short to measure.")
            observation.missing["latency_idle"] = cause
            observation.missing["latency"] = cause
        }
    }

    private var details: [[String: JSONValue]] {
        func row(_ group: String, _ name: String, _ weight: KeyWeight) -> [String: JSONValue] {
            var row: [String: JSONValue] = [
                "of": .text(group), "name": .text(name), "keys": .number(Double(weight.keys)),
            ]
            if facts.contains(.bytes) { row["bytes"] = .number(Double(weight.bytes)) }
            if facts.contains(.ttl) { row["lasting"] = .number(Double(weight.lasting)) }
            return row
        }
        func shown(_ key: [UInt8]) -> String { KeyName.shown(KeyName.text(key)) }
        return tally.classes.map { row($0.group, $0.name, $0.weight) }
            + tally.prefixes.heaviest(RedisActionLimits.listed).map { row("prefix", shown($0.prefix), $0.weight) }
            + tally.largest.all.map {
                [
                    "of": "largest", "name": .text(shown($0.key)), "type": .text($0.type),
                    "bytes": .number(Double($0.bytes)),
                ]
            } + tally.lasting.map { ["of": "lasting", "name": .text(shown($0))] }
    }
}
