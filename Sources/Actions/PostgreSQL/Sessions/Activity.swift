import ClientPostgreSQL
import Host
import Maintenance

/// What the server's sessions do now: queries that run long, and who keeps whom waiting for a lock.
struct Activity: Check {
    typealias Kind = PostgreSQLKind

    var long = Duration.seconds(300)
    var wait = Duration.seconds(10)
    var except: [NamePattern] = []
    var everyDatabase = false

    init() {}

    static let declaration = Declaration(
        name: "postgresql.activity",
        summary: "Lists queries that run long, and lock waits as a tree with the session that blocks at its root.",
        measurements: [
            MeasurementDeclaration("running", "Queries that run."),
            MeasurementDeclaration("long", "Queries that have been running for at least `long`."),
            MeasurementDeclaration("longest", .seconds, "How long the oldest of them has been running."),
            MeasurementDeclaration(
                "oldest_transaction", .seconds, "How long the oldest transaction has been open, whatever it does."),
            MeasurementDeclaration("waiting", "Sessions that wait for a lock."),
            MeasurementDeclaration("longest_wait", .seconds, "How long the first of them has been waiting."),
        ],
        thresholds: Thresholds(fail: "longest >= 1h or longest_wait >= 5min"), timeout: .seconds(15),
        applies:
            "Every PostgreSQL from 13 on, also a standby. Behind a pooler it sees the server's sessions. Before 14 "
            + "a wait is dated from the beginning of its query.",
        example: "{ long: 10m, except: [pg_dump] }", looksByItself: true)

    static let parameters: [Parameter<Activity>] = [
        .optional("long", \.long, default: .seconds(300), "From how long on a query is a finding."),
        .optional(
            "wait", \.wait, default: .seconds(10),
            "From how long on a session's waiting for a lock is a finding against who blocks it."),
        .optional(
            "except", \.except, default: [],
            "Users and applications whose queries may run long; who blocks others is reported all the same."),
        .optional(
            "every-database", \.everyDatabase, default: false,
            "Whether the sessions of the server's other databases are looked at as well."),
    ]

    var rights: [Right] {
        [.connect(.look), .readStatistics("to see what other roles' sessions do and since when")]
    }

    func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let answers = try await access.look([
            SQLStatement(
                Self.counts,
                [SQLParameter(String(everyDatabase)), .array(except.map(\.expression)), SQLParameter(seconds(long))]),
            SQLStatement(
                Self.sessions,
                [SQLParameter(String(everyDatabase)), .array(except.map(\.expression)), SQLParameter(seconds(long))]),
            SQLStatement(Self.prepared),
        ])
        let sight = try ActivitySight(answers[1], prepared: answers[2])
        var observation = Observation(summary: "", details: sight.details)
        let counts = try answers[0].one()
        try measure(counts, sight, &observation)
        judgeWaits(sight, &observation)
        judgeQueries(sight, &observation)
        try HiddenSessions(counts)?.tell(
            ["running", "long", "longest", "oldest_transaction"], access.identity, &observation)
        return observation
    }

    private func measure(_ counts: Row, _ sight: ActivitySight, _ observation: inout Observation) throws {
        let (running, longest) = (try counts.integer("running"), try counts.number("longest"))
        observation.measurements = [
            Measurement("running", running), Measurement("long", try counts.integer("long")),
            Measurement("longest", longest, .seconds),
            Measurement("oldest_transaction", try counts.number("oldest_transaction"), .seconds),
            Measurement("waiting", sight.waiting), Measurement("longest_wait", sight.longestWait, .seconds),
        ]
        observation.summary =
            (running == 0
                ? "no query runs"
                : running == 1
                    ? "1 query runs, for \(spanText(longest))"
                    : "\(running) queries run, the longest for \(spanText(longest))")
            + (sight.waiting == 0
                ? "; nobody waits for a lock"
                : "; \(counted(sight.waiting, "session")) waiting for a lock, the longest for "
                    + spanText(sight.longestWait))
            + (everyDatabase ? ", in all databases" : "")
    }

    /// The one at the root is who can be helped, or ended; those behind it go on by themselves.
    private func judgeWaits(_ sight: ActivitySight, _ observation: inout Observation) {
        for root in sight.tree.roots {
            let behind = root.nodes.dropFirst().compactMap { sight.waits[$0.pid] }
            guard let first = behind.max(by: { $0.seconds < $1.seconds }), first.seconds >= wait.inSeconds else {
                continue
            }
            let waiting = behind.count == 1 ? "1 session waits" : "\(behind.count) sessions wait"
            observation.findings.append(
                Finding(
                    sight.subject(root.pid), .warn,
                    Cause(
                        .blocks,
                        "\(waiting) behind it, the longest for \(spanText(first.seconds)), for \(first.object). "
                            + sight.doing(root.pid)),
                    advice: sight.advice(root.pid),
                    attributes: [
                        "waiting": .number(Double(behind.count)), "longest_wait": .number(first.seconds),
                        "object": .text(first.object),
                    ].merging(sight.sessions[root.pid]?.details ?? [:]) { $1 }))
        }
    }

    /// Who waits behind another has its finding there.
    private func judgeQueries(_ sight: ActivitySight, _ observation: inout Observation) {
        for session in sight.long where sight.waits[session.pid] == nil {
            observation.findings.append(
                Finding(
                    session.subject, .warn,
                    Cause(.longQuery, "Its query has been running for \(spanText(session.querySeconds ?? 0))."),
                    advice: "See in the details what it does; SELECT pg_cancel_backend(\(session.pid)) ends it, and "
                        + "postgresql.terminate ends such queries by rule.",
                    attributes: session.details))
        }
    }

    private func seconds(_ duration: Duration) -> String { duration.inSeconds.written }
}

extension Activity {
    private static let isRunning = "a.state IN ('active', 'fastpath function call')"

    private static let counts = """
        SELECT \(HiddenSessions.columns("NOT \(SessionSQL.matches(2))")), \
        count(*) FILTER (WHERE \(isRunning)) AS running, \
        coalesce(\(SessionSQL.seconds(since: "min(a.query_start) FILTER (WHERE \(isRunning) "
            + "AND NOT \(SessionSQL.matches(2)))")), 0) AS longest, \
        count(*) FILTER (WHERE \(isLong)) AS long, \
        coalesce(\(SessionSQL.seconds(since: "min(a.xact_start)")), 0) AS oldest_transaction \
        FROM pg_catalog.pg_stat_activity a WHERE \(SessionSQL.isInScope(1)) AND \(SessionSQL.isOthers)
        """

    private static let isLong =
        "\(isRunning) AND NOT \(SessionSQL.matches(2)) "
        + "AND \(SessionSQL.seconds(since: "a.query_start")) >= $3::float8"

    /// Those that run long, those that wait, and those that they wait for, wherever these are.
    private static let sessions = """
        WITH \(SessionSQL.waits(everyDatabase: 1)), \
        long AS MATERIALIZED (SELECT a.pid FROM pg_catalog.pg_stat_activity a WHERE \(SessionSQL.isInScope(1)) \
        AND \(SessionSQL.isOthers) AND \(isLong) ORDER BY a.query_start \
        LIMIT \(PostgreSQLActionLimits.sessionsShown)) \
        SELECT \(SessionSQL.columns), b.object, b.mode, b.wait_seconds, array_to_string(b.blockers, ',') AS blockers, \
        (SELECT count(*) FROM waits) AS waiting, a.pid IN (SELECT pid FROM long) AS long \
        FROM pg_catalog.pg_stat_activity a LEFT JOIN blocked b ON b.pid = a.pid \
        WHERE a.pid IN (SELECT pid FROM long UNION ALL SELECT pid FROM blocked UNION ALL \
        SELECT unnest(blockers) FROM blocked) ORDER BY a.query_start, a.pid
        """

    /// Prepared transactions whose locks somebody waits for: the server gives each the process 0.
    private static let prepared = """
        SELECT p.gid, p.owner::text AS role, \(SessionSQL.seconds(since: "p.prepared")) AS seconds \
        FROM pg_catalog.pg_prepared_xacts p WHERE EXISTS (SELECT FROM pg_catalog.pg_locks h \
        JOIN pg_catalog.pg_locks w ON NOT w.granted AND (w.transactionid = h.transactionid \
        OR w.locktype = h.locktype AND w.database = h.database AND w.relation = h.relation) \
        JOIN pg_catalog.pg_locks own ON own.virtualtransaction = h.virtualtransaction \
        AND own.transactionid = p.transaction WHERE h.granted AND h.pid IS NULL) \
        ORDER BY p.prepared LIMIT \(PostgreSQLActionLimits.sessionsShown)
        """
}

extension Cause.Code {
    /// Others wait for a lock that it holds or queues for.
    static let blocks = Cause.Code(rawValue: "blocks-others")
    static let longQuery = Cause.Code(rawValue: "long-query")
}
