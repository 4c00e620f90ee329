import Foundation

/// What an exported journal says of runs and missed occurrences.
struct ServeKillHistory {
    struct Run {
        let id: String
        let service: String
        let nominal: Double
        let startedAt: Double
        let state: String
        let verdict: String?
        /// Who began it, and then each that took it over, with when.
        var holders: [(at: Double, pid: Int32)]
    }

    struct Missed {
        let service: String
        let first: Double
        let last: Double
        let count: Int
        let cause: String
    }

    var runs: [Run] = []
    var missed: [Missed] = []
    /// Those who signed checkpoints.
    var keys: Set<String> = []

    init(runs: [Run] = [], missed: [Missed] = []) {
        self.runs = runs
        self.missed = missed
    }

    init(exported file: URL) throws {
        var holders: [String: [(at: Double, pid: Int32)]] = [:]
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            guard Self.matters(line), let text = try Self.object(line) else { continue }
            if let record = text["record"] as? [String: Any] {
                guard let run = record["run"] as? String, let kind = record["kind"] as? String,
                    let body = record["body"] as? String
                else { continue }
                let owner = kind == "started" ? body.firstMatch(of: /"owner":\{[^}]*\}/).map { $0.0 } : body[...]
                guard let pid = owner?.firstMatch(of: /"pid":([0-9]+)/).flatMap({ Int32($0.1) }) else { continue }
                holders[run, default: []].append((at: try Self.seconds(record["at"]), pid: pid))
            } else if let row = text["run"] as? [String: Any] {
                let id = row["id"] as? String ?? ""
                runs.append(
                    Run(
                        id: id, service: row["service"] as? String ?? "", nominal: try Self.seconds(row["nominal"]),
                        startedAt: try Self.seconds(row["startedAt"]), state: row["state"] as? String ?? "",
                        verdict: row["verdict"] as? String, holders: holders.removeValue(forKey: id) ?? []))
            } else if let row = text["missed"] as? [String: Any] {
                let occurrence = row["occurrence"] as? [String: Any] ?? [:]
                missed.append(
                    Missed(
                        service: occurrence["service"] as? String ?? "",
                        first: try Self.seconds(occurrence["nominal"]), last: try Self.seconds(row["last"]),
                        count: row["count"] as? Int ?? 0, cause: row["cause"] as? String ?? ""))
            } else if let key = (text["checkpoint"] as? [String: Any])?["key"] as? String {
                keys.insert(key)
            }
        }
        runs.sort { $0.startedAt < $1.startedAt }
    }

    /// When the next run began.
    func begin(after instant: Double) -> Double? { runs.first { $0.startedAt > instant }?.startedAt }

    /// Nearly all lines are bodies and records of another kind.
    private static func matters(_ line: Substring) -> Bool {
        if line.hasPrefix(#"{"body""#) || line.hasPrefix(#"{"point""#) { return false }
        return !line.hasPrefix(#"{"record""#) || line.contains(#""kind":"started""#)
            || line.contains(#""kind":"resumed""#)
    }

    private static func object(_ line: Substring) throws -> [String: Any]? {
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }

    struct NoInstant: Error { let text: String }

    /// Of an ISO 8601 instant in UTC, with a fraction or without.
    static func seconds(_ value: Any?) throws -> Double {
        guard let text = value as? String, text.hasSuffix("Z") else { throw NoInstant(text: "\(value ?? "none")") }
        let whole = try Date(text.prefix(19) + "Z", strategy: .iso8601).timeIntervalSince1970
        return whole + (Double("0" + text.dropFirst(19).dropLast()) ?? 0)
    }
}

/// What the loop left, held against what must be: all that is wrong, each a sentence.
struct ServeKillVerdict {
    let history: ServeKillHistory
    /// From when on a node was ready, and until when all of them worked.
    let from: Double
    let until: Double
    /// Lines of `marks` and of `programs`.
    let marks: [String]
    let programs: [String]

    var lost: [String] = []
    var doubled: [String] = []
    var zombies: [String] = []
    var odd: [String] = []

    var isClean: Bool { lost.isEmpty && doubled.isEmpty && zombies.isEmpty && odd.isEmpty }

    init(
        _ history: ServeKillHistory, services: Set<String>, from: Double, until: Double, marks: [String],
        programs: [String]
    ) {
        self.history = history
        self.from = from
        self.until = until
        self.marks = marks
        self.programs = programs
        for service in services.sorted() { lookAtOccurrences(of: service) }
        for run in history.runs where run.state != "ended" { zombies.append("\(run.id) is \(run.state)") }
        for run in history.runs where run.verdict == "fail" { odd.append("\(run.service) \(run.id) failed") }
        for run in history.runs where run.holders.isEmpty { odd.append("\(run.id) was begun by nobody") }
        lookAtEffects()
    }

    /// Each instant of the schedule has one run or is in one row of missed.
    private mutating func lookAtOccurrences(of service: String) {
        let period = ServeKillPlans.periods[service] ?? 1
        var found: [Int: [String]] = [:]
        func note(_ instant: Double, _ what: String) { found[Int(instant.rounded()), default: []].append(what) }
        for run in history.runs where run.service == service { note(run.nominal, "run \(run.id)") }
        for row in history.missed where row.service == service {
            let all = Array(stride(from: row.first, through: row.last, by: Double(period)))
            if all.count != row.count { odd.append("\(service) \(row.first) to \(row.last): \(row.count) in the row") }
            for instant in all { note(instant, row.cause) }
        }
        for (instant, what) in found.sorted(by: { $0.key < $1.key }) {
            if what.count > 1 { doubled.append("\(service) at \(instant): \(what.joined(separator: ", "))") }
            if instant % period != 0 { odd.append("\(service) at \(instant) is none of its instants: \(what)") }
        }
        let first = (Int(from.rounded(.up)) + period - 1) / period * period
        for instant in stride(from: first, through: Int(until), by: period) where found[instant] == nil {
            lost.append("\(service) at \(instant) has neither run nor row")
        }
    }

    /// None twice, none of nobody, and none missing of a run that says that it was made.
    private mutating func lookAtEffects() {
        let made = Dictionary(grouping: marks.map { $0.replacing(" ", with: "/") } + programs) { $0 }
        for (effect, lines) in made.sorted(by: { $0.key < $1.key }) where lines.count > 1 {
            doubled.append("\(effect) was done \(lines.count) times")
        }
        let known = Set(history.runs.map(\.id))
        for effect in made.keys.sorted() where !known.contains(effect.prefix { $0 != "/" }.description) {
            odd.append("\(effect) is of no run")
        }
        for run in history.runs where ServeKillPlans.marking.contains(run.service) {
            // Of the program nobody can know whether it ran where it was killed; that is a warning at best.
            var owed = run.verdict == "pass" || run.verdict == "warn" ? ["marks/first", "marks/second"] : []
            if run.verdict == "pass" { owed.append("program/program") }
            for effect in owed where made["\(run.id)/\(effect)"] == nil {
                lost.append("\(run.service) \(run.id) is \(run.verdict ?? "") without \(effect)")
            }
        }
    }
}
