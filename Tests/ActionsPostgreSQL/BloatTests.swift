import ClientPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsPostgreSQL

struct BloatTests {
    @Test func whatIsTrustedIsWhatARewriteComesTo() async throws {
        try await Bench.alone(schema: BloatTables.schema) { bench in
            let seen = try await bench.observe("postgresql.bloat")
            let before = try await BloatTables.read(bench)
            try await BloatTables.rewrite(bench)
            let after = try await BloatTables.read(bench)
            #expect(seen.observation.details.count == before.count)
            var trusted = 0
            for (relation, bytes) in before {
                let detail = try #require(seen.detail(relation), "\(relation)")
                #expect(detail.number("bytes") == Double(bytes), "\(relation)")
                let truth = bytes > 0 ? max(0, 100 * Double(bytes - (after[relation] ?? 0)) / Double(bytes)) : 0
                let percent = try #require(detail.number("bloat_percent"), "\(relation): \(detail)")
                let page = bytes > 0 ? 100 * 8192 / Double(bytes) : 0
                let error = try #require(detail.number("error_points"))
                #expect(abs(percent - truth) <= max(page + 0.1, error + 0.1), "\(relation): truth \(truth), \(detail)")
                if detail.text("trust") == "trusted" {
                    trusted += 1
                    #expect(abs(percent - truth) <= max(page + 0.1, 2.6), "\(relation): truth \(truth), \(detail)")
                }
            }
            #expect(trusted >= before.count * 8 / 10, "\(trusted) of \(before.count)")
            #expect(seen.detail("public.dropped")?.number("bloat_percent").map { $0 > 75 } == true)
            #expect(seen.detail("public.fill")?.number("bloat_percent").map { $0 < 2.5 } == true)
        }
    }

    @Test func anotherRoleIsToldTheSameOrThatItHasNoPrivilege() async throws {
        try await Bench.run(schema: BloatTables.schema + "; ALTER TABLE never ENABLE ROW LEVEL SECURITY") { bench in
            let (reader, watcher) = ("reads_" + bench.database, "watches_" + bench.database)
            try await bench.makeRoles(reader, watcher)
            try await bench.sql("GRANT pg_monitor TO \(reader), \(watcher)")
            for right in try bench.action("postgresql.bloat", nil).rights {
                try await bench.sql(right.grant.replacing("{role}", with: reader))
            }
            let all = try await bench.observe("postgresql.bloat")
            for role in [reader, watcher] {
                try await Bench.open(bench.server, bench.database, roles: (role, role)) { limited in
                    let seen = try await limited.observe("postgresql.bloat")
                    #expect(seen.observation.details.count == all.observation.details.count)
                    var hidden = 0
                    for detail in seen.observation.details {
                        let relation = try #require(detail.text("relation"))
                        if detail.text("trust") == "unknown" {
                            hidden += 1
                            #expect(detail.text("cause")?.contains("no privilege") == true, "\(detail)")
                            #expect(detail["bloat_bytes"] == .null)
                            #expect(role == watcher || relation.contains("never"), "\(detail)")
                        } else {
                            let other = try #require(all.detail(relation)?.number("bloat_percent"))
                            let apart = abs((detail.number("bloat_percent") ?? -99) - other)
                            #expect(apart <= 2.5, "\(role): \(detail), not \(other)")
                        }
                    }
                    #expect(hidden > 0)
                }
            }
            try await bench.dropRoles(reader, watcher)
        }
    }

    @Test func withPgstattupleRowsAreCountedWhereTheyCannotBeRead() async throws {
        try await Bench.run(schema: "CREATE EXTENSION pgstattuple; " + BloatTables.schema) { bench in
            let watcher = "watches_" + bench.database
            try await bench.makeRoles(watcher)
            try await bench.sql("GRANT pg_monitor TO \(watcher)")
            let all = try await bench.observe("postgresql.bloat")
            try await Bench.open(bench.server, bench.database, roles: (watcher, watcher)) { limited in
                let seen = try await limited.observe("postgresql.bloat")
                for table in ["public.never", "public.stale", "public.fill"] {
                    let detail = try #require(seen.detail(table))
                    #expect(detail.text("cause")?.contains("pgstattuple") == true)
                    let apart =
                        (detail.number("bloat_percent") ?? -99) - (all.detail(table)?.number("bloat_percent") ?? 0)
                    #expect(abs(apart) <= (detail.number("error_points") ?? 0) + 1, "\(detail), not \(apart) off")
                }
            }
            try await bench.dropRoles(watcher)
        }
    }

    @Test func aLockedTableIsLeftAloneWithoutWaiting() async throws {
        try await Bench.run(schema: BloatTables.schema) { bench in
            // One is held exclusively; for the other somebody waits, and whoever came after would wait as well.
            let holder = try await OtherSession.open(bench, "LOCK TABLE never")
            let reader = try await OtherSession.open(bench, "LOCK TABLE stale IN ACCESS SHARE MODE")
            async let waiter = OtherSession.open(bench, "LOCK TABLE stale")
            let isWaiting = try await eventually {
                try await bench.sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'stale'::regclass")
                    == "1"
            }
            #expect(isWaiting)
            let began = Host.system.steady()
            let seen = try await bench.observe("postgresql.bloat")
            let took = Host.system.steady() - began
            #expect(took < .seconds(8), "\(took)")
            for relation in ["public.never", "public.never_pkey", "public.stale", "public.stale_pkey"] {
                #expect(seen.detail(relation)?.text("trust") == "unknown")
                #expect(seen.detail(relation)?.text("cause")?.contains("exclusively") == true)
            }
            #expect(seen.verdict == .unknown)
            #expect(seen.observation.findings.first?.cause.code == .busy)
            #expect(seen.detail("public.fill")?.text("trust") == "trusted")
            await reader.close()
            await (try waiter).close()
            await holder.close()
        }
    }

    @Test func whoeverWaitsForATableThatIsReadDoesNotWaitLong() async throws {
        try await Bench.run(schema: "CREATE TABLE slow AS SELECT 1 AS id") { bench in
            let client = try bench.client()
            defer { client.close() }
            let access = PostgreSQLAccess(client, for: .look, in: bench.context())
            let reader = BloatReader(access, in: bench.context(), blocks: 10, extensionSchema: nil)
            reader.table = try #require(Int(try await bench.sql("SELECT 'slow'::regclass::oid")))
            let other = try bench.client()
            defer { other.close() }
            // Fails where it has to wait for longer.
            async let locked: Void = other.session(until: Host.system.steady() + .seconds(20)) { session in
                let isRead = SQLStatement("SELECT FROM pg_locks WHERE relation = 'slow'::regclass")
                while try await session.run([isRead])[0].isEmpty { try await Host.system.sleep(.milliseconds(5)) }
                let lock = ["BEGIN", "SET LOCAL lock_timeout = '400ms'", "LOCK TABLE slow", "ROLLBACK"]
                for text in lock { _ = try await session.run([SQLStatement(text)]) }
            }
            let found = try await failure { _ = try await reader.rows("SELECT pg_sleep(0.9) FROM public.slow") }
            #expect(found?.code == .busy)
            try await locked
            #expect(try await reader.rows("SELECT id FROM public.slow") == [["1"]])
        }
    }

    @Test func codeOfOthersIsNeverRun() async throws {
        let schema = """
            CREATE FUNCTION trap(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN IF current_setting('trap.armed', \
            true) = 'yes' THEN RAISE EXCEPTION 'trapped'; END IF; RETURN $1; END$$;
            CREATE FUNCTION flag(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$BEGIN IF current_setting('trap.armed', \
            true) = 'yes' THEN RAISE EXCEPTION 'trapped'; END IF; RETURN $1 % 2 = 0; END$$;
            CREATE TABLE traps (id int, a text); INSERT INTO traps SELECT i, repeat('x', i % 50) \
            FROM generate_series(1, 5000) i; CREATE INDEX trap_key ON traps (trap(id)); \
            CREATE INDEX trap_part ON traps (a) WHERE flag(id); CREATE INDEX plain_part ON traps (a) WHERE id > 2500
            """
        try await Bench.run(schema: schema) { bench in
            try await bench.sql("ALTER DATABASE \(bench.database) SET trap.armed = 'yes'")
            let seen = try await bench.observe("postgresql.bloat")
            for relation in ["public.trap_key", "public.trap_part"] {
                #expect(seen.detail(relation)?.text("trust") == "unknown")
                #expect(seen.detail(relation)?.text("cause")?.contains("not PostgreSQL's own") == true)
            }
            #expect(seen.detail("public.traps")?.number("bloat_percent").map { $0 < 5 } == true)
            #expect(seen.detail("public.plain_part")?.number("bloat_percent") != nil)
            #expect(!seen.observation.details.contains { $0.text("cause")?.contains("raised") == true })
        }
    }

    @Test func bloatThatCountsIsAWarningThatNamesIt() async throws {
        let schema = """
            CREATE TABLE queue (id int, a text) WITH (autovacuum_enabled = off); INSERT INTO queue \
            SELECT i, repeat('x', 500) FROM generate_series(1, 25000) i; DELETE FROM queue WHERE id % 10 > 0; \
            CREATE TABLE well AS SELECT i, repeat('x', 500) AS a FROM generate_series(1, 5000) i; ANALYZE well
            """
        try await Bench.run(schema: schema) { bench in
            let seen = try await bench.observe("postgresql.bloat")
            #expect(seen.verdict == .warn)
            #expect(seen.observation.findings.map(\.subject) == ["public.queue"])
            #expect(seen.observation.findings.first?.cause.code == .threshold)
            #expect(seen["worst_percent"].map { abs($0 - 90) < 1 } == true)
            #expect(seen["unknown_percent"] == 0)
            #expect(seen.observation.summary.contains("public.queue"))
            let other = try await bench.observe("postgresql.bloat", ["tables": "well"])
            #expect(other.verdict == .pass)
            #expect(other.observation.details.compactMap { $0.text("relation") } == ["public.well"])
            let without = try await bench.observe("postgresql.bloat", ["except": "queue"])
            #expect(without.verdict == .pass)
            let ignored = try await bench.observe(
                "postgresql.bloat", ["ignore-below": "100 MiB", "tables": ["queue", "well"]])
            #expect(ignored.observation.findings.isEmpty)
            let small = try await bench.observe("postgresql.bloat", ["min-size": "5 MiB"])
            #expect(small["relations"] == 1)
            let missing = try await bench.observe("postgresql.bloat", ["tables": "queu"])
            #expect(missing.verdict == .fail)
        }
    }

    @Test func whereNothingMayBeReadAndStatisticsAreStaleNothingIsKnown() async throws {
        try await Bench.run(schema: BloatTables.schema) { bench in
            let seen = try await bench.observe("postgresql.bloat", ["read": "0", "tables": "never"])
            #expect(seen.verdict == .unknown)
            #expect(seen.observation.missing["bloat_percent"]?.code == .noData)
            #expect(seen["bloat_bytes"] == nil)
            #expect(seen.observation.findings.contains { $0.cause.code == .limitReached })
            // Its key is of fixed width and may be known all the same.
            let stale = try await bench.observe("postgresql.bloat", ["read": "0", "tables": "stale"])
            #expect(stale.detail("public.stale")?.text("trust") == "unknown")
        }
    }

    @Test func anEmptyDatabaseIsWell() async throws {
        try await Bench.run { bench in
            let seen = try await bench.observe("postgresql.bloat")
            #expect(seen.verdict == .pass)
            #expect(seen["relations"] == 0)
            #expect(seen["bloat_percent"] == 0)
        }
    }
}
