import ActionsPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

struct IndexChangeTests {
    static let schema = """
        CREATE TABLE sensors (id int PRIMARY KEY, status text, name varchar(40), last_reading_at timestamp, site int);
        INSERT INTO sensors SELECT g, CASE WHEN g % 3 = 0 THEN 'ONLINE' END, 'N' || g, '2026-01-01', g % 7
        FROM generate_series(1, 3000) g;
        CREATE TABLE sites (id int PRIMARY KEY); INSERT INTO sites SELECT generate_series(0, 6);
        ALTER TABLE sensors ADD FOREIGN KEY (site) REFERENCES sites; CREATE INDEX sensors_site ON sensors (site);
        CREATE UNIQUE INDEX sensors_unique ON sensors (id, site); CREATE INDEX sensors_name ON sensors (name DESC);
        COMMENT ON INDEX sensors_name IS 'it''s the name'; CREATE INDEX sensors_name_twin ON sensors (name DESC);
        CREATE INDEX sensors_lower ON sensors (lower(name)); VACUUM ANALYZE sensors
        """
    static let names =
        "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relname ~ '^sensors_' AND relkind = 'i'"
    static let declared: PlanValue = [
        "index": "idx_last", "table": "sensors",
        "columns": ["last_reading_at DESC", "(last_reading_at::date)", "LOWER(name)"],
        "where": "status = 'ONLINE' AND site in (1, 2)",
    ]

    @Test func anIndexIsBuiltOnceAndTakenBack() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.create-index", Self.declared)
            let preview = try await bench.preview(change)
            #expect(preview.findings.isEmpty, "\(preview.findings)")
            #expect(
                preview.statements.first?.hasPrefix("CREATE INDEX CONCURRENTLY \"idx_last\" ON public.sensors") == true)
            let unit = preview.units[0]
            let baseline = try await bench.prepare(change, unit)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            try await bench.apply(change, unit, baseline)
            guard case .applied(let proof) = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(proof["indexes"] == 1)
            // The server words the expressions otherwise; it is the same all the same, also for the next run.
            let again = try await bench.preview(change)
            #expect(again.statements.isEmpty && again.findings.isEmpty, "\(again)")
            let second = try await bench.prepare(change, unit)
            guard case .applied = try await bench.probe(change, unit, second) else { throw NotProven() }
            try await bench.undo(change, unit, second)
            guard case .applied = try await bench.probe(change, unit, second) else { throw NotProven() }
            try await bench.undo(change, unit, baseline)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
        }
    }

    @Test func anotherIndexOfThatNameIsRefusedAndAnEqualOneIsEnough() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            func preview(_ more: (String, PlanValue)...) async throws -> Preview {
                let entries = [("index", "sensors_name"), ("table", "sensors"), ("columns", "name DESC")] + more
                var map: [String: PlanValue] = [:]
                for (key, value) in entries { map[key] = value }
                return try await bench.preview(
                    bench.change(
                        "postgresql.create-index", .map(map.map { PlanValue.Entry($0.key, $0.value) })))
            }
            #expect(try await preview().findings.isEmpty)
            #expect(try await preview().statements.isEmpty)
            #expect(try await preview(("index", "elsewhere")).summary == "public.sensors_name is there already")
            for other: (String, PlanValue) in [
                ("columns", "name"), ("columns", "name DESC NULLS LAST"), ("unique", "true"), ("include", "site"),
                ("where", "site > 3"), ("columns", ["name DESC", "id"]), ("columns", "name varchar_pattern_ops DESC"),
                ("columns", "name COLLATE \"POSIX\" DESC"),
            ] {
                let seen = try await preview(other)
                #expect(seen.findings.map(\.severity) == [.fail], "\(other): \(seen.findings)")
            }
            #expect(try await preview(("index", "sites"), ("columns", "site DESC")).findings.map(\.severity) == [.fail])
            #expect(try await preview(("index", "x"), ("table", "nowhere")).findings.map(\.severity) == [.fail])
        }
    }

    @Test func aBuildThatFailedIsClearedAwayAndMadeAgain() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change(
                "postgresql.create-index",
                ["index": "sensors_status", "table": "sensors", "columns": "status", "unique": "true"])
            let unit = try await bench.preview(change).units[0]
            let baseline = try await bench.prepare(change, unit)
            let found = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(found?.isFailed == true)
            #expect(try await bench.sql(Self.names).contains("sensors_status") == false)
            // One that an earlier run left.
            _ = try? await bench.sql("CREATE UNIQUE INDEX CONCURRENTLY sensors_status ON sensors (status)")
            #expect(try await bench.preview(change).findings.isEmpty)
            try await bench.sql("DELETE FROM sensors WHERE status = 'ONLINE'")
            let later = try await bench.prepare(change, unit)
            guard case .partial = try await bench.probe(change, unit, later) else { throw NotProven() }
            try await change.repair?(unit, later, bench.target, bench.context(unit: unit.id))
            guard case .applied = try await bench.probe(change, unit, later) else { throw NotProven() }
        }
    }

    @Test func whatSomethingNeedsStays() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let drop = try bench.change(
                "postgresql.drop-index",
                [
                    "indexes": [
                        "sensors_pkey", "sensors_site", "sensors_unique", "sensors_lower", "sensors_name_twin", "gone",
                    ]
                ])
            let preview = try await bench.preview(drop)
            let found = Dictionary(preview.findings.map { ($0.subject, $0.severity) }) { first, _ in first }
            #expect(
                found == [
                    "public.sensors_pkey": .fail, "public.sensors_site": .fail, "public.sensors_unique": .fail,
                    "public.sensors_lower": .warn, "gone": .warn,
                ])
        }
    }

    @Test func anIndexIsDroppedAndBroughtBack() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let drop = try bench.change("postgresql.drop-index", ["indexes": "sensors_name"])
            let preview = try await bench.preview(drop)
            #expect(preview.findings.isEmpty, "\(preview.findings)")
            #expect(preview.statements == ["DROP INDEX CONCURRENTLY IF EXISTS public.sensors_name"])
            let unit = preview.units[0]
            let baseline = try await bench.prepare(drop, unit)
            #expect(try await bench.probe(drop, unit, baseline) == .pending)
            try await bench.apply(drop, unit, baseline)
            guard case .applied(let proof) = try await bench.probe(drop, unit, baseline) else { throw NotProven() }
            #expect(proof["indexes"] == 1)
            #expect(try await !bench.sql(Self.names).split(separator: " ").contains("sensors_name"))
            try await bench.undo(drop, unit, baseline)
            #expect(try await bench.probe(drop, unit, baseline) == .pending)
            #expect(try await bench.sql("SELECT obj_description('sensors_name'::regclass)") == "it's the name")
            try await bench.undo(drop, unit, baseline)
        }
    }

    @Test func whatWasUsedSinceThePreviewStays() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            try await bench.sql("DROP INDEX sensors_name_twin")
            let drop = try bench.change("postgresql.drop-index", ["indexes": "sensors_name"])
            let unit = try await bench.preview(drop).units[0]
            let baseline = try await bench.prepare(drop, unit)
            try await bench.sql("SET enable_seqscan = off; SELECT * FROM sensors WHERE name = 'N3'")
            let found = try await failure { try await bench.apply(drop, unit, baseline) }
            #expect(found?.code.rawValue == "in-use")
            #expect(try await bench.probe(drop, unit, baseline) == .pending)
            // Now the preview sees it too.
            #expect(try await bench.preview(drop).findings.map(\.severity) == [.fail])
            let insisting = try bench.change(
                "postgresql.drop-index", ["indexes": "sensors_name", "even-if-used": "true"])
            #expect(try await bench.doAll(insisting, bench.preview(insisting)).count == 1)
        }
    }

    @Test func aDropThatWasInterruptedIsFinishedOrTakenBack() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let drop = try bench.change("postgresql.drop-index", ["indexes": "sensors_name"])
            let unit = try await bench.preview(drop).units[0]
            let baseline = try await bench.prepare(drop, unit)
            try await bench.sql(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'sensors_name'::regclass")
            guard case .partial = try await bench.probe(drop, unit, baseline) else { throw NotProven() }
            try await bench.undo(drop, unit, baseline)
            #expect(try await bench.probe(drop, unit, baseline) == .pending)
            let later = try await bench.prepare(drop, unit)
            try await bench.sql(
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'sensors_name'::regclass")
            try await drop.repair?(unit, later, bench.target, bench.context(unit: unit.id))
            guard case .applied = try await bench.probe(drop, unit, later) else { throw NotProven() }
        }
    }
}
