import ActionsPostgreSQL
import ClientPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

struct ArchiveTests {
    /// 1000 rows of which 600 are old, three on the boundary; two children each for every tenth; columns of the archive
    /// in another order.
    static let schema = """
        CREATE TABLE inspections (id bigint PRIMARY KEY, trap int NOT NULL, score numeric(5, 4), note text,
            detected_at timestamptz NOT NULL);
        CREATE TABLE inspections_archive (detected_at timestamptz NOT NULL, note text, id bigint PRIMARY KEY,
            score numeric(5, 4), trap int NOT NULL, archived_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE calculations (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            inspection_id bigint NOT NULL REFERENCES inspections (id), loss float8);
        CREATE TABLE calculations_archive (loss float8, inspection_id bigint NOT NULL, id bigint PRIMARY KEY);
        INSERT INTO inspections SELECT g, g % 7, (g % 100) / 100.0, CASE g % 3 WHEN 0 THEN NULL ELSE 'note ' || g END,
            CASE WHEN g <= 600 THEN now() - interval '2 years 1 day' - g * interval '1 hour'
            ELSE now() - interval '1 year' END FROM generate_series(1, 1000) g;
        INSERT INTO calculations (inspection_id, loss) SELECT id, random() FROM inspections, generate_series(1, 2)
            WHERE id % 10 = 0;
        CREATE INDEX ON calculations (inspection_id)
        """

    static let parameters: PlanValue = [
        "table": "inspections", "into": "inspections_archive", "column": "detected_at", "older-than": "2 years",
        "batch": "250", "children": ["calculations": "calculations_archive"],
    ]

    /// Everything that is anywhere, as one line: nothing may ever be lost, doubled or altered.
    static let everything = """
        SELECT count(*), count(DISTINCT id), sum(hashtextextended(r::text, 0)) FROM
        (SELECT id, trap, score, note, detected_at FROM inspections
        UNION ALL SELECT id, trap, score, note, detected_at FROM inspections_archive) r;
        SELECT count(*), count(DISTINCT id), sum(hashtextextended(r::text, 0)) FROM
        (SELECT id, inspection_id, loss FROM calculations UNION ALL SELECT id, inspection_id, loss FROM calculations_archive) r
        """

    static func counts(_ bench: Bench) async throws -> String {
        try await bench.sql(
            """
            SELECT (SELECT count(*) FROM inspections) || ' ' || (SELECT count(*) FROM inspections_archive) || ' '
            || (SELECT count(*) FROM calculations) || ' ' || (SELECT count(*) FROM calculations_archive)
            """)
    }

    /// An old row that comes after the preview, and one that somebody refers to since, are seen by the last proof.
    @Test func whatIsLeftIsLookedAtAndNotReckoned() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            try await bench.sql("CREATE TABLE notices (inspection_id bigint REFERENCES inspections (id))")
            let change = try bench.change("postgresql.archive", Self.parameters)
            let preview = try await bench.preview(change)
            try await bench.sql(
                """
                INSERT INTO inspections VALUES (5000, 1, 0.5, 'late', now() - interval '3 years'),
                    (5001, 1, 0.5, 'held', now() - interval '3 years');
                INSERT INTO notices VALUES (5001)
                """)
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.last?["left"] == 2 && proofs.last?["held"] == 1)
        }
    }

    @Test func oldRowsMoveWithTheirChildrenAndNothingIsLost() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let before = try await bench.sql(Self.everything)
            let change = try bench.change("postgresql.archive", Self.parameters)
            let preview = try await bench.preview(change)
            #expect(preview.findings.isEmpty)
            #expect(preview.units.map(\.size) == [250, 250, 100])
            #expect(Set(preview.units.map { $0.attributes["cutoff"] }).count == 1)
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.compactMap { $0["rows"] } == [250, 250, 100])
            #expect(proofs.compactMap { $0["child_rows"] }.reduce(0, +) == 120)
            #expect(proofs.compactMap { $0["left"] } == [350, 100, 0])
            #expect(try await Self.counts(bench) == "400 600 80 120")
            #expect(try await bench.sql(Self.everything) == before)
            // Again: nothing left to do.
            let again = try await bench.preview(change)
            #expect(again.units.isEmpty && again["left"] == 0 && again["held"] == 0)
        }
    }

    @Test func rowsExactlyAtTheCutOffStay() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.archive", Self.parameters)
            let preview = try await bench.preview(change)
            let cutoff = try #require(preview.units.first?.attributes["cutoff"])
            try await bench.sql(
                """
                INSERT INTO inspections VALUES (2001, 0, NULL, 'at', '\(cutoff)'),
                (2002, 0, NULL, 'after', '\(cutoff)'::timestamptz + interval '1 microsecond')
                """)
            _ = try await bench.doAll(change, preview)
            #expect(try await bench.sql("SELECT count(*) FROM inspections WHERE id > 2000") == "2")
            #expect(try await Self.counts(bench) == "402 600 80 120")
        }
    }

    @Test func afterACrashTheProbeSaysWhatBecameOfIt() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.archive", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            // The intent is written and nothing was done.
            let baseline = try await bench.prepare(change, unit)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            // It was done, and the process died before it could say so.
            try await bench.apply(change, unit, baseline)
            try await Bench.open(bench.server, bench.database) { next in
                guard case .applied(let proof) = try await next.probe(change, unit, baseline) else { throw NotProven() }
                #expect(proof["rows"] == 250)
                // Done twice, it does nothing and says so.
                let again = try await failure { try await next.apply(change, unit, baseline) }
                #expect(again?.code.rawValue == "changed-meanwhile")
                #expect(try await Self.counts(next) == "750 250 150 50")
            }
        }
    }

    @Test func aKilledBackendLosesNothing() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let before = try await bench.sql(Self.everything)
            // The server is made to wait in the middle of the move.
            try await bench.sql(
                """
                CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN PERFORM pg_advisory_xact_lock_shared(99); RETURN NULL; END$$;
                CREATE TRIGGER wait AFTER INSERT ON inspections_archive EXECUTE FUNCTION wait()
                """)
            let change = try bench.change("postgresql.archive", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            let holder = try await OtherSession.open(bench, "SELECT pg_advisory_lock(99)")
            let work = Task { try await bench.apply(change, unit, baseline) }
            let isRunning = try await eventually {
                if case .running = try await bench.probe(change, unit, baseline) { true } else { false }
            }
            #expect(isRunning)
            let kill = """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '/* millwright run/step/batch-1 */%'
                AND datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'
                """
            let isKilled = try await eventually { try await bench.sql(kill) == "1" }
            #expect(isKilled)
            let found = try await failure { try await work.value }
            #expect(found?.code == .connectionLost)
            await holder.close()
            let isPending = try await eventually { try await bench.probe(change, unit, baseline) == .pending }
            #expect(isPending)
            #expect(try await bench.sql(Self.everything) == before)
            try await bench.apply(change, unit, baseline)
            #expect(try await bench.sql(Self.everything) == before)
        }
    }

    @Test func rowsThatChangeAfterTheFactsWereTakenAreNotMoved() async throws {
        let changes = [
            "UPDATE inspections SET note = 'other' WHERE id = 7", "DELETE FROM inspections WHERE id = 8",
            "UPDATE inspections SET detected_at = now() WHERE id = 9",
            // As many as before, and not the same.
            "DELETE FROM inspections WHERE id = 11; "
                + "INSERT INTO inspections SELECT 11, 1, 1, 'late', min(detected_at) FROM inspections",
            // One more than before.
            "INSERT INTO inspections SELECT 8, 1, 1, 'late', min(detected_at) FROM inspections",
            "UPDATE calculations SET loss = -1 WHERE inspection_id = 10",
            "INSERT INTO calculations (inspection_id, loss) VALUES (10, 1)",
        ]
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.archive", Self.parameters)
            for sql in changes {
                let unit = try #require(try await bench.preview(change).units.first)
                let baseline = try await bench.prepare(change, unit)
                try await bench.sql(sql)
                let before = try await bench.sql(Self.everything)
                let found = try await failure { try await bench.apply(change, unit, baseline) }
                #expect(found?.code.rawValue == "changed-meanwhile", "\(sql)")
                #expect(found?.isFailed == true)
                #expect(try await bench.sql(Self.everything) == before)
                #expect(try await bench.sql("SELECT count(*) FROM inspections_archive") == "0")
            }
        }
    }

    @Test func rowsThatComeLateAreTheNextRuns() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            try await bench.sql(
                "DELETE FROM calculations WHERE inspection_id = 100; DELETE FROM inspections WHERE id = 100")
            let change = try bench.change("postgresql.archive", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.apply(change, unit, baseline)
            // Between the unit's keys and as old as they are.
            try await bench.sql(
                "INSERT INTO inspections SELECT 100, 1, 1, 'late', min(detected_at) FROM inspections_archive")
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(try await bench.preview(change).units.map(\.size).reduce(0, +) == 350)
        }
    }

    @Test func whatIsOnlyCopiedOrOnlyDeletedIsNotDone() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.archive", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            let copy =
                "INSERT INTO inspections_archive (id, trap, score, note, detected_at) "
                + "SELECT id, trap, score, note, detected_at FROM inspections WHERE id <= 250"
            try await bench.sql(copy)
            guard case .partial = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            let copies = try await bench.preview(change)
            #expect(copies.findings.map(\.severity) == [.fail])
            #expect(copies.findings.first?.cause.sentence.contains("all of them identical") == true)
            try await bench.sql("UPDATE inspections_archive SET note = 'other' WHERE id = 3")
            #expect(
                try await bench.preview(change).findings.first?.cause.sentence.contains("1 of them with other") == true)
            try await bench.sql(
                "TRUNCATE inspections_archive; DELETE FROM calculations; DELETE FROM inspections WHERE id <= 250")
            guard case .partial = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        }
    }

    @Test func itCanBeTakenBack() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            // An older row of an earlier year lies between the keys and stays where it is.
            try await bench.sql(
                """
                INSERT INTO inspections_archive (id, trap, note, detected_at) VALUES (5000, 1, 'older', '2001-01-01');
                UPDATE inspections_archive SET id = 42 WHERE false
                """)
            let before = try await bench.sql(Self.everything)
            let change = try bench.change("postgresql.archive", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.apply(change, unit, baseline)
            try await bench.undo(change, unit, baseline)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            #expect(try await Self.counts(bench) == "1000 1 200 0")
            #expect(try await bench.sql(Self.everything) == before)
        }
    }

    @Test func aCompositeKeyOfTextsAndDaysWorks() async throws {
        try await Bench.run(
            schema: """
                CREATE TABLE log (site text, "Day" date, n int, PRIMARY KEY (site, "Day"));
                CREATE TABLE log_old (n int, "Day" date, site varchar, PRIMARY KEY (site, "Day"));
                ALTER TABLE log_old ALTER COLUMN site TYPE text;
                INSERT INTO log SELECT s, current_date - d, d FROM unnest(ARRAY['a''b', 'Ü', 'c,d', '']) s, generate_series(1, 100) d
                """
        ) { bench in
            let change = try bench.change(
                "postgresql.archive",
                ["table": "log", "into": "log_old", "column": "Day", "older-than": "30 days", "batch": "50"])
            let proofs = try await bench.doAll(change, bench.preview(change))
            #expect(proofs.compactMap { $0["rows"] }.reduce(0, +) == 280)
            #expect(try await bench.sql("SELECT count(*), min(n) FROM log_old") == "280|31")
        }
    }
}
