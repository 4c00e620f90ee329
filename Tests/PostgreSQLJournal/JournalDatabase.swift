import Host
import Journal
import PostgreSQLJournal
import Sandbox

/// A database of its own, in which tests open the journal as they like.
struct JournalDatabase: Sendable {
    let server: PostgreSQLServer
    let name: String

    var url: String { server.url(database: name) }

    func psql(_ sql: String) async throws -> String { try await server.psql(sql, database: name) }

    /// A journal for writing, closed at the end.
    func withJournal<Value>(
        node: String = "node-1", url: String? = nil, patience: Duration? = nil,
        _ work: (PostgreSQLJournal) async throws -> Value
    ) async throws -> Value {
        let journal = try await PostgreSQLJournal.writer(
            at: url ?? self.url, node: node, host: .system, patience: patience)
        return try await doing {
            try await work(journal)
        } finally: {
            await journal.close()
        }
    }
}

func withDatabase<Value>(_ work: (JournalDatabase) async throws -> Value) async throws -> Value {
    let server = try await PostgreSQLServer.shared()
    return try await Gate.databases.pass {
        try await server.withDatabase { try await work(JournalDatabase(server: server, name: $0)) }
    }
}
