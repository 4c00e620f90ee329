import ClientPostgreSQL
import Maintenance

/// A table with what the server knows of its statistics.
struct AnalyzedTable {
    enum Analysis: String {
        case known, never
        /// There are statistics perhaps, and the counters that would tell are gone.
        case lost
    }

    let name: String
    let isPartitioned: Bool
    /// Whether autovacuum would analyze it.
    let isCaredFor: Bool
    let analysis: Analysis
    let seconds: Double?
    /// Percent of the rows.
    let changed: Double
    /// Of a partitioned table: partitions were analyzed after it, so they had changed.
    let hasNewerPartitions: Bool
    private let rows: Double

    init(_ row: Row) throws(CouldNotLook) {
        name = try row.text("name")
        isPartitioned = try row.boolean("partitioned")
        isCaredFor = try row.boolean("cared")
        seconds = try row.optional("seconds").flatMap { Double($0) }
        analysis = seconds != nil ? .known : try row.boolean("never") ? .never : .lost
        rows = try row.number("rows")
        changed = 100 * (try row.number("changes")) / max(1, rows)
        hasNewerPartitions = try row.optional("newer") == "t"
    }

    var sentence: String {
        let age = spanText(seconds ?? 0)
        return changed >= 1
            ? "\(((changed * 10).rounded() / 10).written) % of its rows changed since it was analyzed \(age) ago."
            : "It was analyzed \(age) ago, and its partitions changed since."
    }

    var details: [String: JSONValue] {
        [
            "table": .text(name), "rows": .number(rows), "analysis": .text(analysis.rawValue),
            "age_days": seconds.map { .number(($0 / 864).rounded() / 100) } ?? .null,
            "changed_percent": .number((changed * 10).rounded() / 10),
            "autovacuum": .bool(isCaredFor && !isPartitioned), "partitioned": .bool(isPartitioned),
        ]
    }

    /// By the counters' own functions and pg_inherits: neither asks for a lock of a table. After a crash the counters begin at
    /// zero, and how many rows there are the last VACUUM or ANALYZE says. From 14 on a table that was
    /// never looked at has -1 rows.
    static let statement = """
        WITH RECURSIVE parts AS (SELECT c.oid AS root, c.oid AS part FROM pg_catalog.pg_class c WHERE c.relkind = 'p' \
        UNION ALL SELECT p.root, i.inhrelid FROM parts p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.part), \
        leaves AS (SELECT p.root, sum(greatest(pg_stat_get_live_tuples(p.part), c.reltuples)) AS rows, \
        sum(pg_stat_get_mod_since_analyze(p.part)) AS changes, \
        max(greatest(pg_stat_get_last_analyze_time(p.part), pg_stat_get_last_autoanalyze_time(p.part))) AS analyzed \
        FROM parts p JOIN pg_catalog.pg_class c ON c.oid = p.part AND c.relkind <> 'p' GROUP BY 1), \
        tables AS (SELECT n.nspname || '.' || c.relname AS name, c.relkind = 'p' AS partitioned, c.reltuples, \
        coalesce((SELECT option_value::bool FROM pg_options_to_table(c.reloptions) \
        WHERE option_name = 'autovacuum_enabled'), true) AS enabled, \
        coalesce(l.rows, greatest(pg_stat_get_live_tuples(c.oid), c.reltuples)) AS rows, \
        coalesce(l.changes, pg_stat_get_mod_since_analyze(c.oid)) AS changes, l.analyzed AS leaves_analyzed, \
        greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) AS analyzed, \
        c.relname, pg_table_is_visible(c.oid) AS visible \
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        LEFT JOIN leaves l ON l.root = c.oid WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' \
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')) \
        SELECT name, partitioned, enabled AND NOT partitioned AS cared, reltuples < 0 AS never, rows, \
        CASE WHEN partitioned AND analyzed > leaves_analyzed - interval '1 hour' IS NOT TRUE THEN 0 ELSE changes END \
        AS changes, extract(epoch FROM now() - analyzed) AS seconds, \
        leaves_analyzed > analyzed + interval '1 hour' AS newer FROM tables WHERE rows >= $1::int \
        AND NOT (name ~ ANY ($2::text[]) OR visible AND relname ~ ANY ($2::text[])) \
        ORDER BY analyzed IS NULL DESC, changes::float8 / greatest(rows, 1) DESC \
        LIMIT \(PostgreSQLActionLimits.details)
        """
}
