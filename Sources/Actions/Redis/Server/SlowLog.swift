import ClientRedis
import Host
import Maintenance

/// Commands that held the server up since the look before. Of each only its name is shown: arguments are data.
struct SlowLog: Check {
    typealias Kind = RedisKind

    var within: Duration = .seconds(3600)

    static let declaration = Declaration(
        name: "redis.slow-log",
        summary: "Lists the commands that were slow since the previous run, by name, with the longest.",
        measurements: [
            MeasurementDeclaration("slow", "Slow commands since the previous run."),
            MeasurementDeclaration("longest", .milliseconds, "The longest of them that the log still has."),
            MeasurementDeclaration("last_id", "The number of the log's newest entry, from which the next run goes on."),
        ],
        thresholds: Thresholds(warn: "longest >= 500ms", fail: "longest >= 5s"), timeout: .seconds(15),
        applies:
            "Redis from version 4 on, each node a target. What counts as slow, and how many entries are kept, the server's "
            + "settings `slowlog-log-slower-than` and `slowlog-max-len` say.",
        looksByItself: true)

    static let parameters: [Parameter<SlowLog>] = [
        .optional(
            "within", \.within, default: .seconds(3600),
            "How far back the first run looks; the later ones go on where the one before ended.")
    ]

    var rights: [Right] {
        [
            .redis(.look, "+select", "to use the database that the target names"),
            .redis(.look, "+slowlog|get", "to read the slow log"),
            .redis(.look, "+time", "to know how old an entry is"),
            .redis(.look, "+config|get", "to see whether slow commands are written down"),
        ]
    }

    func observe(_ access: RedisAccess, in context: Context) async throws -> Observation {
        let now = try await access.time()
        try await demandLog(access)
        let entries = try await SlowEntry.read(access)
        let past = try await context.history("last_id").first
        let before = past.map { Int64($0.value) }
        guard let newest = entries.first else { return Self.ofNone(last: before ?? -1) }
        // Numbers begin anew with the server, and then the time tells.
        let known = before.flatMap { $0 <= newest.id ? $0 : nil }
        let since = past.map { $0.at.secondsSinceEpoch } ?? now.secondsSinceEpoch - within.components.seconds
        let new = entries.filter { entry in known.map { entry.id > $0 } == true || entry.at > since }
        let count = max(known.map { newest.id - $0 } ?? 0, Int64(new.count))
        let longest = new.map(\.milliseconds).max() ?? 0
        let span = past == nil ? "within \(within.shortText)" : "since the previous run"
        var observation = Observation(
            summary: new.isEmpty
                ? "no slow commands \(span)"
                : "\(count) slow commands \(span), the longest of \((longest * 10).rounded() / 10) ms",
            measurements: [
                Measurement("slow", Double(count)), Measurement("longest", longest, .milliseconds),
                Measurement("last_id", Double(newest.id)),
            ])
        observation.details = Self.byCommand(new)
        if count > Int64(new.count) {
            let cause = Cause(
                .partlyCovered,
                "\(count - Int64(new.count)) of \(count) entries were overwritten before this look: raise slowlog-max-len."
            )
            observation.findings.append(Finding(access.identity, .unknown, cause))
        }
        return observation
    }

    /// What a log says is news only where something is written into it.
    private func demandLog(_ access: RedisAccess) async throws {
        let settings = try await access.ask(RedisCommand("CONFIG", "GET", "slowlog-*"))
        guard let threshold = settings.value(after: "slowlog-log-slower-than")?.asNumber,
            let length = settings.value(after: "slowlog-max-len")?.asNumber
        else {
            throw CouldNotLook(.notSupported, "\(access.identity) does not say whether it keeps a slow log.")
        }
        guard threshold >= 0, length > 0 else {
            throw CouldNotLook(
                .noData,
                "\(access.identity) keeps no slow log: set slowlog-log-slower-than, such as 10000 (10 ms), and "
                    + "slowlog-max-len.")
        }
    }

    /// The numbers go on after SLOWLOG RESET.
    private static func ofNone(last: Int64) -> Observation {
        Observation(
            summary: "no slow commands: the log is empty",
            measurements: [
                Measurement("slow", 0), Measurement("longest", 0, .milliseconds), Measurement("last_id", Double(last)),
            ])
    }

    private static func byCommand(_ entries: [SlowEntry]) -> [[String: JSONValue]] {
        var commands: [String: (count: Int, longest: Double)] = [:]
        for entry in entries {
            let known = commands[entry.command] ?? (0, 0)
            commands[entry.command] = (known.count + 1, max(known.longest, entry.milliseconds))
        }
        let sorted = commands.sorted { $0.value.longest > $1.value.longest }
        return sorted.prefix(RedisActionLimits.listed).map { name, seen in
            ["command": .text(name), "count": .number(Double(seen.count)), "longest_ms": .number(seen.longest)]
        }
    }
}

/// One entry of the slow log.
struct SlowEntry: Hashable, Sendable {
    let id: Int64
    /// Seconds since 1970.
    let at: Int64
    let milliseconds: Double
    let command: String

    /// The newest first.
    static func read(_ access: RedisAccess) async throws -> [SlowEntry] {
        let command = RedisCommand("SLOWLOG", "GET", String(RedisActionLimits.slowEntries))
        guard case .list(let items) = try await access.askUnnoted(command) else { throw access.malformed(command) }
        var entries: [SlowEntry] = []
        for item in items {
            guard let entry = SlowEntry(item) else { throw access.malformed(command) }
            entries.append(entry)
        }
        let lines = entries.map { "\($0.id) \($0.at) \($0.milliseconds) ms \($0.command)" }
        access.note(command, answer: lines.joined(separator: "\n"))
        return entries
    }

    private init?(_ item: RedisValue) {
        guard case .list(let parts) = item, parts.count >= 4, case .list(let words) = parts[3] else { return nil }
        guard let id = parts[0].asNumber, let at = parts[1].asNumber, let took = parts[2].asNumber else { return nil }
        guard id >= 0, took >= 0 else { return nil }
        self.id = id
        self.at = at
        milliseconds = Double(took) / 1000
        command = Self.name(of: words.map(\.asText))
    }

    /// The name of the command, and of its subcommand where it has one; never an argument.
    private static func name(of words: [String?]) -> String {
        let given = words.prefix(2).map { $0 ?? "" }
        let command = RedisCommand(words: given.map { Array($0.utf8) })
        let parts = command.name.split(separator: " ", omittingEmptySubsequences: false)
        guard let first = parts.first, isName(first) else { return "(not a name)" }
        // A second word with a space in it is no subcommand.
        return parts.count <= 2 && parts.allSatisfy(isName) ? command.name : String(first)
    }

    private static func isName(_ word: Substring) -> Bool {
        let letters = word.utf8.allSatisfy { byte in
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || "-._".utf8.contains(byte)
        }
        return letters && (1...40).contains(word.utf8.count)
    }
}
