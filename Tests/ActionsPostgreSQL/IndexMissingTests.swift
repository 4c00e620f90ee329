import Host
import Maintenance
import Sandbox
import Testing

struct IndexMissingTests {
    static let healthy = """
        CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent SELECT generate_series(1, 200);
        CREATE TABLE good (id int PRIMARY KEY, site int REFERENCES parent, pad text DEFAULT repeat('x', 80));
        INSERT INTO good SELECT i, 1 + i % 100 FROM generate_series(1, 20000) i;
        CREATE INDEX ON good (site) WHERE site IS NOT NULL;
        CREATE TABLE small (id int); INSERT INTO small SELECT generate_series(1, 200); ANALYZE;
        DO $$DECLARE i int; n bigint; BEGIN FOR i IN 1..120 LOOP SELECT count(*) INTO n FROM good WHERE site = i;
        SELECT count(*) INTO n FROM small WHERE id = i; END LOOP; END$$;
        DELETE FROM parent WHERE id > 300
        """
    static let faults = """
        CREATE TABLE bare (id int, site int, pad text DEFAULT repeat('x', 80));
        INSERT INTO bare SELECT i, i % 100 FROM generate_series(1, 20000) i;
        CREATE TABLE keyed (id int PRIMARY KEY, site int, pad text DEFAULT repeat('x', 80));
        INSERT INTO keyed SELECT i, i % 100 FROM generate_series(1, 20000) i;
        CREATE TABLE child (id int, parent int REFERENCES parent ON DELETE CASCADE, pad text DEFAULT repeat('x', 80));
        INSERT INTO child SELECT i, 150 + i % 50 FROM generate_series(1, 20000) i;
        CREATE INDEX child_half ON child (parent) WHERE id > 5;
        CREATE TABLE spare (id int, parent int REFERENCES small_key, pad text DEFAULT repeat('x', 80));
        INSERT INTO spare SELECT i, 1 FROM generate_series(1, 20000) i; ANALYZE;
        DO $$DECLARE i int; n bigint; BEGIN FOR i IN 1..120 LOOP SELECT count(*) INTO n FROM bare WHERE site = i;
        SELECT count(*) INTO n FROM keyed WHERE site = i; END LOOP; END$$;
        DELETE FROM parent WHERE id > 195
        """

    @Test func tablesThatAreReadWholeAndUnservedForeignKeysAreNamed() async throws {
        try await Bench.run(schema: Self.healthy) { bench in
            let (monitor, plain) = ("mm_" + bench.database, "mp_" + bench.database)
            try await bench.makeRoles(monitor, plain)
            try await bench.sql("GRANT pg_monitor TO \(monitor)")
            // Healthy, and long enough to say so; and not long enough.
            let well = try await bench.observe("postgresql.missing-indexes", ["window": "10ms"])
            #expect(well.verdict == .pass, "\(well.observation)")
            let young = try await bench.observe("postgresql.missing-indexes", ["window": "60 days"])
            #expect(young.verdict == .unknown)
            #expect(young.observation.missing["tables"]?.code.rawValue == "not-enough-evidence")
            try await bench.sql(
                "CREATE TABLE small_key (id int PRIMARY KEY); INSERT INTO small_key VALUES (1); " + Self.faults)
            for role in ["postgres", monitor, plain] {
                try await Bench.open(bench.server, bench.database, roles: (role, role)) { limited in
                    let seen = try await limited.observe("postgresql.missing-indexes")
                    #expect(seen.verdict == .warn)
                    #expect(
                        Set(seen.observation.findings.map(\.subject)) == [
                            "public.bare", "public.keyed", "public.child",
                        ])
                    #expect(seen["tables"] == 2)
                    #expect(seen["foreign_keys"] == 1)
                    // No row goes there, so nobody has to look.
                    #expect(seen.observation.details.contains { $0["table"] == "public.spare" })
                }
            }
            let spared = try await bench.observe(
                "postgresql.missing-indexes", ["except": ["bare", "public.k*", "child"], "window": "10ms"])
            #expect(spared.verdict == .pass)
            try await bench.dropRoles(monitor, plain)
        }
    }

    @Test func whereNobodyCountsNothingIsKnown() async throws {
        let server = try await PostgreSQLServer.start(settings: ["track_counts": "off"])
        try await doing {
            try await Bench.open(server, "postgres") { bench in
                let found = try await failure { _ = try await bench.observe("postgresql.missing-indexes") }
                #expect(found?.code.rawValue == "not-enough-evidence")
            }
        } finally: {
            await server.stop()
        }
    }
}
