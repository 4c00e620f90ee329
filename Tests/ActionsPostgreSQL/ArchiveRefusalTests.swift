import ActionsPostgreSQL
import ClientPostgreSQL
import Maintenance
import Sandbox
import Testing

/// What keeps an archive from being made, seen before anything is touched.
struct ArchiveRefusalTests {
    private func preview(_ sql: String, _ parameters: PlanValue = ArchiveTests.parameters) async throws -> Preview {
        try await Bench.run(schema: ArchiveTests.schema) { bench in
            try await bench.sql(sql)
            let preview = try await bench.preview(bench.change("postgresql.archive", parameters))
            #expect(try await bench.sql("SELECT count(*) FROM inspections") == "1000")
            return preview
        }
    }

    @Test(arguments: [
        ("ALTER TABLE inspections ADD COLUMN reviewed_by text", "reviewed_by"),
        ("ALTER TABLE inspections_archive ALTER COLUMN trap TYPE bigint", "trap is integer in"),
        ("ALTER TABLE inspections_archive ALTER COLUMN score TYPE numeric(3, 2) USING NULL", "numeric(3,2)"),
        ("ALTER TABLE inspections_archive ALTER COLUMN archived_at DROP DEFAULT", "archived_at"),
        ("ALTER TABLE inspections_archive RENAME TO away", "no table inspections_archive"),
        ("ALTER TABLE inspections DROP CONSTRAINT inspections_pkey CASCADE", "no primary key"),
        ("ALTER TABLE calculations DROP CONSTRAINT calculations_inspection_id_fkey", "no foreign key"),
        ("ALTER TABLE calculations_archive DROP COLUMN loss", "loss"),
        ("CREATE TABLE photos (i bigint REFERENCES inspections ON DELETE CASCADE)", "silently deleted"),
        ("CREATE TABLE photos (i bigint REFERENCES inspections ON DELETE SET NULL)", "silently altered"),
        ("CREATE TABLE photos (c bigint REFERENCES calculations ON DELETE CASCADE)", "silently deleted"),
        ("CREATE RULE r AS ON DELETE TO inspections DO INSTEAD NOTHING", "Rules"),
    ])
    func whatDoesNotFitIsAFailure(_ sql: String, _ words: String) async throws {
        let preview = try await preview(sql)
        #expect(preview.units.isEmpty)
        #expect(
            preview.findings.contains { $0.severity == .fail && $0.cause.sentence.contains(words) },
            "\(preview.findings.map(\.cause.sentence))")
    }

    @Test func withoutItsChildrenNamedTheyHoldRowsBack() async throws {
        try await Bench.run(schema: ArchiveTests.schema) { bench in
            let change = try bench.change(
                "postgresql.archive",
                [
                    "table": "inspections", "into": "inspections_archive", "column": "detected_at",
                    "older-than": "2 years",
                ])
            let preview = try await bench.preview(change)
            #expect(preview.findings.map(\.severity) == [.warn])
            #expect(preview.findings.first?.cause.sentence.contains("public.calculations") == true)
            #expect(preview["held"] == 60)
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.compactMap { $0["rows"] } == [540])
            #expect(proofs.last?["left"] == 60)
            #expect(try await ArchiveTests.counts(bench) == "460 540 200 0")
        }
    }

    @Test func aChildsOwnChildHoldsTheParentBack() async throws {
        try await Bench.run(schema: ArchiveTests.schema) { bench in
            try await bench.sql(
                """
                CREATE TABLE notes (calculation bigint REFERENCES calculations (id));
                INSERT INTO notes SELECT id FROM calculations WHERE inspection_id = 10
                """)
            let change = try bench.change("postgresql.archive", ArchiveTests.parameters)
            let preview = try await bench.preview(change)
            #expect(preview["held"] == 1)
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.compactMap { $0["rows"] }.reduce(0, +) == 599)
            #expect(try await bench.sql("SELECT count(*) FROM calculations WHERE inspection_id = 10") == "2")
        }
    }

    @Test func aTriggerThatKeepsRowsFailsAndNothingMoves() async throws {
        try await Bench.run(schema: ArchiveTests.schema) { bench in
            try await bench.sql(
                """
                CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN IF OLD.id % 7 = 0 THEN RETURN NULL; END IF; RETURN OLD; END$$;
                CREATE TRIGGER keep_some BEFORE DELETE ON inspections FOR EACH ROW EXECUTE FUNCTION keep()
                """)
            let change = try bench.change("postgresql.archive", ArchiveTests.parameters)
            let preview = try await bench.preview(change)
            #expect(preview.findings.map(\.severity) == [.warn])
            let unit = try #require(preview.units.first)
            let baseline = try await bench.prepare(change, unit)
            let found = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(found?.isFailed == true)
            #expect(try await ArchiveTests.counts(bench) == "1000 0 200 0")
            #expect(try await bench.probe(change, unit, baseline) == .pending)
        }
    }

    @Test func aMissingIndexOnAReferenceIsSeen() async throws {
        let warned = try await preview(
            """
            DROP INDEX calculations_inspection_id_idx; INSERT INTO calculations (inspection_id, loss)
            SELECT 900, 1 FROM generate_series(1, 10000); ANALYZE calculations
            """)
        #expect(warned.findings.map(\.severity) == [.warn])
        #expect(warned.findings.first?.advice?.hasPrefix("CREATE INDEX") == true)
    }

    @Test func rowSecurityThatHidesRowsIsUnknown() async throws {
        try await Bench.run(schema: ArchiveTests.schema) { bench in
            let role = "rls_" + bench.database
            try await bench.makeRoles(role)
            try await bench.sql(
                """
                GRANT SELECT ON ALL TABLES IN SCHEMA public TO \(role); ALTER TABLE inspections ENABLE ROW LEVEL SECURITY;
                CREATE POLICY half ON inspections FOR SELECT USING (id % 2 = 0)
                """)
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { blind in
                let preview = try await blind.preview(blind.change("postgresql.archive", ArchiveTests.parameters))
                #expect(preview.units.isEmpty)
                #expect(preview.findings.map(\.severity) == [.unknown])
            }
            try await bench.dropRoles(role)
        }
    }

    /// With exactly the printed rights it works, and without each one its lack is named.
    @Test func thePrintedRightsAreEnoughAndNeeded() async throws {
        try await Bench.run(schema: ArchiveTests.schema) { bench in
            let (look, alter) = ("al_" + bench.database, "ac_" + bench.database)
            try await bench.makeRoles(look, alter)
            try await bench.sql("REVOKE CONNECT ON DATABASE \(bench.database) FROM PUBLIC")
            func statement(_ right: Right) -> String {
                right.grant.replacing("{role}", with: right.purpose == .look ? look : alter)
            }
            let rights = try bench.action("postgresql.archive", ArchiveTests.parameters).rights
            for right in rights { try await bench.sql(statement(right)) }
            for right in rights {
                try await bench.sql(
                    statement(right).replacing("GRANT ", with: "REVOKE ").replacing(" TO ", with: " FROM "))
                try await Bench.open(bench.server, bench.database, roles: (look, alter)) { limited in
                    let change = try limited.change("postgresql.archive", ArchiveTests.parameters)
                    let found = try await failure {
                        let unit = try #require(try await limited.preview(change).units.first)
                        try await limited.apply(change, unit, limited.prepare(change, unit))
                    }
                    #expect(found?.code == .noPermission, "\(right.grant): \(found?.sentence ?? "it worked")")
                }
                try await bench.sql(statement(right))
            }
            try await Bench.open(bench.server, bench.database, roles: (look, alter)) { limited in
                let change = try limited.change("postgresql.archive", ArchiveTests.parameters)
                let preview = try await limited.preview(change)
                let unit = try #require(preview.units.last)
                let baseline = try await limited.prepare(change, unit)
                try await limited.apply(change, unit, baseline)
                try await limited.undo(change, unit, baseline)
                _ = try await limited.doAll(change, preview)
            }
            #expect(try await ArchiveTests.counts(bench) == "400 600 80 120")
            try await bench.dropRoles(look, alter)
        }
    }
}
