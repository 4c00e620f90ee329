import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsPostgreSQL

struct StatisticsAgeTests {
    static let healthy = """
        CREATE TABLE well (id int); INSERT INTO well SELECT generate_series(1, 5000);
        CREATE TABLE small (id int) WITH (autovacuum_enabled = false); INSERT INTO small SELECT generate_series(1, 10)
        """

    /// The counters are written a moment after the statement.
    private func observe(
        _ bench: Bench, _ parameters: PlanValue? = nil, until condition: (Seen) -> Bool
    ) async throws -> Seen {
        var last: Seen?
        _ = try await eventually {
            let seen = try await bench.observe("postgresql.statistics-age", parameters)
            last = seen
            return condition(seen)
        }
        return try #require(last)
    }

    @Test func freshStatisticsAreWell() async throws {
        try await Bench.run(schema: Self.healthy) { bench in
            try await bench.sql("ANALYZE well")
            let seen = try await observe(bench) { $0["tables"] == 1 && $0["never_analyzed"] == 0 }
            #expect(seen.verdict == .pass, "\(seen.observation.findings)")
            #expect(seen["stale"] == 0)
            #expect(seen["oldest"].map { $0 < 0.1 } == true)
        }
    }

    /// How many rows there are is then what the last ANALYZE saw.
    @Test func withoutCountersATableIsStillOne() async throws {
        try await Bench.run(schema: Self.healthy) { bench in
            try await bench.sql("ANALYZE well; SELECT pg_stat_reset()")
            let seen = try await observe(bench) { $0["not_counted"] == 1 }
            #expect(seen["tables"] == 1)
            #expect(seen.verdict == .unknown)
        }
    }

    @Test func whatAutovacuumLeavesAloneIsFound() async throws {
        let schema = """
            CREATE TABLE never (id int) WITH (autovacuum_enabled = false);
            INSERT INTO never SELECT generate_series(1, 5000);
            CREATE TABLE parted (id int) PARTITION BY RANGE (id);
            CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (9999);
            INSERT INTO parted SELECT generate_series(1, 5000);
            """
        try await Bench.run(schema: schema) { bench in
            try await bench.sql("ANALYZE parted_1")
            let seen = try await observe(bench) { $0["tables"] == 3 && $0["never_analyzed"] == 2 }
            #expect(seen.verdict == .warn)
            #expect(Set(seen.observation.findings.map(\.subject)) == ["public.never", "public.parted"])
            #expect(seen.observation.findings.allSatisfy { $0.cause.code == .staleStatistics })
            let excepted = try await bench.observe("postgresql.statistics-age", ["except": ["never", "public.parted"]])
            #expect(excepted.verdict == .pass)
            try await bench.sql("ANALYZE never")
            try await bench.sql("ANALYZE parted")
            #expect(try await observe(bench) { $0["never_analyzed"] == 0 }.verdict == .pass)
        }
    }

    @Test func whatChangedSinceIsFound() async throws {
        let schema = """
            CREATE TABLE stale (id int) WITH (autovacuum_enabled = false);
            INSERT INTO stale SELECT generate_series(1, 5000)
            """
        try await Bench.run(schema: schema) { bench in
            _ = try await observe(bench) { $0["tables"] == 1 }
            try await bench.sql("ANALYZE stale")
            _ = try await observe(bench) { $0["never_analyzed"] == 0 }
            try await bench.sql("UPDATE stale SET id = id + 1 WHERE id % 2 = 0")
            let seen = try await observe(bench, ["settle": "0s"]) { $0["stale"] == 1 }
            #expect(seen.verdict == .warn)
            #expect(seen["most_changed"].map { $0 >= 50 } == true)
            #expect(seen.observation.findings.first?.cause.sentence.contains("% of its rows changed") == true)
            // Written together with ANALYZE they are counted after it: not on the first day.
            #expect(try await bench.observe("postgresql.statistics-age").verdict == .pass)
            #expect(
                try await bench.observe("postgresql.statistics-age", ["settle": "0s", "changed": "200%"]).verdict
                    == .pass)
            let old = try await bench.observe("postgresql.statistics-age", ["older-than": "0s"])
            #expect(old["stale"] == 1)
        }
    }

    @Test func whatAutovacuumHasNotGotToYetIsKnownAnHourLater() async throws {
        // Its own autovacuum never comes by.
        let server = try await PostgreSQLServer.start(settings: ["autovacuum_naptime": "1d"])
        try await Bench.open(server, "postgres") { bench in
            try await bench.sql("CREATE TABLE new (id int); INSERT INTO new SELECT generate_series(1, 5000)")
            let first = try await observe(bench) { $0["never_analyzed"] == 1 }
            #expect(first.verdict == .unknown)
            #expect(first.observation.findings.map(\.cause.code) == [.noData])
            var later = bench
            later.past = [PastMeasurement(at: Host.system.now() - .seconds(7200), value: 1)]
            #expect(try await later.observe("postgresql.statistics-age").verdict == .warn)
            later.past = [PastMeasurement(at: Host.system.now() - .seconds(7200), value: 0)]
            #expect(try await later.observe("postgresql.statistics-age").verdict == .pass)
            try await counters(bench)
        }
        await server.stop()
    }

    /// Without them nothing is known, and that is no pass.
    private func counters(_ bench: Bench) async throws {
        try await bench.sql("ANALYZE new")
        _ = try await observe(bench) { $0["never_analyzed"] == 0 }
        try await bench.sql("SELECT pg_stat_reset()")
        try await bench.sql("INSERT INTO new SELECT generate_series(1, 2000)")
        let lost = try await observe(bench) { $0["not_counted"] == 1 }
        #expect(lost.verdict == .unknown)
        #expect(lost.observation.findings.first?.cause.sentence.contains("lost its counters") == true)
        try await bench.sql("ALTER SYSTEM SET track_counts = off; SELECT pg_reload_conf()")
        let blind = try await eventually {
            try await failure { _ = try await bench.observe("postgresql.statistics-age") }?.code == .noData
        }
        #expect(blind)
    }
}
