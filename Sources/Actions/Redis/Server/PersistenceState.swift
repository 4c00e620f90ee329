import Host
import Maintenance

/// A snapshot is due when so much time has passed with so many writes.
struct SaveRule: Hashable, Sendable {
    let seconds: Double
    let changes: Double

    /// `3600 1 300 100`, as CONFIG GET save answers.
    static func all(_ text: String) -> [SaveRule] {
        let numbers = text.split(separator: " ").compactMap { Double($0) }
        return stride(from: 0, to: numbers.count - 1, by: 2).map {
            SaveRule(seconds: numbers[$0], changes: numbers[$0 + 1])
        }
    }
}

/// What INFO says of snapshots and of the append-only file.
struct PersistenceState: Sendable {
    let age: Double
    let changes: Double
    let isAppendOnly: Bool
    private let isLoading: Bool
    private let hasSaved: Bool
    private let lastSave: String
    private let lastSaveTook: Double
    private let savingFor: Double?
    private let lastRewrite: String
    private let lastWrite: String

    init(_ info: ServerInfo, now: Double) throws {
        age = max(0, now - (try info.required("rdb_last_save_time")))
        changes = try info.required("rdb_changes_since_last_save")
        lastSave = try info.requiredText("rdb_last_bgsave_status")
        isAppendOnly = try info.required("aof_enabled") > 0
        isLoading = (info.number("loading") ?? 0) > 0 || (info.number("async_loading") ?? 0) > 0
        hasSaved = age + 2 < (info.number("uptime_in_seconds") ?? 0)
        lastSaveTook = max(0, info.number("rdb_last_bgsave_time_sec") ?? 0)
        savingFor = info.number("rdb_bgsave_in_progress") == 1 ? info.number("rdb_current_bgsave_time_sec") : nil
        lastRewrite = info.text("aof_last_bgrewrite_status") ?? "ok"
        lastWrite = info.text("aof_last_write_status") ?? "ok"
    }

    func summary(_ rules: Result<[SaveRule], CouldNotLook>) -> String {
        let ago = Duration.seconds(Int64(age)).shortText
        let file = isAppendOnly ? "append-only file on" : "no append-only file"
        if case .success(let rules) = rules, rules.isEmpty { return "no snapshots by rule, \(file)" }
        return "last snapshot \(ago) ago, \(Int(changes)) writes since, \(file)"
    }

    /// What the server itself says went wrong.
    func failures(_ subject: String) -> [Finding] {
        var findings: [Finding] = []
        func add(_ severity: Verdict, _ code: Cause.Code, _ sentence: String, _ advice: String) {
            findings.append(Finding(subject, severity, Cause(code, sentence), advice: advice))
        }
        if isLoading {
            add(.fail, .busy, "It is loading its data and answers nobody.", "Wait until it has loaded; look again.")
        }
        if lastSave != "ok" {
            add(
                .fail, .rejected, "The last snapshot failed; unless told otherwise it refuses writes since.",
                "See the server's log: the disk is full, or there is no memory for the fork.")
        }
        if isAppendOnly, lastWrite != "ok" {
            add(
                .fail, .rejected, "The last write to the append-only file failed: writes are refused or may be lost.",
                "See the server's log and the disk.")
        }
        if isAppendOnly, lastRewrite != "ok" {
            add(
                .warn, .rejected, "The last rewrite of the append-only file failed: it grows without end.",
                "See the server's log and the disk; then BGREWRITEAOF.")
        }
        return findings
    }

    /// Writes that should have been in a snapshot by now. A save under way gets the time that the last one took, twice.
    func overdue(_ rules: Result<[SaveRule], CouldNotLook>, maxAge: Duration?) -> String? {
        let grace = 60 + 2 * lastSaveTook
        if let savingFor, savingFor <= grace { return nil }
        let ago = Duration.seconds(Int64(age)).shortText
        let since = hasSaved ? "the last snapshot, \(ago) ago" : "the start, \(ago) ago, without a snapshot"
        if let maxAge, changes > 0, age > maxAge.inSeconds {
            return "\(Int(changes)) writes since \(since); at most \(maxAge.shortText) are allowed."
        }
        guard maxAge == nil, case .success(let rules) = rules else { return nil }
        guard let rule = rules.first(where: { changes >= $0.changes && age > $0.seconds + grace }) else { return nil }
        return "\(Int(changes)) writes since \(since): by the rule `save \(rule.seconds.written) "
            + "\(rule.changes.written)` a snapshot is overdue."
    }
}
