import CLibPQ
import Dispatch
import FoundationEssentials
import GRDB
import Glibc
import Host
import Synchronization

/// What the store itself can do: so many bytes a commit, with one plain statement and the same durability.
struct Raw {
    let bytes: Int
    private let host = Host.system

    /// One connection, for a file has one writer.
    func sqlite(in folder: String, for time: Duration) throws {
        let queue = try DatabaseQueue(path: "\(folder)/raw.sqlite")
        try queue.inDatabase { database in
            guard try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                throw Wrong(what: "a write-ahead log")
            }
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: Self.table)
        }
        let body = Data(repeating: 1, count: bytes)
        let begun = host.steady()
        var count = 0
        while host.steady() < begun + time {
            try queue.inDatabase { database in
                try database.inTransaction(.immediate) {
                    let insert = try database.cachedStatement(sql: "INSERT INTO raw VALUES ('run', ?, ?)")
                    try insert.execute(arguments: [count, body])
                    return .commit
                }
            }
            count += 1
        }
        say(count, since: begun)
    }

    /// Each connection with a thread of its own, and its statement prepared.
    func postgresql(at url: String, connections: Int, for time: Duration) throws {
        let server = try Server(url)
        try server.run("DROP TABLE IF EXISTS raw")
        try server.run(Self.table.replacing("BLOB", with: "bytea").replacing("INTEGER", with: "bigint"))
        let total = Mutex(0)
        let failed = Mutex<(any Error)?>(nil)
        let body = #"\x"# + String(repeating: "01", count: bytes)
        let begun = host.steady()
        let threads = DispatchGroup()
        for number in 0..<connections {
            DispatchQueue(label: "raw").async(group: threads) { [host] in
                do {
                    let server = try Server(url)
                    try server.prepare("INSERT INTO raw VALUES ('run-\(number)', $1, $2)")
                    var count = 0
                    while host.steady() < begun + time {
                        try server.execute(["\(count)", body])
                        count += 1
                    }
                    total.withLock { $0 += count }
                } catch {
                    failed.withLock { $0 = error }
                }
            }
        }
        threads.wait()
        if let error = failed.withLock({ $0 }) { throw error }
        say(total.withLock { $0 }, since: begun)
    }

    private static let table =
        "CREATE TABLE raw (run TEXT NOT NULL, sequence INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (run, sequence))"

    private func say(_ count: Int, since begun: Duration) {
        DurableBench.say("commits a second", Double(count) / (host.steady() - begun).inSeconds, digits: 1)
    }
}

/// A connection of libpq, and nothing around it.
final class Server {
    private let connection: OpaquePointer

    init(_ url: String) throws {
        guard let connection = PQconnectdb(url), PQstatus(connection) == CONNECTION_OK else {
            throw Wrong(what: "a connection")
        }
        self.connection = connection
    }

    deinit { PQfinish(connection) }

    func run(_ statement: String) throws { try check(PQexec(connection, statement)) }

    func value(_ statement: String) throws -> Double {
        let result = PQexec(connection, statement)
        defer { PQclear(result) }
        guard PQntuples(result) == 1, let text = PQgetvalue(result, 0, 0), let value = Double(String(cString: text))
        else { throw Wrong(what: "a number of \(statement)") }
        return value
    }

    func prepare(_ statement: String) throws { try check(PQprepare(connection, "it", statement, 0, nil)) }

    func execute(_ parameters: [String]) throws {
        let values = parameters.map { strdup($0) }
        defer { for value in values { free(value) } }
        let list = values.map { UnsafePointer($0) }
        try check(PQexecPrepared(connection, "it", Int32(list.count), list, nil, nil, 0))
    }

    private func check(_ result: OpaquePointer?) throws {
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else {
            throw Wrong(what: String(cString: PQerrorMessage(connection)))
        }
    }
}
