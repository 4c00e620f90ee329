-- Tables and indexes of every kind that estimates of bloat get wrong; every run makes the same ones (hashes, no random).
-- pg_stat_force_next_flush before VACUUM/ANALYZE: without it the session's own pending counters are added AFTER
-- VACUUM has set n_live_tup (measured: 0 or 2x the rows). Left out on purpose for t_array, t_part, t_wide_b, t_ff70_upd.
\set QUIET on
\o /dev/null
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS fx CASCADE;
CREATE SCHEMA fx;
CREATE SCHEMA IF NOT EXISTS fxlib;
CREATE OR REPLACE FUNCTION fxlib.h(i bigint, s int) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT hashint8extended(i, s) & 9223372036854775807';
-- incompressible hex text of exactly n characters
CREATE OR REPLACE FUNCTION fxlib.rt(i bigint, s int, n int) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$SELECT substr(CASE WHEN n <= 32 THEN md5(i::text || '/' || s)
       ELSE (SELECT string_agg(md5(i::text || '/' || s || '/' || k), '') FROM generate_series(1, (n + 31) / 32) k) END, 1, n)$$;
SET search_path = fx, fxlib, pg_catalog;

-- 1..3 plain fixed width, three degrees of bloat; duplicates 100 a key
CREATE TABLE t_int_clean (id int PRIMARY KEY, v bigint NOT NULL, ts timestamptz NOT NULL);
INSERT INTO t_int_clean SELECT i, h(i,1) % 2000, '2020-01-01'::timestamptz + i * interval '1 minute' FROM generate_series(1, 200000) i;
CREATE INDEX i_int_clean_v ON t_int_clean (v);
CREATE INDEX i_int_clean_ts ON t_int_clean (ts);
CREATE INDEX i_int_clean_brin ON t_int_clean USING brin (ts);
SELECT pg_stat_force_next_flush(); ANALYZE t_int_clean;
CREATE TABLE t_int_del50 (LIKE t_int_clean INCLUDING INDEXES);
INSERT INTO t_int_del50 SELECT * FROM t_int_clean;
DELETE FROM t_int_del50 WHERE h(id,2) % 2 = 0;
SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_int_del50;
CREATE TABLE t_int_front90 (LIKE t_int_clean INCLUDING INDEXES);
INSERT INTO t_int_front90 SELECT * FROM t_int_clean;
DELETE FROM t_int_front90 WHERE id <= 180000;
SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_int_front90;

-- 4..7 fillfactor
CREATE TABLE t_ff50 (id int PRIMARY KEY, a text NOT NULL) WITH (fillfactor = 50);
INSERT INTO t_ff50 SELECT i, rt(i,3,32) FROM generate_series(1, 60000) i; SELECT pg_stat_force_next_flush(); ANALYZE t_ff50;
CREATE TABLE t_ff70_upd (id int PRIMARY KEY, a text NOT NULL) WITH (fillfactor = 70);
INSERT INTO t_ff70_upd SELECT i, rt(i,3,20 + (h(i,4) % 40)::int) FROM generate_series(1, 60000) i;
UPDATE t_ff70_upd SET a = a || 'x'; UPDATE t_ff70_upd SET a = a || 'y' WHERE id % 3 = 0;
VACUUM ANALYZE t_ff70_upd;
CREATE TABLE t_ff90 (id bigint NOT NULL, a text NOT NULL, n int) WITH (fillfactor = 90);
INSERT INTO t_ff90 SELECT i, rt(i,5,(h(i,6) % 100)::int), i FROM generate_series(1, 60000) i;
CREATE INDEX i_ff90_70 ON t_ff90 (id) WITH (fillfactor = 70);
CREATE INDEX i_ff90_100 ON t_ff90 (id, n) WITH (fillfactor = 100);
SELECT pg_stat_force_next_flush(); ANALYZE t_ff90;

-- 8..10 alignment
CREATE TABLE t_pad (a bool NOT NULL, b bigint NOT NULL, c bool NOT NULL, d bigint NOT NULL, e smallint NOT NULL, f float8 NOT NULL);
INSERT INTO t_pad SELECT i%2=0, i, i%3=0, h(i,7), i%100, i/7.0 FROM generate_series(1, 100000) i; 
CREATE INDEX i_pad_f ON t_pad (f); CREATE INDEX i_pad_abc ON t_pad (a, b, c);
SELECT pg_stat_force_next_flush(); ANALYZE t_pad;
CREATE TABLE t_pad_del30 (LIKE t_pad INCLUDING INDEXES); INSERT INTO t_pad_del30 SELECT * FROM t_pad;
DELETE FROM t_pad_del30 WHERE h(b,8) % 10 < 3; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_pad_del30;
CREATE TABLE t_padtext (a text NOT NULL, b bigint NOT NULL, c text NOT NULL, d bigint, e varchar(12), f timestamp);
INSERT INTO t_padtext SELECT rt(i,9,(1+h(i,10)%9)::int), i, rt(i,11,(3+h(i,12)%20)::int), CASE WHEN i%4=0 THEN i END, rt(i,13,(h(i,14)%12)::int), now()::date
  FROM generate_series(1, 80000) i;
CREATE INDEX i_padtext_a ON t_padtext (a); CREATE INDEX i_padtext_c ON t_padtext (c); CREATE INDEX i_padtext_ce ON t_padtext (c, e);
SELECT pg_stat_force_next_flush(); ANALYZE t_padtext;

-- 11..13 dropped and added columns
CREATE TABLE t_dropped (id int PRIMARY KEY, junk text, keep text); 
INSERT INTO t_dropped SELECT i, rt(i,15,600), rt(i,16,40) FROM generate_series(1, 20000) i;
ALTER TABLE t_dropped DROP COLUMN junk; SELECT pg_stat_force_next_flush(); ANALYZE t_dropped;
CREATE TABLE t_dropped_fix (a int NOT NULL, b bigint, c bigint, d int NOT NULL);
INSERT INTO t_dropped_fix SELECT i, i, i, i FROM generate_series(1, 100000) i;
ALTER TABLE t_dropped_fix DROP COLUMN b, DROP COLUMN c; SELECT pg_stat_force_next_flush(); ANALYZE t_dropped_fix;
CREATE TABLE t_added (id int PRIMARY KEY, a int NOT NULL);
INSERT INTO t_added SELECT i, i FROM generate_series(1, 60000) i;
ALTER TABLE t_added ADD COLUMN b int; DELETE FROM t_added WHERE id % 4 = 0; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_added;
CREATE TABLE t_fastdefault (id int PRIMARY KEY, a int NOT NULL);
INSERT INTO t_fastdefault SELECT i, i FROM generate_series(1, 60000) i;
ALTER TABLE t_fastdefault ADD COLUMN b text NOT NULL DEFAULT 'a default of 30 characters ....'; 
DELETE FROM t_fastdefault WHERE id % 5 <> 0; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_fastdefault;

-- 14..17 null-heavy, many short columns, wide rows
SELECT 'CREATE TABLE t_nulls (id int, ' || string_agg(format('c%s %s', i, CASE i%4 WHEN 0 THEN 'text' WHEN 1 THEN 'bigint' WHEN 2 THEN 'int' ELSE 'numeric' END), ', ') || ')' FROM generate_series(1,40) i \gexec
SELECT 'INSERT INTO t_nulls SELECT i, ' || string_agg(format('CASE WHEN h(i,%s) %% 10 = 0 THEN %s END', 100+i, CASE i%4 WHEN 0 THEN format('rt(i,%s,(h(i,%s)%%30)::int)', i, 200+i) WHEN 1 THEN 'i' WHEN 2 THEN 'i::int' ELSE 'i/10.0' END), ', ') || ' FROM generate_series(1, 40000) i' FROM generate_series(1,40) i \gexec
CREATE INDEX i_nulls_c1 ON t_nulls (c1); CREATE INDEX i_nulls_c4 ON t_nulls (c4);
CREATE TABLE t_nulls_b AS SELECT * FROM t_nulls;
SELECT pg_stat_force_next_flush(); ANALYZE t_nulls;
DELETE FROM t_nulls_b WHERE h(id,20) % 100 < 60; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_nulls_b;
SELECT 'CREATE TABLE t_narrow (' || string_agg(format('c%s %s NOT NULL', i, CASE i%3 WHEN 0 THEN '"char"' WHEN 1 THEN 'smallint' ELSE 'char(1)' END), ', ') || ')' FROM generate_series(1,30) i \gexec
SELECT 'INSERT INTO t_narrow SELECT ' || string_agg(CASE i%3 WHEN 0 THEN '''y''' WHEN 1 THEN '(i%100)::smallint' ELSE '''x''' END, ', ') || ' FROM generate_series(1, 50000) i' FROM generate_series(1,30) i \gexec
SELECT pg_stat_force_next_flush(); ANALYZE t_narrow;
CREATE TABLE t_wide (id int PRIMARY KEY, a text);
INSERT INTO t_wide SELECT i, rt(i,21,(900+h(i,22)%1000)::int) FROM generate_series(1, 6000) i; SELECT pg_stat_force_next_flush(); ANALYZE t_wide;
CREATE TABLE t_wide_b (id int PRIMARY KEY, a text);
INSERT INTO t_wide_b SELECT * FROM t_wide; DELETE FROM t_wide_b WHERE h(id,23) % 5 < 2; VACUUM ANALYZE t_wide_b;

-- 18..20 numeric, jsonb, arrays
CREATE TABLE t_numeric (id int NOT NULL, a numeric, b numeric(12,2), c numeric);
INSERT INTO t_numeric SELECT i, (h(i,24) % 1000000)::numeric / 1000, (h(i,25) % 100000)::numeric/100, power(10::numeric, (h(i,26)%40)::int) + i FROM generate_series(1, 80000) i;
CREATE INDEX i_numeric_a ON t_numeric (a); CREATE INDEX i_numeric_b ON t_numeric (b); CREATE INDEX i_numeric_c ON t_numeric (c);
CREATE TABLE t_numeric_b (LIKE t_numeric INCLUDING INDEXES); INSERT INTO t_numeric_b SELECT * FROM t_numeric;
SELECT pg_stat_force_next_flush(); ANALYZE t_numeric;
DELETE FROM t_numeric_b WHERE h(id,27) % 100 < 45; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_numeric_b;
CREATE TABLE t_jsonb (id bigint PRIMARY KEY, doc jsonb);
INSERT INTO t_jsonb SELECT i, jsonb_build_object('k', h(i,28)%500, 'name', rt(i,29,(5+h(i,30)%60)::int), 'tags', (SELECT jsonb_agg(h(i*7+k,31)%300) FROM generate_series(1,(1+h(i,32)%12)::int) k), 'd', CASE WHEN i%3=0 THEN repeat('z',200) END)
  FROM generate_series(1, 30000) i;
CREATE INDEX i_jsonb_gin ON t_jsonb USING gin (doc jsonb_path_ops);
CREATE INDEX i_jsonb_expr ON t_jsonb ((doc->>'name')); CREATE INDEX i_jsonb_expr_k ON t_jsonb (((doc->>'k')::int));
UPDATE t_jsonb SET doc = doc || '{"u":1}' WHERE id % 2 = 0; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_jsonb;
CREATE TABLE t_array (id int NOT NULL, ints int[], txts text[]);
INSERT INTO t_array SELECT i, (SELECT array_agg((h(i*11+k,33)%1000)::int) FROM generate_series(1,(1+h(i,34)%8)::int) k), CASE WHEN i%2=0 THEN ARRAY[rt(i,35,8), rt(i,36,5)] END FROM generate_series(1, 40000) i;
CREATE INDEX i_array_btree ON t_array (ints); CREATE INDEX i_array_gin ON t_array USING gin (ints);
DELETE FROM t_array WHERE id % 4 = 1; VACUUM ANALYZE t_array;

-- 21..25 TOAST
CREATE TABLE t_toast (id int PRIMARY KEY, a text); ALTER TABLE t_toast ALTER a SET STORAGE EXTERNAL;
INSERT INTO t_toast SELECT i, rt(i,37,(2100 + h(i,38)%6000)::int) FROM generate_series(1, 2500) i; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_toast;
CREATE TABLE t_toast_del60 (id int PRIMARY KEY, a text, b int);
INSERT INTO t_toast_del60 SELECT i, rt(i,39,(2100 + h(i,40)%4000)::int), i FROM generate_series(1, 3000) i;
DELETE FROM t_toast_del60 WHERE h(id,41)%10 < 6; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_toast_del60;
CREATE TABLE t_toast_upd (id int PRIMARY KEY, a text);
INSERT INTO t_toast_upd SELECT i, rt(i,42,3000) FROM generate_series(1, 2000) i;
UPDATE t_toast_upd SET a = rt(id,43,2500); SELECT pg_stat_force_next_flush(); ANALYZE t_toast_upd;               -- dead rows not vacuumed
CREATE TABLE t_toast_mix (id int PRIMARY KEY, a text, b text, c text, d text);
INSERT INTO t_toast_mix SELECT i, rt(i,44,1000), rt(i,45,(h(i,46)%1500)::int), rt(i,47,300), CASE WHEN i%5=0 THEN repeat(rt(i,48,50), 200) END FROM generate_series(1, 4000) i;
SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_toast_mix;

-- 26..27 uuid keys in random order: real index bloat without a delete
CREATE TABLE t_uuid (id uuid PRIMARY KEY, email text NOT NULL, org uuid NOT NULL);
CREATE INDEX i_uuid_email ON t_uuid (email); CREATE INDEX i_uuid_org ON t_uuid (org);
INSERT INTO t_uuid SELECT md5(i::text)::uuid, rt(i,49,(6+h(i,50)%14)::int) || '@example.org', md5('o' || (h(i,51)%3000))::uuid FROM generate_series(1, 80000) i;
SELECT pg_stat_force_next_flush(); ANALYZE t_uuid;

-- 28..33 stale, never analyzed, vacuumed only, lost counters
CREATE TABLE t_stale_del (id int PRIMARY KEY, a text, b int); 
INSERT INTO t_stale_del SELECT i, rt(i,52,(10+h(i,53)%60)::int), i%50 FROM generate_series(1, 60000) i; CREATE INDEX i_stale_del_b ON t_stale_del (b);
SELECT pg_stat_force_next_flush(); ANALYZE t_stale_del; DELETE FROM t_stale_del WHERE id % 5 <> 0;
CREATE TABLE t_stale_width (id int PRIMARY KEY, a text); 
INSERT INTO t_stale_width SELECT i, 'short' FROM generate_series(1, 40000) i; SELECT pg_stat_force_next_flush(); ANALYZE t_stale_width;
UPDATE t_stale_width SET a = rt(id,54,150);
CREATE TABLE t_stale_grow (id int PRIMARY KEY, a bigint NOT NULL); INSERT INTO t_stale_grow SELECT i, i FROM generate_series(1, 1000) i; SELECT pg_stat_force_next_flush(); ANALYZE t_stale_grow;
INSERT INTO t_stale_grow SELECT i, i FROM generate_series(1001, 90000) i;
CREATE TABLE t_never (id int PRIMARY KEY, a text, b jsonb); INSERT INTO t_never SELECT i, rt(i,55,(h(i,56)%80)::int), jsonb_build_object('x', i) FROM generate_series(1, 40000) i;
CREATE TABLE t_never_vac (id int PRIMARY KEY, a text); INSERT INTO t_never_vac SELECT i, rt(i,57,(h(i,58)%80)::int) FROM generate_series(1, 60000) i;
DELETE FROM t_never_vac WHERE h(id,59)%3 = 0; SELECT pg_stat_force_next_flush(); VACUUM t_never_vac;
CREATE TABLE t_lost (id int PRIMARY KEY, a text NOT NULL); INSERT INTO t_lost SELECT i, rt(i,60,30) FROM generate_series(1, 80000) i; SELECT pg_stat_force_next_flush(); ANALYZE t_lost;
DELETE FROM t_lost WHERE id BETWEEN 20001 AND 60000;            -- counters reset at the end of this file
CREATE TABLE t_frozen AS SELECT * FROM t_lost; SELECT pg_stat_force_next_flush(); ANALYZE t_frozen;  -- dead rows of nobody

-- 34..37 empty, emptied, tiny
CREATE TABLE t_empty (id int PRIMARY KEY, a text);
CREATE TABLE t_emptied (id int PRIMARY KEY, a text); INSERT INTO t_emptied SELECT i, rt(i,61,50) FROM generate_series(1, 10000) i; DELETE FROM t_emptied; SELECT pg_stat_force_next_flush(); ANALYZE t_emptied;
CREATE TABLE t_tiny (id int PRIMARY KEY, a text); INSERT INTO t_tiny SELECT i, 'tiny' FROM generate_series(1,5) i; SELECT pg_stat_force_next_flush(); ANALYZE t_tiny;

-- 38..39 duplicates
CREATE TABLE t_dup (id int NOT NULL, d2 int NOT NULL, d5 int NOT NULL, d20 int NOT NULL, d1000 int NOT NULL, zipf int NOT NULL, d3 text NOT NULL, flag bool NOT NULL, sparse int);
INSERT INTO t_dup SELECT i, i/2, h(i,62) % 24000, h(i,63) % 6000, h(i,64) % 120, (power(120000, (h(i,65) % 1000003) / 1000003.0))::int, rt(h(i,66)%40000, 67, 18), i%10=0, CASE WHEN i%20=0 THEN i END FROM generate_series(1, 120000) i;
CREATE UNIQUE INDEX i_dup_uniq ON t_dup (id);
CREATE INDEX i_dup_d2 ON t_dup (d2); CREATE INDEX i_dup_d5 ON t_dup (d5); CREATE INDEX i_dup_d20 ON t_dup (d20);
CREATE INDEX i_dup_d1000 ON t_dup (d1000); CREATE INDEX i_dup_zipf ON t_dup (zipf); CREATE INDEX i_dup_d3 ON t_dup (d3);
CREATE INDEX i_dup_off ON t_dup (d20) WITH (deduplicate_items = off);
CREATE INDEX i_dup_incl ON t_dup (d20) INCLUDE (d3, flag);
CREATE INDEX i_dup_multi ON t_dup (d1000, flag); CREATE INDEX i_dup_multi2 ON t_dup (d20, d1000);
CREATE INDEX i_dup_part ON t_dup (d5) WHERE flag; CREATE INDEX i_dup_expr ON t_dup (upper(d3)); CREATE INDEX i_dup_sparse ON t_dup (sparse);
CREATE INDEX i_dup_float ON t_dup ((d20::float8)); CREATE INDEX i_dup_hash ON t_dup USING hash (id);
CREATE TABLE t_dup_b (LIKE t_dup INCLUDING INDEXES); INSERT INTO t_dup_b SELECT * FROM t_dup ORDER BY h(id, 68);
SELECT pg_stat_force_next_flush(); ANALYZE t_dup;
UPDATE t_dup_b SET d5 = d5 + 1 WHERE h(id,69) % 3 = 0; DELETE FROM t_dup_b WHERE h(id,70) % 4 = 0; SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_dup_b;

-- 40 long keys (TOAST_INDEX_TARGET), gist
CREATE TABLE t_longkey (id int NOT NULL, a text NOT NULL, p point NOT NULL);
INSERT INTO t_longkey SELECT i, rt(i,71,(100+h(i,72)%350)::int), point(h(i,73)%1000, h(i,74)%1000) FROM generate_series(1, 12000) i;
CREATE INDEX i_longkey_a ON t_longkey (a); CREATE INDEX i_longkey_gist ON t_longkey USING gist (p); SELECT pg_stat_force_next_flush(); ANALYZE t_longkey;

-- 41..44 partitions, matview, inet and bytea
CREATE TABLE t_part (id int NOT NULL, k date NOT NULL, v text) PARTITION BY RANGE (k);
CREATE TABLE t_part_a PARTITION OF t_part FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
CREATE TABLE t_part_b PARTITION OF t_part FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
CREATE INDEX i_part_k ON t_part (k);
INSERT INTO t_part SELECT i, '2024-01-01'::date + (i % 360), rt(i,75,(h(i,76)%40)::int) FROM generate_series(1, 60000) i;
DELETE FROM t_part WHERE k < '2024-05-01'; VACUUM ANALYZE t_part;
CREATE MATERIALIZED VIEW t_mv AS SELECT d1000, flag, count(*) n, avg(d5) m, min(d3) x FROM t_dup GROUP BY 1,2,d20; SELECT pg_stat_force_next_flush(); ANALYZE t_mv;
CREATE TABLE t_inet (ip inet NOT NULL, mac macaddr NOT NULL, raw bytea, iv interval NOT NULL, e char(17));
INSERT INTO t_inet SELECT '10.0.0.0'::inet + i, '08:00:2b:01:02:03', decode(md5(i::text),'hex'), i*interval '1 s', 'abc' FROM generate_series(1, 50000) i;
CREATE INDEX i_inet_ip ON t_inet (ip); SELECT pg_stat_force_next_flush(); ANALYZE t_inet;

-- 45..46 larger
CREATE TABLE t_big (id bigint PRIMARY KEY, cust int NOT NULL, status text NOT NULL, created timestamptz NOT NULL, amount numeric(12,2), note text);
INSERT INTO t_big SELECT i, h(i,77)%25000, (ARRAY['new','paid','shipped','cancelled'])[1+h(i,78)%4], '2021-01-01'::timestamptz + i*interval '37 s', (h(i,79)%1000000)/100.0, CASE WHEN i%3=0 THEN rt(i,80,(h(i,81)%33)::int) END FROM generate_series(1, 500000) i;
CREATE INDEX i_big_cust ON t_big (cust); CREATE INDEX i_big_status ON t_big (status); CREATE INDEX i_big_created ON t_big (created);
CREATE INDEX i_big_sc ON t_big (status, created); CREATE INDEX i_big_open ON t_big (created) WHERE status = 'new';
DELETE FROM t_big WHERE id % 10 IN (1,4,7); SELECT pg_stat_force_next_flush(); VACUUM ANALYZE t_big;
CREATE TABLE t_big_clean (id bigint PRIMARY KEY, dev int NOT NULL, t timestamptz NOT NULL, val float8, q smallint);
INSERT INTO t_big_clean SELECT i, h(i,82)%5000, '2022-01-01'::timestamptz + i*interval '1 s', i/3.0, CASE WHEN i%50=0 THEN 1 END FROM generate_series(1, 500000) i;
CREATE INDEX i_big_clean_dt ON t_big_clean (dev, t); CREATE INDEX i_big_clean_dev ON t_big_clean (dev); SELECT pg_stat_force_next_flush(); ANALYZE t_big_clean;

SELECT pg_stat_force_next_flush() WHERE current_setting('server_version_num')::int >= 150000 \g /dev/null
SELECT pg_stat_reset_single_table_counters('t_lost'::regclass) \g /dev/null
SELECT pg_stat_reset_single_table_counters('t_lost_pkey'::regclass) \g /dev/null
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname='mon') THEN CREATE ROLE mon LOGIN IN ROLE pg_monitor; CREATE ROLE monsel LOGIN IN ROLE pg_monitor; END IF; END $$;
GRANT USAGE ON SCHEMA fx TO monsel; GRANT SELECT ON ALL TABLES IN SCHEMA fx TO monsel;
CHECKPOINT;
