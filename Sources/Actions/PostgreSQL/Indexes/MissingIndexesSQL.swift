/// The statements: counters and catalogs, which everybody may read, and no lock of a table.
extension MissingIndexes {
    /// After a crash the server forgets its counters and, from 15 on, when it began to count in this database; the
    /// statistics of fixed number, which begin anew as well, still tell.
    static let evidence = """
        SELECT current_setting('track_counts')::bool AS counted, pg_is_in_recovery() AS standby, \
        to_char(s.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS since, \
        date_part('epoch', now() - s.since) / 86400 AS days, \
        (SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' \
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND NOT \(isExcepted("2")) \
        AND c.relpages::bigint * current_setting('block_size')::bigint >= $1::bigint) AS large \
        FROM (SELECT greatest(d.stats_reset, least((SELECT stats_reset FROM pg_catalog.pg_stat_archiver), \
        (SELECT stats_reset FROM pg_catalog.pg_stat_bgwriter), \
        (SELECT min(stats_reset) FROM pg_catalog.pg_stat_slru))) AS since \
        FROM pg_catalog.pg_stat_database d WHERE d.datname = current_database()) s
        """

    private static func isExcepted(_ parameter: String) -> String {
        """
        (n.nspname || '.' || c.relname ~ ANY ($\(parameter)::text[]) \
        OR pg_table_is_visible(c.oid) AND c.relname ~ ANY ($\(parameter)::text[]))
        """
    }

    /// A table without any index has no count of index scans at all: that is none of them.
    static let scanned = """
        SELECT format('%I.%I', n.nspname, c.relname) AS "table", s.seq_scan, coalesce(s.idx_scan, 0) AS idx_scan, \
        round(s.seq_tup_read::numeric / s.seq_scan)::bigint AS rows_a_scan, \
        c.relpages::bigint * current_setting('block_size')::bigint AS bytes \
        FROM pg_catalog.pg_stat_all_tables s JOIN pg_catalog.pg_class c ON c.oid = s.relid \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relpersistence <> 't' \
        AND s.seq_scan > $1::bigint AND s.seq_tup_read > $2::bigint AND coalesce(s.idx_scan, 0) < s.seq_scan \
        AND c.relpages::bigint * current_setting('block_size')::bigint >= $3::bigint \
        AND s.seq_tup_read >= $4::bigint * s.seq_scan AND NOT \(isExcepted("5")) \
        ORDER BY s.seq_tup_read DESC LIMIT 1000
        """

    /// An index serves a foreign key when its first columns are of it; a partial one only when it leaves out nothing
    /// but NULLs.
    static let unserved = """
        SELECT format('%I.%I', n.nspname, c.relname) AS "table", k.conname AS foreign_key, \
        (SELECT format('%I.%I', rn.nspname, r.relname) FROM pg_catalog.pg_class r \
        JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace WHERE r.oid = k.confrelid) AS refers_to, \
        (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u(c, n) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.c) AS columns, \
        c.relpages::bigint * current_setting('block_size')::bigint AS bytes, \
        pg_stat_get_tuples_deleted(k.confrelid) AS deleted \
        FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid AND c.relkind = 'r' \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        WHERE k.contype = 'f' AND c.relpages::bigint * current_setting('block_size')::bigint >= $1::bigint \
        AND NOT \(isExcepted("2")) AND NOT EXISTS ( \
        SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid \
        JOIN pg_catalog.pg_am m ON m.oid = ic.relam AND m.amname IN ('btree', 'hash') \
        WHERE i.indrelid = k.conrelid AND i.indisvalid AND (i.indpred IS NULL \
        OR i.indpred::text ~ '^\\(?\\{NULLTEST ' AND i.indpred::text LIKE '%:nulltesttype 1 %' \
        AND substring(i.indpred::text, ':varattno ([0-9]+)')::int2 = ANY (k.conkey)) \
        AND (i.indkey::int2[])[0] = ANY (k.conkey) \
        AND (SELECT bool_and(x = ANY (k.conkey)) FROM \
        unnest((i.indkey::int2[])[0:least(i.indnkeyatts, cardinality(k.conkey)) - 1]) x)) \
        ORDER BY 6 DESC, c.relpages DESC LIMIT 1000
        """
}
