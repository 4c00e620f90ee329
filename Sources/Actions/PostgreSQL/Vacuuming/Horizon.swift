import ClientPostgreSQL
import Maintenance

/// Who keeps vacuum from removing and freezing rows: everything older than the oldest of them has to stay.
struct Horizon {
    struct Holder {
        /// `session`, `idle session`, `prepared transaction`, `replication slot`, `standby feedback`.
        let kind: String
        let name: String
        let database: String?
        /// Transactions that began since.
        let transactions: Int
        /// Not known of slots and standbys.
        let seconds: Double?
        let advice: String

        var subject: String { "\(kind) \(name)" }

        var details: [String: JSONValue] {
            var details: [String: JSONValue] = [
                "holder": .text(subject), "kind": .text(kind), "held_transactions": .number(Double(transactions)),
            ]
            if let database { details["database"] = .text(database) }
            if let seconds { details["seconds"] = .number(seconds.rounded()) }
            return details
        }
    }

    /// The oldest first.
    let holders: [Holder]
    /// Why there may be more.
    let hidden: Cause?

    /// - Parameter everyDatabase: Whether those count that hold up the other databases alone.
    static func statements(everyDatabase: Bool) -> [SQLStatement] {
        [holding, unseen].map { SQLStatement($0, [SQLParameter(String(everyDatabase))]) }
    }

    init(_ rows: Rows, _ unseen: Row) throws(CouldNotLook) {
        var holders: [Holder] = []
        for row in rows.rows {
            holders.append(
                Holder(
                    kind: try row.text("kind"), name: try row.text("name"), database: try row.optional("database"),
                    transactions: try row.integer("transactions"),
                    seconds: try row.optional("seconds").flatMap { Double($0) }, advice: try row.text("advice")))
        }
        self.holders = holders
        let (sessions, standbys) = (try unseen.integer("sessions"), try unseen.integer("standbys"))
        hidden =
            sessions + standbys == 0
            ? nil
            : Cause(
                .noPermission,
                "Whether \(counted(sessions, "session")) and \(counted(standbys, "standby connection")) of other roles "
                    + "hold rows back is not shown: the looking role lacks pg_read_all_stats.")
    }

    /// Transactions of another database hold up that one alone. A plain VACUUM holds nobody up, though it shows an
    /// xmin.
    private static let holding = """
        SELECT * FROM ( \
        SELECT CASE WHEN \(SessionSQL.isIdleInTransaction) THEN 'idle session' ELSE 'session' END AS kind, \
        format('process %s%s', a.pid, ' (' || nullif(a.application_name, '') || ')') AS name, \
        a.datname AS database, greatest(age(a.backend_xmin), age(a.backend_xid)) AS transactions, \
        \(SessionSQL.seconds(since: "a.xact_start")) AS seconds, \
        format('End its transaction if nobody needs it: SELECT pg_terminate_backend(%s).', a.pid) AS advice \
        FROM pg_catalog.pg_stat_activity a WHERE a.pid <> pg_backend_pid() \
        AND a.backend_type IS DISTINCT FROM 'autovacuum worker' AND a.backend_type IS DISTINCT FROM 'walsender' \
        AND ($1::bool OR a.datname = current_database() OR a.datname IS NULL) \
        AND NOT (a.query ~* '^\\s*(/\\*[^*]*\\*/\\s*)?vacuum\\M' AND a.query !~* '\\mfull\\M') \
        UNION ALL SELECT 'prepared transaction', quote_literal(p.gid), p.database, age(p.transaction), \
        \(SessionSQL.seconds(since: "p.prepared")), format('COMMIT PREPARED %1$L or ROLLBACK PREPARED %1$L.', p.gid) \
        FROM pg_catalog.pg_prepared_xacts p WHERE $1::bool OR p.database = current_database() \
        UNION ALL SELECT 'replication slot', quote_ident(s.slot_name), s.database, \
        greatest(age(s.xmin), age(s.catalog_xmin)), NULL, CASE WHEN s.active \
        THEN 'End the long query on the standby that uses it, or let its consumer go on.' \
        ELSE format('Nobody uses it: SELECT pg_drop_replication_slot(%L), where nobody will come back to it.', \
        s.slot_name) END FROM pg_catalog.pg_replication_slots s \
        UNION ALL SELECT 'standby feedback', quote_ident(r.application_name), NULL, age(r.backend_xmin), NULL, \
        'End the long query on that standby.' FROM pg_catalog.pg_stat_replication r \
        ) h WHERE h.transactions > 0 ORDER BY h.transactions DESC, h.seconds DESC NULLS LAST \
        LIMIT \(PostgreSQLActionLimits.holdersShown)
        """

    private static let unseen = """
        SELECT count(*) FILTER (WHERE \(SessionSQL.isHidden) AND a.usesysid IS NOT NULL \
        AND a.datid IS NOT NULL AND ($1::bool OR a.datname = current_database())) AS sessions, (SELECT count(*) FROM pg_catalog.pg_stat_replication r WHERE r.state IS NULL) AS standbys \
        FROM pg_catalog.pg_stat_activity a
        """
}
