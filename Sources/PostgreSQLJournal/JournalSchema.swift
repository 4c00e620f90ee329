/// The tables of the journal in a schema of their own, by version. A migration that was released never changes; a new one
/// is added at the end. Each is a row of single statements.
enum JournalSchema {
    /// "Mill", and the journal: who migrates holds this advisory lock.
    static let lock: Int64 = 0x4D69_6C6C_4A00

    /// Pruning holds it alone: a body that it takes away must not be one that is just being used again.
    private static let bodies: Int64 = 0x4D69_6C6C_4A01

    static let migrations: [[String]] = [
        tables + leases + recordFunctions + rowFunctions, leasePlaces, plannedOnce, bodiesOfMany,
    ]

    static var version: Int { migrations.count }

    /// Moments are microseconds since 1970, as the digests count them; texts compare by their bytes, as everywhere else.
    private static let tables = [
        "CREATE TABLE millwright.version (number integer PRIMARY KEY)",
        """
        CREATE TABLE millwright.run (
            id text COLLATE "C" PRIMARY KEY,
            service text COLLATE "C" NOT NULL,
            environment text COLLATE "C" NOT NULL,
            procedure text COLLATE "C" NOT NULL,
            nominal bigint NOT NULL,
            started_at bigint NOT NULL,
            ended_at bigint,
            state text NOT NULL,
            verdict text,
            owner_pid integer,
            owner_start_time bigint,
            owner_boot_id text
        ) WITH (fillfactor = 80)
        """,
        "CREATE INDEX run_newest ON millwright.run (started_at, id)",
        "CREATE INDEX run_unfinished ON millwright.run (started_at, id) WHERE state <> 'ended'",
        "CREATE INDEX run_passed ON millwright.run (service, environment, procedure, started_at, id) WHERE verdict = 'pass'",
        // What a planned instant has: a run, or where that is NULL a row in `missed`. Its key is the claim.
        """
        CREATE TABLE millwright.occurrence (
            service text COLLATE "C", environment text COLLATE "C", procedure text COLLATE "C", nominal bigint,
            run text COLLATE "C",
            PRIMARY KEY (service, environment, procedure, nominal)
        )
        """,
        """
        CREATE TABLE millwright.missed (
            service text COLLATE "C", environment text COLLATE "C", procedure text COLLATE "C", nominal bigint,
            last bigint NOT NULL, count bigint NOT NULL, is_at_least boolean NOT NULL, cause text NOT NULL,
            sentence text NOT NULL, decided_at bigint NOT NULL,
            PRIMARY KEY (service, environment, procedure, nominal)
        )
        """,
        "CREATE INDEX missed_latest ON millwright.missed (nominal)",
        """
        CREATE TABLE millwright.record (
            run text COLLATE "C", sequence bigint, at bigint NOT NULL, kind text COLLATE "C" NOT NULL,
            body bytea NOT NULL, body_digest bytea NOT NULL, previous bytea NOT NULL, digest bytea NOT NULL,
            PRIMARY KEY (run, sequence)
        )
        """,
        "CREATE TABLE millwright.body (digest bytea PRIMARY KEY, bytes bytea NOT NULL)",
        "ALTER TABLE millwright.body ALTER COLUMN bytes SET STORAGE EXTERNAL",
        "CREATE TABLE millwright.body_use (run text COLLATE \"C\", digest bytea, PRIMARY KEY (run, digest))",
        "CREATE INDEX body_user ON millwright.body_use (digest)",
        """
        CREATE TABLE millwright.series (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL,
            UNIQUE (key, name)
        )
        """,
        """
        CREATE TABLE millwright.point (
            id bigint GENERATED ALWAYS AS IDENTITY, series bigint NOT NULL, at bigint NOT NULL,
            value double precision NOT NULL
        )
        """,
        "CREATE INDEX point_newest ON millwright.point (series, at, id)",
        """
        CREATE TABLE millwright.checkpoint (
            number bigint PRIMARY KEY, kind text COLLATE "C" NOT NULL, run text COLLATE "C" NOT NULL,
            sequence bigint NOT NULL, head text NOT NULL, row_digest text NOT NULL, at bigint NOT NULL,
            previous text NOT NULL, key text NOT NULL, signature text NOT NULL, digest text NOT NULL,
            UNIQUE (run, kind)
        )
        """,
    ]

    /// `fork` has a row while a store that lost confirmed records is held.
    private static let leases = [
        "CREATE SEQUENCE millwright.token",
        """
        CREATE TABLE millwright.lease (
            name text COLLATE "C" PRIMARY KEY, node text COLLATE "C" NOT NULL, token bigint NOT NULL,
            expires_at timestamptz NOT NULL
        ) WITH (fillfactor = 50)
        """,
        """
        CREATE TABLE millwright.fork (
            run text NOT NULL, sequence bigint NOT NULL, node text NOT NULL, found_at timestamptz NOT NULL
        )
        """,
        """
        CREATE FUNCTION millwright.hold_leases(names text[], nodes text[], tokens bigint[]) RETURNS void
        LANGUAGE plpgsql AS $$
        DECLARE wanted record;
        BEGIN
            FOR wanted IN SELECT * FROM unnest(names, nodes, tokens) AS w(name, node, token) ORDER BY 1 LOOP
                PERFORM FROM millwright.lease AS l
                WHERE l.name = wanted.name AND l.node = wanted.node AND l.token = wanted.token
                    AND l.expires_at > clock_timestamp() FOR SHARE;
                IF NOT FOUND THEN RAISE SQLSTATE 'MW005' USING MESSAGE = 'stale lease'; END IF;
            END LOOP;
        END $$
        """,
        """
        CREATE FUNCTION millwright.acquire(wanted text, asker text, seconds double precision)
        RETURNS TABLE (granted boolean, name text, node text, token bigint, expires_at timestamptz)
        LANGUAGE plpgsql AS $$
        #variable_conflict use_column
        BEGIN
            RETURN QUERY INSERT INTO millwright.lease AS l
                VALUES (wanted, asker, nextval('millwright.token'), clock_timestamp() + make_interval(secs => seconds))
                ON CONFLICT (name) DO UPDATE SET node = asker, token = nextval('millwright.token'),
                    expires_at = clock_timestamp() + make_interval(secs => seconds)
                WHERE l.expires_at <= clock_timestamp() OR l.node = asker
                RETURNING true, l.name, l.node, l.token, l.expires_at;
            IF NOT FOUND THEN
                RETURN QUERY SELECT false, l.name, l.node, l.token, l.expires_at FROM millwright.lease AS l
                    WHERE l.name = wanted;
            END IF;
        END $$
        """,
    ]

    /// Version 2: runs are left to the nodes of a place.
    private static let leasePlaces = [
        "ALTER TABLE millwright.lease ADD COLUMN place text COLLATE \"C\"",
        """
        CREATE FUNCTION millwright.acquire(wanted text, asker text, seconds double precision, at_place text)
        RETURNS TABLE (granted boolean, name text, node text, token bigint, expires_at timestamptz)
        LANGUAGE plpgsql AS $$
        #variable_conflict use_column
        BEGIN
            RETURN QUERY INSERT INTO millwright.lease AS l VALUES (
                    wanted, asker, nextval('millwright.token'), clock_timestamp() + make_interval(secs => seconds), at_place)
                ON CONFLICT (name) DO UPDATE SET node = asker, token = nextval('millwright.token'),
                    expires_at = clock_timestamp() + make_interval(secs => seconds), place = coalesce(at_place, l.place)
                WHERE l.expires_at <= clock_timestamp() OR l.node = asker
                RETURNING true, l.name, l.node, l.token, l.expires_at;
            IF NOT FOUND THEN
                RETURN QUERY SELECT false, l.name, l.node, l.token, l.expires_at FROM millwright.lease AS l
                    WHERE l.name = wanted;
            END IF;
        END $$
        """,
    ]

    /// Version 3: a function in SQL is parsed and planned at each call, one in PL/pgSQL once a session.
    private static let plannedOnce = [
        """
        CREATE OR REPLACE FUNCTION millwright.store_bodies(owner text, digests bytea[], contents bytea[]) RETURNS void
        LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(\(bodies));
            INSERT INTO millwright.body SELECT * FROM unnest(digests, contents) ORDER BY 1 ON CONFLICT DO NOTHING;
            INSERT INTO millwright.body_use SELECT owner, d FROM unnest(digests) AS d WHERE owner IS NOT NULL
                ON CONFLICT DO NOTHING;
        END $$
        """,
        """
        CREATE OR REPLACE FUNCTION millwright.store_points(
            keys text[], names text[], ats bigint[], numbers double precision[]
        ) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO millwright.series (key, name)
                SELECT DISTINCT k, n FROM unnest(keys, names) AS s(k, n)
                WHERE NOT EXISTS (SELECT FROM millwright.series WHERE key = k AND name = n) ORDER BY 1, 2
                ON CONFLICT DO NOTHING;
            INSERT INTO millwright.point (series, at, value)
                SELECT s.id, p.at, p.value
                FROM unnest(keys, names, ats, numbers) WITH ORDINALITY AS p(key, name, at, value, place)
                JOIN millwright.series AS s ON s.key = p.key AND s.name = p.name ORDER BY p.place;
        END $$
        """,
    ]

    /// Version 4: batches of several runs are stored as one.
    private static let bodiesOfMany = [
        """
        CREATE FUNCTION millwright.store_bodies(owners text[], digests bytea[], contents bytea[]) RETURNS void
        LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(\(bodies));
            INSERT INTO millwright.body SELECT * FROM unnest(digests, contents) ORDER BY 1 ON CONFLICT DO NOTHING;
            INSERT INTO millwright.body_use SELECT * FROM unnest(owners, digests) AS u(owner, digest)
                WHERE owner IS NOT NULL ON CONFLICT DO NOTHING;
        END $$
        """
    ]

    /// The first record of each chain must continue a record that is there, and the key refuses a second that does.
    private static let recordFunctions = [
        """
        CREATE FUNCTION millwright.store_records(
            tip_runs text[], tip_sequences bigint[], tip_digests bytea[],
            runs text[], sequences bigint[], ats bigint[], kinds text[], bodies bytea[], body_digests bytea[],
            previous bytea[], digests bytea[]
        ) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE stored bigint;
        BEGIN
            IF EXISTS (SELECT FROM millwright.fork) THEN
                RAISE SQLSTATE 'MW006' USING MESSAGE = 'forked';
            END IF;
            IF EXISTS (
                SELECT FROM unnest(tip_runs, tip_sequences, tip_digests) AS t(run, sequence, digest)
                WHERE t.sequence > 0 AND NOT EXISTS (
                    SELECT FROM millwright.record AS r
                    WHERE r.run = t.run AND r.sequence = t.sequence AND r.digest = t.digest)
            ) THEN RAISE SQLSTATE 'MW001' USING MESSAGE = 'conflict'; END IF;
            INSERT INTO millwright.record
                SELECT * FROM unnest(runs, sequences, ats, kinds, bodies, body_digests, previous, digests)
                ON CONFLICT DO NOTHING;
            GET DIAGNOSTICS stored = ROW_COUNT;
            IF stored <> cardinality(runs) THEN RAISE SQLSTATE 'MW001' USING MESSAGE = 'conflict'; END IF;
        END $$
        """,
        """
        CREATE FUNCTION millwright.store_bodies(owner text, digests bytea[], contents bytea[]) RETURNS void
        LANGUAGE sql AS $$
            SELECT pg_advisory_xact_lock_shared(\(bodies));
            INSERT INTO millwright.body SELECT * FROM unnest(digests, contents) ORDER BY 1 ON CONFLICT DO NOTHING;
            INSERT INTO millwright.body_use SELECT owner, d FROM unnest(digests) AS d WHERE owner IS NOT NULL
                ON CONFLICT DO NOTHING;
        $$
        """,
        """
        CREATE FUNCTION millwright.store_points(keys text[], names text[], ats bigint[], numbers double precision[])
        RETURNS void LANGUAGE sql AS $$
            INSERT INTO millwright.series (key, name)
                SELECT DISTINCT k, n FROM unnest(keys, names) AS s(k, n)
                WHERE NOT EXISTS (SELECT FROM millwright.series WHERE key = k AND name = n) ORDER BY 1, 2
                ON CONFLICT DO NOTHING;
            INSERT INTO millwright.point (series, at, value)
                SELECT s.id, p.at, p.value
                FROM unnest(keys, names, ats, numbers) WITH ORDINALITY AS p(key, name, at, value, place)
                JOIN millwright.series AS s ON s.key = p.key AND s.name = p.name ORDER BY p.place;
        $$
        """,
        """
        CREATE FUNCTION millwright.store_checkpoints(
            numbers bigint[], kinds text[], runs text[], sequences bigint[], heads text[], row_digests text[],
            ats bigint[], previous text[], keys text[], signatures text[], digests text[]
        ) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE stored bigint; newest millwright.checkpoint;
        BEGIN
            SELECT * INTO newest FROM millwright.checkpoint ORDER BY number DESC LIMIT 1;
            IF numbers[1] <> coalesce(newest.number, 0) + 1 OR previous[1] <> coalesce(newest.digest, '') THEN
                RAISE SQLSTATE 'MW007' USING MESSAGE = 'checkpoint conflict';
            END IF;
            INSERT INTO millwright.checkpoint
                SELECT * FROM unnest(
                    numbers, kinds, runs, sequences, heads, row_digests, ats, previous, keys, signatures, digests)
                ON CONFLICT DO NOTHING;
            GET DIAGNOSTICS stored = ROW_COUNT;
            IF stored <> cardinality(numbers) THEN
                RAISE SQLSTATE 'MW007' USING MESSAGE = 'checkpoint conflict';
            END IF;
        END $$
        """,
        """
        CREATE FUNCTION millwright.prune(pruned text[], with_records boolean) RETURNS void LANGUAGE sql AS $$
            SELECT pg_advisory_xact_lock(\(bodies));
            DELETE FROM millwright.body AS b
                WHERE b.digest IN (SELECT digest FROM millwright.body_use WHERE run = ANY (pruned))
                    AND NOT EXISTS (SELECT FROM millwright.body_use AS u WHERE u.digest = b.digest AND u.run <> ALL (pruned));
            DELETE FROM millwright.body_use WHERE run = ANY (pruned);
            DELETE FROM millwright.record WHERE with_records AND run = ANY (pruned);
        $$
        """,
    ]

    private static let rowFunctions = [
        """
        CREATE FUNCTION millwright.store_row(given millwright.run) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE taken text;
        BEGIN
            UPDATE millwright.run AS r SET started_at = given.started_at, ended_at = given.ended_at,
                state = given.state, verdict = given.verdict, owner_pid = given.owner_pid,
                owner_start_time = given.owner_start_time, owner_boot_id = given.owner_boot_id
            WHERE r.id = given.id AND (r.service, r.environment, r.procedure, r.nominal)
                = (given.service, given.environment, given.procedure, given.nominal);
            IF FOUND THEN RETURN; END IF;
            PERFORM FROM millwright.run WHERE id = given.id;
            IF FOUND THEN RAISE SQLSTATE 'MW004' USING MESSAGE = 'occurrence changed'; END IF;
            INSERT INTO millwright.occurrence
                VALUES (given.service, given.environment, given.procedure, given.nominal, given.id)
                ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN RAISE SQLSTATE 'MW002' USING MESSAGE = 'occurrence taken'; END IF;
            INSERT INTO millwright.run SELECT given.*;
        END $$
        """,
        """
        CREATE FUNCTION millwright.store_missed(given millwright.missed) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO millwright.occurrence
                VALUES (given.service, given.environment, given.procedure, given.nominal, NULL)
                ON CONFLICT DO NOTHING;
            IF FOUND THEN
                INSERT INTO millwright.missed SELECT given.*;
                RETURN;
            END IF;
            PERFORM FROM millwright.occurrence AS o
            WHERE (o.service, o.environment, o.procedure, o.nominal)
                = (given.service, given.environment, given.procedure, given.nominal) AND o.run IS NOT NULL;
            IF FOUND THEN RAISE SQLSTATE 'MW002' USING MESSAGE = 'occurrence taken'; END IF;
        END $$
        """,
    ]
}
