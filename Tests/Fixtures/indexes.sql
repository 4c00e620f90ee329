-- Labelled fixture of postgresql.index-advice. Run as a superuser in an empty database with psql; deterministic.
-- label(index, advice, scanned, why): `scanned` is a precondition that evaluate.sh verifies (true: idx_scan > 0,
-- false: 0, NULL: it does not matter). What must not be listed at all has the advice 'absent'.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SELECT pg_stat_reset();
CREATE SCHEMA shop; CREATE SCHEMA fixture;
CREATE TABLE fixture.label (index text, advice text, scanned boolean, why text);
CREATE TABLE fixture.mark (name text, xid numeric);
SET search_path = shop, fixture, public;
CREATE PROCEDURE fixture.label(index text, advice text, scanned boolean, why text) LANGUAGE sql AS
  $$INSERT INTO fixture.label VALUES (index, advice, scanned, why)$$;
-- Uses an index now, while nothing better is there.
CREATE PROCEDURE fixture.use(index regclass, condition text, tail text DEFAULT '') LANGUAGE plpgsql AS $$
DECLARE r record; plan text := ''; t regclass := (SELECT indrelid::regclass FROM pg_index WHERE indexrelid = index);
BEGIN
  PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
  FOR r IN EXECUTE format('EXPLAIN SELECT * FROM %s WHERE %s %s', t, condition, tail) LOOP plan := plan || r::text || E'\n'; END LOOP;
  IF plan NOT LIKE '%' || (SELECT relname FROM pg_class WHERE oid = index) || '%' THEN
    RAISE EXCEPTION 'fixture: % is not used by %: %', index, condition, plan; END IF;
  EXECUTE format('SELECT count(*) FROM (SELECT * FROM %s WHERE %s %s) q', t, condition, tail);
  FOR r IN EXECUTE format('SELECT * FROM %s WHERE %s %s LIMIT 3', t, condition, tail) LOOP END LOOP;
  PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true);
END$$;

CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL CONSTRAINT customers_email_key UNIQUE, name text, tenant int,
  region text, created date, deleted date, data jsonb, tags text[], words tsvector, a int, b int, c int, d int, e int, f int,
  g int, h int, v varchar(20));
INSERT INTO customers SELECT i, 'e' || i, 'n' || i % 700, i % 40, 'r' || i % 9, date '2026-01-01' + i % 300,
  CASE WHEN i % 10 = 0 THEN date '2026-06-01' END, jsonb_build_object('k', i % 50), ARRAY['t' || i % 5], to_tsvector('simple', 'w' || i % 90),
  i % 97, i % 89, i % 83, i % 79, i % 73, i % 71, i % 67, i % 61, 'v' || i % 50 FROM generate_series(1, 6000) i;
ANALYZE customers;
CALL label('shop.customers_pkey', 'keep', NULL, 'primary key');
CALL label('shop.customers_email_key', 'keep', false, 'unique constraint, never used');
CREATE UNIQUE INDEX customers_email_twin ON customers (email);
CALL label('shop.customers_email_twin', 'duplicate', NULL, 'equals the index of a unique constraint');
CREATE INDEX customers_email_plain ON customers (email);
CALL label('shop.customers_email_plain', 'overlapping', NULL, 'not unique, and a unique one of the same columns serves');
CREATE INDEX customers_name ON customers (name);
CALL use('customers_name', $$name = 'n1'$$); CALL use('customers_name', $$name = 'n2'$$);
CALL label('shop.customers_name', 'keep', true, 'used; the more used of two equal ones');
CREATE INDEX customers_name_c ON customers (name COLLATE "POSIX");
CALL use('customers_name_c', $$name COLLATE "POSIX" = 'n1'$$);
CALL label('shop.customers_name_c', 'keep', true, 'another collation');
CREATE INDEX customers_name_pattern ON customers (name text_pattern_ops);
CALL use('customers_name_pattern', $$name LIKE 'n12%'$$);
CALL label('shop.customers_name_pattern', 'keep', true, 'another operator class');
CREATE INDEX customers_name_hash ON customers USING hash (name);
CALL label('shop.customers_name_hash', 'unused', false, 'hash, never used; a btree of the same column is no twin');
CREATE INDEX customers_name_twin ON customers (name) WITH (fillfactor = 70);
CALL label('shop.customers_name_twin', 'duplicate', NULL, 'another fillfactor does not make another index');
CREATE INDEX customers_lower ON customers (lower(region));
CALL label('shop.customers_lower', 'duplicate', false, 'equal expressions; the other has a statistics target');
CREATE INDEX customers_lower_target ON customers (lower(region)); ALTER INDEX customers_lower_target ALTER COLUMN 1 SET STATISTICS 500;
CALL label('shop.customers_lower_target', 'keep', false, 'expression statistics');
CREATE INDEX customers_lower_tenant ON customers (lower(region), tenant);
CALL label('shop.customers_lower_tenant', 'keep', false, 'expression statistics');
CREATE INDEX customers_multi ON customers (coalesce(a, b), c);
CALL label('shop.customers_multi', 'keep', false, 'an expression with a comma in it');
CREATE INDEX customers_expr_part ON customers ((a + b)) WHERE c > 3;
CALL label('shop.customers_expr_part', 'keep', false, 'partial index with an expression');
-- Chain: one long index serves two prefixes.
CREATE INDEX chain_1 ON customers (a); CALL use('chain_1', 'a = 5');
CALL label('shop.chain_1', 'overlapping', true, 'prefix of a used longer index');
CREATE INDEX chain_2 ON customers (a, b); CALL use('chain_2', 'a = 5 AND b = 6', 'ORDER BY a, b');
CALL label('shop.chain_2', 'overlapping', true, 'prefix of a used longer index, itself a longer one');
CREATE INDEX chain_3 ON customers (a, b, c); CALL use('chain_3', 'a = 5 AND b = 6 AND c = 7');
CALL label('shop.chain_3', 'keep', true, 'serves both prefixes');
CREATE INDEX chain_desc ON customers (a DESC);
CALL use('chain_desc', 'true', 'ORDER BY a DESC NULLS FIRST');
CALL label('shop.chain_desc', 'keep', NULL, 'another direction');
-- The longer one is the useless one.
CREATE INDEX short_used ON customers (d); CALL use('short_used', 'd = 5');
CALL label('shop.short_used', 'keep', true, 'prefix of an index that is to go itself');
CREATE INDEX long_unused ON customers (d, e);
CALL label('shop.long_unused', 'unused', false, 'longer, never used');
CREATE INDEX both_1 ON customers (e, f); CALL use('both_1', 'e = 1 AND f = 1');
CREATE INDEX both_2 ON customers (f, e); CALL use('both_2', 'f = 1', 'ORDER BY f, e');
CALL label('shop.both_1', 'keep', true, 'same columns, other order'); CALL label('shop.both_2', 'keep', true, 'same columns, other order');
-- NULLS and direction.
CREATE INDEX nulls_last ON customers (deleted); CALL use('nulls_last', $$deleted = '2026-06-01'$$);
CREATE INDEX nulls_first ON customers (deleted NULLS FIRST); CALL use('nulls_first', 'true', 'ORDER BY deleted NULLS FIRST');
CALL label('shop.nulls_last', 'keep', true, 'NULLS LAST'); CALL label('shop.nulls_first', 'keep', true, 'NULLS FIRST');
CREATE INDEX mixed_1 ON customers (g, h DESC); CALL use('mixed_1', 'true', 'ORDER BY g, h DESC');
CREATE INDEX mixed_2 ON customers (g, h); CALL use('mixed_2', 'true', 'ORDER BY g, h');
CALL label('shop.mixed_1', 'keep', true, 'another direction in the second column'); CALL label('shop.mixed_2', 'keep', true, 'the same');
-- Partial.
CREATE INDEX part_open ON customers (created) WHERE region = 'r1'; CALL use('part_open', $$created = '2026-02-01' AND region = 'r1'$$);
CALL label('shop.part_open', 'keep', true, 'partial and used');
CREATE INDEX part_open_twin ON customers (created) WHERE (region = 'r1');
CALL label('shop.part_open_twin', 'duplicate', NULL, 'equal predicate');
CREATE INDEX part_other ON customers (created) WHERE region = 'r2'; CALL use('part_other', $$created = '2026-02-01' AND region = 'r2'$$);
CALL label('shop.part_other', 'keep', true, 'another literal in the predicate');
CREATE INDEX part_prefix ON customers (tenant) WHERE deleted IS NULL; CALL use('part_prefix', 'tenant = 3 AND deleted IS NULL');
CALL label('shop.part_prefix', 'overlapping', true, 'prefix with an equal predicate');
CREATE INDEX part_longer ON customers (tenant, name) WHERE deleted IS NULL; CALL use('part_longer', $$tenant = 3 AND name = 'n3' AND deleted IS NULL$$);
CALL label('shop.part_longer', 'keep', true, 'serves the prefix');
CREATE INDEX full_longer ON customers (tenant, region); CALL use('full_longer', $$tenant = 3 AND region = 'r3'$$);
CALL label('shop.full_longer', 'keep', true, 'full index beside partial ones');
CREATE INDEX part_of_full ON customers (tenant) WHERE region = 'r5'; CALL use('part_of_full', $$tenant = 3 AND region = 'r5'$$);
CALL label('shop.part_of_full', 'keep', true, 'partial, and the longer one is full');
CREATE INDEX part_unused ON customers (b) WHERE c = 4;
CALL label('shop.part_unused', 'unused', false, 'partial, never used');
-- Other access methods.
CREATE INDEX gin_ops ON customers USING gin (data); CALL use('gin_ops', $$data @> '{"k": 3}'$$);
CREATE INDEX gin_path ON customers USING gin (data jsonb_path_ops); CALL use('gin_path', $$data @> '{"k": 3}'$$);
CALL label('shop.gin_ops', 'keep', true, 'gin'); CALL label('shop.gin_path', 'keep', true, 'gin with another operator class');
CREATE INDEX gin_tags ON customers USING gin (tags); CALL use('gin_tags', $$tags @> ARRAY['t1']$$);
CREATE INDEX gin_tags_more ON customers USING gin (tags, data); CALL use('gin_tags_more', $$tags @> ARRAY['t1'] AND data @> '{"k": 3}'$$);
CALL label('shop.gin_tags', 'keep', NULL, 'no prefixes in gin'); CALL label('shop.gin_tags_more', 'keep', NULL, 'no prefixes in gin');
CREATE INDEX gin_tags_twin ON customers USING gin (tags) WITH (fastupdate = off);
CALL label('shop.gin_tags_twin', 'duplicate', false, 'equal gin');
CREATE INDEX gist_words ON customers USING gist (words tsvector_ops (siglen = 32)); CALL use('gist_words', $$words @@ 'w3'$$);
CREATE INDEX gist_words_long ON customers USING gist (words tsvector_ops (siglen = 512));
CALL label('shop.gist_words', 'keep', true, 'gist'); CALL label('shop.gist_words_long', 'unused', false, 'another parameter of the operator class: no twin, but never used');
CREATE INDEX brin_created ON customers USING brin (created); CALL use('brin_created', $$created < '2026-01-05'$$, '');
CREATE INDEX brin_created_fine ON customers USING brin (created) WITH (pages_per_range = 4);
CALL label('shop.brin_created', 'keep', true, 'brin, used'); CALL label('shop.brin_created_fine', 'unused', false, 'another range size: no twin, but never used');
CREATE INDEX hash_v ON customers USING hash (v); CALL use('hash_v', $$v = 'v1'$$);
CREATE INDEX hash_v_twin ON customers USING hash (v);
CALL label('shop.hash_v', 'keep', true, 'hash, used'); CALL label('shop.hash_v_twin', 'duplicate', false, 'equal hash');

CREATE TABLE wide (id int, p int, q int, r int, s int, t int, u int NOT NULL, w int NOT NULL, k int, pad text);
INSERT INTO wide SELECT i, i % 500, i % 400, i % 300, i % 200, i % 150, i, i, i, repeat('x', 60) FROM generate_series(1, 6000) i;
VACUUM ANALYZE wide;
CREATE INDEX inc_plain ON wide (p); CALL use('inc_plain', 'p = 3');
CALL label('shop.inc_plain', 'overlapping', true, 'the same key, and the other includes more');
CREATE INDEX inc_q ON wide (p) INCLUDE (q); CALL use('inc_q', 'p = 4');
CALL label('shop.inc_q', 'overlapping', true, 'its included column is a key of the longer one');
CREATE INDEX inc_longer ON wide (p, q); CALL use('inc_longer', 'p = 3 AND q = 3');
CALL label('shop.inc_longer', 'keep', true, 'serves both');
CREATE INDEX inc_pad ON wide (p) INCLUDE (t); CALL use('inc_pad', 'p = 9');
CALL label('shop.inc_pad', 'keep', true, 'the longer one lacks the included column');
CREATE INDEX inc_order ON wide (r) INCLUDE (s, t); CALL use('inc_order', 'r = 1');
CREATE INDEX inc_order_twin ON wide (r) INCLUDE (t, s);
CALL label('shop.inc_order', 'keep', true, 'used'); CALL label('shop.inc_order_twin', 'duplicate', false, 'included columns have no order');
CREATE UNIQUE INDEX uniq_u ON wide (u);
CALL label('shop.uniq_u', 'keep', false, 'unique without a constraint, never used');
CREATE INDEX uniq_longer ON wide (u, q); CALL use('uniq_longer', 'u = 5 AND q = 5');
CALL label('shop.uniq_longer', 'keep', true, 'longer than a unique one');
CREATE UNIQUE INDEX uniq_part ON wide (u) WHERE q = 1;
CALL label('shop.uniq_part', 'keep', false, 'unique among some rows');
ALTER TABLE wide ADD CONSTRAINT wide_k_key UNIQUE (k) DEFERRABLE;
CALL label('shop.wide_k_key', 'keep', false, 'deferrable constraint');
CREATE UNIQUE INDEX uniq_k ON wide (k);
CALL label('shop.uniq_k', 'keep', false, 'immediate, unlike the deferrable constraint of the same column');
CREATE UNIQUE INDEX uniq_two ON wide (w, s);
CALL label('shop.uniq_two', 'keep', false, 'unique');
CREATE INDEX plain_one ON wide (w); CALL use('plain_one', 'w = 3');
CALL label('shop.plain_one', 'overlapping', true, 'prefix of a unique one');
ALTER TABLE wide ADD CONSTRAINT wide_pkey PRIMARY KEY (id), ADD CONSTRAINT wide_id_key UNIQUE (id);
CALL label('shop.wide_pkey', 'keep', NULL, 'primary key'); CALL label('shop.wide_id_key', 'keep', NULL, 'equal, but a constraint too');
CREATE INDEX wide_t_collate ON wide (pad COLLATE "POSIX", t);
CREATE INDEX wide_pad ON wide (pad); CALL use('wide_pad', $$pad = 'y'$$);
CALL label('shop.wide_pad', 'keep', true, 'prefix in another collation'); CALL label('shop.wide_t_collate', 'unused', false, 'never used');

-- Bound to other things.
CREATE TABLE identity_table (id int NOT NULL, code int NOT NULL, pad text DEFAULT repeat('x', 60));
INSERT INTO identity_table SELECT i, i FROM generate_series(1, 3000) i; VACUUM ANALYZE identity_table;
CREATE UNIQUE INDEX identity_twin ON identity_table (id); CALL use('identity_twin', 'id = 3');
CREATE UNIQUE INDEX identity_index ON identity_table (id); ALTER TABLE identity_table REPLICA IDENTITY USING INDEX identity_index;
CALL label('shop.identity_index', 'keep', NULL, 'replica identity'); CALL label('shop.identity_twin', 'duplicate', true, 'more used, but the other is the replica identity');
CREATE TABLE clustered_table (id int, zone int, pad text DEFAULT repeat('x', 60));
INSERT INTO clustered_table SELECT i, i % 50 FROM generate_series(1, 3000) i; VACUUM ANALYZE clustered_table;
CREATE INDEX cluster_twin ON clustered_table (zone); CALL use('cluster_twin', 'zone = 3');
CREATE INDEX cluster_index ON clustered_table (zone); ALTER TABLE clustered_table CLUSTER ON cluster_index;
CREATE INDEX cluster_longer ON clustered_table (zone, id); CALL use('cluster_longer', 'zone = 3 AND id = 3');
CALL label('shop.cluster_index', 'keep', NULL, 'CLUSTER; also a prefix of a longer one'); CALL label('shop.cluster_twin', 'duplicate', true, 'more used, but CLUSTER uses the other');
CALL label('shop.cluster_longer', 'keep', true, 'used');
CREATE TABLE bookings (room int, during daterange, guest int, EXCLUDE USING gist (during WITH &&));
INSERT INTO bookings SELECT i, daterange(date '2000-01-01' + i, date '2000-01-02' + i), i FROM generate_series(1, 3000) i; VACUUM ANALYZE bookings;
CALL label('shop.bookings_during_excl', 'keep', NULL, 'exclusion constraint');
CREATE INDEX bookings_during ON bookings USING gist (during);
CALL label('shop.bookings_during', 'unused', false, 'plain gist beside the exclusion constraint, never used');

-- Foreign keys.
CREATE TABLE parents (code int NOT NULL, alt int NOT NULL, tenant int NOT NULL, member int NOT NULL, pad text DEFAULT repeat('x', 60), PRIMARY KEY (tenant, member));
INSERT INTO parents SELECT i, i, i % 20, i FROM generate_series(1, 3000) i; VACUUM ANALYZE parents;
CALL label('shop.parents_pkey', 'keep', NULL, 'primary key');
CREATE UNIQUE INDEX parents_code ON parents (code);
CREATE TABLE children (id int PRIMARY KEY, code int REFERENCES parents (code), tenant int, member int, alt int, customer int REFERENCES customers,
  other int REFERENCES customers, third int REFERENCES customers, noted date, gone date, amount int,
  CONSTRAINT children_member FOREIGN KEY (tenant, member) REFERENCES parents (tenant, member));
CREATE UNIQUE INDEX parents_code_twin ON parents (code); CALL use('parents_code_twin', 'code = 3');
CALL label('shop.parents_code', 'keep', NULL, 'no constraint, but a foreign key refers to it');
CALL label('shop.parents_code_twin', 'duplicate', NULL, 'equal to what a foreign key refers to');
INSERT INTO children SELECT i, i, i % 20, i, i, i, i, CASE WHEN i % 2 = 0 THEN i END, date '2026-01-01' + i % 300, NULL, i % 77 FROM generate_series(1, 3000) i; VACUUM ANALYZE children;
CALL label('shop.children_pkey', 'keep', NULL, 'primary key');
CREATE INDEX children_code ON children (code);
CALL label('shop.children_code', 'keep', false, 'foreign key, never used');
CREATE INDEX children_member_back ON children (member, tenant);
CALL label('shop.children_member_back', 'keep', false, 'foreign key of two columns, in the other order');
CREATE INDEX children_tenant ON children (tenant);
CALL label('shop.children_tenant', 'unused', false, 'half of a foreign key, which another index has whole');
CREATE INDEX children_customer_1 ON children (customer); CALL use('children_customer_1', 'customer = 3');
CREATE INDEX children_customer_2 ON children (customer);
CALL label('shop.children_customer_1', 'keep', true, 'foreign key'); CALL label('shop.children_customer_2', 'duplicate', false, 'equal to another that the foreign key can use');
CREATE INDEX children_customer_noted ON children (customer, noted); CALL use('children_customer_noted', $$customer = 3 AND noted = '2026-02-01'$$);
CALL label('shop.children_customer_noted', 'keep', true, 'longer than the foreign key''s index');
CREATE INDEX children_customer_amount ON children (customer, amount);
CALL label('shop.children_customer_amount', 'unused', false, 'begins with a foreign key that a narrower index serves');
CREATE INDEX children_other ON children (other) WHERE gone IS NULL;
CALL label('shop.children_other', 'unused', false, 'partial: no use to the foreign key');
CREATE INDEX children_other_amount ON children (other, amount);
CALL label('shop.children_other_amount', 'keep', false, 'the only one that the foreign key can use');
CREATE INDEX children_third ON children (third) WHERE third IS NOT NULL;
CALL label('shop.children_third', 'keep', false, 'partial, but a foreign key can use it');
CREATE TABLE half_keyed (id int, tenant int, member int, pad text DEFAULT repeat('x', 60), FOREIGN KEY (tenant, member) REFERENCES parents);
INSERT INTO half_keyed SELECT i, i % 20, i FROM generate_series(1, 3000) i; VACUUM ANALYZE half_keyed;
CREATE INDEX half_tenant ON half_keyed (tenant);
CALL label('shop.half_tenant', 'keep', false, 'half of a foreign key, and nothing else serves it');

-- Partitions.
CREATE TABLE events (id int, at date, kind int, pad text DEFAULT repeat('x', 60), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
CREATE INDEX events_kind ON events (kind);
CREATE INDEX events_only ON ONLY events (pad);
INSERT INTO events SELECT i, date '2026-01-01' + i % 360, i % 30 FROM generate_series(1, 6000) i; VACUUM ANALYZE events;
CREATE INDEX events_1_kind_local ON events_1 (kind); CREATE INDEX events_2_pad ON events_2 (pad, id);
INSERT INTO fixture.label SELECT 'shop.' || x, 'keep', NULL, 'partitioned index or its part' FROM unnest(ARRAY['events_pkey', 'events_1_pkey', 'events_2_pkey',
  'events_kind', 'events_1_kind_idx', 'events_2_kind_idx']) x;
CALL label('shop.events_only', 'keep', NULL, 'partitioned index without its parts: left alone');
CALL label('shop.events_1_kind_local', 'duplicate', NULL, 'equal to the partition''s part');
CALL label('shop.events_2_pad', 'unused', false, 'a partition''s own index');

-- Others.
CREATE TABLE "Odd Table" ("The Column" int, "b, c" int, pad text DEFAULT repeat('x', 60));
INSERT INTO "Odd Table" SELECT i, i % 70 FROM generate_series(1, 3000) i; ANALYZE "Odd Table";
CREATE INDEX "Odd, ""Index""" ON "Odd Table" ("The Column");
CALL label('shop."Odd, ""Index"""', 'unused', false, 'odd names');
CREATE INDEX "odd b" ON "Odd Table" ("b, c"); CALL use('"odd b"', '"b, c" = 3');
CALL label('shop."odd b"', 'keep', true, 'odd names');
CREATE MATERIALIZED VIEW sums AS SELECT a, b, count(*) AS n, repeat('x', 60) AS pad FROM customers GROUP BY 1, 2; ANALYZE sums;
CREATE UNIQUE INDEX sums_key ON sums (a, b); CREATE INDEX sums_n ON sums (n);
CALL label('shop.sums_key', 'keep', false, 'REFRESH CONCURRENTLY needs it'); CALL label('shop.sums_n', 'unused', false, 'of a materialized view');
CREATE UNLOGGED TABLE fast (id int, pad text DEFAULT repeat('x', 60)); INSERT INTO fast SELECT i FROM generate_series(1, 3000) i; ANALYZE fast;
CREATE INDEX fast_id ON fast (id); CALL label('shop.fast_id', 'unused', false, 'of an unlogged table');
CREATE TABLE tiny (id int); INSERT INTO tiny VALUES (1), (2); ANALYZE tiny; CREATE INDEX tiny_id ON tiny (id);
CALL label('shop.tiny_id', 'keep', false, 'its table is too small for any index');
CREATE TABLE empty (id int); CREATE INDEX empty_id ON empty (id);
CALL label('shop.empty_id', 'keep', false, 'its table is empty');
CREATE TABLE owned (id int, pad text DEFAULT repeat('x', 60)); INSERT INTO owned SELECT i FROM generate_series(1, 3000) i; ANALYZE owned;
CREATE INDEX owned_id ON owned (id); CREATE EXTENSION IF NOT EXISTS pg_stat_statements; ALTER EXTENSION pg_stat_statements ADD TABLE owned;
CALL label('shop.owned_id', 'keep', false, 'an extension''s table');
CREATE TEMP TABLE passing (id int); CREATE INDEX passing_id ON passing (id);
\if :{?SERVER_VERSION_NUM}
SELECT :SERVER_VERSION_NUM >= 150000 AS has_nulls \gset
\if :has_nulls
CREATE UNIQUE INDEX uniq_nulls ON wide (u) NULLS NOT DISTINCT;
CALL label('shop.uniq_nulls', 'keep', false, 'NULLs are not distinct');
\endif
\endif

-- What was interrupted, for real: the build fails half-way.
CREATE TABLE broken (id int, dup int, pad text DEFAULT repeat('x', 60)); INSERT INTO broken SELECT i, i % 2900 FROM generate_series(1, 3000) i; VACUUM ANALYZE broken;
CREATE FUNCTION fixture.fragile(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$BEGIN IF current_setting('fixture.fail', true) = 'on' THEN RAISE EXCEPTION 'on purpose'; END IF; RETURN $1; END$$;
CREATE INDEX broken_expr ON broken (fixture.fragile(id));
CALL label('shop.broken_expr', 'keep', false, 'expression statistics; its rebuild failed');
SET fixture.fail = on;
\unset ON_ERROR_STOP
CREATE UNIQUE INDEX CONCURRENTLY broken_unique ON broken (dup);
REINDEX INDEX CONCURRENTLY broken_expr;
SET client_min_messages = warning;
\set ON_ERROR_STOP on
RESET fixture.fail;
CALL label('shop.broken_unique', 'invalid', NULL, 'CREATE UNIQUE INDEX CONCURRENTLY failed for real');
CALL label('shop.broken_expr_ccnew', 'invalid', NULL, 'REINDEX CONCURRENTLY failed for real');
CREATE INDEX broken_id ON broken (id); CALL use('broken_id', 'id = 3');
CREATE INDEX broken_id_ccold ON broken (id); CREATE INDEX broken_half ON broken (id, dup); CREATE INDEX broken_not_ready ON broken (dup, id);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken_id_ccold'::regclass;
UPDATE pg_index SET indisvalid = false, indisready = false, indislive = false WHERE indexrelid = 'broken_half'::regclass;
UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid = 'broken_not_ready'::regclass;
CALL label('shop.broken_id', 'keep', true, 'its equal one is not valid'); CALL label('shop.broken_id_ccold', 'invalid', NULL, 'left by REINDEX CONCURRENTLY');
CALL label('shop.broken_half', 'invalid', NULL, 'half dropped'); CALL label('shop.broken_not_ready', 'invalid', NULL, 'never became ready');

-- At work while evaluate.sh looks: see there.
CREATE TABLE site (id int, x int, y int, pad text DEFAULT repeat('x', 60)); INSERT INTO site SELECT i, i % 70, i % 60 FROM generate_series(1, 3000) i; VACUUM ANALYZE site;
CREATE TABLE rebuilt (id int, x int, y int, pad text DEFAULT repeat('x', 60)); INSERT INTO rebuilt SELECT i, i % 70, i % 60 FROM generate_series(1, 3000) i; VACUUM ANALYZE rebuilt;
CREATE INDEX rebuilt_x ON rebuilt (x); CREATE INDEX rebuilt_y ON rebuilt (y);
CALL use('rebuilt_x', 'x = 3'); CALL use('rebuilt_y', 'y = 3');
CREATE INDEX site_leftover ON site (y); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'site_leftover'::regclass;
CALL label('shop.site_leftover', 'invalid', NULL, 'a leftover, while another index of its table is built');
CALL label('shop.site_x', 'building', NULL, 'CREATE INDEX CONCURRENTLY at work');
CALL label('shop.rebuilt_x', 'keep', true, 'being rebuilt'); CALL label('shop.rebuilt_y', 'keep', true, 'being rebuilt');
CALL label('shop.rebuilt_x_ccnew', 'building', NULL, 'REINDEX TABLE CONCURRENTLY at work'); CALL label('shop.rebuilt_y_ccnew', 'building', NULL, 'REINDEX TABLE CONCURRENTLY, not yet its turn');
CREATE TABLE goes (id int, x int, pad text DEFAULT repeat('x', 60)); INSERT INTO goes SELECT i, i % 70 FROM generate_series(1, 3000) i; VACUUM ANALYZE goes;
CREATE INDEX goes_x ON goes (x); CALL label('shop.goes_x', 'building', NULL, 'DROP INDEX CONCURRENTLY at work');
CREATE TABLE late (id int, pad text DEFAULT repeat('x', 60)); INSERT INTO late SELECT i FROM generate_series(1, 3000) i; VACUUM ANALYZE late;

-- From here on indexes are too young.
SELECT pg_snapshot_xmax(pg_current_snapshot()) AS known \gset
INSERT INTO fixture.mark VALUES ('known', :'known');
CREATE INDEX late_id ON late (id);
CALL label('shop.late_id', 'keep', false, 'younger than the window');
SELECT count(*) AS labels FROM fixture.label;
