import ClientPostgreSQL
import Host
import Maintenance
import Synchronization

/// When a changing session is lost: at its n-th round trip, before the server hears of it, while it works on it, or
/// after it has done it and before we hear so.
struct Cut: Sendable, CustomStringConvertible {
    enum Moment: Sendable {
        case before
        case during(Duration)
        case after
    }

    let roundTrip: Int
    let moment: Moment

    var description: String { "\(moment) round trip \(roundTrip)" }
}

/// A database whose changing session is killed at one moment, as a crash of ours or of the backend does it.
final class CutDriver: PostgreSQLDriver {
    private let client: PostgreSQLClient
    private let killer: PostgreSQLClient
    private let cut: Cut
    private let count = Mutex(0)

    init(_ client: PostgreSQLClient, killer: PostgreSQLClient, _ cut: Cut) {
        self.client = client
        self.killer = killer
        self.cut = cut
    }

    /// True where the session was lost; else the work was over before.
    var wasCut: Bool { count.withLock { $0 >= cut.roundTrip } }

    var identity: String { client.identity }

    func look(_ statements: [SQLStatement], until deadline: Duration) async throws -> [Rows] {
        try await client.look(statements, until: deadline)
    }

    func copyOut(
        _ statement: SQLStatement, until deadline: Duration, _ sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        try await client.copyOut(statement, until: deadline, sink)
    }

    func server(until deadline: Duration) async throws -> ServerDescription {
        try await client.server(until: deadline)
    }

    func session<Value: Sendable>(
        until deadline: Duration, _ body: @escaping @Sendable (any PostgreSQLSession) async throws -> Value
    ) async throws -> Value {
        try await client.session(until: deadline) { session in
            let pid = try await session.run([SQLStatement("SELECT pg_backend_pid() AS pid")])[0].one().integer("pid")
            return try await body(CutSession(session: session, driver: self, pid: pid))
        }
    }

    fileprivate func run(_ statements: [SQLStatement], _ session: any PostgreSQLSession, _ pid: Int) async throws
        -> [Rows]
    {
        let number = count.withLock { count in
            count += 1
            return count
        }
        guard number == cut.roundTrip else { return try await session.run(statements) }
        switch cut.moment {
        case .before: try await kill(pid)
        case .after:
            _ = try await session.run(statements)
            try await kill(pid)
            throw CouldNotLook(.connectionLost, "The connection was lost.")
        case .during(let delay):
            async let killed: Void = {
                try await Host.system.sleep(delay)
                try await kill(pid)
            }()
            do {
                let rows = try await session.run(statements)
                try await killed
                return rows
            } catch {
                try await killed
                throw error
            }
        }
        return try await session.run(statements)
    }

    private func kill(_ pid: Int) async throws {
        _ = try await killer.look(
            [SQLStatement("SELECT pg_terminate_backend($1::int, 5000)", [SQLParameter(pid)])],
            until: Host.system.steady() + .seconds(20))
    }
}

private struct CutSession: PostgreSQLSession {
    let session: any PostgreSQLSession
    let driver: CutDriver
    let pid: Int

    var identity: String { session.identity }
    var server: ServerDescription { get async throws { try await session.server } }

    func run(_ statements: [SQLStatement]) async throws -> [Rows] { try await driver.run(statements, session, pid) }

    func copyIn(_ statement: SQLStatement, _ source: @escaping @Sendable () throws -> [UInt8]?) async throws -> Int {
        try await session.copyIn(statement, source)
    }
}
