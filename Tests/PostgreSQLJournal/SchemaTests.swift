import Foundation
import Host
import Journal
import Maintenance
import PostgreSQLJournal
import Sandbox
import TestSupport
import Testing

/// Making the tables, finding newer ones, and what a role needs.
@Suite struct SchemaTests {
    @Test func nodesThatStartAtOnceMakeTheTablesOnce() async throws {
        try await withDatabase { database throws in
            try await withThrowingDiscardingTaskGroup { group in
                for node in 0..<4 {
                    group.addTask {
                        try await database.withJournal(node: "node-\(node)") { journal throws in
                            try await journal.append(Batch(records: Sample.chain("r\(node)", 1)))
                        }
                    }
                }
            }
            #expect(try await database.psql("SELECT count(DISTINCT run) FROM millwright.record") == "4")
        }
    }

    @Test func tablesOfANewerVersionAreRefused() async throws {
        try await withDatabase { database throws in
            try await database.withJournal { _ in }
            _ = try await database.psql("INSERT INTO millwright.version VALUES (99)")
            let writing = await failure { try await database.withJournal { _ in } }
            #expect(writing?.code == .newerVersion)
            #expect(writing?.sentence.contains("version 99") == true)
            let reading = await failure { _ = try await PostgreSQLJournal.reader(at: database.url, host: .system) }
            #expect(reading?.code == .newerVersion)
        }
    }

    @Test func aReaderMakesNothing() async throws {
        try await withDatabase { database throws in
            let error = await failure { _ = try await PostgreSQLJournal.reader(at: database.url, host: .system) }
            #expect(error?.code == .unreadable)
            #expect(error?.sentence.contains("no journal") == true)
            #expect(try await database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'millwright'") == "0")
        }
    }

    @Test func aWrongAddressIsToldAtOnceAndWithoutItsPassword() async throws {
        let server = try await PostgreSQLServer.shared()
        let url = server.url(database: "nowhere", user: "postgres", password: "s3cr3t-word")
        let error = await failure { _ = try await PostgreSQLJournal.reader(at: url, host: .system) }
        #expect(error != nil)
        #expect(error?.sentence.contains("nowhere") == true)
        #expect(error?.sentence.contains("s3cr3t") == false)
        let wrong = await failure {
            _ = try await PostgreSQLJournal.reader(at: "postgresql://a:s3cr3t@[", host: .system)
        }
        #expect(wrong?.sentence.contains("s3cr3t") == false)
    }

    /// The rights that docs/postgresql-journal.md names are enough for running, and no more than that are given.
    @Test func aRoleWithTheDocumentedRightsCanRun() async throws {
        try await withDatabase { database throws in
            try await database.withJournal { _ in }
            let role = "runner_\(database.name)"
            _ = try await database.psql("CREATE ROLE \(role) LOGIN PASSWORD 'pw'")
            let page = try Documents.text("docs/postgresql-journal.md")
            let grants = page.components(separatedBy: "```sql").dropFirst().map { $0.components(separatedBy: "```")[0] }
                .filter { $0.contains("GRANT") && $0.contains("millwright_runner") }
            #expect(grants.count == 2)
            for grant in grants { _ = try await database.psql(grant.replacing("millwright_runner", with: role)) }
            do {
                let url = database.server.url(database: database.name, user: role, password: "pw")
                try await database.withJournal(url: url) { journal throws in
                    try await use(journal)
                    #expect(
                        await failure { _ = try await journal.row("r1") } == nil)
                }
                let denied = "SET ROLE \(role); UPDATE millwright.record SET kind = 'other'"
                await #expect(throws: (any Error).self) { _ = try await database.psql(denied) }
            }
            _ = try await database.psql("DROP OWNED BY \(role); DROP ROLE \(role)")
        }
    }

    private func use(_ journal: PostgreSQLJournal) async throws {
        guard case .granted(let lease) = try await journal.acquire("r1", place: nil, by: "node-1", for: .seconds(30))
        else {
            Issue.record("the lease is free")
            return
        }
        var batch = Batch(
            records: Sample.chain("r1", 2), bodies: [Body([1, 2, 3])], rows: [Sample.row("r1")],
            points: [HistoryPoint(key: "k", name: "n", at: Sample.start, value: 1)],
            missed: [
                MissedRow(
                    occurrence: Sample.row("", nominal: 60).occurrence, cause: "down", sentence: "Nobody was there.",
                    decidedAt: Sample.start)
            ])
        batch.fences = [lease.fence]
        try await journal.append(batch)
        try await journal.append(Batch(rows: [Sample.row("r1", state: .ended)]))
        #expect(try await journal.renew([lease.fence], for: .seconds(30)) == [lease.fence])
        try await journal.release([lease.fence])
        #expect(try await journal.takeOver(at: ["default"], limit: 5, by: "node-1", for: .seconds(1)).isEmpty)
    }
}
