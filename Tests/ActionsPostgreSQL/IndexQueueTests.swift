import ActionsPostgreSQL
import ClientPostgreSQL
import Foundation
import Host
import Maintenance
import Sandbox
import Testing

/// That nobody waits because of a rebuild: the server itself writes down who waits for a lock longer than 100 ms.
struct IndexQueueTests {
    @Test(.timeLimit(.minutes(4)))
    func whoQueuesBehindARebuildGetsItsTable() async throws {
        let settings = ["log_lock_waits": "on", "deadlock_timeout": "100ms", "log_line_prefix": "%p %a "]
        let server = try await PostgreSQLServer.start(settings: settings)
        try await doing {
            try await server.withDatabase { database in
                try await server.psql(IndexRebuildTests.schema, database: database)
                try await Bench.open(server, database) { bench in
                    try await rebuildBesideTraffic(bench)
                }
            }
            let log = try String(contentsOfFile: server.folder + "/log", encoding: .utf8)
            let waits = log.split(separator: "\n").filter {
                $0.contains("still waiting for") && $0.contains(" on relation ")
            }
            #expect(waits.isEmpty, "\(waits.joined(separator: "\n"))")
        } finally: {
            await server.stop()
        }
    }

    /// An old snapshot holds the rebuild up; meanwhile somebody alters the table again and again, and others write.
    private func rebuildBesideTraffic(_ bench: Bench) async throws {
        var bench = bench
        bench.time = .seconds(90)
        let patient = bench
        let change = try bench.change("postgresql.reindex", ["indexes": "traps_site"])
        let unit = try #require(try await bench.preview(change).units.first)
        let baseline = try await bench.prepare(change, unit)
        let old = try await OtherSession.open(bench)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await patient.apply(change, unit, baseline) }
            for column in 1...2 {
                let waits = try await eventually(within: .seconds(40)) {
                    try await bench.sql("SELECT count(*) FROM pg_stat_progress_create_index WHERE phase ~ 'old snap'")
                        == "1"
                }
                try #require(waits)
                try await bench.sql("ALTER TABLE traps ADD COLUMN c\(column) int")
                let updates = (1...50).map { "UPDATE traps SET c\(column) = \($0) WHERE id = \($0 * 10)" }
                try await bench.sql(updates.joined(separator: ";"))
            }
            await old.close()
            try await group.waitForAll()
        }
        guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
        #expect(try await bench.sql(IndexRebuildTests.invalid) == "")
    }
}
