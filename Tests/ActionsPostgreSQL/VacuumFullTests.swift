import ActionsPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

struct VacuumFullTests {
    static let schema = """
        CREATE TABLE queue (id int PRIMARY KEY, a text) WITH (autovacuum_enabled = off);
        INSERT INTO queue SELECT i, repeat('x', 300) FROM generate_series(1, 12000) i; DELETE FROM queue WHERE id % 5 > 0;
        CREATE TABLE well AS SELECT i AS id, repeat('x', 300) AS a FROM generate_series(1, 2000) i;
        CREATE TABLE "Odd ""Name" AS SELECT i AS id, repeat('x', 300) AS a FROM generate_series(1, 4000) i;
        DELETE FROM "Odd ""Name" WHERE id > 400;
        ANALYZE
        """

    @Test func onlyWhatIsBloatedIsWrittenAnew() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            #expect(try bench.action("postgresql.vacuum-full", ["tables": "public.*"]).impact == .disruptive)
            let preview = try await bench.preview(bench.change("postgresql.vacuum-full", ["tables": "public.*"]))
            #expect(preview.units.map(\.id) == ["public.queue", "public.Odd \"Name"])
            #expect(preview.statements == ["VACUUM (FULL) public.queue", "VACUUM (FULL) public.\"Odd \"\"Name\""])
            #expect(preview.findings.isEmpty)
            let (before, expected) = (try #require(preview["bytes_before"]), try #require(preview["bytes_expected"]))
            #expect(expected < before * 0.3 && expected > before * 0.1)
            let all = try await bench.preview(
                bench.change("postgresql.vacuum-full", ["tables": "public.*", "least-bloat": "0%"]))
            #expect(all.units.count == 3)
            let none = try await bench.preview(bench.change("postgresql.vacuum-full", ["tables": "well"]))
            #expect(none.units.isEmpty)
            #expect(none.findings.isEmpty)
            let small = try await bench.preview(
                bench.change("postgresql.vacuum-full", ["tables": "public.*", "room": "1 MiB"]))
            #expect(small.units.map(\.id) == ["public.Odd \"Name"])
            #expect(small.findings.map(\.cause.code) == [.limitReached])
            let missing = try await bench.preview(bench.change("postgresql.vacuum-full", ["tables": "queu"]))
            #expect(missing.findings.map(\.severity) == [.fail])
        }
    }

    @Test func itIsDoneAndSeen() async throws {
        try await Bench.alone(schema: Self.schema) { bench in
            let rows = try await bench.sql("SELECT count(*), sum(hashtext(q::text)) FROM queue q")
            let change = try bench.change("postgresql.vacuum-full", ["tables": "public.*"])
            let preview = try await bench.preview(change)
            let unit = try #require(preview.units.first)
            let baseline = try await bench.prepare(change, unit)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.flatMap(\.findings).isEmpty)
            let after = proofs.compactMap { $0["bytes_after"] }.reduce(0, +)
            let expected = try #require(preview["bytes_expected"])
            #expect(abs(after - expected) < 0.1 * expected, "\(after), not \(expected)")
            #expect(try await bench.sql("SELECT count(*), sum(hashtext(q::text)) FROM queue q") == rows)
            #expect(try await bench.preview(change).units.isEmpty)
            // What was asked before the work was done now says that it is.
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        }
    }

    @Test func whileItWaitsForTheLockNobodyElseWaitsLong() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            var bench = bench
            bench.time = .seconds(90)
            let change = try bench.change("postgresql.vacuum-full", ["tables": "queue"])
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            let holder = try await OtherSession.open(bench, "LOCK TABLE queue IN ACCESS SHARE MODE")
            let work = Task { [bench] in try await bench.apply(change, unit, baseline) }
            let isRunning = try await eventually { [bench] in
                if case .running = try await bench.probe(change, unit, baseline) { true } else { false }
            }
            #expect(isRunning)
            // Readers and writers come between the tries; each would fail if it waited longer than that.
            for _ in 0..<5 {
                try await bench.sql("SET lock_timeout = '250ms'; SELECT count(*) FROM queue WHERE id < 10")
                try await bench.sql("SET lock_timeout = '250ms'; UPDATE queue SET a = 'y' WHERE id = 5")
            }
            // A second attempt does not run beside it.
            let second = try await failure { [bench] in try await bench.apply(change, unit, baseline) }
            #expect(second?.code == .busy)
            await holder.close()
            try await work.value
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        }
    }

    @Test func aSessionThatIsKilledLeavesTheTableAsItWas() async throws {
        let schema =
            Self.schema + "; INSERT INTO queue SELECT i, repeat('x', 300) FROM generate_series(20000, 120000) i"
        try await Bench.run(schema: schema) { bench in
            let change = try bench.change("postgresql.vacuum-full", ["tables": "queue", "least-bloat": "0%"])
            let unit = try #require(try await bench.preview(change).units.first)
            let rows = try await bench.sql("SELECT count(*), sum(hashtext(q::text)) FROM queue q")
            let baseline = try await bench.prepare(change, unit)
            let work = Task { try await bench.apply(change, unit, baseline) }
            let isKilled = try await eventually {
                try await bench.sql(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_progress_cluster \
                    WHERE datname = current_database() AND heap_blks_scanned > 10
                    """) == "t"
            }
            #expect(isKilled)
            _ = await work.result
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            #expect(try await bench.sql("SELECT count(*), sum(hashtext(q::text)) FROM queue q") == rows)
            try await bench.apply(change, unit, baseline)
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(try await bench.sql("SELECT count(*), sum(hashtext(q::text)) FROM queue q") == rows)
        }
    }

    @Test func rowsThatAnOldTransactionKeepsAliveNameIt() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let holder = try await OtherSession.open(bench)
            try await bench.sql("DELETE FROM well WHERE id > 100")
            let change = try bench.change("postgresql.vacuum-full", ["tables": "well"])
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.apply(change, unit, baseline)
            guard case .applied(let proof) = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(proof.findings.map(\.severity) == [.warn])
            #expect(proof.findings.first?.cause.sentence.contains("process") == true)
            await holder.close()
        }
    }

    @Test func whoDoesNotOwnATableIsToldSo() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let (look, change) = ("vl_" + bench.database, "vc_" + bench.database)
            try await bench.makeRoles(look, change)
            try await Bench.open(bench.server, bench.database, roles: (look, change)) { limited in
                // Who sees nothing of a table does not have it written anew.
                let blind = try limited.change("postgresql.vacuum-full", ["tables": "queue"])
                let preview = try await limited.preview(blind)
                #expect(preview.units.isEmpty)
                #expect(preview.findings.map(\.cause.code) == [.noPermission])
                let full = try limited.change("postgresql.vacuum-full", ["tables": "queue", "least-bloat": "0%"])
                let unit = try #require(try await limited.preview(full).units.first)
                let baseline = try await limited.prepare(full, unit)
                let found = try await failure { try await limited.apply(full, unit, baseline) }
                #expect(found?.code == .noPermission)
                #expect(try await limited.probe(full, unit, baseline) == .pending)
                // The printed rights, once the table has an ordinary owner.
                try await bench.sql(
                    "CREATE ROLE owner_\(bench.database); ALTER TABLE queue OWNER TO owner_\(bench.database)")
                for right in try limited.action("postgresql.vacuum-full", ["tables": "queue"]).rights {
                    try await bench.sql(right.grant.replacing("{role}", with: right.purpose == .look ? look : change))
                }
                let seen = try #require(try await limited.preview(blind).units.first)
                try await limited.apply(blind, seen, baseline)
                guard case .applied = try await limited.probe(blind, seen, baseline) else { throw NotProven() }
            }
            try await bench.dropRoles(look, change, "owner_" + bench.database)
        }
    }

    @Test func aTableThatIsGoneCouldNotBeLookedAt() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.vacuum-full", ["tables": "queue"])
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.sql("DROP TABLE queue; CREATE TABLE queue (id int)")
            let found = try await failure { _ = try await bench.probe(change, unit, baseline) }
            #expect(found?.code == .notFound)
        }
    }
}
