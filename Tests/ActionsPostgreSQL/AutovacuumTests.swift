import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsPostgreSQL

struct AutovacuumTests {
    @Test func aHealthyDatabaseIsWell() async throws {
        try await Bench.run(schema: "CREATE TABLE fine (id int)") { bench in
            let seen = try await bench.observe("postgresql.autovacuum")
            #expect(seen.verdict == .pass, "\(seen.observation.findings)")
            #expect(seen["different"] == 0)
            #expect(seen["left_alone"] == 0)
            #expect(seen["overdue"] == 0)
            #expect(seen["oldest_holder"] != nil)
        }
    }

    @Test func settingsThatDifferAreFound() async throws {
        let schema = """
            CREATE TABLE tuned (id int) WITH (autovacuum_vacuum_scale_factor = 0.4);
            CREATE TABLE eager (id int) WITH (autovacuum_vacuum_scale_factor = 0.01)
            """
        try await Bench.run(schema: schema) { bench in
            let guide: PlanValue = [
                "expect": [
                    "autovacuum_vacuum_scale_factor": "0.1", "autovacuum_analyze_scale_factor": "0.05",
                    "autovacuum_naptime": "1min",
                ]
            ]
            let seen = try await bench.observe("postgresql.autovacuum", guide)
            #expect(seen.verdict == .fail)
            #expect(seen["different"] == 3)
            #expect(
                seen.observation.findings.map(\.subject) == [
                    "autovacuum_analyze_scale_factor", "autovacuum_vacuum_scale_factor", "public.tuned",
                ])
            let met = try await bench.observe(
                "postgresql.autovacuum",
                ["expect": ["autovacuum_vacuum_scale_factor": "0.20", "autovacuum": "true"], "except": "tuned"])
            #expect(met.verdict == .pass, "\(met.observation.findings)")
            let wrong = try await bench.observe("postgresql.autovacuum", ["expect": ["autovacum": "on"]])
            #expect(wrong.verdict == .unknown)
        }
    }

    @Test func whatIsSwitchedOffIsFound() async throws {
        let schema = """
            CREATE TABLE off (id int) WITH (autovacuum_enabled = false);
            CREATE TABLE half (id int, t text) WITH (toast.autovacuum_enabled = false)
            """
        try await Bench.run(schema: schema) { bench in
            let seen = try await bench.observe("postgresql.autovacuum")
            #expect(seen.verdict == .warn)
            #expect(seen["left_alone"] == 2)
            #expect(seen.observation.findings.map(\.subject) == ["public.off", "public.half"])
            #expect(try await bench.observe("postgresql.autovacuum", ["except": ["off", "half"]]).verdict == .pass)
        }
    }

    @Test func whoHoldsOldRowsIsNamed_OrItIsSaidThatHeIsNotShown() async throws {
        try await Bench.run(schema: "CREATE TABLE fine (id int)") { bench in
            let role = "plain_" + bench.database
            try await bench.makeRoles(role)
            let report = try await OtherSession.open(bench)
            try await bench.sql("INSERT INTO fine VALUES (1); INSERT INTO fine VALUES (2)")
            let seen = try await bench.observe("postgresql.autovacuum", ["holder-transactions": "2"])
            #expect(seen.verdict == .warn)
            let finding = try #require(seen.observation.findings.first)
            #expect(finding.cause.code == .heldRows)
            #expect(finding.subject.hasPrefix("idle session process"))
            #expect(finding.subject.contains("(somebody)"))
            #expect(seen["oldest_holder"].map { $0 >= 2 } == true)
            #expect(try await bench.observe("postgresql.autovacuum").verdict == .pass)
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { plain in
                let hidden = try await plain.observe("postgresql.autovacuum")
                #expect(hidden.verdict == .unknown)
                #expect(hidden.observation.missing["oldest_holder"]?.code == .noPermission)
                try await bench.sql("GRANT pg_monitor TO \(role)")
                let granted = try await plain.observe("postgresql.autovacuum", ["holder-transactions": "2"])
                #expect(granted.observation.findings.map(\.cause.code) == [.heldRows])
            }
            await report.close()
            try await bench.dropRoles(role)
        }
    }

    @Test func aVacuumThatWaitsIsFound() async throws {
        try await Bench.run(schema: "CREATE TABLE held (id int)") { bench in
            let holder = try await OtherSession.open(bench, "LOCK TABLE held IN SHARE MODE")
            let vacuum = try await BusySession.begin(bench, "vacuum", "VACUUM held")
            let seen = try await bench.observe("postgresql.autovacuum", ["wait": "0s"])
            #expect(seen.verdict == .warn)
            #expect(seen["waiting_vacuums"] == 1)
            #expect(seen.observation.findings.map(\.cause.code) == [.blocks])
            #expect(try await bench.observe("postgresql.autovacuum", ["wait": "1h"]).verdict == .pass)
            await holder.close()
            await vacuum.ended()
        }
    }

    @Test func deadRowsPreparedTransactionsAndSlotsAreFound() async throws {
        let server = try await PostgreSQLServer.start(settings: [
            "autovacuum_naptime": "1d", "max_prepared_transactions": "2", "wal_level": "logical",
            "max_wal_senders": "2",
        ])
        try await Bench.open(server, "postgres") { bench in
            try await bench.sql("CREATE TABLE due (id int); INSERT INTO due SELECT generate_series(1, 1000)")
            try await bench.sql("ANALYZE due")
            try await bench.sql("DELETE FROM due WHERE id <= 900")
            var seen: Seen?
            let isDue = try await eventually {
                seen = try await bench.observe("postgresql.autovacuum")
                return seen?["overdue"] == 1
            }
            #expect(isDue)
            #expect(seen?.verdict == .unknown)
            var later = bench
            later.past = [PastMeasurement(at: Host.system.now() - .seconds(7200), value: 1)]
            let overdue = try await later.observe("postgresql.autovacuum")
            #expect(overdue.verdict == .warn)
            #expect(overdue.observation.findings.map(\.cause.code) == [.overdue])
            try await bench.sql("VACUUM due")
            #expect(try await eventually { try await bench.observe("postgresql.autovacuum").verdict == .pass })
            try await otherHolders(bench)
        }
        await server.stop()
    }

    private func otherHolders(_ bench: Bench) async throws {
        try await bench.sql(
            """
            SELECT pg_create_logical_replication_slot('left', 'test_decoding');
            BEGIN; INSERT INTO due VALUES (1); PREPARE TRANSACTION 'forgotten'
            """)
        for _ in 0..<3 { try await bench.sql("INSERT INTO due VALUES (2)") }
        let held = try await bench.observe("postgresql.autovacuum", ["holder-transactions": "2"])
        #expect(held.verdict == .warn)
        #expect(
            Set(held.observation.findings.map(\.subject)) == [
                "prepared transaction 'forgotten'", "replication slot \"left\"",
            ])
        #expect(held.observation.findings.compactMap(\.advice).contains { $0.contains("pg_drop_replication_slot") })
        try await bench.sql("ROLLBACK PREPARED 'forgotten'")
        try await bench.sql("SELECT pg_drop_replication_slot('left')")
        #expect(try await bench.observe("postgresql.autovacuum", ["holder-transactions": "2"]).verdict == .pass)
        try await bench.sql("ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf()")
        #expect(try await eventually { try await bench.observe("postgresql.autovacuum").verdict == .fail })
    }

    /// What a standby can say, what it leaves to its primary, and what it keeps the primary from.
    @Test func aStandbyIsLookedAt_AndHoldsItsPrimaryUp() async throws {
        try await Pair.run { pair in
            try await pair.follower.psql("ALTER SYSTEM SET hot_standby_feedback = on; SELECT pg_reload_conf()")
            try await Bench.open(pair.follower, "postgres") { standby in
                for check in ["activity", "idle-in-transaction", "wraparound"] {
                    #expect(try await standby.observe("postgresql." + check).verdict == .pass, "\(check)")
                }
                for check in ["statistics-age", "autovacuum"] {
                    let refused = try await failure { _ = try await standby.observe("postgresql." + check) }
                    #expect(refused?.code == .notSupported, "\(check)")
                }
                let report = try await OtherSession.open(standby)
                try await Bench.open(pair.server, "postgres") { primary in
                    try await primary.sql("CREATE TABLE busy (id int); INSERT INTO busy VALUES (1)")
                    let isSeen = try await eventually {
                        try await primary.sql("INSERT INTO busy VALUES (2)")
                        let seen = try await primary.observe("postgresql.autovacuum", ["holder-transactions": "2"])
                        return seen.observation.findings.contains {
                            $0.subject == "replication slot one" && $0.advice?.contains("the standby") == true
                        }
                    }
                    #expect(isSeen)
                }
                let change = try standby.change(
                    "postgresql.terminate",
                    ["states": "idle-in-transaction", "older-than": "1s", "users": "postgres"])
                #expect(try await eventually { try await standby.preview(change).units.count == 1 })
                #expect(try await standby.doAll(change, standby.preview(change)).first?["sessions"] == 1)
                await report.close()
            }
        }
    }
}
