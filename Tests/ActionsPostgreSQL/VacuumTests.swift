import ActionsPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

struct VacuumTests {
    static let schema = """
        CREATE TABLE traps AS SELECT g AS id, 'x' AS note FROM generate_series(1, 2000) g;
        CREATE TABLE "Odd ""Name" (id int); CREATE TABLE audit_log (id int);
        CREATE TABLE readings (id int, day date) PARTITION BY RANGE (day);
        CREATE TABLE readings_a PARTITION OF readings FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
        CREATE TABLE readings_b PARTITION OF readings FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
        CREATE SCHEMA other; CREATE TABLE other.traps (id int);
        ALTER TABLE traps SET (autovacuum_enabled = off);
        UPDATE traps SET note = 'y' WHERE id <= 500; DELETE FROM traps WHERE id > 1900
        """

    @Test func patternsSelectTablesAndLeafPartitions() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let all = try await bench.preview(
                bench.change("postgresql.vacuum", ["tables": "public.*", "except": "public.audit_*"]))
            #expect(
                Set(all.units.map(\.id)) == [
                    "public.traps", "public.Odd \"Name", "public.readings_a", "public.readings_b", "public.readings",
                ])
            #expect(all.units.last?.id == "public.readings")
            #expect(
                all.statements.last
                    == #"ANALYZE "public"."readings""#.replacing("\"public\"", with: "public").replacing(
                        "\"readings\"", with: "readings"))
            let parent = try await bench.preview(
                bench.change("postgresql.vacuum", ["tables": "readings", "except": "readings_b", "analyze": "false"]))
            #expect(parent.units.map(\.id) == ["public.readings_a"])
            let bare = try await bench.preview(bench.change("postgresql.vacuum", ["tables": ["traps", "*.traps"]]))
            #expect(Set(bare.units.map(\.id)) == ["public.traps", "other.traps"])
            let missing = try await bench.preview(bench.change("postgresql.vacuum", ["tables": ["traps", "trapz"]]))
            #expect(missing.findings.map(\.severity) == [.fail])
            #expect(missing.findings.first?.subject == "trapz")
        }
    }

    @Test func itIsDoneAndSeen() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.vacuum", ["tables": "public.*"])
            let preview = try await bench.preview(change)
            let unit = try #require(preview.units.first { $0.id == "public.traps" })
            let baseline = try await bench.prepare(change, unit)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.compactMap { $0["dead_before"] }.reduce(0, +) == 600)
            #expect(proofs.compactMap { $0["dead_after"] }.reduce(0, +) == 0)
            #expect(proofs.compactMap { $0["tables"] }.reduce(0, +) == 6)
            #expect(proofs.flatMap(\.findings).isEmpty)
            // What was asked before the work was done now says that it is.
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        }
    }

    @Test func onlyHalfIsNotDone() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.vacuum", ["tables": "traps"])
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.sql("VACUUM traps")
            guard case .partial = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            try await change.repair?(unit, baseline, bench.target, bench.context(unit: unit.id))
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        }
    }

    @Test func whoDoesNotOwnATableIsToldSo() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let (look, change) = ("vl_" + bench.database, "vc_" + bench.database)
            try await bench.makeRoles(look, change)
            try await Bench.open(bench.server, bench.database, roles: (look, change)) { limited in
                let vacuum = try limited.change("postgresql.vacuum", ["tables": "traps"])
                let unit = try #require(try await limited.preview(vacuum).units.first)
                let baseline = try await limited.prepare(vacuum, unit)
                let found = try await failure { try await limited.apply(vacuum, unit, baseline) }
                #expect(found?.code == .noPermission)
                #expect(found?.isFailed == true)
                #expect(found?.sentence.contains("traps") == true)
                #expect(try await limited.probe(vacuum, unit, baseline) == .pending)
                // The printed right, once the table has an ordinary owner.
                try await bench.sql(
                    "CREATE ROLE owner_\(bench.database); ALTER TABLE traps OWNER TO owner_\(bench.database)")
                let rights = try limited.action("postgresql.vacuum", ["tables": "traps"]).rights
                for right in rights {
                    try await bench.sql(right.grant.replacing("{role}", with: right.purpose == .look ? look : change))
                }
                try await limited.apply(vacuum, unit, baseline)
                guard case .applied = try await limited.probe(vacuum, unit, baseline) else { throw NotProven() }
            }
            try await bench.dropRoles(look, change, "owner_" + bench.database)
        }
    }

    @Test func rowsThatAnOldTransactionKeepsAliveNameIt() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let old = try await OtherSession.open(bench)
            try await bench.sql("DELETE FROM traps WHERE id <= 100")
            let change = try bench.change("postgresql.vacuum", ["tables": "traps"])
            let proof = try #require(try await bench.doAll(change, bench.preview(change)).first)
            // The oldest transaction of any database at that moment may keep a few more.
            #expect(proof["dead_after"].map { $0 >= 100 } == true)
            let finding = try #require(proof.findings.first)
            #expect(finding.severity == .warn)
            #expect(finding.cause.sentence.contains("process"))
            #expect(finding.cause.sentence.contains("somebody"))
            await old.close()
            #expect(try await bench.doAll(change, bench.preview(change)).first?.findings == [])
        }
    }

    @Test func whoeverHoldsTheTableIsNotPushedAside_AndNobodyWaitsBehindUs() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let holder = try await OtherSession.open(bench, "LOCK TABLE traps IN SHARE UPDATE EXCLUSIVE MODE")
            var short = bench
            short.time = .milliseconds(2500)
            let change = try bench.change("postgresql.vacuum", ["tables": "traps"])
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            let found = try await failure { [short] in try await short.apply(change, unit, baseline) }
            #expect(found?.code == .busy)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            // Autovacuum's own work is not taken for ours.
            await holder.close()
            try await bench.apply(change, unit, baseline)
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        }
    }

    @Test func whatStillRunsIsSeenRunning() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.vacuum", ["tables": "traps"])
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            let holder = try await OtherSession.open(bench, "LOCK TABLE traps")
            let work = Task { try await bench.apply(change, unit, baseline) }
            let seen = try await eventually {
                if case .running = try await bench.probe(change, unit, baseline) { true } else { false }
            }
            #expect(seen)
            // A second attempt does not run beside it.
            let second = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(second?.code == .busy)
            await holder.close()
            try await work.value
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        }
    }

    @Test func aTableThatIsGoneCouldNotBeLookedAt() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.vacuum", ["tables": "traps"])
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.sql("DROP TABLE traps")
            let found = try await failure { _ = try await bench.probe(change, unit, baseline) }
            #expect(found?.code == .notFound)
            let applied = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(applied?.isFailed == true)
        }
    }
}
