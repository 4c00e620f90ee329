import CLibPQ
import Host
import Maintenance

/// A target's connections: at most two, opened when they are first needed, shared by the steps of a run.
public final class PostgreSQLClient: PostgreSQLDriver {
    let looking: ConnectionSettings
    let changing: ConnectionSettings?
    private let host: Host
    private let pool: ConnectionPool

    init(looking: ConnectionSettings, changing: ConnectionSettings?, on host: Host) {
        self.looking = looking
        self.changing = changing
        self.host = host
        pool = ConnectionPool(on: host)
    }

    public var identity: String { looking.identity }

    /// Hangs up on the server.
    public func close() { pool.close() }

    public func look(_ statements: [SQLStatement], until deadline: Duration) async throws -> [Rows] {
        try await onLook(until: deadline) { try $0.look(statements, caps: AnswerCaps(), $1) }
    }

    public func copyOut(
        _ statement: SQLStatement, until deadline: Duration, _ sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        try await onLook(until: deadline) { try $0.lookByCopy(statement, $1, sink) }
    }

    public func server(until deadline: Duration) async throws -> ServerDescription {
        try await onLook(until: deadline) { try $0.describe($1) }
    }

    public func session<Value: Sendable>(
        until deadline: Duration, _ body: @escaping @Sendable (any PostgreSQLSession) async throws -> Value
    ) async throws -> Value {
        guard let changing else {
            throw CouldNotLook(
                .misconfigured,
                "\(identity) is a target for looking only: give it `change`, the URL of a role that may alter it.")
        }
        return try await pool.withConnection(for: changing, until: deadline) { connection in
            let session = Session(connection: connection, settings: changing, deadline: deadline)
            do {
                try await session.open()
                let value = try await body(session)
                try await session.close()
                return value
            } catch {
                // Whatever is open there is rolled back, and its locks are given up, by hanging up.
                if Task.isCancelled { connection.disconnect() } else { await session.abort() }
                throw error
            }
        }
    }

    private func onLook<Value: Sendable>(
        until deadline: Duration, _ job: @escaping @Sendable (Wire, CallBounds) throws -> Value
    ) async throws -> Value {
        let settings = looking
        return try await pool.withConnection(for: settings, until: deadline) { connection in
            try await connection.run(until: deadline) { wire, bounds in
                try wire.connect(to: settings, bounds)
                _ = try wire.describe(bounds)
                return try job(wire, bounds)
            }
        }
    }
}

/// The changing role's connection while one change has it.
private struct Session: PostgreSQLSession {
    let connection: Connection
    let settings: ConnectionSettings
    let deadline: Duration

    var identity: String { settings.identity }

    var server: ServerDescription {
        get async throws { try await connection.run(until: deadline) { try $0.describe($1) } }
    }

    /// Settings for the whole session. A pooler between would give them to strangers, so it is looked for first; where
    /// there is one, each change decides by `server` whether it can do without a session.
    func open() async throws {
        let settings = settings
        try await connection.run(until: deadline) { wire, bounds in
            try wire.connect(to: settings, bounds)
            guard try !wire.describe(bounds).isPooled else { return }
            wire.grantedMilliseconds = wire.serverMilliseconds(bounds)
            let wait = PostgreSQLLimits.changeLockWait.microseconds / 1000
            _ = try wire.exchange(
                [
                    SQLStatement(
                        """
                        SELECT set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO, YMD', false), \
                        set_config('intervalstyle', 'postgres', false), set_config('bytea_output', 'hex', false), \
                        set_config('extra_float_digits', '1', false), set_config('lock_timeout', $1, false), \
                        set_config('statement_timeout', $2, false), \
                        set_config('idle_in_transaction_session_timeout', $2, false)
                        """, [SQLParameter(wait), SQLParameter(wire.grantedMilliseconds)])
                ], bounds)
        }
    }

    func run(_ statements: [SQLStatement]) async throws -> [Rows] {
        try await connection.run(until: deadline) { wire, bounds in
            guard wire.connection != nil else { throw wire.lost() }
            try wire.renewStatementTimeout(bounds)
            return try wire.exchange(statements, bounds)
        }
    }

    func copyIn(_ statement: SQLStatement, _ source: @escaping @Sendable () throws -> [UInt8]?) async throws -> Int {
        try await connection.run(until: deadline) { try $0.copyIn(statement, $1, source) }
    }

    /// Gives the connection back as it was.
    func close() async throws {
        try await connection.run(until: deadline) { wire, bounds in
            try wire.rollBack(bounds)
            guard try !wire.describe(bounds).isPooled else { return }
            _ = try wire.exchange([SQLStatement("SELECT pg_advisory_unlock_all()"), SQLStatement("RESET ALL")], bounds)
        }
    }

    func abort() async {
        do { try await close() } catch { connection.disconnect() }
    }
}
