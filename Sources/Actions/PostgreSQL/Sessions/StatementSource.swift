import ClientPostgreSQL
import Maintenance

/// Where pg_stat_statements is in this database, and what its version can tell.
struct StatementSource: Sendable {
    /// Quoted by the server.
    let schema: String
    let tellsSince: Bool

    /// A server without it counts nothing, which is no pass.
    static func find(_ access: PostgreSQLAccess) async throws -> StatementSource {
        let row = try await access.query(
            """
            SELECT (SELECT quote_ident(n.nspname) FROM pg_catalog.pg_extension e \
            JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements') AS schema, \
            (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'pg_stat_statements') AS version, \
            EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pg_stat_statements') AS available, \
            current_setting('pg_stat_statements.track', true) AS track
            """
        ).one()
        guard let schema = try row.optional("schema"), let version = try row.optional("version") else {
            throw CouldNotLook(
                .notFound,
                "The extension pg_stat_statements is not in this database: "
                    + (try row.boolean("available")
                        ? "CREATE EXTENSION pg_stat_statements adds it, and shared_preload_libraries must name it."
                        : "install it on the server first, and name it in shared_preload_libraries."))
        }
        guard let track = try row.optional("track") else {
            throw CouldNotLook(
                .notFound, "shared_preload_libraries does not name pg_stat_statements, so nothing is counted.")
        }
        guard track != "none" else {
            throw CouldNotLook(.noData, "pg_stat_statements.track is none, so nothing is counted.")
        }
        let numbers = version.split(separator: ".").compactMap { Int($0) }
        guard numbers.count == 2, numbers[0] > 1 || numbers[1] >= 8 else {
            throw CouldNotLook(
                .notSupported,
                "pg_stat_statements is of version \(version.prefix(20)): ALTER EXTENSION pg_stat_statements UPDATE.")
        }
        return StatementSource(schema: schema, tellsSince: numbers[0] > 1 || numbers[1] >= 9)
    }

    /// Figures of all statements but ours; their texts are asked for of those that are shown.
    func look(_ access: PostgreSQLAccess, _ everyDatabase: Bool) async throws -> StatementWindow {
        var statements = [
            SQLStatement(figures, [SQLParameter(String(everyDatabase))]),
            SQLStatement("SELECT extract(epoch FROM clock_timestamp()) AS at"),
        ]
        if tellsSince {
            statements.append(
                SQLStatement(
                    """
                    SELECT dealloc, extract(epoch FROM clock_timestamp() - stats_reset) AS period \
                    FROM \(schema).pg_stat_statements_info
                    """))
        }
        let answers = try await access.look(statements)
        let info = tellsSince ? try answers[2].one() : nil
        let counted = try answers[0].rows.map { row in
            CountedStatement(
                key: StatementKey(
                    role: try row.text("userid"), database: try row.text("dbid"), query: try row.optional("queryid"),
                    isTopLevel: try row.optional("toplevel")),
                role: try row.text("role"), database: try row.text("database"), calls: try row.integer("calls"),
                total: try row.number("total"), longest: try row.number("longest"), isHidden: try row.boolean("hidden"),
                isMaintenance: try row.boolean("maintenance"))
        }
        return StatementWindow(
            statements: counted, at: try answers[1].one().number("at"),
            period: try info?.optional("period").flatMap { Double($0) }, evicted: try info?.integer("dealloc"))
    }

    func texts(
        of statements: [CountedStatement], _ access: PostgreSQLAccess
    ) async throws -> [StatementKey: String] {
        let seen = statements.filter { !$0.isHidden }
        guard !seen.isEmpty else { return [:] }
        let rows = try await access.query(
            """
            SELECT s.userid::text, s.dbid::text, s.queryid::text, to_jsonb(s) ->> 'toplevel' AS toplevel, \
            \(StatementText.shown("s.query")) AS statement FROM \(schema).pg_stat_statements s \
            WHERE s.queryid::text = ANY ($1::text[])
            """, [.array(seen.map(\.key.query))])
        var texts: [StatementKey: String] = [:]
        for row in rows.rows {
            let key = StatementKey(
                role: try row.text("userid"), database: try row.text("dbid"), query: try row.optional("queryid"),
                isTopLevel: try row.optional("toplevel"))
            texts[key] = try row.optional("statement")
        }
        return texts
    }

    /// A statement of a change of ours begins with its comment.
    private var figures: String {
        """
        SELECT s.userid::text, s.dbid::text, s.queryid::text, to_jsonb(s) ->> 'toplevel' AS toplevel, \
        coalesce(r.rolname, 'a dropped role') AS role, coalesce(d.datname, 'a dropped database') AS database, \
        s.calls, s.total_exec_time AS total, s.max_exec_time AS longest, \
        coalesce(s.query = '<insufficient privilege>', false) AS hidden, \
        coalesce(s.query, '') ~* '^\\s*(vacuum|analyze|create|reindex|cluster|copy|refresh|alter|drop|truncate|checkpoint|do|lock)\\M' \
        AS maintenance FROM \(schema).pg_stat_statements s LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.userid \
        LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid \
        WHERE ($1::bool OR d.datname = current_database()) AND coalesce(s.query, '') NOT LIKE '/* millwright %'
        """
    }
}
