import ClientPostgreSQL
import Host
import Maintenance

/// Who keeps dead rows alive: the oldest that may still look at them.
enum HeldRows {
    static func findings(
        _ table: String, _ dead: Int, _ since: Instant, _ access: PostgreSQLAccess
    ) async throws -> [Finding] {
        let rows = try await access.query(statement)
        var hidden = 0
        for row in rows.rows {
            hidden = max(hidden, try row.integer("hidden"))
            guard let holder = try row.optional("holder") else { continue }
            if try row.optional("at") != nil, try row.instant("at") >= since { continue }
            let advice = try row.text("advice")
            return [
                Finding(
                    table, .warn,
                    Cause(.heldRows, "\(dead) dead rows cannot be removed yet: \(holder) may still need them."),
                    advice: advice, attributes: ["dead_rows": .number(Double(dead)), "holder": .text(holder)])
            ]
        }
        guard hidden > 0 else { return [] }
        let cause = Cause(
            .noPermission,
            "\(dead) dead rows are left, and whether a session keeps them alive is not shown: the looking role lacks "
                + "pg_read_all_stats.")
        return [Finding(table, .unknown, cause, advice: "Grant pg_read_all_stats to the looking role.")]
    }

    /// Oldest first. Transactions of other databases count only where their snapshot does.
    private static let statement = """
        WITH holders AS (
        SELECT 'the transaction of process ' || pid || coalesce(' (' || nullif(application_name, '') || ')', '') \
        || ', open since ' || to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC' AS holder, \
        greatest(age(backend_xmin), age(backend_xid)) AS age, xact_start AS at, \
        'End it with SELECT pg_terminate_backend(' || pid || ') if nobody needs it.' AS advice \
        FROM pg_catalog.pg_stat_activity WHERE pid <> pg_backend_pid() AND xact_start IS NOT NULL \
        AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND backend_type IS DISTINCT FROM 'autovacuum \
        worker' \
        AND (datname = current_database() OR datname IS NULL)
        UNION ALL SELECT 'the prepared transaction ' || gid, age(transaction), prepared, \
        'Commit or roll back the prepared transaction.' FROM pg_catalog.pg_prepared_xacts \
        WHERE database = current_database()
        UNION ALL SELECT 'the replication slot ' || slot_name, greatest(age(xmin), age(catalog_xmin)), NULL, \
        'Let its consumer catch up, or drop the slot if it has none.' FROM pg_catalog.pg_replication_slots \
        WHERE xmin IS NOT NULL
        UNION ALL SELECT 'a standby (' || application_name || ') with hot_standby_feedback', age(backend_xmin), NULL, \
        'End the long query on the standby.' FROM pg_catalog.pg_stat_replication WHERE backend_xmin IS NOT NULL
        ) SELECT holder, at, advice, hidden FROM \
        (SELECT count(*) AS hidden FROM pg_catalog.pg_stat_activity WHERE query = '<insufficient privilege>') h \
        LEFT JOIN (SELECT * FROM holders WHERE age IS NOT NULL ORDER BY age DESC, at LIMIT 5) o ON true
        """
}

extension Cause.Code {
    /// Dead rows that something old keeps alive.
    static let heldRows = Cause.Code(rawValue: "held-rows")
}
