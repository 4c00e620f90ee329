import ClientPostgreSQL
import Host
import Maintenance

/// What a session can be ended for.
enum SessionState: String, WordValue {
    case active
    case idleInTransaction = "idle-in-transaction"

    /// As the server calls it.
    var names: [String] {
        switch self {
        case .active: ["active", "fastpath function call"]
        case .idleInTransaction: ["idle in transaction", "idle in transaction (aborted)"]
        }
    }
}

/// Which sessions may be ended. The server applies it when the plan is made, and again in the moment of each ending.
struct SessionRule: Sendable {
    var states: [SessionState] = []
    var olderThan = Duration.zero
    var users: [NamePattern] = []
    var applications: [NamePattern] = []
    var statements: [NamePattern] = []
    var exceptUsers: [NamePattern] = []
    var exceptApplications: [NamePattern] = []
    var everyDatabase = false

    private var parameters: [SQLParameter] {
        [
            SQLParameter(String(everyDatabase)), .array(states.flatMap(\.names)),
            SQLParameter(olderThan.inSeconds.written), .array(users.map(\.expression)),
            .array(applications.map(\.expression)), .array(statements.map(\.expression)),
            .array(exceptUsers.map(\.expression)), .array(exceptApplications.map(\.expression)),
            .array(users.map(\.text)),
        ]
    }

    /// How many it applies to and that are spared, and how many are not shown.
    func counting() -> SQLStatement {
        SQLStatement(
            """
            SELECT count(*) FILTER (WHERE \(Self.isMeant) AND NOT (\(Self.isNotSpared))) AS spared, \
            \(HiddenSessions.columns("a.pid <> pg_backend_pid() AND a.usesysid IS NOT NULL")) \
            FROM pg_catalog.pg_stat_activity a WHERE \(SessionSQL.isInScope(1))
            """, parameters)
    }

    /// Those that would be ended, those first that have been at it longest.
    func finding() -> SQLStatement {
        SQLStatement(
            """
            SELECT \(SessionSQL.columns), a.backend_start, a.xact_start, a.query_start, a.state_change \
            FROM pg_catalog.pg_stat_activity a \
            WHERE \(SessionSQL.isInScope(1)) AND \(Self.isMeant) AND \(Self.isNotSpared) ORDER BY \(Self.since), a.pid \
            LIMIT \(PostgreSQLActionLimits.plannedSessions + 1)
            """, parameters)
    }

    /// How a planned session stands now, and what a function of the server says when it is called for it; it is called
    /// only where everything is as planned.
    func standing(of session: PlannedSession, calling function: String? = nil) -> SQLStatement {
        let call = function.map { "CASE WHEN s.same AND s.meant THEN \($0)(a.pid) END" } ?? "NULL::bool"
        return SQLStatement(
            """
            SELECT \(SessionSQL.isHidden) AS hidden, a.backend_start IS NOT DISTINCT FROM $11::timestamptz AS alive, \
            s.same, s.meant, \(call) AS signalled FROM pg_catalog.pg_stat_activity a CROSS JOIN LATERAL (SELECT \
            a.backend_start IS NOT DISTINCT FROM $11::timestamptz AND a.xact_start IS NOT DISTINCT FROM \
            $12::timestamptz AND a.query_start IS NOT DISTINCT FROM $13::timestamptz AND a.state_change IS NOT \
            DISTINCT FROM $14::timestamptz AS same, coalesce(\(SessionSQL.isInScope(1)) AND \(Self.isMeant) \
            AND \(Self.isNotSpared), false) AS meant OFFSET 0) s WHERE a.pid = $10::int
            """, parameters + session.parameters)
    }

    private static let since = "CASE WHEN a.state LIKE 'idle%' THEN a.state_change ELSE a.query_start END"

    private static let isMeant = """
        coalesce(a.backend_type = 'client backend' AND a.pid <> pg_backend_pid() AND a.state = ANY ($2::text[]) \
        AND \(SessionSQL.seconds(since: since)) >= $3::float8 AND ($4::text[] = '{}' OR a.usename ~ ANY ($4::text[])) \
        AND ($5::text[] = '{}' OR a.application_name ~ ANY ($5::text[])) \
        AND ($6::text[] = '{}' OR a.query ~* ANY ($6::text[])), false)
        """

    /// A superuser's only where the plan names the role, without a pattern; what maintains the database only where a
    /// pattern of the plan fits it, for half an index is worse than none.
    private static let isNotSpared = """
        \(SessionSQL.isOthers) AND ($6::text[] <> '{}' OR NOT (a.state = 'active' AND a.query ~* \
        '^\\s*(/\\*[^*]*\\*/\\s*)?(vacuum|analyze|create\\s+(unique\\s+)?index|reindex|cluster|refresh)\\M')) AND NOT coalesce(a.usename ~ ANY ($7::text[]), false) \
        AND NOT coalesce(a.application_name ~ ANY ($8::text[]), false) \
        AND (a.usename = ANY ($9::text[]) OR NOT EXISTS (SELECT FROM pg_catalog.pg_roles r \
        WHERE r.oid = a.usesysid AND r.rolsuper))
        """
}

/// How a planned session stands.
enum SessionStanding {
    case asPlanned
    /// It is not there any more; its process may be another's.
    case gone
    /// It is there, and at something else.
    case movedOn
    /// It is as it was, and the rule no longer applies.
    case spared

    init(_ rows: Rows) throws {
        guard let row = rows.rows.first else {
            self = .gone
            return
        }
        guard try !row.boolean("hidden") else {
            throw CouldNotLook(
                .noPermission, "What the planned session does is not shown: the role lacks pg_read_all_stats.")
        }
        if try !row.boolean("alive") {
            self = .gone
        } else if try !row.boolean("same") {
            self = .movedOn
        } else {
            self = try row.boolean("meant") ? .asPlanned : .spared
        }
    }

    var words: String {
        switch self {
        case .asPlanned: "it is as it was"
        case .gone: "the session has ended"
        case .movedOn: "what it did is over, and the session is at something else"
        case .spared: "the rule applies to it no longer, and it was left alone"
        }
    }
}
