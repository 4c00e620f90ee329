import ActionsPostgreSQL
import Maintenance
import Sandbox
import Testing

struct PartitionCheckTests {
    private func seen(_ schema: String, _ parameters: PlanValue? = nil) async throws -> Seen {
        try await Bench.run(schema: schema) { try await $0.observe("postgresql.partitions", parameters) }
    }

    @Test func aDatabaseWithoutAnyPasses() async throws {
        let seen = try await seen("CREATE TABLE plain (id int)")
        #expect(seen.verdict == .pass && seen["tables"] == 0)
    }

    @Test func whatIsMadeAheadPasses() async throws {
        let schema =
            PartitionTables.months(-3, 2, default: true) + PartitionTables.thousands(4)
                + """
                INSERT INTO events VALUES (1), (1500);
                INSERT INTO readings (at) SELECT now() - g * interval '1 day' FROM generate_series(0, 50) g;
                CREATE TABLE kinds (k text) PARTITION BY LIST (k);
                CREATE TABLE kinds_other PARTITION OF kinds DEFAULT; INSERT INTO kinds VALUES ('x');
                CREATE TABLE parts (id int) PARTITION BY HASH (id);
                CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
                CREATE TABLE days (d date) PARTITION BY RANGE (d);
                CREATE TABLE days_year PARTITION OF days FOR VALUES FROM ('2020-01-01') TO ('2120-01-01')
                    PARTITION BY RANGE (d);
                CREATE TABLE days_all PARTITION OF days_year FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')
                """
        let seen = try await seen(schema, ["except": "days"])
        #expect(seen.verdict == .pass, "\(seen.observation.findings)")
        #expect(seen["tables"] == 5 && seen["ahead"] == 2 && seen["gaps"] == 0 && seen["default_rows"] == 0)
        let until = seen["covered_until"].flatMap { Measurement.instant($0) }
        #expect(until != nil)
    }

    @Test func fewerAheadThanWantedIsAWarningAndNoneForNowAFailure() async throws {
        let few = try await seen(PartitionTables.months(-2, 0))
        #expect(few.verdict == .warn && few["ahead"] == 0)
        #expect(try await seen(PartitionTables.months(-2, 1), ["ahead": "2"]).verdict == .warn)
        let none = try await seen(PartitionTables.months(-3, -1))
        #expect(none.verdict == .fail)
        #expect(none.finding("rows of now are refused") != nil)
        let fall = try await seen(PartitionTables.months(-3, -1, default: true))
        #expect(fall.finding("fall into DEFAULT")?.severity == .fail)
        let empty = try await seen("CREATE TABLE t (d date) PARTITION BY RANGE (d)")
        #expect(empty.verdict == .fail)
    }

    @Test func numbersAreWhereTheirRowsAre() async throws {
        let schema = PartitionTables.thousands(4)
        #expect(try await seen(schema + "INSERT INTO events VALUES (2999)")["ahead"] == 1)
        #expect(try await seen(schema + "INSERT INTO events VALUES (3000)").verdict == .warn)
        #expect(try await seen(schema)["ahead"] == 3)
    }

    @Test func holesAreNamed() async throws {
        let drop = "DO $$BEGIN EXECUTE 'DROP TABLE readings_p' || to_char(now() + interval '%', 'YYYY_MM'); END$$;"
        let past = try await seen(
            PartitionTables.months(-4, 1) + drop.replacing("%", with: "-2 months"))
        #expect(past.verdict == .warn && past["gaps"] == 1 && past["ahead"] == 1)
        let ahead = try await seen(PartitionTables.months(-1, 3) + drop.replacing("%", with: "2 months"))
        #expect(ahead.verdict == .fail && ahead["ahead"] == 1)
        let softer = try await seen(
            PartitionTables.months(-1, 3, default: true) + drop.replacing("%", with: "2 months"))
        #expect(softer.finding("fall into DEFAULT")?.severity == .warn)
    }

    @Test func rowsInDefaultAreSeen() async throws {
        let schema = PartitionTables.months(-1, 1, default: true)
        let late = try await seen(schema + "INSERT INTO readings (at) VALUES ('2001-01-01')")
        #expect(late.verdict == .warn && late["default_rows"] == 1)
        let blocking = try await seen(
            schema + "INSERT INTO readings (at) VALUES ('2001-01-01'), (now() + interval '1 year')")
        #expect(blocking.verdict == .fail)
        #expect(blocking.finding("1 of 2 rows") != nil)
    }

    @Test func theOverdueAndTheHalfDetachedAreSeen() async throws {
        let seen = try await seen(PartitionTables.months(-6, 2), ["retain": "3 months", "zone": "Europe/Helsinki"])
        #expect(seen.verdict == .warn)
        // By Helsinki's calendar the months of UTC may end an hour or two later.
        #expect(seen["overdue"] == 3 || seen["overdue"] == 2)
        let numbers = try await self.seen(
            PartitionTables.thousands(5) + "INSERT INTO events VALUES (3500)", ["retain": "1500"])
        #expect(numbers["overdue"] == 2)
        try await Bench.run(schema: PartitionTables.months(-2, 2)) { bench in
            try await bench.sql(
                """
                UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = (SELECT min(c.oid) FROM pg_class c
                WHERE relname LIKE 'readings_p%' AND relkind = 'r')
                """)
            let seen = try await bench.observe("postgresql.partitions")
            #expect(seen.verdict == .warn && seen["detaching"] == 1)
            #expect(seen.observation.findings.first?.advice?.hasSuffix("FINALIZE.") == true)
        }
    }

    @Test func aRangeWithoutEndIsAWarning() async throws {
        let seen = try await seen(
            """
            CREATE TABLE t (d date) PARTITION BY RANGE (d);
            CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
            CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM ('2020-01-01') TO (MAXVALUE)
            """)
        #expect(seen.verdict == .warn && seen["gaps"] == 0)
        #expect(seen.finding("no upper bound")?.subject == "public.t_2")
    }

    @Test func whatCannotBeReckonedWithIsUnknown() async throws {
        for key in ["(a, d)", "(date_trunc('day', d))", "(t)"] {
            let seen = try await seen("CREATE TABLE x (a int, d timestamp, t text) PARTITION BY RANGE \(key)")
            #expect(seen.verdict == .unknown, "\(key)")
        }
        let missing = try await seen("CREATE TABLE plain (id int)", ["tables": "plain"])
        #expect(missing.verdict == .fail)
        let zone = try await failure { _ = try await seen("", ["zone": "Europe/Nowhere"]) }
        #expect(zone?.code == .notFound)
    }

    @Test func withoutRightsItIsUnknownAndNotZero() async throws {
        let schema = PartitionTables.months(-1, 1, default: true) + PartitionTables.thousands(3)
        try await Bench.run(schema: schema) { bench in
            let (plain, monitor) = ("pp_" + bench.database, "pm_" + bench.database)
            try await bench.makeRoles(plain, monitor)
            try await bench.sql("GRANT pg_monitor TO \(monitor)")
            for role in [plain, monitor] {
                try await Bench.open(bench.server, bench.database, roles: (role, role)) { blind in
                    let seen = try await blind.observe("postgresql.partitions")
                    #expect(seen.verdict == .unknown)
                    #expect(
                        Set(seen.observation.findings.map(\.subject)) == ["public.readings_default", "public.events"])
                    #expect(seen["default_rows"] == nil && seen["ahead"] == 1)
                }
            }
            // The printed right is enough.
            try await bench.sql("GRANT pg_read_all_data TO \(plain)")
            try await Bench.open(bench.server, bench.database, roles: (plain, plain)) { seeing in
                let seen = try await seeing.observe("postgresql.partitions")
                #expect(seen.verdict == .pass)
            }
            try await bench.dropRoles(plain, monitor)
        }
    }

    @Test func aLockedTableIsUnknown() async throws {
        try await Bench.run(schema: PartitionTables.months(-1, 1, default: true)) { bench in
            let holder = try await OtherSession.open(bench, "LOCK TABLE readings_default")
            var short = bench
            short.time = .seconds(2)
            let seen = try? await short.observe("postgresql.partitions")
            #expect(seen == nil || seen?.verdict == .unknown)
            await holder.close()
        }
    }
}
