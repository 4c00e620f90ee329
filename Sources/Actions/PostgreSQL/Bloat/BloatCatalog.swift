import ClientPostgreSQL
import Host
import Maintenance

/// What the server's catalog and statistics say of tables and indexes, read without a lock on any of them.
struct BloatCatalog: Sendable {
    let tables: [BloatTable]

    /// `names` are `schema.table`; `nil` takes all but the system's.
    static func read(_ names: [String]?, _ access: PostgreSQLAccess, in context: Context) async throws
        -> BloatCatalog
    {
        let statements = [settings, relations(names), columns(names), keys(names)]
        var tries = 3
        while true {
            do {
                let answers = try await access.look(statements)
                return try BloatCatalog(relations: answers[1], columns: answers[2], keys: answers[3])
            } catch let error as CouldNotLook where error.cause.code == .busy && tries > 1 {
                // Somebody locked a relation between the look at the locks and the one at its size.
                tries -= 1
                try await context.host.sleep(PostgreSQLActionLimits.lockPause)
            }
        }
    }

    /// Names are resolved to PostgreSQL's own, expressions come out qualified, and nobody is waited for.
    private static let settings = SQLStatement(
        """
        SELECT set_config('search_path', 'pg_catalog', true), set_config('lock_timeout', \
        '\(PostgreSQLActionLimits.lockWait)', true), set_config('jit', 'off', true)
        """)

    private static func filter(_ names: [String]?) -> [SQLParameter] {
        [names.map { .array($0) } ?? nil]
    }

    /// `t` is the table, its index's or the relation's own.
    private static let isSelected = """
        n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' \
        AND t.relpersistence <> 't' AND t.relkind IN ('r', 'm') \
        AND ($1::text[] IS NULL OR n.nspname || '.' || t.relname = ANY ($1::text[]))
        """

    private static func option(_ name: String) -> String {
        "(SELECT option_value FROM pg_options_to_table(c.reloptions) WHERE option_name = '\(name)') AS \(name)"
    }

    /// A lock that is held or waited for: one of ours would stand behind it.
    private static func relations(_ names: [String]?) -> SQLStatement {
        SQLStatement(
            """
            WITH locked AS MATERIALIZED (SELECT DISTINCT relation FROM pg_locks WHERE locktype = 'relation' \
            AND mode = 'AccessExclusiveLock' AND pid <> pg_backend_pid() \
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())), \
            rel AS MATERIALIZED (SELECT c.*, n.nspname, m.amname, x.indrelid, x.indisunique, x.indnatts, x.indnkeyatts, \
            x.indisvalid, x.indpred, x.indclass, x.indcollation, \
            c.oid IN (SELECT relation FROM locked) OR t.oid IN (SELECT relation FROM locked) AS is_locked \
            FROM pg_class c LEFT JOIN pg_index x ON x.indexrelid = c.oid \
            JOIN pg_class t ON t.oid = coalesce(x.indrelid, c.oid) JOIN pg_namespace n ON n.oid = t.relnamespace \
            LEFT JOIN pg_am m ON m.oid = c.relam WHERE c.relkind IN ('r', 'm', 'i') AND \(isSelected)) \
            SELECT c.oid::bigint AS oid, c.indrelid::bigint AS "table", format('%I.%I', c.nspname, c.relname) AS name, \
            c.amname AS method, c.reltuples AS tuples, c.is_locked AS locked, \
            CASE WHEN c.is_locked THEN c.relpages::bigint * current_setting('block_size')::int \
            ELSE pg_relation_size(c.oid) END AS bytes, c.reltoastrelid <> 0 AS has_toast, c.reltoastrelid::bigint AS toast_oid, \
            CASE WHEN NOT c.is_locked AND c.reltoastrelid <> 0 THEN pg_relation_size(c.reltoastrelid) END AS toast, \
            CASE WHEN NOT c.is_locked AND c.reltoastrelid <> 0 THEN (SELECT sum(pg_relation_size(i.indexrelid)) \
            FROM pg_index i WHERE i.indrelid = c.reltoastrelid) END AS toast_index, \
            \(option("fillfactor")), \(option("toast_tuple_target")), \(option("pages_per_range")), \
            c.relkind <> 'i' AND has_schema_privilege(c.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') \
            AND NOT (c.relrowsecurity AND row_security_active(c.oid)) AS readable, \
            c.relrowsecurity AS row_security, pg_stat_get_live_tuples(c.oid) AS live, \
            pg_stat_get_mod_since_analyze(c.oid) AS modified, \
            coalesce(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) IS NOT NULL \
            AS analyzed, \
            coalesce(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)) IS NOT NULL AS vacuumed, \
            c.indisvalid AS valid, c.indnkeyatts AS keys, \
            CASE WHEN c.indpred IS NOT NULL THEN pg_get_expr(c.indpred, c.indrelid, true) END AS predicate, \
            \(deduplicates) AS deduplicates, \(foreignCode) AS foreign_code FROM rel c ORDER BY c.oid
            """, filter(names))
    }

    /// As a rebuild decides it: every column an unequal key, its type comparable by bytes, its collation deterministic.
    private static let deduplicates = """
        c.amname = 'btree' AND NOT c.indisunique AND c.indnatts = c.indnkeyatts \
        AND coalesce((SELECT option_value::bool FROM pg_options_to_table(c.reloptions) \
        WHERE option_name = 'deduplicate_items'), true) \
        AND NOT EXISTS (SELECT FROM generate_series(0, c.indnkeyatts - 1) k JOIN pg_opclass o ON o.oid = c.indclass[k] \
        LEFT JOIN pg_amproc p ON p.amprocfamily = o.opcfamily AND p.amproclefttype = o.opcintype \
        AND p.amprocrighttype = o.opcintype AND p.amprocnum = 4 LEFT JOIN pg_collation l ON l.oid = c.indcollation[k] \
        WHERE p.amproc IS NULL OR p.amproc::oid = 'pg_catalog.btvarstrequalimage'::regproc::oid \
        AND NOT coalesce(l.collisdeterministic, true))
        """

    /// A function, operator or operator class that is not PostgreSQL's own: it is never executed.
    private static let foreignCode = """
        c.relkind = 'i' AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid \
        AND d.refobjid >= 16384 AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, \
        'pg_opclass'::regclass, 'pg_opfamily'::regclass))
        """

    /// The columns of tables, dropped ones too, and those of indexes on expressions, with what statistics show this role.
    private static func columns(_ names: [String]?) -> SQLStatement {
        SQLStatement(
            """
            SELECT c.oid::bigint AS relation, a.attnum AS number, quote_ident(a.attname) AS name, \
            a.attlen AS length, a.attalign::text AS alignment, a.attstorage::text AS storage, a.attnotnull AS required, \
            a.attisdropped AS dropped, a.atthasmissing AS missing, a.atttypid::regtype::text AS type, \
            coalesce(nullif(a.attstattarget::int, -1), current_setting('default_statistics_target')::int) AS target, \
            s.null_frac AS nulls, s.avg_width AS width, s.n_distinct AS "distinct", s.most_common_freqs AS frequencies, \
            \(sizes("s.most_common_vals")) AS common, \(sizes("s.histogram_bounds")) AS bounds \
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_index x ON x.indexrelid = c.oid \
            JOIN pg_class t ON t.oid = coalesce(x.indrelid, c.oid) JOIN pg_namespace n ON n.oid = t.relnamespace \
            LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname \
            AND NOT s.inherited WHERE a.attnum > 0 AND (c.relkind IN ('r', 'm') \
            OR c.relkind = 'i' AND x.indexprs IS NOT NULL) AND \(isSelected) ORDER BY a.attrelid, a.attnum
            """, filter(names))
    }

    /// Payloads of the values that statistics list, for types whose text tells it.
    private static func sizes(_ values: String) -> String {
        """
        CASE WHEN a.attlen > 0 AND a.atttypid <> 19 THEN NULL \
        WHEN a.atttypid IN (19, 25, 1042, 1043) THEN (SELECT array_agg(octet_length(v)) \
        FROM unnest(\(values)::text::text[]) v) \
        WHEN a.atttypid = 1700 THEN (SELECT array_agg(pg_column_size(v) - CASE pg_column_size(v) % 2 WHEN 1 THEN 1 \
        ELSE 4 END) FROM unnest(\(values)::text::numeric[]) v) \
        WHEN a.atttypid = 17 THEN (SELECT array_agg(octet_length(v) / 2 - 1) FROM unnest(\(values)::text::text[]) v) END
        """
    }

    private static func keys(_ names: [String]?) -> SQLStatement {
        SQLStatement(
            """
            SELECT c.oid::bigint AS index, x.indkey[a.attnum - 1] AS "column", \
            CASE WHEN x.indkey[a.attnum - 1] = 0 THEN pg_get_indexdef(c.oid, a.attnum, true) END AS expression, \
            a.attlen AS length, a.attalign::text AS alignment, a.attstorage::text AS storage, \
            a.atttypid::regtype::text AS type FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid \
            JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relkind = 'i' AND \(isSelected) \
            ORDER BY c.oid, a.attnum
            """, filter(names))
    }
}
