import ClientPostgreSQL
import Host
import Maintenance

/// Runs a statement that works on an index beside the traffic (`… CONCURRENTLY`), so that nobody waits because of it.
///
/// While such a statement waits for old transactions nobody else waits. But it holds a lock that other schema changes
/// wait for, and whoever writes waits behind those. A `lock_timeout` would end the harmless waits as well; so
/// the lock is tried for first, briefly, and then the statement is watched and ended as soon as somebody queues behind it.
struct ConcurrentWork: Sendable {
    let subject: String
    /// Quoted.
    let table: String
    /// Materialized views cannot be locked by a statement.
    let isTable: Bool
    let access: PostgreSQLAccess
    let context: Context

    enum Outcome: Sendable {
        case done
        /// Ended for the sake of somebody else; another attempt may do better.
        case gaveWay(String)
        /// What is left of the time is needed for clearing away.
        case outOfTime(String)
    }

    /// Attempt after attempt, each begun by `clearing` what the one before left behind.
    ///
    /// - Parameter settings: Of the session, by name.
    func run(
        _ statement: String, settings: [String: String] = [:], clearing: @Sendable () async throws -> Void = {}
    ) async throws {
        while true {
            try await clearing()
            let reason: String
            switch try await attempt(statement, settings) {
            case .done: return
            case .outOfTime(let text): throw ChangeFailed(.timedOut, "\(subject): the time was over while \(text).")
            case .gaveWay(let text): reason = text
            }
            guard left > PostgreSQLActionLimits.lockPause * 4 else {
                throw ChangeFailed(
                    .busy, "\(subject): it was ended each time because \(reason). Give it a quieter hour or more time.")
            }
            try await context.host.sleep(PostgreSQLActionLimits.lockPause)
        }
    }

    /// The time for building; the rest is for clearing away.
    private var left: Duration {
        context.remaining - min(PostgreSQLActionLimits.clearing, context.remaining / 4)
    }

    private func attempt(_ statement: String, _ settings: [String: String]) async throws -> Outcome {
        let end = context.host.steady() + left
        do {
            try await access.changing { session in
                try await lockBriefly(session)
                for (name, value) in settings {
                    try await session.execute(
                        "SELECT set_config($1, $2, false)", [SQLParameter(name), SQLParameter(value)])
                }
                try await watched(statement, session, until: end)
            }
            return .done
        } catch let ended as Ended {
            // The next attempt, or the clearing away, must not meet the session that was ended.
            for _ in 0..<PostgreSQLActionLimits.endingLooks {
                guard try await access.running(context.label) != nil else { break }
                try await context.host.sleep(PostgreSQLActionLimits.buildWatch)
            }
            return ended.outcome
        }
    }

    /// The session is lost with a statement that is ended.
    private struct Ended: Error {
        let outcome: Outcome
    }

    private func watched(_ statement: String, _ session: ChangeSession, until end: Duration) async throws {
        // Should nobody watch any more and it and another wait for each other, it is the one that finds out and ends.
        let process = try await session.execute(
            """
            SELECT pg_backend_pid() AS process, set_config('lock_timeout', '0', false), \
            CASE WHEN current_setting('is_superuser') = 'on' \
            THEN set_config('deadlock_timeout', '\(PostgreSQLActionLimits.lockWait)', false) END
            """
        ).one().integer("process")
        guard try await access.running(context.label) == process else {
            throw ChangeFailed(
                .notSupported,
                "\(session.identity): the looking URL leads to another server than the changing one, so nobody would "
                    + "see who waits because of the work. Let both lead to the primary.")
        }
        let outcome = try await withThrowingTaskGroup(of: Outcome.self) { group in
            group.addTask {
                try await session.execute(statement)
                return .done
            }
            group.addTask { try await watch(process, until: end) }
            defer { group.cancelAll() }
            return try await group.next() ?? .done
        }
        if case .done = outcome { return }
        throw Ended(outcome: outcome)
    }

    /// The statement's own first lock, taken and given back: then the statement hardly waits for it.
    private func lockBriefly(_ session: ChangeSession) async throws {
        guard isTable else { return }
        try await session.execute("SELECT set_config('lock_timeout', '\(PostgreSQLActionLimits.lockWait)', false)")
        // A transaction of one statement: its failure leaves the session as it was.
        let lock = "BEGIN LOCK TABLE ONLY \(table) IN SHARE UPDATE EXCLUSIVE MODE; END"
        _ = try await LockQueue.patiently(context, session, subject: subject) {
            try await session.execute("DO \(quotedLiteral(lock))")
        }
    }

    /// Returns when the statement must be ended.
    private func watch(_ process: Int, until end: Duration) async throws -> Outcome {
        var queued = 0
        var doing = "it began"
        while true {
            let state = try await BuildState(process, access)
            if let progress = state.progress {
                doing = progress.text
                context.progress(progress)
            }
            queued = state.isQueueing ? queued + 1 : 0
            if queued > 1 { return .gaveWay("another session holds its table") }
            if let other = state.behind { return .gaveWay("process \(other) waited behind it for its table") }
            guard context.host.steady() < end else { return .outOfTime(doing) }
            try await context.host.sleep(PostgreSQLActionLimits.buildWatch)
        }
    }
}

/// What the server shows of a build: how far it is, and who waits because of it.
private struct BuildState {
    let isQueueing: Bool
    /// A session that waits for a lock which keeps writers waiting behind it, or that the build waits for in turn.
    let behind: Int?
    let progress: Progress?

    init(_ process: Int, _ access: PostgreSQLAccess) async throws {
        let row = try await access.watch(SQLStatement(Self.statement, [SQLParameter(process)])).one()
        isQueueing = try row.boolean("queues")
        behind = try row.optional("behind") == nil ? nil : row.integer("behind")
        guard let phase = try row.optional("phase") else {
            progress = nil
            return
        }
        let locker = try row.optional("locker").map { ": process \($0)" } ?? ""
        let total = try row.number("total")
        progress = Progress(done: try row.number("done"), total: total > 0 ? total : nil, "\(phase)\(locker)")
    }

    private static let statement = """
        WITH locks AS MATERIALIZED (SELECT pid, database, relation, mode, granted FROM pg_catalog.pg_locks \
        WHERE locktype = 'relation') \
        SELECT EXISTS (SELECT FROM locks WHERE pid = $1::int AND NOT granted) AS queues, \
        (SELECT min(w.pid) FROM locks w JOIN locks h ON h.pid = $1::int AND h.granted AND h.database = w.database \
        AND h.relation = w.relation AND h.mode = 'ShareUpdateExclusiveLock' WHERE NOT w.granted AND w.pid <> h.pid \
        AND (w.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') \
        OR w.pid = ANY (pg_catalog.pg_blocking_pids(h.pid))) \
        AND h.pid = ANY (pg_catalog.pg_blocking_pids(w.pid))) AS behind, p.phase, \
        nullif(p.current_locker_pid, 0) AS locker, \
        coalesce(nullif(p.blocks_done, 0), nullif(p.tuples_done, 0), p.lockers_done, 0) AS done, \
        coalesce(nullif(p.blocks_total, 0), nullif(p.tuples_total, 0), p.lockers_total, 0) AS total \
        FROM (SELECT) one LEFT JOIN pg_catalog.pg_stat_progress_create_index p ON p.pid = $1::int
        """
}
