import Host
import Journal
import Maintenance
import PostgreSQLJournal
import Sandbox
import Synchronization
import TestSupport
import Testing

/// Connections that end, a server that restarts, a standby that lagged: nothing is doubled, and what is lost is told.
@Suite struct OutageTests {
    private static let sessions =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        + "AND pid <> pg_backend_pid() AND application_name = 'millwright'"

    /// Points stand in each batch because a batch that is stored twice would double them.
    private func batch(_ record: Record) -> Batch {
        Batch(
            records: [record],
            points: [HistoryPoint(key: "k", name: "n", at: record.at, value: Double(record.sequence))])
    }

    private final class Answer: Sendable {
        private let state = Mutex(false)
        var isThere: Bool { state.withLock { $0 } }
        func come() { state.withLock { $0 = true } }
    }

    private func append(_ batch: Batch, to journal: PostgreSQLJournal, _ answer: Answer) async throws {
        defer { answer.come() }
        try await journal.append(batch)
    }

    private func isWhole(_ journal: PostgreSQLJournal, _ chain: [Record]) async throws {
        #expect(try await journal.records(of: "r1") == chain)
        let values = try await journal.points(key: "k", name: "n", limit: 1000).map(\.value)
        #expect(values.reversed() == chain.suffix(1000).map { Double($0.sequence) })
    }

    @Test func sessionsThatAreEndedBeforeEachAppendLoseAndDoubleNothing() async throws {
        try await withDatabase { database throws in
            try await database.withJournal { journal throws in
                let chain = Sample.chain("r1", 12)
                for record in chain {
                    _ = try await database.psql(Self.sessions)
                    try await journal.append(batch(record))
                }
                try await isWhole(journal, chain)
            }
        }
    }

    private final class Ended: Sendable {
        private let state = Mutex(0)
        var count: Int { state.withLock { $0 } }
        func add(_ more: Int) { state.withLock { $0 += more } }
    }

    /// Somebody ends the sessions all the time while records are appended: at any point of an append.
    @Test func sessionsThatAreEndedInTheMiddleOfAppendsLoseAndDoubleNothing() async throws {
        try await withDatabase { database throws in
            try await database.withJournal { journal throws in
                // As many as it takes until some sessions were ended.
                let chain = Sample.chain("r1", 20_000)
                let ended = Ended()
                let count = try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        while !Task.isCancelled {
                            // The last one is cut short when the test is done.
                            let answer = try? await database.psql(Self.sessions)
                            ended.add(answer?.split(separator: "\n").count ?? 0)
                        }
                    }
                    defer { group.cancelAll() }
                    for (index, record) in chain.enumerated() {
                        try await journal.append(batch(record))
                        if index >= 149, ended.count > 5 { return index + 1 }
                    }
                    return chain.count
                }
                #expect(ended.count > 5)
                try await isWhole(journal, Array(chain.prefix(count)))
            }
        }
    }

    /// The proxy swallows the server's answer at each of its bytes in turn: the batch may be stored or not, and nobody said.
    @Test func anAnswerThatGetsLostAtAnyByteLosesAndDoublesNothing() async throws {
        try await withDatabase { database throws in
            let proxy = try FaultProxy(to: database.server.port)
            defer { proxy.stop() }
            let url = "postgresql://postgres@127.0.0.1:\(proxy.port)/\(database.name)"
            try await database.withJournal(url: url) { journal throws in
                let chain = Sample.chain("r1", 30)
                var cuts = 0
                for (number, record) in chain.enumerated() {
                    // From a new connection on: signing in and the questions of the opening take some 1200 bytes.
                    proxy.dropConnections()
                    try proxy.set(.init(after: (bytes: number * 97 % 2900, event: .cut)))
                    let before = proxy.accepted
                    let answer = Answer()
                    async let stored: Void = append(batch(record), to: journal, answer)
                    while !answer.isThere, proxy.accepted == before || proxy.open > 0 {
                        try? await Task.sleep(for: .milliseconds(2))
                    }
                    cuts += answer.isThere ? 0 : 1
                    try proxy.set(.forward)
                    try await stored
                }
                #expect(cuts > 10)
                try await isWhole(journal, chain)
            }
        }
    }

    @Test func aServerThatStopsAndStartsIsWaitedFor() async throws {
        let server = try await PostgreSQLServer.start()
        try await doing {
            let database = JournalDatabase(server: server, name: "postgres")
            try await database.withJournal { journal throws in
                let chain = Sample.chain("r1", 20)
                for record in chain[..<10] { try await journal.append(batch(record)) }
                try await server.interrupt()
                async let next: Void = journal.append(batch(chain[10]))
                async let read = journal.records(of: "r1").count
                try await server.resume()
                try await next
                #expect(try await read >= 10)
                for record in chain[11...] { try await journal.append(batch(record)) }
                try await isWhole(journal, chain)
            }
        } finally: {
            await server.stop()
        }
    }

    @Test func patienceEnds() async throws {
        let server = try await PostgreSQLServer.start()
        let database = JournalDatabase(server: server, name: "postgres")
        try await database.withJournal(patience: .milliseconds(50)) { journal throws in
            let chain = Sample.chain("r1", 1)
            await server.stop()
            let error = await failure { try await journal.append(Batch(records: chain)) }
            #expect(error?.code == .unreachable)
            #expect(error?.exitCode == 75)
            #expect(await failure { _ = try await journal.records(of: "r1") }?.code == .unreachable)
        }
    }

    /// As after a failover to a standby that lagged: the last record that was confirmed is gone.
    @Test(arguments: ["on reconnecting", "on appending"])
    func aStoreThatLostWhatItConfirmedIsHeld(found: String) async throws {
        try await withDatabase { database throws in
            try await database.withJournal { journal throws in
                let chain = Sample.chain("r1", 4)
                for record in chain[..<3] { try await journal.append(batch(record)) }
                _ = try await database.psql("DELETE FROM millwright.record WHERE sequence = 3")
                if found == "on reconnecting" { _ = try await database.psql(Self.sessions) }
                // Another run's record: the loss shows all the same.
                let other = found == "on reconnecting" ? Sample.chain("r2", 1) : [chain[3]]
                #expect(await failure { try await journal.append(Batch(records: other)) }?.code == .forked)
                #expect(
                    await failure { try await journal.append(Batch(records: Sample.chain("r3", 1))) }?.code == .forked)
                // A node that knew nothing of it is held too.
                try await database.withJournal(node: "node-2") { second throws in
                    #expect(
                        await failure { try await second.append(Batch(records: Sample.chain("r4", 1))) }?.code
                            == .forked)
                    #expect(try await second.records(of: "r1").count == 2)
                }
                #expect(try await database.psql("SELECT run, sequence FROM millwright.fork LIMIT 1") == "r1|3")
            }
        }
    }
}
