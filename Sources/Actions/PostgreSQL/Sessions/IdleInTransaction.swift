import ClientPostgreSQL
import Host
import Maintenance

/// Sessions that hold a transaction open and do nothing: their locks stay, and so do the rows that vacuum would remove.
struct IdleInTransaction: Check {
    typealias Kind = PostgreSQLKind

    var long = Duration.seconds(300)
    var wait = Duration.seconds(10)
    var except: [NamePattern] = []
    var everyDatabase = false

    init() {}

    static let declaration = Declaration(
        name: "postgresql.idle-in-transaction",
        summary: "Lists the sessions that hold a transaction open and do nothing, and whom they keep waiting.",
        measurements: [
            MeasurementDeclaration("sessions", "Sessions that are idle in a transaction, aborted ones included."),
            MeasurementDeclaration("long", "Those of them that have been so for at least `long`."),
            MeasurementDeclaration("oldest", .seconds, "How long the first of them has been so."),
            MeasurementDeclaration("blocking", "Those of them for which another session waits."),
        ],
        thresholds: Thresholds(fail: "oldest >= 1h"), timeout: .seconds(15),
        applies: "Every PostgreSQL from 13 on, also a standby. Behind a pooler it sees the server's sessions.",
        example: "{ long: 2m, except: [batch-*] }", looksByItself: true)

    static let parameters: [Parameter<IdleInTransaction>] = [
        .optional("long", \.long, default: .seconds(300), "From how long on such a session is a finding."),
        .optional(
            "wait", \.wait, default: .seconds(10),
            "From how long on a session's waiting for such a one is a failure, however short that has been idle."),
        .optional("except", \.except, default: [], "Users and applications that may do so."),
        .optional(
            "every-database", \.everyDatabase, default: false,
            "Whether the sessions of the server's other databases are looked at as well."),
    ]

    var rights: [Right] {
        [.connect(.look), .readStatistics("to see the state of other roles' sessions and since when")]
    }

    func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let parameters = [
            SQLParameter(String(everyDatabase)), SQLParameter.array(except.map(\.expression)),
            SQLParameter(long.inSeconds.written),
        ]
        let answers = try await access.look([
            SQLStatement(Self.counts, parameters), SQLStatement(Self.sessions, Array(parameters.prefix(2))),
        ])
        let counts = try answers[0].one()
        let idle = try answers[1].rows.map { try IdleSession($0) }
        let (count, oldest) = (try counts.integer("sessions"), try counts.number("oldest"))
        var observation = Observation(
            summary: count == 0
                ? "no session is idle in a transaction"
                : "\(counted(count, "session")) idle in a transaction, the first for \(spanText(oldest))",
            measurements: [
                Measurement("sessions", count), Measurement("long", try counts.integer("long")),
                Measurement("oldest", oldest, .seconds),
                Measurement("blocking", idle.filter { $0.blocks > 0 }.count),
            ], details: idle.map(\.details))
        observation.findings = idle.compactMap { finding($0, try? counts.text("timeout")) }
        try HiddenSessions(counts)?.tell(["sessions", "long", "oldest", "blocking"], access.identity, &observation)
        return observation
    }

    private func finding(_ idle: IdleSession, _ timeout: String?) -> Finding? {
        let since = spanText(idle.seconds)
        let server =
            timeout == "0"
            ? " The server ends none by itself: idle_in_transaction_session_timeout is 0." : ""
        let advice =
            "Let its application commit or roll back, or end it: SELECT pg_terminate_backend(\(idle.session.pid))."
            + server
        if idle.blocks > 0, idle.longestWait >= wait.inSeconds {
            let waiting = idle.blocks == 1 ? "1 session waits" : "\(idle.blocks) sessions wait"
            let sentence =
                "It has done nothing in its transaction for \(since), and \(waiting) for it, the longest for "
                + "\(spanText(idle.longestWait))."
            return Finding(
                idle.session.subject, .fail, Cause(.blocks, sentence), advice: advice, attributes: idle.details)
        }
        guard idle.seconds >= long.inSeconds else { return nil }
        let held = idle.heldTransactions.map { $0 > 0 ? ", and keeps what \($0) transactions since have left" : "" }
        return Finding(
            idle.session.subject, .warn,
            Cause(.idleInTransaction, "It has done nothing in its transaction for \(since)\(held ?? "")."),
            advice: advice, attributes: idle.details)
    }
}

/// One of them, with what it holds.
private struct IdleSession {
    let session: SeenSession
    let seconds: Double
    /// What vacuum cannot remove for its sake; `nil` where it holds nothing.
    let heldTransactions: Int?
    let writeLocks: Int
    let blocks: Int
    let longestWait: Double

    init(_ row: Row) throws {
        session = try SeenSession(row)
        seconds = try row.number("state_seconds")
        heldTransactions = try row.optional("held").flatMap { Int($0) }
        writeLocks = try row.integer("write_locks")
        blocks = try row.integer("blocks")
        longestWait = try row.number("longest_wait")
    }

    var details: [String: JSONValue] {
        var details = session.details
        if let heldTransactions { details["held_transactions"] = .number(Double(heldTransactions)) }
        details["write_locks"] = .number(Double(writeLocks))
        details["blocks"] = .number(Double(blocks))
        if blocks > 0 { details["longest_wait"] = .number((longestWait * 10).rounded() / 10) }
        return details
    }
}

extension IdleInTransaction {
    private static let isMeant = "\(SessionSQL.isIdleInTransaction) AND NOT \(SessionSQL.matches(2))"

    private static let counts = """
        SELECT \(HiddenSessions.columns("NOT \(SessionSQL.matches(2))")), \
        count(*) FILTER (WHERE \(isMeant)) AS sessions, \
        count(*) FILTER (WHERE \(isMeant) AND \(SessionSQL.seconds(since: "a.state_change")) >= $3::float8) AS long, \
        coalesce(\(SessionSQL.seconds(since: "min(a.state_change) FILTER (WHERE \(isMeant))")), 0) AS oldest, \
        (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'idle_in_transaction_session_timeout') AS timeout \
        FROM pg_catalog.pg_stat_activity a WHERE \(SessionSQL.isInScope(1)) AND \(SessionSQL.isOthers)
        """

    private static let sessions = """
        WITH \(SessionSQL.waits(everyDatabase: 1)), \
        pairs AS MATERIALIZED (SELECT b.pid, b.wait_seconds, blocker \
        FROM blocked b, unnest(b.blockers) blocker GROUP BY 1, 2, 3) \
        SELECT \(SessionSQL.columns), greatest(age(a.backend_xmin), age(a.backend_xid)) AS held, \
        (SELECT count(*) FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation' \
        AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')) AS write_locks, \
        (SELECT count(*) FROM pairs p WHERE p.blocker = a.pid) AS blocks, \
        (SELECT coalesce(max(p.wait_seconds), 0) FROM pairs p WHERE p.blocker = a.pid) AS longest_wait \
        FROM pg_catalog.pg_stat_activity a WHERE \(SessionSQL.isInScope(1)) AND \(SessionSQL.isOthers) AND \(isMeant) \
        ORDER BY a.state_change LIMIT \(PostgreSQLActionLimits.sessionsShown)
        """
}

extension Cause.Code {
    static let idleInTransaction = Cause.Code(rawValue: "idle-in-transaction")
}
