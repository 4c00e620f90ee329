import ClientPostgreSQL

/// The statement behind index advice: one row for every index of the database's own tables.
///
/// `$1` the shortest time of counting; `$2` a transaction number that an earlier look noted at least that long ago, or
/// NULL; `$3` patterns of indexes that are kept whatever their use; `$4` whether standbys serve no queries.
///
/// One text for 13 to 17: columns that a version lacks are read through `to_jsonb`. It takes no lock but of catalogs:
/// sizes are `relpages` and expressions are compared as stored trees, for the functions that tell them wait for tables
/// that somebody holds exclusively.
enum IndexSurvey {
    /// With ten thousand indexes 2 s instead of 17: compiling the statement alone takes longer than running it.
    static let settings = SQLStatement(
        """
        SELECT set_config('jit', 'off', true), set_config('enable_nestloop', 'off', true), \
        set_config('work_mem', '32MB', true)
        """)

    static let statement = facts + "\n" + judgement

    private static let facts = #"""
        WITH state AS (
          SELECT $1::interval AS needed,
            $2::numeric AS known_xid,
            pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric AS next_xid,
            pg_catalog.current_setting('track_counts') = 'on' AS is_counted,
            pg_catalog.current_setting('track_commit_timestamp') = 'on' AS is_dated,
            pg_catalog.current_setting('block_size')::bigint AS block,
            pg_catalog.pg_is_in_recovery() AS is_standby,
            -- After a crash the server forgets its counters. From 15 on the database's stats_reset is then
            -- NULL; the moment is kept by the statistics of fixed number, which all begin anew.
            greatest(d.stats_reset, least(
              (SELECT stats_reset FROM pg_catalog.pg_stat_archiver),
              (SELECT stats_reset FROM pg_catalog.pg_stat_bgwriter),
              (SELECT min(stats_reset) FROM pg_catalog.pg_stat_slru))) AS since,
            (SELECT count(*) FROM pg_catalog.pg_stat_replication r
              WHERE r.state IS DISTINCT FROM 'backup' AND r.application_name IS DISTINCT FROM 'pg_receivewal'
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots l
                  WHERE l.active_pid = r.pid AND l.slot_type = 'logical'))
            + (SELECT count(*) FROM pg_catalog.pg_replication_slots
              WHERE slot_type = 'physical' AND NOT active) AS standbys
          FROM pg_catalog.pg_stat_database d WHERE d.datname = pg_catalog.current_database()
        ),
        -- What keeps anybody from saying of any index that it is unused.
        server AS (
          SELECT *, CASE WHEN NOT is_counted THEN 'Not enough evidence: track_counts is off, so uses are not counted.'
              WHEN since IS NULL THEN 'Not enough evidence: since when uses are counted is not known.'
              WHEN since > pg_catalog.now() - needed THEN pg_catalog.format(
                'Not enough evidence: uses are counted since %s UTC only, and %s are needed.',
                pg_catalog.to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), needed)
              WHEN is_standby AND NOT $4::boolean
                THEN 'Not enough evidence: this is a standby, and the primary counts for itself.'
              WHEN standbys > 0 AND NOT $4::boolean THEN pg_catalog.format(
                'Not enough evidence: %s standbys may use it, and count for themselves.', standbys)
              WHEN known_xid IS NULL AND NOT is_dated
                THEN 'Not enough evidence: no earlier look is old enough to tell how long the index has been there.'
            END AS lack
          FROM state
        ),
        locks AS (
          SELECT l.pid, l.relation FROM pg_catalog.pg_locks l
          WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
            AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
            AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        ),
        -- Of another role's build, one without pg_read_all_stats sees the process and nothing else.
        builds AS (
          SELECT p.pid, p.relid, p.index_relid FROM pg_catalog.pg_stat_progress_create_index p
          WHERE p.datid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
        ),
        carried AS (
          SELECT conindid AS oid,
            string_agg(DISTINCT CASE contype WHEN 'p' THEN 'the primary key' WHEN 'u' THEN 'a unique constraint'
              WHEN 'x' THEN 'an exclusion constraint' ELSE 'a foreign key that refers to it' END
              || ' ' || pg_catalog.quote_ident(conname), ', ') AS names
          FROM pg_catalog.pg_constraint WHERE conindid <> 0 GROUP BY 1
        ),
        members AS (
          SELECT classid, objid FROM pg_catalog.pg_depend
          WHERE classid = 'pg_catalog.pg_class'::regclass AND deptype IN ('e', 'x')
            AND refclassid = 'pg_catalog.pg_extension'::regclass
        ),
        options AS (
          SELECT a.attrelid AS oid, string_agg(a.attnum || '=' || a.attoptions::text, ' ' ORDER BY a.attnum)
              FILTER (WHERE a.attoptions IS NOT NULL) AS options,
            count(*) FILTER (WHERE coalesce(a.attstattarget, -1) > 0) AS targets
          FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('i', 'I')
          WHERE a.attoptions IS NOT NULL OR coalesce(a.attstattarget, -1) > 0 GROUP BY 1
        ),
        found AS MATERIALIZED (
          SELECT i.indexrelid AS oid, i.indrelid AS relid, c.relname AS name,
            pg_catalog.format('%I.%I', n.nspname, c.relname) AS index, n.nspname || '.' || c.relname AS plain,
            pg_catalog.pg_table_is_visible(c.oid) AS is_visible,
            pg_catalog.format('%I.%I', tn.nspname, t.relname) AS "table",
            m.amname AS method, c.relkind = 'I' AS is_parent, t.relpages AS table_pages, c.relpages AS pages,
            i.indisunique AS is_unique, i.indisvalid AND i.indisready AND i.indislive AS is_valid,
            i.indisready AS is_ready, i.indislive AS is_live, i.indisreplident AS is_identity,
            i.indisclustered AS is_clustered, i.indexprs IS NOT NULL AS has_expressions,
            i.indnkeyatts AS keys,
            -- These vectors count from 0, their slices from 1.
            (i.indkey::int2[])[0:i.indnkeyatts - 1] AS key_columns,
            coalesce((SELECT pg_catalog.array_agg(k ORDER BY k)
              FROM pg_catalog.unnest((i.indkey::int2[])[i.indnkeyatts:]) AS k), '{}') AS included,
            i.indkey::int2[] AS all_columns,
            (i.indclass::oid[])[0:i.indnkeyatts - 1] AS classes,
            (i.indcollation::oid[])[0:i.indnkeyatts - 1] AS collations,
            (i.indoption::int2[])[0:i.indnkeyatts - 1] AS directions,
            o.options, coalesce(o.targets, 0) AS targets,
            pg_catalog.regexp_replace(i.indexprs::text, ':location -?\d+', '', 'g') AS expressions,
            pg_catalog.regexp_replace(i.indpred::text, ':location -?\d+', '', 'g') AS predicate,
            i.indimmediate AS is_immediate, i.indisexclusion AS is_exclusion,
            pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct' AS nulls,
            CASE WHEN m.amname IN ('btree', 'hash', 'gin') THEN NULL ELSE c.reloptions::text END AS parameters,
            -- Transaction numbers are compared as the server does, in a circle. 1 and 2 are of before any transaction.
            i.xmin::text::bigint <= 2 OR v.next_xid - v.known_xid BETWEEN 0 AND 2147483647
              AND mod(mod(v.known_xid - i.xmin::text::numeric, 4294967296) + 4294967296, 4294967296)
                BETWEEN 1 AND 2147483648
              AS is_older,
            CASE WHEN v.is_dated AND i.xmin::text::bigint > 2
              THEN pg_catalog.pg_xact_commit_timestamp(i.xmin) END AS made,
            pg_catalog.pg_stat_get_numscans(i.indexrelid) AS scans,
            pg_catalog.to_jsonb(s) ->> 'last_idx_scan' AS last_scan,
            k.names AS constraints,
            EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid) AS is_part,
            EXISTS (SELECT FROM members e WHERE e.objid IN (i.indexrelid, i.indrelid)) AS is_extension,
            EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.refclassid = 'pg_catalog.pg_class'::regclass
              AND x.refobjid = i.indexrelid AND x.refobjsubid = 0) AS is_needed,
            c.relname ~ '^index_\d+$' AND EXISTS (SELECT FROM pg_catalog.pg_index y WHERE y.indrelid = i.indrelid
              AND y.indexrelid::text = pg_catalog.substr(c.relname, 7)) AS is_repacked
          FROM server v, pg_catalog.pg_index i
          JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
          JOIN pg_catalog.pg_class t ON t.oid = i.indrelid AND t.relkind IN ('r', 'm', 'p')
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
          JOIN pg_catalog.pg_am m ON m.oid = c.relam
          LEFT JOIN pg_catalog.pg_stat_all_indexes s ON s.indexrelid = i.indexrelid
          LEFT JOIN options o ON o.oid = i.indexrelid
          LEFT JOIN carried k ON k.oid = i.indexrelid
          WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND t.relpersistence <> 't'
        ),
        """#

    private static let judgement = #"""
        judged AS MATERIALIZED (
          SELECT f.*,
            -- What a DROP would break, or what belongs to something larger.
            CASE WHEN f.constraints IS NOT NULL THEN 'It carries ' || f.constraints || '.'
              WHEN f.is_part THEN 'It is a partition''s part of a partitioned index.'
              WHEN f.is_parent THEN 'It is a partitioned index; what its parts are used for is counted at them.'
              WHEN f.is_extension THEN 'It belongs to an extension.'
              WHEN f.is_identity THEN 'It is the table''s replica identity.'
              WHEN f.is_clustered THEN 'CLUSTER orders the table by it.'
              WHEN f.is_needed THEN 'Another object depends on it.'
              WHEN f.is_repacked
                THEN 'It is what pg_repack builds, or left behind, in the place of another.' END AS bound,
            CASE WHEN f.is_valid THEN NULL ELSE coalesce(
              (SELECT 'process ' || b.pid FROM builds b WHERE b.index_relid = f.oid LIMIT 1),
              (SELECT coalesce('process ' || l.pid, 'a prepared transaction') FROM locks l
                WHERE l.relation = f.oid LIMIT 1),
              (SELECT CASE WHEN b.relid IS NULL
                  THEN 'perhaps process ' || b.pid || ', whose build this role may not see'
                  ELSE 'process ' || b.pid END
                FROM builds b JOIN locks l ON l.pid = b.pid AND l.relation = f.relid
                WHERE b.relid IS NULL OR b.relid = f.relid AND coalesce(b.index_relid, 0) = 0 LIMIT 1)) END AS builder,
            CASE WHEN f.is_valid AND NOT f.is_parent THEN pg_catalog.format('%s', ROW(f.relid, f.method, f.key_columns,
              f.included, f.classes, f.collations, f.directions, f.options, f.expressions, f.predicate, f.is_unique,
              f.nulls,
              f.is_immediate, f.is_exclusion, f.parameters)) END AS signature
          FROM found f
        ),
        -- The index that a foreign key's checks on the referencing side use best: most of its columns in front, fewest
        -- behind.
        supporters AS (
          SELECT pg_catalog.quote_ident(k.conname) AS name, j.oid,
            rank() OVER (PARTITION BY k.oid ORDER BY f.matched DESC, j.keys) AS rank
          FROM pg_catalog.pg_constraint k
          JOIN judged j ON j.relid = k.conrelid AND j.is_valid AND j.method IN ('btree', 'hash')
            AND (j.predicate IS NULL OR j.predicate ~ '^\(?\{NULLTEST '
              AND j.predicate LIKE '%:nulltesttype 1 %'
              AND pg_catalog.substring(j.predicate, ':varattno (\d+)')::int2 = ANY (k.conkey))
          CROSS JOIN LATERAL (SELECT coalesce(min(p.n) - 1, j.keys) AS matched
            FROM pg_catalog.unnest(j.key_columns) WITH ORDINALITY p(c, n) WHERE p.c <> ALL (k.conkey)) f
          WHERE k.contype = 'f' AND f.matched > 0
        ),
        keyed AS (SELECT oid, string_agg(DISTINCT name, ', ') AS names FROM supporters WHERE rank = 1 GROUP BY 1),
        ranked AS (
          SELECT j.*, k.names AS foreign_keys,
            CASE WHEN j.signature IS NOT NULL THEN first_value(j.oid) OVER best END AS keeper,
            CASE WHEN j.signature IS NOT NULL THEN first_value(j.index) OVER best END AS keeper_name
          FROM judged j LEFT JOIN keyed k ON k.oid = j.oid
          WINDOW best AS (PARTITION BY j.signature ORDER BY (j.bound IS NOT NULL) DESC,
            (j.constraints IS NOT NULL) DESC,
            j.is_part DESC, j.is_identity DESC, j.is_clustered DESC, j.targets DESC, j.scans DESC, j.pages, j.oid)
        ),
        used AS MATERIALIZED (
          SELECT r.*,
            r.keeper IS DISTINCT FROM r.oid AND r.keeper IS NOT NULL AND r.bound IS NULL AS is_duplicate,
            CASE WHEN r.scans > 0 AND NOT coalesce(r.last_scan::timestamptz < pg_catalog.now() - v.needed, false)
                THEN 'used'
              WHEN r.is_unique THEN 'It keeps its columns unique.'
              WHEN r.foreign_keys IS NOT NULL THEN 'The checks of the foreign key ' || r.foreign_keys || ' need it.'
              WHEN r.has_expressions THEN 'The planner takes statistics of its expressions from it.'
              -- Less than what two random pages cost: the table is read as a whole, whatever indexes it has.
              WHEN r.table_pages < 8 THEN 'Not enough evidence: its table is so small that no index of it pays.'
              WHEN v.lack IS NOT NULL THEN v.lack
              WHEN r.is_older OR r.made < pg_catalog.now() - v.needed THEN 'unused'
              ELSE 'Not enough evidence: the index is younger than the time that is needed.'
              END AS usage
          FROM ranked r, server v
        ),
        served AS (
          SELECT DISTINCT ON (s.oid) s.oid, l.index AS longer, l.pages AS longer_pages
          FROM used s JOIN used l ON l.relid = s.relid AND l.oid <> s.oid
            AND s.method = 'btree' AND l.method = 'btree' AND s.is_valid AND l.is_valid
            AND NOT s.is_parent AND NOT l.is_parent
            AND s.predicate IS NOT DISTINCT FROM l.predicate
            AND s.keys <= l.keys AND l.key_columns[1:s.keys] = s.key_columns
            AND l.classes[1:s.keys] = s.classes AND l.collations[1:s.keys] = s.collations
            AND l.directions[1:s.keys] = s.directions AND s.included <@ l.all_columns
            AND (s.keys < l.keys OR l.is_unique OR NOT l.included <@ s.included)
          WHERE NOT s.has_expressions AND NOT s.is_unique AND s.bound IS NULL AND s.foreign_keys IS NULL
            AND s.options IS NULL AND l.options IS NULL AND s.targets = 0 AND NOT 0 = ANY (s.key_columns)
            AND NOT s.is_duplicate AND NOT l.is_duplicate AND (l.usage <> 'unused' OR l.bound IS NOT NULL)
            -- Where only the shorter is used, the longer may be the one to go.
            AND (l.scans > 0 OR s.scans = 0 OR l.bound IS NOT NULL OR l.is_unique)
          -- The longest serves all that it is longer than.
          ORDER BY s.oid, l.keys DESC, pg_catalog.cardinality(l.all_columns) DESC, l.is_unique DESC, l.scans DESC,
            l.pages, l.oid
        )
        SELECT u.oid::text AS oid, u.index, u."table",
          CASE WHEN NOT u.is_valid AND u.is_parent THEN 'keep'
            WHEN NOT u.is_valid AND u.builder IS NOT NULL THEN 'building'
            WHEN NOT u.is_valid AND v.is_standby THEN 'keep'
            WHEN NOT u.is_valid THEN 'invalid'
            WHEN u.is_duplicate THEN 'duplicate'
            WHEN u.bound IS NOT NULL THEN 'keep'
            WHEN u.plain ~ ANY ($3::text[]) OR u.is_visible AND u.name ~ ANY ($3::text[]) THEN 'keep'
            WHEN s.oid IS NOT NULL THEN 'overlapping'
            WHEN u.usage = 'unused' THEN 'unused' ELSE 'keep' END AS advice,
          CASE WHEN NOT u.is_valid AND u.is_parent
              THEN 'It is a partitioned index that not every partition has its part of yet.'
            WHEN NOT u.is_valid AND u.builder IS NOT NULL THEN
              CASE WHEN u.is_live THEN pg_catalog.format('At work on it: %s; it is not ready yet.', u.builder)
                ELSE pg_catalog.format('At work on it: %s; it is being dropped.', u.builder) END
            WHEN NOT u.is_valid AND v.is_standby
              THEN 'It is not valid here; whether the primary is at work on it only the primary shows.'
            WHEN NOT u.is_valid THEN
              CASE WHEN NOT u.is_live THEN 'A DROP INDEX CONCURRENTLY did not end; it is only half dropped.'
                WHEN u.name ~ '_ccold\d*$'
                  THEN 'It is the old index that an interrupted REINDEX CONCURRENTLY left behind.'
                WHEN u.name ~ '_ccnew\d*$'
                  THEN 'It is the unfinished index that an interrupted REINDEX CONCURRENTLY left behind.'
                ELSE 'A CREATE INDEX CONCURRENTLY did not end, and nobody is at work on it.' END
              || CASE WHEN u.constraints IS NOT NULL THEN ' It carries ' || u.constraints || ': rebuild it.' ELSE '' END
              || CASE WHEN u.is_ready THEN ' Every write still pays for it.' ELSE '' END
            WHEN u.is_duplicate THEN 'It equals ' || u.keeper_name || ', which is the one to keep.'
            WHEN u.bound IS NOT NULL THEN u.bound
            WHEN u.plain ~ ANY ($3::text[]) OR u.is_visible AND u.name ~ ANY ($3::text[]) THEN 'The plan keeps it.'
            WHEN s.oid IS NOT NULL THEN pg_catalog.format(
              '%s (%s times its pages) begins with the same and can serve in its place.',
              s.longer, pg_catalog.round(s.longer_pages::numeric / greatest(u.pages, 1), 1))
            WHEN u.usage = 'unused' THEN
              CASE WHEN u.scans = 0 THEN 'It was never used since ' ELSE 'It was last used before ' END
              || coalesce(pg_catalog.to_char(CASE WHEN u.scans = 0 THEN v.since ELSE pg_catalog.now() - v.needed END
                AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC', 'uses are counted') || '.'
              || CASE WHEN v.is_standby OR v.standbys > 0
                THEN ' Other servers of the cluster are not counted.' ELSE '' END
            WHEN u.usage = 'used' THEN pg_catalog.format('Used %s times since %s.', u.scans,
              coalesce(pg_catalog.to_char(v.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC',
                'uses are counted'))
            ELSE u.usage END AS reason,
          u.pages * v.block AS bytes, u.scans,
          pg_catalog.date_part('epoch', pg_catalog.now() - v.since) / 86400 AS counted_days,
          v.next_xid::text AS next_xid, u.usage = v.lack AS is_lacking, u.builder LIKE 'perhaps %' AS is_hidden,
          CASE WHEN u.builder IS NOT NULL THEN 'At work on it: ' || u.builder || '.'
            WHEN u.bound IS NOT NULL THEN u.bound
            WHEN u.is_duplicate OR NOT u.is_valid THEN NULL
            WHEN u.is_unique THEN 'It keeps its columns unique.'
            WHEN u.foreign_keys IS NOT NULL THEN 'The checks of the foreign key ' || u.foreign_keys || ' need it.'
            WHEN u.targets > 0
              THEN 'The planner takes statistics of its expressions from it, with targets of their own.'
          END AS obstacle, u.has_expressions
        FROM server v, used u LEFT JOIN served s ON s.oid = u.oid
        ORDER BY u.pages DESC, u.index
        """#
}
