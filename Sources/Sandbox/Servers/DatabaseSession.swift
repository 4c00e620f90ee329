import Foundation

/// A session of PostgreSQL that is only there to be held open, by the few messages of the wire protocol that this
/// needs. Its role must be trusted: it knows no password.
final class DatabaseSession: Sendable {
    private let descriptor: Int32

    /// Blocks its thread until the server is ready for a query.
    init(port: Int, database: String, user: String, application: String) throws {
        guard let descriptor = Loopback.connect(port: port) else {
            throw ProgramError(program: "postgres", reason: "nobody listens on 127.0.0.1:\(port)")
        }
        self.descriptor = descriptor
        let parameters = ["user", user, "database", database, "application_name", application]
        let body = Self.number(196_608) + parameters.flatMap { Array($0.utf8) + [0] } + [0]
        try send(Self.number(body.count + 4) + body)
    }

    deinit { close(descriptor) }

    static func open(
        port: Int, database: String, user: String, application: String
    ) async throws -> DatabaseSession {
        try await blocking {
            try DatabaseSession(port: port, database: database, user: user, application: application)
        }
    }

    func execute(_ sql: String) async throws {
        let body = Array(sql.utf8) + [0]
        try await blocking { try self.send([UInt8(ascii: "Q")] + Self.number(body.count + 4) + body) }
    }

    private func send(_ bytes: [UInt8]) throws {
        guard Loopback.sendAll(descriptor, bytes) else {
            throw ProgramError(program: "postgres", reason: "the session is over")
        }
        // Messages follow each other until `Z`: ready.
        while true {
            let head = try take(5)
            let body = try take(head[1...].reduce(0) { $0 << 8 | Int($1) } - 4)
            if head[0] == UInt8(ascii: "E") {
                throw ProgramError(program: "postgres", reason: String(decoding: body, as: UTF8.self))
            }
            if head[0] == UInt8(ascii: "Z") { return }
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = Loopback.receive(descriptor, limit: count - bytes.count)
            guard !more.isEmpty else { throw ProgramError(program: "postgres", reason: "the session is over") }
            bytes += more
        }
        return bytes
    }

    private static func number(_ value: Int) -> [UInt8] { withUnsafeBytes(of: Int32(value).bigEndian) { Array($0) } }
}
