-- The same for tables that were written after the model, and that it was not tuned to.
\set QUIET on
\o /dev/null
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS fx CASCADE; CREATE SCHEMA fx; CREATE SCHEMA IF NOT EXISTS fxlib;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA fxlib; CREATE EXTENSION IF NOT EXISTS hstore SCHEMA fxlib;
CREATE OR REPLACE FUNCTION fxlib.h(i bigint, s int) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT hashint8extended(i, s+1000) & 9223372036854775807';
CREATE OR REPLACE FUNCTION fxlib.rt(i bigint, s int, n int) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$SELECT substr(CASE WHEN n <= 32 THEN md5(i::text || '!' || s) ELSE (SELECT string_agg(md5(i::text || '!' || s || '/' || k), '') FROM generate_series(1, (n + 31) / 32) k) END, 1, n)$$;
CREATE OR REPLACE FUNCTION fxlib.mine(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN upper(t); END$$;
SET search_path = fx, fxlib, pg_catalog;
CREATE TYPE mood AS ENUM ('sad','ok','happy'); CREATE DOMAIN posint AS int CHECK (VALUE > 0); CREATE TYPE pair AS (x int, y text);

-- types
CREATE TABLE a_types (m mood NOT NULL, p posint NOT NULL, q pair, r int4range, t time, z timetz, n name, b bit varying(40), o oid, mo money, ci citext, hs hstore, js json, x xml);
INSERT INTO a_types SELECT (ARRAY['sad','ok','happy'])[1+i%3]::mood, i, CASE WHEN i%3=0 THEN ROW(i, rt(i,1,5))::pair END, int4range(i, i+(h(i,2)%100)::int), '10:00', '10:00+01', 'nm'||i, (h(i,3)%1000)::int::bit(20)::varbit, i, i, rt(i,4,10), hstore('a', rt(i,5,(h(i,6)%20)::int)), '{"a":1}', NULL
  FROM generate_series(1,30000) i;
CREATE INDEX ia_m ON a_types (m); CREATE INDEX ia_r ON a_types (r); CREATE INDEX ia_n ON a_types (n); CREATE INDEX ia_ci ON a_types (ci); CREATE INDEX ia_b ON a_types (b); CREATE INDEX ia_hs ON a_types USING gist (hs);
CREATE INDEX ia_mine ON a_types (mine(n::text)); CREATE INDEX ia_z ON a_types (z, m DESC NULLS FIRST);
SELECT pg_stat_force_next_flush(); ANALYZE a_types; DELETE FROM a_types WHERE h(p,7)%3=0; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE a_types;
-- correlated nulls and widths, 12 columns: either all or none
CREATE TABLE b_corr (id int, a text, b int, c text, d bigint, e text, f smallint, g text, h1 bigint, i1 text, j text, k int);
INSERT INTO b_corr SELECT i, CASE WHEN i%2=0 THEN rt(i,8,20) END, CASE WHEN i%2=0 THEN i END, CASE WHEN i%2=0 THEN rt(i,9,33) END, CASE WHEN i%2=0 THEN i END, CASE WHEN i%2=0 THEN 'x' END, CASE WHEN i%2=0 THEN 1 END, rt(i,10,CASE WHEN i%2=0 THEN 100 ELSE 5 END), i, rt(i,11,CASE WHEN i%2=0 THEN 100 ELSE 5 END), 'z', 1 FROM generate_series(1,40000) i;
CREATE INDEX ib_g ON b_corr (g); CREATE INDEX ib_ab ON b_corr (a, b); CREATE INDEX ib_b ON b_corr (b) WHERE b IS NOT NULL; CREATE INDEX ib_e ON b_corr (e, f);
SELECT pg_stat_force_next_flush(); ANALYZE b_corr;
-- bimodal: half of the rows 50 bytes, half 1500; deleted the short ones afterwards
CREATE TABLE c_bimodal (id int PRIMARY KEY, a text); INSERT INTO c_bimodal SELECT i, rt(i,12,CASE WHEN i<=8000 THEN 50 ELSE 1500 END) FROM generate_series(1,12000) i; 
SELECT pg_stat_force_next_flush(); ANALYZE c_bimodal; DELETE FROM c_bimodal WHERE id%8 IN (0,1,2,3,4,5) AND id<=8000; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE c_bimodal;
-- wide rows of 3..5 a page, storage main, toast_tuple_target, compressible (pglz) text
CREATE TABLE d_main (id int PRIMARY KEY, a text, b text); ALTER TABLE d_main ALTER a SET STORAGE MAIN, ALTER b SET STORAGE MAIN;
INSERT INTO d_main SELECT i, rt(i,13,1000+(h(i,14)%900)::int), rt(i,15,(h(i,16)%1200)::int) FROM generate_series(1,3000) i; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE d_main;
CREATE TABLE d_ttt (id int PRIMARY KEY, a text, b text) WITH (toast_tuple_target=256); INSERT INTO d_ttt SELECT i, rt(i,17,(h(i,18)%2500)::int), rt(i,19,60) FROM generate_series(1,6000) i; DELETE FROM d_ttt WHERE h(id,20)%2=0; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE d_ttt;
CREATE TABLE d_comp (id int PRIMARY KEY, a text, b text); INSERT INTO d_comp SELECT i, repeat(rt(i,21,40),(50+h(i,22)%200)::int), repeat('ab ',(h(i,23)%3000)::int) FROM generate_series(1,8000) i; DELETE FROM d_comp WHERE id%5=0; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE d_comp;
CREATE TABLE d_toast_stale (id int PRIMARY KEY, a bytea); INSERT INTO d_toast_stale SELECT i, decode(rt(i,24,8000),'hex') FROM generate_series(1,2000) i; SELECT pg_stat_force_next_flush(); ANALYZE d_toast_stale; DELETE FROM d_toast_stale WHERE id>500;
-- queue: oldest deleted, vacuumed, in place again; unaligned hot updates
CREATE TABLE e_queue (id bigint PRIMARY KEY, state text NOT NULL, payload jsonb, at timestamptz NOT NULL); INSERT INTO e_queue SELECT i,'new',jsonb_build_object('n',i,'s',rt(i,25,(h(i,26)%200)::int)),now() FROM generate_series(1,50000) i;
CREATE INDEX ie_state ON e_queue (state, at); CREATE INDEX ie_new ON e_queue (id) WHERE state='new';
UPDATE e_queue SET state='done' WHERE id<=49500; SELECT pg_stat_force_next_flush(); VACUUM e_queue; DELETE FROM e_queue WHERE id<=47000; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE e_queue;
-- aborted load
CREATE TABLE e_abort (id int PRIMARY KEY, a text NOT NULL); INSERT INTO e_abort SELECT i, rt(i,27,40) FROM generate_series(1,10000) i; BEGIN; INSERT INTO e_abort SELECT i, rt(i,27,40) FROM generate_series(10001,40000) i; ROLLBACK; SELECT pg_stat_force_next_flush(); ANALYZE e_abort;
-- time series, clustered duplicates, duplicates across columns, nulls in keys, unique multi-column with nulls, INCLUDE with nulls, fillfactors
CREATE TABLE f_series (t timestamptz NOT NULL, dev int NOT NULL, site smallint NOT NULL, city text, v real, tag text);
INSERT INTO f_series SELECT '2023-01-01'::timestamptz+(i/50)*interval '1 minute', i%50, i%50/10, (ARRAY['Berlin','Oslo','Rio de Janeiro',NULL,'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch'])[1+h(i,28)%5], i, CASE WHEN h(i,29)%3=0 THEN 'tag'||(h(i,30)%900) END FROM generate_series(1,300000) i;
CREATE INDEX if_t ON f_series (t); CREATE INDEX if_dt ON f_series (dev,t); CREATE INDEX if_city ON f_series (city); CREATE INDEX if_tag ON f_series (tag) WITH (fillfactor=70); CREATE INDEX if_site_city ON f_series (site, city); CREATE UNIQUE INDEX if_u ON f_series (t, dev) INCLUDE (city);
CREATE INDEX if_day ON f_series (date_trunc('day', t AT TIME ZONE 'UTC')); CREATE INDEX if_tagcity ON f_series (tag, city); CREATE INDEX if_brin ON f_series USING brin (t, dev) WITH (pages_per_range=16); CREATE INDEX if_hash ON f_series USING hash (dev); CREATE INDEX if_v ON f_series (v) WHERE v > 1000;
DELETE FROM f_series WHERE t < '2023-01-03'; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE f_series;
-- random inserts (leaf splits), duplicates; then ordinary growth without analyze
CREATE TABLE g_split (id int, k bigint NOT NULL, s varchar(40) NOT NULL, w text COLLATE "C"); CREATE INDEX ig_k ON g_split (k); CREATE INDEX ig_s ON g_split (s); CREATE UNIQUE INDEX ig_ks ON g_split (k, s, id); CREATE INDEX ig_w ON g_split (w, id);
INSERT INTO g_split SELECT i, h(i,31)%40000, rt(h(i,32)%5000,33,(3+h(i,32)%30)::int), rt(i,34,(h(i,35)%80)::int) FROM generate_series(1,100000) i; SELECT pg_stat_force_next_flush(); ANALYZE g_split;
INSERT INTO g_split SELECT i, h(i,31)%40000, rt(h(i,32)%5000,33,(3+h(i,32)%30)::int), rt(i,34,(h(i,35)%80)::int) FROM generate_series(100001,130000) i; DELETE FROM g_split WHERE id%3=0;
-- inheritance, dropped first column, many columns just over a bitmap byte
CREATE TABLE h_parent (id int NOT NULL, a text); CREATE TABLE h_child (b int) INHERITS (h_parent); INSERT INTO h_parent SELECT i, rt(i,36,10) FROM generate_series(1,20000) i; INSERT INTO h_child SELECT i, rt(i,37,60), i FROM generate_series(1,20000) i; DELETE FROM h_child WHERE id%2=0; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE h_parent; VACUUM ANALYZE h_child;
CREATE TABLE h_nine (a int, b smallint, c "char", d text, e text, f numeric, g bool, h date, i int, j text); INSERT INTO h_nine SELECT i, 1, 'c', rt(i,38,(h(i,39)%7)::int), rt(i,40,(h(i,41)%50)::int), h(i,42)%100000/100.0, true, '2024-01-01', CASE WHEN i%100=0 THEN NULL ELSE i END, CASE WHEN i%7=0 THEN 'abc' END FROM generate_series(1,60000) i; ALTER TABLE h_nine DROP COLUMN a; DELETE FROM h_nine WHERE i%5=0; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE h_nine;
CREATE TABLE h_one (x bool NOT NULL); INSERT INTO h_one SELECT true FROM generate_series(1,100000); SELECT pg_stat_force_next_flush(); ANALYZE h_one; DELETE FROM h_one WHERE (ctid::text::point)[0]::int % 3 = 0;
CREATE TABLE h_zero (); INSERT INTO h_zero SELECT FROM generate_series(1,20000); SELECT pg_stat_force_next_flush(); ANALYZE h_zero;
CREATE TABLE h_arr (id int, a bigint[], f float8[], t text[]); INSERT INTO h_arr SELECT i, ARRAY[i,i+1,i+2], array_fill(1.5::float8, ARRAY[(h(i,43)%20)::int]), CASE WHEN i%3=0 THEN ARRAY['a','bb',rt(i,44,30)] END FROM generate_series(1,30000) i; UPDATE h_arr SET id=id+1; SELECT pg_stat_force_next_flush(); ANALYZE h_arr; CREATE INDEX ih_a ON h_arr (a); CREATE INDEX ih_t0 ON h_arr ((t[3])); CREATE INDEX ih_f ON h_arr ((cardinality(f)));
CREATE TABLE h_gin (id int, d text); INSERT INTO h_gin SELECT i, rt(i,45,8)||' '||rt(i%100,46,6) FROM generate_series(1,20000) i; CREATE INDEX ih_ts ON h_gin USING gin (to_tsvector('simple', d)); SELECT pg_stat_force_next_flush(); ANALYZE h_gin;
CHECKPOINT;
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname='mon') THEN CREATE ROLE mon LOGIN IN ROLE pg_monitor; CREATE ROLE monsel LOGIN IN ROLE pg_monitor; END IF; END $$;
GRANT USAGE ON SCHEMA fx, fxlib TO monsel; GRANT SELECT ON ALL TABLES IN SCHEMA fx TO monsel;
