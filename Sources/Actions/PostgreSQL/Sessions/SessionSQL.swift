import ClientPostgreSQL

/// Parts of statements about sessions, `a` being a row of pg_stat_activity.
enum SessionSQL {
    /// Sessions of the target's database, or of all where the parameter says so.
    static func isInScope(_ everyDatabase: Int) -> String {
        "a.datid IS NOT NULL AND ($\(everyDatabase)::bool OR a.datname = current_database())"
    }

    /// Sessions of clients that are not ours: the one that asks, and those in which a change of ours works. Where a
    /// session is not shown its kind is not either, and a parallel worker passes for a client.
    static let isOthers =
        "a.pid <> pg_backend_pid() AND a.usesysid IS NOT NULL "
        + "AND (a.backend_type = 'client backend' OR a.backend_type IS NULL) "
        + "AND a.pid NOT IN (SELECT l.pid FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.granted "
        + "AND l.objsubid = 2 AND l.classid = \(ChangeSession.lockSpace) AND l.pid IS NOT NULL)"

    static let isHidden = "a.query = '<insufficient privilege>'"

    static let isIdleInTransaction = "a.state IN ('idle in transaction', 'idle in transaction (aborted)')"

    static func matches(_ patterns: Int) -> String {
        "coalesce(a.application_name ~ ANY ($\(patterns)::text[]) OR a.usename ~ ANY ($\(patterns)::text[]), false)"
    }

    static func seconds(since column: String) -> String { "extract(epoch FROM clock_timestamp() - \(column))" }

    /// What is told of each session.
    static let columns = """
        a.pid, a.datname AS database, a.usename AS role, a.application_name AS application, a.state, \
        \(seconds(since: "a.query_start")) AS query_seconds, \(seconds(since: "a.xact_start")) AS \
        transaction_seconds, \(seconds(since: "a.state_change")) AS state_seconds, \
        a.wait_event_type || ': ' || a.wait_event AS waits_for, \(isHidden) AS hidden, \
        \(StatementText.ofSession("a")) AS statement
        """

    /// Who waits for a lock, for which, how long. Only its own database's tables have names here. Before 14 the server
    /// does not say since when, and the statement's beginning stands for it.
    static func waits(everyDatabase: Int) -> String {
        """
        waits AS MATERIALIZED (SELECT DISTINCT ON (l.pid) l.pid, l.mode, greatest(0, \
        \(seconds(since: "coalesce((to_jsonb(l) ->> 'waitstart')::timestamptz, CASE WHEN "
            + "current_setting('server_version_num')::int < 140000 THEN a.query_start ELSE clock_timestamp() END)"))) \
        AS wait_seconds, \
        CASE WHEN l.locktype IN ('relation', 'extend', 'page', 'tuple') THEN l.locktype || ' ' || \
        CASE WHEN l.database IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())) \
        THEN l.relation::regclass::text ELSE format('%s of database %s', l.relation, l.database) END \
        WHEN l.locktype = 'transactionid' THEN 'the end of transaction ' || l.transactionid \
        WHEN l.locktype = 'virtualxid' THEN 'the end of transaction ' || l.virtualxid \
        WHEN l.locktype = 'advisory' THEN 'an advisory lock' ELSE l.locktype END AS object \
        FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
        WHERE NOT l.granted AND l.pid <> pg_backend_pid() AND \(isInScope(everyDatabase)) ORDER BY l.pid), \
        blocked AS MATERIALIZED (SELECT w.*, pg_catalog.pg_blocking_pids(w.pid) AS blockers \
        FROM (SELECT * FROM waits ORDER BY wait_seconds DESC LIMIT \(PostgreSQLActionLimits.waitersShown)) w)
        """
    }
}
