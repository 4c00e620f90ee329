import ActionsPostgreSQL
import Foundation
import Maintenance
import Sandbox
import Testing

private let hasPartman = (10...20).contains { version in
    FileManager.default.fileExists(atPath: "/usr/share/postgresql/\(version)/extension/pg_partman.control")
}

/// Where the server's machine has the extension's files.
@Suite(.enabled(if: hasPartman)) struct PartitionPartmanTests {
    /// Partitions of days by pg_partman, all ahead taken away again, and one far behind.
    private static let schema = """
        CREATE SCHEMA partman; CREATE EXTENSION pg_partman SCHEMA partman;
        CREATE TABLE readings (at timestamptz NOT NULL, value int) PARTITION BY RANGE (at);
        SELECT partman.create_parent('public.readings', 'at', 'native', 'daily', p_premake := 4);
        DO $$DECLARE t regclass; BEGIN FOR t IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'readings'::regclass
        AND (regexp_match(pg_get_expr((SELECT relpartbound FROM pg_class WHERE oid = inhrelid), inhrelid), 'FROM \\(''(.*?)'''))[1]::timestamptz
        > now() LOOP EXECUTE 'DROP TABLE ' || t; END LOOP; END$$;
        INSERT INTO readings VALUES (now(), 1);
        """

    @Test func itsMaintenanceIsProvenByTheBounds() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let change = try bench.change("postgresql.run-partman", nil)
            let preview = try await bench.preview(change)
            #expect(preview.units.map(\.id) == ["public.readings"] && preview.impact == nil)
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.first?["partitions_made"] == 4)
            #expect(try await bench.observe("postgresql.partitions", ["ahead": "4"])["ahead"] == 4)
        }
    }

    @Test func retentionThatDropsIsDestructiveAndProven() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            try await bench.sql("UPDATE partman.part_config SET retention = '2 days', retention_keep_table = false")
            let change = try bench.change("postgresql.run-partman", ["tables": "readings"])
            let preview = try await bench.preview(change)
            #expect(preview.impact == .destructive)
            _ = try await bench.doAll(change, preview)
            #expect(try await bench.observe("postgresql.partitions", ["retain": "2 days"])["overdue"] == 0)
        }
    }

    /// It says nothing, and makes nothing: its word is not taken.
    @Test func whatItDoesNotDoIsAFailure() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            try await bench.sql("UPDATE partman.part_config SET undo_in_progress = true")
            let change = try bench.change("postgresql.run-partman", nil)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            let found = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(found?.isFailed == true)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
        }
    }

    @Test func withoutItNothingIsDone() async throws {
        try await Bench.run { bench in
            let preview = try await bench.preview(bench.change("postgresql.run-partman", nil))
            #expect(preview.units.isEmpty && preview.findings.map(\.severity) == [.fail])
        }
    }
}
