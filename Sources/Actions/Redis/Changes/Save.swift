import ClientRedis
import Host
import Maintenance

/// Has the server write its data to disk, and believes only what the server says of that afterwards.
struct Save: Change {
    typealias Kind = RedisKind

    static let declaration = Declaration(
        name: "redis.save",
        summary: "Saves the data to disk (BGSAVE), proven by the time of the last save and its status.",
        measurements: [
            MeasurementDeclaration("saved_at", .timestamp, "When the save was complete.", aggregate: .last),
            MeasurementDeclaration("save_time", .seconds, "How long the server took.", aggregate: .last),
            MeasurementDeclaration(
                "changes", .count, "Changes since the save before, when it began.", aggregate: .last),
        ],
        timeout: .seconds(1800),
        applies:
            "Redis and servers that speak its protocol, version 4 and later, primaries and replicas; in a cluster each "
            + "node is a target. Not where the service keeps BGSAVE to itself (ElastiCache, MemoryDB).",
        example: "{}")

    static let parameters: [Parameter<Save>] = []

    init() {}

    var impact: Impact { .online }

    var rights: [Right] {
        Right.readInfo + [
            .redis(.look, "+time", "to note when it was begun, by the server's clock"),
            .redis(.change, "+select", "to use the database that the target names"),
            .redis(.change, "+bgsave", "to begin the save"),
            .redis(.change, "+info", "to see how it ends"),
        ]
    }

    /// What the server said before.
    struct Baseline: Codable, Hashable, Sendable {
        /// By the server's clock.
        let at: Instant
        let state: SaveState
    }

    func preview(_ access: RedisAccess, in context: Context) async throws -> Preview {
        let info = try await ServerInfo.read(access)
        let state = try SaveState(info)
        var findings: [Finding] = []
        if !state.isWell {
            findings.append(
                Finding(
                    access.identity, .warn, Cause(.rejected, "The last save of \(access.identity) failed."),
                    advice: SaveState.advice))
        }
        let used = info.number("used_memory") ?? 0
        let unit = WorkUnit(
            id: "save", title: "save of \(ByteCount.text(used))",
            // Writing at fifty megabytes a second; history replaces it.
            expected: .seconds(max(1, state.lastTook ?? 0)) + .milliseconds(Int64(used / 50_000)))
        let waiting = state.isSaving ? "; one that is under way is awaited" : ""
        return Preview(
            summary: "\(ByteCount.text(used)) would be saved, \(state.changes) changes since the last save\(waiting)",
            units: [unit], measurements: [Measurement("changes", Double(state.changes))], findings: findings,
            statements: ["BGSAVE"])
    }

    /// The server counts saves in whole seconds: two of one second could not be told apart, so it waits for the next.
    func prepare(_ unit: WorkUnit, _ access: RedisAccess, in context: Context) async throws -> Baseline {
        while true {
            let state = try SaveState(await ServerInfo.read(access))
            let at = try await access.time()
            let second = at.microsecondsSinceEpoch / 1_000_000
            // A clock that was set back would have to come there first: then another time is as good.
            guard second == state.lastSave else { return Baseline(at: at, state: state) }
            try await context.host.sleep(.microseconds((second + 1) * 1_000_000 - at.microsecondsSinceEpoch))
        }
    }

    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context
    ) async throws -> ChangeState {
        let state = try SaveState(await ServerInfo.read(access))
        if state.isSaving { return .running(handle: "background save") }
        guard state.isWell, state.hasSaved(since: baseline.state) else { return .pending }
        let other = baseline.state.isSaving ? ", by a save that was under way before" : ""
        var measurements = [Measurement("saved_at", Instant(secondsSinceEpoch: state.lastSave))]
        if let took = state.lastTook { measurements.append(Measurement("save_time", Double(took), .seconds)) }
        return .applied(
            Proof("the last save advanced and its status is ok\(other)", measurements: measurements))
    }

    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        var pause = Duration.milliseconds(20)
        var isOurs = false
        while true {
            let state = try SaveState(await ServerInfo.read(access))
            if !state.isSaving {
                if state.isWell, state.hasSaved(since: baseline.state) { return }
                if isOurs { throw SaveState.failed(access.identity, said: nil) }
                isOurs = try await begin(access)
            }
            context.progress(Progress(done: state.done, total: 1, "saving"))
            guard pause < context.remaining else {
                throw CouldNotLook(.timedOut, "\(access.identity) is still saving: give the step more time.")
            }
            try await context.host.sleep(pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// False where the server is at a save, a rewrite or another child: it has one at a time, and that one is awaited.
    private func begin(_ access: RedisAccess) async throws -> Bool {
        let command = RedisCommand("BGSAVE")
        let reply = try await access.send([command]).first
        if case .error(let error) = reply, error.code == "ERR" {
            let words = error.message.lowercased()
            if ["already in progress", "child process", "aof log rewriting"].contains(where: words.contains) {
                return false
            }
            if words.contains("unknown command") {
                throw ChangeFailed(
                    .notSupported,
                    "\(access.identity) has no BGSAVE: its service keeps it to itself, and makes the backups.")
            }
            throw SaveState.failed(access.identity, said: error.message)
        }
        _ = try access.value(reply, of: command)
        return true
    }
}

/// What a server says of its saves, in one moment.
struct SaveState: Codable, Hashable, Sendable {
    /// Of this process of the server: a start sets the time of the last save as well, and saved nothing.
    let run: String
    /// In whole seconds of the server's clock.
    let lastSave: Int64
    let isWell: Bool
    let isSaving: Bool
    /// In seconds; nil where this process has not saved in the background yet.
    let lastTook: Int64?
    let changes: Int64
    /// The share of the keys that is written.
    let done: Double

    init(_ info: ServerInfo) throws {
        run = try info.requiredText("run_id")
        lastSave = Int64(try info.required("rdb_last_save_time"))
        isWell = try info.requiredText("rdb_last_bgsave_status") == "ok"
        isSaving = try info.required("rdb_bgsave_in_progress") != 0
        let took = Int64(try info.required("rdb_last_bgsave_time_sec"))
        lastTook = took >= 0 ? took : nil
        changes = Int64(info.number("rdb_changes_since_last_save") ?? 0)
        let total = info.number("current_save_keys_total") ?? 0
        done = total > 0 ? (info.number("current_save_keys_processed") ?? 0) / total : 0
    }

    func hasSaved(since before: SaveState) -> Bool {
        lastSave != before.lastSave && (run == before.run || lastTook != nil)
    }

    static let advice =
        "The reason is in the server's log: most often the disk is full, its folder cannot be written, or "
        + "the system refused a fork (vm.overcommit_memory)."

    static func failed(_ identity: String, said message: String?) -> ChangeFailed {
        guard let message else {
            return ChangeFailed(.rejected, "\(identity) says rdb_last_bgsave_status:err: the save failed. \(advice)")
        }
        let words = message.isEmpty ? "ERR" : String(message.prefix(200))
        return ChangeFailed(.rejected, "\(identity) answered BGSAVE with `\(words)`. \(advice)")
    }
}
