import ClientPostgreSQL
import Maintenance

/// What takes the server's disk besides the database: the others, the tablespaces, the write-ahead log.
extension DatabaseSize {
    static let serverMeasurements = [
        MeasurementDeclaration("all_bytes", .bytes, "Size of all databases of the server."),
        MeasurementDeclaration("wal_bytes", .bytes, "Size of the write-ahead log on the server's disk."),
        MeasurementDeclaration("temporary_bytes", .bytes, "Written to temporary files since the counters were reset."),
    ]

    /// Each is asked for only where the role may: one refusal would end the look. A sum that lacks a part is no sum.
    func measureServer(_ access: PostgreSQLAccess, _ observation: inout Observation) async throws {
        let answers = try await access.look([SQLStatement(Self.databases), SQLStatement(Self.mayList)])
        var (sum, temporary, hidden) = (0.0, 0.0, 0)
        for row in answers[0].rows {
            let isDatabase = try row.boolean("is_database")
            let bytes = try row.optional("bytes").flatMap(Double.init)
            if isDatabase {
                temporary += try row.optional("temporary").flatMap(Double.init) ?? 0
                sum += bytes ?? 0
                if bytes == nil { hidden += 1 }
            }
            observation.details.append([
                isDatabase ? "database" : "tablespace": .text(try row.text("name")),
                "bytes": bytes.map { .number($0) } ?? .text("not shown to this role"),
            ])
        }
        observation.measurements.append(Measurement("temporary_bytes", temporary, .bytes))
        if hidden == 0 {
            observation.measurements.append(Measurement("all_bytes", sum, .bytes))
        } else {
            observation.missing["all_bytes"] = Cause(
                .noPermission,
                "The size of \(hidden) databases is not shown to the looking role: it lacks pg_read_all_stats.")
        }
        guard try answers[1].one().boolean("may") else {
            observation.missing["wal_bytes"] = Cause(
                .noPermission, "The log's folder is not shown to the looking role: it lacks pg_monitor.")
            return
        }
        let log = try await access.query(Self.log).one()
        observation.measurements.append(Measurement("wal_bytes", try log.number("bytes"), .bytes))
        try judge(log, &observation)
    }

    /// Twice of what the settings let it grow to between checkpoints: then something keeps it.
    private func judge(_ log: Row, _ observation: inout Observation) throws {
        let (bytes, meant) = (try log.number("bytes"), try log.number("meant"))
        guard bytes > 2 * meant else { return }
        observation.findings.append(
            Finding(
                "write-ahead log", .warn,
                Cause(
                    .threshold,
                    "It takes \(ByteCount.text(bytes)), and \(ByteCount.text(meant)) are meant by max_wal_size."),
                advice: "A replication slot or a failing archive keeps it: look with postgresql.replication and "
                    + "postgresql.wal-archiving."))
    }

    private static let databases = """
        SELECT d.datname AS name, true AS is_database, s.temp_bytes AS temporary,
          CASE WHEN has_database_privilege(d.oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
            THEN pg_database_size(d.oid) END AS bytes
        FROM pg_catalog.pg_database d LEFT JOIN pg_catalog.pg_stat_database s ON s.datid = d.oid
        UNION ALL SELECT t.spcname, false, NULL, CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE')
            OR has_tablespace_privilege(t.oid, 'CREATE')
            OR t.oid = (SELECT dattablespace FROM pg_catalog.pg_database WHERE datname = current_database())
            THEN pg_tablespace_size(t.oid) END
        FROM pg_catalog.pg_tablespace t ORDER BY 2 DESC, 4 DESC NULLS FIRST, 1 LIMIT 2000
        """

    private static let mayList =
        "SELECT has_function_privilege('pg_catalog.pg_ls_waldir()', 'EXECUTE') AS may"

    private static let log = """
        SELECT coalesce(sum(size), 0) AS bytes, pg_size_bytes(current_setting('max_wal_size'))
          + coalesce(pg_size_bytes(current_setting('wal_keep_size', true)), 0) AS meant
        FROM pg_catalog.pg_ls_waldir()
        """
}
