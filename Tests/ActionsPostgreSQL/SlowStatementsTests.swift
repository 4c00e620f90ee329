import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsPostgreSQL

@Suite(.serialized) struct SlowStatementsTests {
    @Test func withoutTheExtensionNothingIsKnown() async throws {
        try await Bench.run { bench in
            let absent = try await failure { _ = try await bench.observe("postgresql.slow-statements") }
            #expect(absent?.code == .notFound)
            #expect(absent?.sentence.contains("CREATE EXTENSION") == true)
            // There, but the server does not load it.
            try await bench.sql("CREATE EXTENSION pg_stat_statements")
            let idle = try await failure { _ = try await bench.observe("postgresql.slow-statements") }
            #expect(idle?.code == .notFound)
            #expect(idle?.sentence.contains("shared_preload_libraries") == true)
        }
    }

    @Test func slowStatementsAreNamed_AndAHealthyServerIsWell() async throws {
        let server = try await PostgreSQLServer.start(settings: ["shared_preload_libraries": "pg_stat_statements"])
        try await Bench.open(server, "postgres") { bench in
            try await bench.sql("CREATE SCHEMA \"Odd Place\"; CREATE EXTENSION pg_stat_statements SCHEMA \"Odd Place\"")
            try await wellAndSlow(bench)
            try await betweenTwoLooks(bench)
            try await hidden(bench)
            try await bench.sql("ALTER SYSTEM SET pg_stat_statements.track = 'none'; SELECT pg_reload_conf()")
            let untracked = try await eventually {
                try await failure { _ = try await bench.observe("postgresql.slow-statements") }?.code == .noData
            }
            #expect(untracked)
        }
        await server.stop()
    }

    private func wellAndSlow(_ bench: Bench) async throws {
        // A table that is loaded, and a report that ran once, are no alarm.
        try await bench.sql("CREATE TABLE loaded AS SELECT 1 AS id FROM pg_sleep(0.2); SELECT pg_sleep(0.2), 'once'")
        let well = try await bench.observe("postgresql.slow-statements", ["slow": "100ms"])
        #expect(well.verdict == .pass, "\(well.observation.findings)")
        #expect(well["slow"] == 0)
        #expect(well["window"].map { $0 > 0 && $0 < 0.1 } == true)
        #expect(well["evicted"] == 0)
        #expect(well.observation.summary.contains("since the statistics were reset"))
        #expect(well.observation.details.contains { $0["statement"]?.asText?.hasPrefix("CREATE TABLE") == true })
        try await bench.sql("SELECT pg_sleep(0.12) AS nap; SELECT pg_sleep(0.15) AS nap; SELECT pg_sleep(0.12) AS nap")
        let slow = try await bench.observe("postgresql.slow-statements", ["slow": "100ms", "min-calls": "3"])
        #expect(slow.verdict == .warn)
        #expect(slow["slow"] == 1)
        #expect(slow["slowest"].map { $0 >= 150 && $0 < 1000 } == true)
        #expect(slow["slowest_mean"].map { $0 >= 120 && $0 < 1000 } == true)
        let finding = try #require(slow.observation.findings.first)
        #expect(finding.cause.code == .slowStatement)
        #expect(finding.attributes["statement"] == "SELECT pg_sleep($1) AS nap")
        #expect(finding.attributes["calls"] == 3)
        #expect(slow.observation.details.first?["statement"] == "SELECT pg_sleep($1) AS nap")
        #expect(try await bench.observe("postgresql.slow-statements", ["min-calls": "3"]).verdict == .pass)
    }

    private func betweenTwoLooks(_ bench: Bench) async throws {
        // What was slow before drowns nothing and alarms nobody.
        let calm = try await bench.observe(
            "postgresql.slow-statements", ["slow": "100ms", "min-calls": "1", "over": "200ms"])
        #expect(calm.verdict == .pass, "\(calm.observation.findings)")
        #expect(calm.observation.missing["slowest"] != nil)
        let work = Task {
            while !Task.isCancelled { _ = try? await bench.sql("SELECT pg_sleep(0.1), 'secret'") }
        }
        // On a busy machine none may have come to its end in between.
        var last: Seen?
        let isSeen = try await eventually {
            last = try await bench.observe(
                "postgresql.slow-statements", ["slow": "90ms", "min-calls": "1", "over": "500ms"])
            return last?["slow"] == 1
        }
        work.cancel()
        await work.value
        #expect(isSeen)
        #expect(last?.observation.findings.first?.attributes["statement"] == "SELECT pg_sleep($1), $2")
        #expect(last?["window"].map { $0 * 86_400 >= 0.5 && $0 * 86_400 < 60 } == true)
        var hurried = bench
        hurried.time = .seconds(5)
        let late = try await failure { [hurried] in
            _ = try await hurried.observe("postgresql.slow-statements", ["over": "10s"])
        }
        #expect(late?.code == .limitReached)
    }

    private func hidden(_ bench: Bench) async throws {
        try await bench.makeRoles("blind")
        try await bench.sql("GRANT USAGE ON SCHEMA \"Odd Place\" TO blind")
        try await Bench.open(bench.server, "postgres", roles: ("blind", "blind")) { blind in
            let seen = try await blind.observe("postgresql.slow-statements", ["slow": "100ms", "min-calls": "3"])
            #expect(seen.verdict == .unknown)
            #expect(seen["slow"] == nil)
            #expect(seen.observation.missing["slow"]?.code == .noPermission)
            // Times are shown to everybody, and nothing takes an hour.
            #expect(try await blind.observe("postgresql.slow-statements", ["slow": "1h"]).verdict == .pass)
            try await bench.sql("GRANT pg_read_all_stats TO blind")
            let granted = try await blind.observe("postgresql.slow-statements", ["slow": "100ms", "min-calls": "3"])
            #expect(granted.verdict == .warn)
        }
        try await bench.dropRoles("blind")
    }
}

struct StatementWindowTests {
    private func statement(_ query: String?, _ calls: Int, _ total: Double) -> CountedStatement {
        CountedStatement(
            key: StatementKey(role: "1", database: "1", query: query, isTopLevel: "t"), role: "r", database: "d",
            calls: calls, total: total, longest: 0, isHidden: query == nil, isMaintenance: false)
    }

    @Test func onlyWhatWasCalledInBetweenCounts() {
        let first = StatementWindow(
            statements: [statement("a", 10, 100), statement("b", 5, 50), statement("c", 9, 90)], at: 100, evicted: 1)
        let second = StatementWindow(
            statements: [statement("a", 12, 140), statement("b", 5, 50), statement("c", 2, 8), statement("d", 1, 7)],
            at: 130, evicted: 4)
        let between = second.since(first)
        #expect(between.statements.map(\.key.query) == ["a", "c", "d"])
        // What is counted less than before began anew.
        #expect(between.statements.map(\.calls) == [2, 2, 1])
        #expect(between.statements.map(\.mean) == [20, 4, 7])
        #expect(between.period == 30)
        #expect(between.evicted == 3)
    }
}
