import ActionsPostgreSQL
import Maintenance
import Testing

struct QueryTests {
    @Test func numbersOfTheFirstRowAreMeasurements() async throws {
        try await Bench.run(schema: "CREATE TABLE traps AS SELECT g AS id FROM generate_series(1, 250) g") { bench in
            let seen = try await bench.observe(
                "postgresql.query",
                [
                    "sql":
                        "SELECT count(*) AS traps, avg(id) AS mean, 'x' AS word, 90.5 AS age_s, true AS yes FROM traps; ",
                    "measurements": ["age": ["column": "age_s", "unit": "s"], "mean": "%"],
                ])
            #expect(seen.verdict == .pass)
            #expect(seen["traps"] == 250)
            #expect(seen["mean"] == 125.5)
            #expect(seen["age"] == 90.5)
            #expect(seen["age_s"] == nil)
            #expect(seen["rows"] == 1)
            #expect(seen.observation.measurements.first { $0.name == "age" }?.unit == .seconds)
            let shown: [String: JSONValue] = [
                "traps": 250, "mean": .number(125.5), "word": "x", "age_s": .number(90.5), "yes": true,
            ]
            #expect(seen.observation.details == [shown])
        }
    }

    @Test func rowSecurityThatWouldHideRowsIsUnknown() async throws {
        try await Bench.run(schema: "CREATE TABLE traps AS SELECT g AS id FROM generate_series(1, 10) g") { bench in
            let role = "rlsq_" + bench.database
            try await bench.makeRoles(role)
            try await bench.sql(
                """
                GRANT SELECT ON traps TO \(role); ALTER TABLE traps ENABLE ROW LEVEL SECURITY;
                CREATE POLICY half ON traps FOR SELECT USING (id % 2 = 0)
                """)
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { limited in
                let sql: PlanValue = ["sql": "SELECT count(*) AS traps FROM traps"]
                let blind = try await failure { _ = try await limited.observe("postgresql.query", sql) }
                #expect(blind?.code == .noPermission && blind?.isFailed == false)
                #expect(blind?.sentence.contains("row security") == true, "\(blind?.sentence ?? "seen")")
                #expect(blind?.sentence.contains("BYPASSRLS") == true)
                try await bench.sql("ALTER ROLE \(role) BYPASSRLS")
                #expect(try await limited.observe("postgresql.query", sql)["traps"] == 10)
            }
            try await bench.dropRoles(role)
        }
    }

    @Test func whatIsNotThereIsMissingAndNotZero() async throws {
        try await Bench.run(schema: "CREATE TABLE traps (id int, at timestamptz)") { bench in
            let none = try await bench.observe("postgresql.query", ["sql": "SELECT id FROM traps"])
            #expect(none["id"] == nil)
            #expect(none.observation.missing["id"]?.code == .noData)
            #expect(none["rows"] == 0)
            let null = try await bench.observe(
                "postgresql.query",
                ["sql": "SELECT extract(epoch FROM now() - max(at)) AS age, 'NaN'::float8 AS odd FROM traps"])
            #expect(null.observation.missing["age"]?.code == .noData)
            #expect(null.observation.missing["odd"]?.code == .malformed)
        }
    }

    @Test func rowsWithASeverityAreFindings() async throws {
        try await Bench.run { bench in
            let seen = try await bench.observe(
                "postgresql.query",
                [
                    "sql": """
                    SELECT * FROM (VALUES ('a', 'warn', 'late', 'look'), ('b', 'pass', NULL, NULL), ('c', NULL, NULL, NULL),
                    ('d', 'FAIL', NULL, NULL)) AS v(subject, severity, cause, advice)
                    """
                ])
            #expect(seen.verdict == .fail)
            #expect(seen.observation.findings.map(\.subject) == ["a", "d"])
            #expect(seen.observation.findings[0].cause.sentence == "late")
            #expect(seen.observation.findings[0].advice == "look")
            #expect(seen["rows"] == 4)
            let odd = try await failure {
                _ = try await bench.observe("postgresql.query", ["sql": "SELECT 'critical' AS severity"])
            }
            #expect(odd?.code == .malformed)
        }
    }

    @Test func whatCannotBeRunIsUnknown() async throws {
        try await Bench.run(schema: "CREATE TABLE secret (id int)") { bench in
            let role = "asker_" + bench.database
            try await bench.makeRoles(role)
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { asker in
                let cases: [(String, Cause.Code)] = [
                    ("SELECT count(*) FROM secret", .noPermission), ("SELECT count(*) FROM gone", .notFound),
                    ("INSERT INTO secret VALUES (1) RETURNING id", .notSupported),
                    ("CREATE TEMP TABLE t ()", .notSupported),
                    ("SELECT 1; SELECT 2", .rejected), ("SET work_mem = '4MB'", .malformed),
                ]
                for (sql, code) in cases {
                    let found = try await failure {
                        _ = try await asker.observe("postgresql.query", ["sql": .text(sql)])
                    }
                    #expect(found?.code == code, "\(sql): \(found?.sentence ?? "none")")
                }
                let found = try await failure {
                    _ = try await asker.observe("postgresql.query", ["sql": "SELECT count(*) FROM secret"])
                }
                #expect(found?.sentence.contains("secret") == true)
            }
            let written = try await failure {
                _ = try await bench.observe("postgresql.query", ["sql": "INSERT INTO secret VALUES (1) RETURNING id"])
            }
            #expect(written?.code == .notSupported)
            #expect(try await bench.sql("SELECT count(*) FROM secret") == "0")
            let wrong = try await failure {
                _ = try await bench.observe(
                    "postgresql.query", ["sql": "SELECT 1 AS a", "measurements": ["b": "count"]])
            }
            #expect(wrong?.code == .malformed)
            try await bench.dropRoles(role)
        }
    }

    @Test(arguments: [
        ("SELECT * FROM a", ["a"]), ("select * from public.a x join b on true, c", ["public.a", "b", "c"]),
        ("SELECT 1 FROM a, b AS y, LATERAL (SELECT 1 FROM c) z, d", ["a", "b", "c", "d"]),
        ("WITH w AS (SELECT * FROM a), v (x) AS MATERIALIZED (SELECT 1 FROM w) SELECT * FROM v, w", ["a"]),
        ("SELECT extract(epoch FROM t) FROM \"Odd Name\" WHERE a IS DISTINCT FROM b", ["\"Odd Name\""]),
        ("SELECT 'FROM x' -- FROM y\n /* FROM z */ FROM generate_series(1, 2), a", ["a"]),
        ("SELECT $$ FROM x $$, $t$ FROM y $t$ FROM a WHERE EXISTS (SELECT 1 FROM ONLY b)", ["a", "b"]),
        ("SELECT count(*) FROM pg_stat_activity, pg_catalog.pg_class, a ORDER BY x, y", ["a"]),
    ])
    func tablesAreFoundInTheText(_ sql: String, _ names: [String]) throws {
        let action = try #require(PostgreSQLActions.all.first { $0.name == "postgresql.query" })
        let rights = try action.configured(with: ["sql": .text(sql)]).rights.map(\.grant)
        #expect(rights.filter { $0.hasPrefix("GRANT SELECT") } == names.map { "GRANT SELECT ON \($0) TO {role};" })
    }
}
