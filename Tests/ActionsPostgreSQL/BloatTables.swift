import Maintenance

/// Tables of every kind that estimates get wrong, each of a megabyte or so.
enum BloatTables {
    static let schema = """
        CREATE FUNCTION rt(i bigint, n int) RETURNS text LANGUAGE sql IMMUTABLE AS \
        $$SELECT substr(repeat(md5(i::text), n / 32 + 1), 1, n)$$;
        CREATE TABLE fill (id int PRIMARY KEY, a text NOT NULL) WITH (fillfactor = 60, autovacuum_enabled = off);
        INSERT INTO fill SELECT i, rt(i, 20 + i % 30) FROM generate_series(1, 8000) i;
        CREATE TABLE dropped (id int, junk text, a text) WITH (autovacuum_enabled = off);
        INSERT INTO dropped SELECT i, rt(i, 300), rt(i, 20) FROM generate_series(1, 4000) i;
        ALTER TABLE dropped DROP COLUMN junk;
        CREATE TABLE padded (a bool NOT NULL, b bigint NOT NULL, c bool NOT NULL, d bigint NOT NULL) \
        WITH (autovacuum_enabled = off);
        INSERT INTO padded SELECT true, i, false, i FROM generate_series(1, 15000) i; \
        DELETE FROM padded WHERE b % 10 < 3;
        CREATE TABLE apart (id int PRIMARY KEY, a text) WITH (autovacuum_enabled = off);
        ALTER TABLE apart ALTER a SET STORAGE EXTERNAL;
        INSERT INTO apart SELECT i, rt(i, 2100 + i % 4000) FROM generate_series(1, 400) i;
        DELETE FROM apart WHERE id % 2 = 0;
        CREATE TABLE keys (id int NOT NULL, five int NOT NULL, name text NOT NULL, flag bool NOT NULL) \
        WITH (autovacuum_enabled = off);
        INSERT INTO keys SELECT i, hashint4(i) % 6000, rt(i % 9000, 12), i % 10 = 0 FROM generate_series(1, 30000) i;
        CREATE UNIQUE INDEX keys_unique ON keys (id); CREATE INDEX keys_five ON keys (five);
        CREATE INDEX keys_plain ON keys (five) WITH (deduplicate_items = off);
        CREATE INDEX keys_include ON keys (five) INCLUDE (name); CREATE INDEX keys_expression ON keys (upper(name));
        CREATE INDEX keys_partial ON keys (name) WHERE flag; CREATE INDEX keys_range ON keys USING brin (id);
        CREATE INDEX keys_hash ON keys USING hash (id);
        DELETE FROM keys WHERE id % 3 = 0;
        CREATE TABLE nothing (id int PRIMARY KEY, a text);
        CREATE TABLE emptied (id int PRIMARY KEY, a text) WITH (autovacuum_enabled = off);
        INSERT INTO emptied SELECT i, rt(i, 50) FROM generate_series(1, 2000) i; DELETE FROM emptied;
        SELECT pg_stat_force_next_flush();
        VACUUM ANALYZE fill, dropped, padded, apart, keys, emptied;
        CREATE TABLE never (id int PRIMARY KEY, a text) WITH (autovacuum_enabled = off);
        INSERT INTO never SELECT i, rt(i, i % 80) FROM generate_series(1, 8000) i; DELETE FROM never WHERE id % 4 = 0;
        CREATE TABLE stale (id int PRIMARY KEY, a text) WITH (autovacuum_enabled = off);
        INSERT INTO stale SELECT i, 'short' FROM generate_series(1, 8000) i; ANALYZE stale;
        UPDATE stale SET a = rt(id, 100)
        """

    /// What each relation takes in the sense of the check.
    static let sizes = """
        SELECT format('%I.%I', n.nspname, c.relname) || ' ' || pg_relation_size(c.oid) + CASE WHEN c.reltoastrelid <> 0 \
        THEN pg_relation_size(c.reltoastrelid) + (SELECT sum(pg_relation_size(indexrelid)) FROM pg_index \
        WHERE indrelid = c.reltoastrelid) ELSE 0 END FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'i') ORDER BY 1
        """

    static func read(_ bench: Bench) async throws -> [String: Int] {
        let lines = try await bench.sql(sizes).split(separator: "\n").map { $0.split(separator: " ") }
        return Dictionary(
            uniqueKeysWithValues: lines.compactMap { parts in
                Int(parts.last ?? "").map { (String(parts.first ?? ""), $0) }
            })
    }

    /// Indexes first: VACUUM FULL would build them from the new table.
    static func rewrite(_ bench: Bench) async throws {
        try await bench.sql("REINDEX DATABASE \(bench.database); VACUUM FULL")
    }
}

extension Seen {
    /// The detail of one relation.
    func detail(_ relation: String) -> [String: JSONValue]? {
        observation.details.first { $0["relation"] == .text(relation) }
    }
}

extension [String: JSONValue] {
    func number(_ name: String) -> Double? { if case .number(let value)? = self[name] { value } else { nil } }

    func text(_ name: String) -> String? { if case .text(let value)? = self[name] { value } else { nil } }
}
