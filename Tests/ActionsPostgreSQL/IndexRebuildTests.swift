import ActionsPostgreSQL
import ClientPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

struct IndexRebuildTests {
    static let schema = """
        CREATE TABLE traps (id int PRIMARY KEY, site int, note text, open date, EXCLUDE (id WITH =));
        INSERT INTO traps SELECT g, g % 90, 'n' || g, '2026-01-01' FROM generate_series(1, 20000) g;
        CREATE INDEX traps_site ON traps (site); CREATE UNIQUE INDEX traps_note ON traps (lower(note)) WHERE id > 0;
        CREATE MATERIALIZED VIEW sites AS SELECT site, count(*) FROM traps GROUP BY 1; CREATE INDEX sites_site ON sites (site);
        CREATE TABLE readings (id int, day date) PARTITION BY RANGE (day); CREATE INDEX readings_id ON readings (id);
        CREATE TABLE readings_a PARTITION OF readings FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
        CREATE TABLE readings_b PARTITION OF readings FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
        DELETE FROM traps WHERE id % 10 <> 0; VACUUM ANALYZE traps
        """
    static let invalid =
        "SELECT string_agg(indexrelid::regclass::text, ' ' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE NOT indisvalid"

    @Test func patternsSelectIndexesAndLeaveWhatCannotBeRebuilt() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let all = try await bench.preview(
                bench.change("postgresql.reindex", ["tables": "public.*", "except": "traps_note"]))
            #expect(
                Set(all.units.map(\.id)) == [
                    "public.traps_pkey", "public.traps_site", "public.sites_site", "public.readings_a_id_idx",
                    "public.readings_b_id_idx",
                ])
            #expect(all.findings.map(\.subject) == ["public.traps_id_excl"])
            #expect(all.findings.map(\.severity) == [.warn])
            #expect(all.statements.contains("REINDEX INDEX CONCURRENTLY public.traps_pkey"))
            #expect(all["bytes_needed"].map { $0 > 0 } == true)
            #expect(all.impact == nil)
            let parts = try await bench.preview(bench.change("postgresql.reindex", ["indexes": "readings_id"]))
            #expect(Set(parts.units.map(\.id)) == ["public.readings_a_id_idx", "public.readings_b_id_idx"])
            let small = try await bench.preview(
                bench.change("postgresql.reindex", ["indexes": "traps_site", "room": "10 kB"]))
            #expect(small.units.isEmpty)
            #expect(small.findings.map(\.cause.code) == [.limitReached])
            let wrong = try await bench.preview(
                bench.change("postgresql.reindex", ["indexes": "traps_sight", "tables": "trap"]))
            #expect(wrong.findings.map(\.severity) == [.fail, .fail])
            let none = try await bench.preview(
                bench.change("postgresql.reindex", ["tables": "public.*", "which": "invalid"]))
            #expect(none.units.isEmpty)
            #expect(none.findings.isEmpty)
        }
    }

    @Test func itIsRebuiltAndSeen() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change(
                "postgresql.reindex", ["tables": ["traps", "sites", "readings"], "except": "*_excl"])
            let preview = try await bench.preview(change)
            let unit = try #require(preview.units.first { $0.id == "public.traps_site" })
            let baseline = try await bench.prepare(change, unit)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.count == 6)
            let (before, after) = (
                proofs.compactMap { $0["bytes_before"] }.reduce(0, +),
                proofs.compactMap { $0["bytes_after"] }.reduce(0, +)
            )
            #expect(after < before / 2)
            #expect(try await bench.sql(Self.invalid) == "")
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        }
    }

    @Test func onlyWhatIsBloatedIsRebuilt() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let parameters: PlanValue = [
                "tables": "traps", "which": "bloated", "ignore-below": "100 kB", "except": "*_excl",
            ]
            let change = try bench.change("postgresql.reindex", parameters)
            let preview = try await bench.preview(change)
            #expect(Set(preview.units.map(\.id)) == ["public.traps_pkey", "public.traps_site", "public.traps_note"])
            #expect(preview.findings.isEmpty, "\(preview.findings)")
            _ = try await bench.doAll(change, preview)
            let again = try await bench.preview(change)
            #expect(again.units.isEmpty && again.findings.isEmpty, "\(again)")
        }
    }

    @Test func aBuildThatFailsLeavesNothingOfOursAndWhatWasThereBefore() async throws {
        try await Bench.run(
            schema: """
                CREATE TABLE t (a int); INSERT INTO t SELECT 1 FROM generate_series(1, 3);
                CREATE INDEX t_b ON t (a); CREATE INDEX t_a_ccnew ON t (a);
                UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a_ccnew'::regclass
                """
        ) { bench in
            _ = try? await bench.sql("CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)")
            #expect(try await bench.sql(Self.invalid) == "t_a t_a_ccnew")
            let change = try bench.change("postgresql.reindex", ["tables": "t", "which": "invalid"])
            let preview = try await bench.preview(change)
            #expect(preview.units.map(\.id) == ["public.t_a"])
            #expect(preview.findings.map(\.subject) == ["public.t_a_ccnew"])
            let baseline = try await bench.prepare(change, preview.units[0])
            let found = try await failure { try await bench.apply(change, preview.units[0], baseline) }
            #expect(found?.isFailed == true)
            #expect(found?.sentence.contains("same key") == true)
            #expect(try await bench.sql(Self.invalid) == "t_a t_a_ccnew")
            #expect(try await bench.probe(change, preview.units[0], baseline) == .pending)
            try await bench.sql("DELETE FROM t WHERE ctid <> (SELECT min(ctid) FROM t)")
            #expect(try await bench.doAll(change, preview).count == 1)
            #expect(try await bench.sql(Self.invalid) == "t_a_ccnew")
        }
    }

    @Test func whoDoesNotOwnTheTableIsToldSo() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let (look, change) = ("xl_" + bench.database, "xc_" + bench.database)
            try await bench.makeRoles(look, change)
            try await Bench.open(bench.server, bench.database, roles: (look, change)) { limited in
                let parameters: PlanValue = ["indexes": "traps_site"]
                let reindex = try limited.change("postgresql.reindex", parameters)
                let unit = try #require(try await limited.preview(reindex).units.first)
                let baseline = try await limited.prepare(reindex, unit)
                let found = try await failure { try await limited.apply(reindex, unit, baseline) }
                #expect(found?.code == .noPermission)
                #expect(found?.isFailed == true)
                try await bench.sql(
                    "CREATE ROLE owner_\(bench.database); ALTER TABLE traps OWNER TO owner_\(bench.database)")
                for right in try limited.action("postgresql.reindex", parameters).rights {
                    try await bench.sql(right.grant.replacing("{role}", with: right.purpose == .look ? look : change))
                }
                try await limited.apply(reindex, unit, baseline)
                guard case .applied = try await limited.probe(reindex, unit, baseline) else { throw NotProven() }
            }
            try await bench.dropRoles(look, change, "owner_" + bench.database)
        }
    }

    @Test func whoHoldsTheTableIsNamedAndNothingIsLeft() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            var short = bench
            short.time = .seconds(4)
            let change = try bench.change("postgresql.reindex", ["indexes": "traps_site"])
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            // Somebody's vacuum, or a build: the lock itself is not to be had.
            let vacuum = try await OtherSession.open(bench, "LOCK TABLE traps IN SHARE UPDATE EXCLUSIVE MODE")
            let locked = try await failure { [short] in try await short.apply(change, unit, baseline) }
            #expect(locked?.code == .busy)
            await vacuum.close()
            // An old writer: its end is waited for, and at the end of the time what was begun is cleared away.
            let writer = try await OtherSession.open(bench, "UPDATE traps SET site = 1 WHERE id = 10")
            let late = try await failure { [short] in try await short.apply(change, unit, baseline) }
            #expect(late?.code == .timedOut)
            #expect(late?.sentence.contains("waiting for writers before build: process") == true)
            await writer.close()
            let state = try await bench.probe(change, unit, baseline)
            if case .partial = state {
                try await change.repair?(unit, baseline, bench.target, bench.context(unit: unit.id))
            } else {
                #expect(state == .pending)
                try await bench.apply(change, unit, baseline)
            }
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(try await bench.sql(Self.invalid) == "")
        }
    }
}
