import Host
import Maintenance
import Testing

@testable import ActionsPostgreSQL
@testable import Sandbox

struct IdleInTransactionTests {
    @Test func whoOnlyIdlesIsNoFinding() async throws {
        try await Bench.run { bench in
            let seen = try await bench.observe("postgresql.idle-in-transaction", ["long": "0s"])
            #expect(seen.verdict == .pass)
            #expect(seen["sessions"] == 0)
            #expect(seen["oldest"] == 0)
        }
    }

    @Test func whoHoldsATransactionOpenIsNamed() async throws {
        try await Bench.run(schema: ActivityTests.schema) { bench in
            let idle = try await OtherSession.open(bench, "UPDATE t SET x = 4711 WHERE id = 1")
            let young = try await bench.observe("postgresql.idle-in-transaction")
            #expect(young.verdict == .pass)
            #expect(young["sessions"] == 1)
            let seen = try await bench.observe("postgresql.idle-in-transaction", ["long": "0s"])
            #expect(seen.verdict == .warn)
            let finding = try #require(seen.observation.findings.first)
            #expect(finding.cause.code == .idleInTransaction)
            #expect(finding.subject.contains("(somebody)"))
            #expect(finding.advice?.contains("idle_in_transaction_session_timeout is 0") == true)
            #expect(finding.attributes["statement"] == "UPDATE t SET x = ? WHERE id = ?")
            #expect(finding.attributes["write_locks"].flatMap(\.asNumber).map { $0 >= 2 } == true)
            #expect(finding.attributes["held_transactions"] != nil)
            let excepted = try await bench.observe(
                "postgresql.idle-in-transaction", ["long": "0s", "except": "some*"])
            #expect(excepted.verdict == .pass)
            await idle.close()
            #expect(try await bench.observe("postgresql.idle-in-transaction", ["long": "0s"]).verdict == .pass)
        }
    }

    @Test func forWhomSomebodyWaitsIsAFailure() async throws {
        try await Bench.run(schema: ActivityTests.schema) { bench in
            let idle = try await OtherSession.open(bench, "UPDATE t SET x = 1 WHERE id = 1")
            let waiting = try await BusySession.begin(bench, "second", "UPDATE t SET x = 2 WHERE id = 1")
            let seen = try await bench.observe("postgresql.idle-in-transaction", ["wait": "0s"])
            #expect(seen.verdict == .fail)
            #expect(seen["blocking"] == 1)
            #expect(seen.observation.findings.map(\.cause.code) == [.blocks])
            #expect(try await bench.observe("postgresql.idle-in-transaction", ["wait": "1h"]).verdict == .pass)
            await idle.close()
            await waiting.ended()
        }
    }

    @Test func anAbortedOneCountsToo_AndItsStatementIsNotShown() async throws {
        try await Bench.run { bench in
            let aborted = try await DatabaseSession.open(
                port: bench.server.port, database: bench.database, user: "postgres", application: "careless")
            try await aborted.execute("BEGIN")
            await #expect(throws: ProgramError.self) { try await aborted.execute("SELECT 1/0 AS secret") }
            #expect(
                try await eventually {
                    try await bench.observe("postgresql.idle-in-transaction")["sessions"] == 1
                })
            let seen = try await bench.observe("postgresql.idle-in-transaction", ["long": "0s"])
            #expect(seen.verdict == .warn)
            #expect(seen.observation.details.first?["state"] == "idle in transaction (aborted)")
            #expect(seen.observation.details.first?["statement"] == "SELECT …")
            withExtendedLifetime(aborted) {}
        }
    }

    @Test func whatIsNotShownIsUnknown() async throws {
        try await Bench.run { bench in
            let role = "blind_" + bench.database
            try await bench.makeRoles(role)
            let idle = try await OtherSession.open(bench)
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { blind in
                let seen = try await blind.observe("postgresql.idle-in-transaction", ["long": "0s"])
                #expect(seen.verdict == .unknown)
                #expect(seen["sessions"] == nil)
                #expect(seen.observation.missing["oldest"]?.code == .noPermission)
                try await bench.sql("GRANT pg_monitor TO \(role)")
                let granted = try await blind.observe("postgresql.idle-in-transaction", ["long": "0s"])
                #expect(granted.observation.findings.first?.cause.code == .idleInTransaction)
            }
            await idle.close()
            try await bench.dropRoles(role)
        }
    }

    @Test func sessionsThatHideWhatTheyDoAreUnknown() async throws {
        try await Bench.run { bench in
            let busy = try await OtherSession.open(bench, "SET track_activities = off")
            let seen = try await bench.observe("postgresql.idle-in-transaction")
            #expect(seen.verdict == .unknown)
            #expect(seen.observation.missing["sessions"]?.code == .noData)
            await busy.close()
        }
    }
}
