import ActionsPostgreSQL
import ClientPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

struct PartitionCreateTests {
    static let parameters: PlanValue = ["table": "readings", "every": "1 month", "ahead": "4"]

    private func preview(_ schema: String, _ parameters: PlanValue = parameters) async throws -> Preview {
        try await Bench.run(schema: schema) { bench in
            try await bench.preview(bench.change("postgresql.create-partitions", parameters))
        }
    }

    @Test func theyAreMadeAndTakeRows() async throws {
        try await Bench.run(schema: PartitionTables.months(-1, 1)) { bench in
            let change = try bench.change("postgresql.create-partitions", Self.parameters)
            let preview = try await bench.preview(change)
            #expect(preview.findings.isEmpty && preview.units.count == 3 && preview["ahead"] == 1)
            #expect(preview.statements.last?.contains("ATTACH PARTITION") == true)
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.compactMap { $0["ahead"] } == [2, 3, 4])
            try await bench.sql(
                "INSERT INTO readings (at) SELECT now() + make_interval(months => g) FROM generate_series(0, 4) g")
            // Each as those that were made by hand: indexes, foreign key, check, default, generated column.
            let shapes = try await bench.sql(
                """
                SELECT count(DISTINCT (SELECT string_agg(pg_get_constraintdef(k.oid), ';' ORDER BY 1) FROM pg_constraint k
                    WHERE k.conrelid = c.oid)::text || (SELECT count(*) FROM pg_index x JOIN pg_inherits xi
                    ON xi.inhrelid = x.indexrelid WHERE x.indrelid = c.oid) || (SELECT string_agg(attname || attnotnull
                    || atthasdef || attidentity::text || attgenerated::text, ';' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid
                    AND attnum > 0)), count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'readings'::regclass
                """)
            #expect(shapes == "1|6")
            let again = try await bench.preview(change)
            #expect(again.units.isEmpty && again["ahead"] == 4)
            #expect(try await bench.observe("postgresql.partitions", ["ahead": "4"]).verdict == .pass)
        }
    }

    @Test func afterACrashTheProbeSaysWhatBecameOfIt() async throws {
        try await Bench.run(schema: PartitionTables.months(-1, 1)) { bench in
            let change = try bench.change("postgresql.create-partitions", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            try await bench.apply(change, unit, baseline)
            try await Bench.open(bench.server, bench.database) { next in
                guard case .applied = try await next.probe(change, unit, baseline) else { throw NotProven() }
                let again = try await failure { try await next.apply(change, unit, baseline) }
                #expect(again?.isFailed == true)
            }
            // Detached again, with its name and its bounds, it is not there.
            try await bench.sql("ALTER TABLE readings DETACH PARTITION \(unit.id)")
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            #expect(try await bench.preview(change).findings.first?.cause.sentence.contains("is taken") == true)
        }
    }

    /// While a unit is at work nobody who reads or writes the table waits.
    @Test func theParentIsLockedNoStrongerThanShareUpdateExclusive() async throws {
        try await Bench.run(schema: PartitionTables.months(-1, 1)) { bench in
            try await bench.sql(
                """
                CREATE TABLE seen (mode text);
                CREATE FUNCTION look() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO seen
                SELECT mode FROM pg_locks WHERE relation = 'readings'::regclass AND pid = pg_backend_pid(); END$$;
                CREATE EVENT TRIGGER looking ON ddl_command_end EXECUTE FUNCTION look()
                """)
            let writer = try await OtherSession.open(
                bench, "INSERT INTO readings (at) VALUES (now())", isolation: "READ COMMITTED")
            let change = try bench.change("postgresql.create-partitions", Self.parameters)
            _ = try await bench.doAll(change, bench.preview(change))
            let modes = try await bench.sql("SELECT DISTINCT mode FROM seen ORDER BY 1")
            #expect(modes == "AccessShareLock\nShareUpdateExclusiveLock")
            await writer.close()
        }
    }

    @Test func calendarsOfZonesAreCutOnTheirOwnMidnights() async throws {
        let table = "CREATE TABLE t (at timestamptz NOT NULL) PARTITION BY RANGE (at);"
        let from = "CREATE TABLE t_0 PARTITION OF t FOR VALUES FROM ('2020-01-01 00:00+02') TO "
        // One day in Helsinki's year has 23 hours, another 25: the bounds stay on midnight.
        try await Bench.run(
            schema: table + from
                + "(date_trunc('day', now() AT TIME ZONE 'Europe/Helsinki') AT TIME ZONE 'Europe/Helsinki')"
        ) { bench in
            let change = try bench.change(
                "postgresql.create-partitions",
                ["table": "t", "every": "1 day", "ahead": "400", "zone": "Europe/Helsinki"])
            let preview = try await bench.preview(change)
            #expect(preview.findings.isEmpty && preview.units.count == 401)
            let hours = Set(
                preview.units.compactMap { unit in
                    Int64(unit.attributes["until"] ?? "").flatMap { until in
                        Int64(unit.attributes["from"] ?? "").map { (until - $0) / 3_600_000_000 }
                    }
                })
            #expect(hours == [23, 24, 25])
            let utc = try await bench.preview(
                bench.change("postgresql.create-partitions", ["table": "t", "every": "1 day"]))
            #expect(utc.findings.map(\.severity) == [.fail])
            #expect(utc.findings.first?.cause.sentence.contains("no partition of 1 day begins") == true)
        }
    }

    @Test(arguments: [
        ("date", "1 week", 1), ("timestamp", "1 day", 1), ("timestamp", "1 hour", 1), ("timestamptz", "6 hours", 1),
        ("date", "1 year", 1), ("date", "3 months", 1),
    ])
    func everyKindOfTimeIsCut(_ type: String, _ every: String, _ suffixes: Int) async throws {
        try await Bench.run(schema: "CREATE TABLE \"Odd t\" (at \(type)) PARTITION BY RANGE (at)") { bench in
            let change = try bench.change(
                "postgresql.create-partitions", ["table": "\"Odd t\"", "every": .text(every), "ahead": "2"])
            let preview = try await bench.preview(change)
            #expect(preview.units.count == 3, "\(preview.findings)")
            _ = try await bench.doAll(change, preview)
            try await bench.sql("INSERT INTO \"Odd t\" VALUES (now())")
            #expect(try await bench.observe("postgresql.partitions", ["ahead": "2"]).verdict == .pass)
        }
    }

    @Test func numbersAreCutAndHolesFilled() async throws {
        try await Bench.run(schema: PartitionTables.thousands(5)) { bench in
            try await bench.sql("INSERT INTO events VALUES (1500); DROP TABLE events_p2000; DROP TABLE events_p3000")
            let change = try bench.change(
                "postgresql.create-partitions", ["table": "events", "every": "1000", "ahead": "5"])
            let preview = try await bench.preview(change)
            #expect(preview.units.map(\.id) == ["events_p2000", "events_p3000", "events_p5000", "events_p6000"])
            let proofs = try await bench.doAll(change, preview)
            #expect(proofs.last?["ahead"] == 5)
            try await bench.sql("DROP TABLE events_p2000")
            let odd = try await bench.preview(
                bench.change("postgresql.create-partitions", ["table": "events", "every": "1001", "ahead": "5"]))
            #expect(odd.findings.first?.cause.sentence.contains("would reach into") == true)
        }
    }

    @Test func whatLiesInDefaultIsAFindingAndNothingIsMade() async throws {
        try await Bench.run(schema: PartitionTables.months(-1, 1, default: true)) { bench in
            let change = try bench.change("postgresql.create-partitions", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            try await bench.sql("INSERT INTO readings (at) VALUES (now() + interval '2 months'), ('2001-01-01')")
            let preview = try await bench.preview(change)
            #expect(preview.findings.map(\.severity) == [.fail])
            #expect(preview.findings.first?.cause.sentence.hasPrefix("1 rows in it") == true)
            // Rows that come after the look are met by the server.
            let baseline = try await bench.prepare(change, unit)
            let found = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(found?.isFailed == true)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            #expect(try await bench.sql("SELECT count(*) FROM pg_class WHERE relname = '\(unit.id)'") == "0")
            try await bench.sql("DELETE FROM readings")
            try await bench.sql("INSERT INTO readings (at) VALUES ('2001-01-01')")
            _ = try await bench.doAll(change, bench.preview(change))
        }
    }

    /// DEFAULT is locked while it is searched: never longer than others may be made to wait.
    @Test func aLargeDefaultIsNotSearchedUnderItsLock() async throws {
        // The key behind a hundred texts makes few rows slow to search.
        let texts = (1...100).map { "t\($0) text DEFAULT 'x'" }.joined(separator: ", ")
        let schema = """
            CREATE TABLE wide (\(texts), at timestamptz NOT NULL) PARTITION BY RANGE (at);
            CREATE TABLE wide_default PARTITION OF wide DEFAULT;
            INSERT INTO wide (at) SELECT '2001-01-01' FROM generate_series(1, 150000);
            """
        try await Bench.run(schema: schema) { bench in
            let change = try bench.change("postgresql.create-partitions", ["table": "wide", "every": "1 month"])
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            let found = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(found?.code == .tooLarge && found?.isFailed == true, "\(found?.sentence ?? "it was made")")
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            // As the sentence says: with a proven constraint nothing has to be searched.
            let (low, high) = (unit.attributes["low"] ?? "", unit.attributes["high"] ?? "")
            try await bench.sql(
                """
                ALTER TABLE wide_default ADD CONSTRAINT past CHECK (NOT (at >= '\(low)' AND at < '\(high)')) NOT VALID;
                ALTER TABLE wide_default VALIDATE CONSTRAINT past
                """)
            try await bench.apply(change, unit, baseline)
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        }
    }

    @Test(arguments: [
        ("CREATE TABLE readings (at date)", "no partitioned table"),
        ("CREATE TABLE readings (at text) PARTITION BY RANGE (at)", "not cut into ranges"),
        ("CREATE TABLE readings (at date) PARTITION BY LIST (at)", "not cut into ranges"),
        ("CREATE TABLE readings (id int) PARTITION BY RANGE (id)", "does not measure integer"),
        (
            "CREATE TABLE readings (at date, r int) PARTITION BY RANGE (at); CREATE TABLE x PARTITION OF readings "
                + "FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') PARTITION BY LIST (r)", "no plain table"
        ),
        (
            "CREATE TABLE readings (at date) PARTITION BY RANGE (at); CREATE TABLE x PARTITION OF readings "
                + "FOR VALUES FROM ('1800-01-01') TO ('1800-02-01')", "More than 1000"
        ),
        (
            "CREATE TABLE readings (at date) PARTITION BY RANGE (at); CREATE TABLE x PARTITION OF readings "
                + "FOR VALUES FROM ('2020-01-01') TO ('2020-02-05')", "no partition of 1 month begins"
        ),
    ])
    func whatDoesNotFitIsAFailure(_ schema: String, _ words: String) async throws {
        let preview = try await preview(schema)
        #expect(preview.units.isEmpty)
        #expect(
            preview.findings.contains { $0.severity == .fail && $0.cause.sentence.contains(words) },
            "\(preview.findings.map(\.cause.sentence))")
    }

    @Test func aBusyTableIsTriedAgainAndNobodyWaitsBehindUs() async throws {
        try await Bench.run(schema: PartitionTables.months(-1, 1)) { bench in
            let holder = try await OtherSession.open(bench, "LOCK TABLE readings IN SHARE UPDATE EXCLUSIVE MODE")
            let change = try bench.change("postgresql.create-partitions", Self.parameters)
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            var short = bench
            short.time = .milliseconds(2500)
            let found = try await failure { [short] in try await short.apply(change, unit, baseline) }
            #expect(found?.code == .busy)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            await holder.close()
            try await bench.apply(change, unit, baseline)
        }
    }

    /// A role as a managed service gives it: a member of the owner, and nothing else.
    @Test func thePrintedRightsAreEnough() async throws {
        try await Bench.run(schema: PartitionTables.months(-1, 1, default: true)) { bench in
            let owner = "po_" + bench.database
            let (look, change) = ("pl_" + bench.database, "pc_" + bench.database)
            try await bench.makeRoles(owner, look, change)
            try await bench.sql(
                """
                GRANT CREATE ON SCHEMA public TO \(owner);
                DO $$DECLARE t text; BEGIN FOR t IN SELECT oid::regclass FROM pg_class WHERE relname LIKE 'readings%'
                AND relkind IN ('r', 'p') LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO \(owner)'; END LOOP; END$$;
                GRANT REFERENCES ON sites TO \(owner)
                """)
            for right in try bench.action("postgresql.create-partitions", Self.parameters).rights {
                try await bench.sql(
                    right.grant.replacing("{role}", with: right.purpose == .look ? look : change))
            }
            try await bench.sql("GRANT SELECT ON readings_default TO \(look)")
            try await Bench.open(bench.server, bench.database, roles: (look, change)) { limited in
                let action = try limited.change("postgresql.create-partitions", Self.parameters)
                let preview = try await limited.preview(action)
                #expect(preview.units.count == 3)
                _ = try await limited.doAll(action, preview)
            }
            #expect(
                try await bench.sql(
                    "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relname LIKE 'readings%' AND relkind = 'r'")
                    == owner)
            try await bench.sql("REASSIGN OWNED BY \(owner) TO postgres")
            try await bench.dropRoles(look, change, owner)
        }
    }
}
