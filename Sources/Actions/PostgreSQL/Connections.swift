public import ClientPostgreSQL
public import Maintenance

/// How many of the server's connections are taken, and what they do.
public struct Connections: Check {
    public typealias Kind = PostgreSQLKind

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.connections",
        summary: "Counts the connections by state against what ordinary roles may open.",
        measurements: [
            MeasurementDeclaration("connections", "Connections of clients, to all databases."),
            MeasurementDeclaration(
                "used_percent", .percent, "Share taken of max_connections without what is reserved for superusers."),
            MeasurementDeclaration("idle_in_transaction", "Connections that hold a transaction open and do nothing."),
        ],
        thresholds: Thresholds(warn: "used_percent >= 80%", fail: "used_percent >= 95%"), timeout: .seconds(15),
        applies: "Every PostgreSQL from 10 on. Behind a pooler it counts the server's connections, not the pooler's "
            + "clients.",
        looksByItself: true)

    public static let parameters: [Parameter<Connections>] = []

    public var rights: [Right] {
        [.connect(.look), .readStatistics("to see the state of other roles' connections")]
    }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let answers = try await access.look([SQLStatement(Self.limits), SQLStatement(Self.states)])
        let limits = try answers[0].one()
        let (maximum, reserved) = (try limits.integer("maximum"), try limits.integer("reserved"))
        let states = try answers[1].rows.map { row in
            (state: try row.optional("state"), count: try row.integer("count"), isHidden: try row.boolean("hidden"))
        }
        let count = states.reduce(0) { $0 + $1.count }
        guard count > 0, maximum > reserved else {
            throw CouldNotLook(.malformed, "\(access.identity) counts not even the connection that asks.")
        }
        let percent = 100 * Double(count) / Double(maximum - reserved)
        var observation = Observation(
            summary: "\(count) of \(maximum - reserved) connections are taken",
            measurements: [Measurement("connections", count), Measurement("used_percent", percent, .percent)],
            details: states.map { state in
                [
                    "state": .text(state.isHidden ? "not shown to this role" : state.state ?? "unknown"),
                    "connections": .number(Double(state.count)),
                ]
            })
        judgeStates(states, &observation, access.identity)
        try judgeOwnLimit(limits, &observation)
        return observation
    }

    /// The number of connections is seen by everybody; what they do only by those who may read statistics.
    private func judgeStates(
        _ states: [(state: String?, count: Int, isHidden: Bool)], _ observation: inout Observation, _ identity: String
    ) {
        let hidden = states.filter(\.isHidden).reduce(0) { $0 + $1.count }
        guard hidden > 0 else {
            let idle = states.filter { $0.state?.hasPrefix("idle in transaction") == true }.reduce(0) { $0 + $1.count }
            observation.measurements.append(Measurement("idle_in_transaction", idle))
            return
        }
        let cause = Cause(
            .noPermission,
            "The state of \(hidden) connections of other roles is not shown: the looking role lacks pg_read_all_stats.")
        observation.missing["idle_in_transaction"] = cause
        observation.findings.append(
            Finding(identity, .unknown, cause, advice: "Grant pg_read_all_stats to the looking role."))
    }

    /// A database may have a limit of its own, which is reached long before the server's.
    private func judgeOwnLimit(_ limits: Row, _ observation: inout Observation) throws(CouldNotLook) {
        let (limit, count) = (try limits.integer("database_limit"), try limits.integer("database_count"))
        let percent = limit > 0 ? 100 * count / limit : 0
        guard percent >= 80 else { return }
        observation.findings.append(
            Finding(
                "database \(try limits.text("database"))", percent >= 95 ? .fail : .warn,
                Cause(.threshold, "It takes \(count) of the \(limit) connections that it may have."),
                advice: "Raise its connection limit, or look who holds them."))
    }

    private static let limits = """
        SELECT current_setting('max_connections')::int AS maximum, \
        current_setting('superuser_reserved_connections')::int \
        + coalesce(current_setting('reserved_connections', true), '0')::int AS reserved, \
        d.datname AS database, d.datconnlimit AS database_limit, \
        (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid AND a.usesysid IS NOT NULL) \
        AS database_count FROM pg_catalog.pg_database d WHERE d.datname = current_database()
        """

    /// Only clients of a database count against max_connections. Where a session is not shown, its kind is not either:
    /// a parallel worker may then be counted too, which errs on the side of an alarm.
    private static let states = """
        SELECT state, query = '<insufficient privilege>' AS hidden, count(*) AS count \
        FROM pg_catalog.pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL \
        AND (backend_type = 'client backend' OR backend_type IS NULL) GROUP BY 1, 2 ORDER BY 3 DESC
        """
}
