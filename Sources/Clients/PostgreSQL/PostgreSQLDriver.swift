import Maintenance

/// What actions need of a database: small enough that a test can script it.
public protocol PostgreSQLDriver: Sendable {
    /// Host, port, database and looking role.
    var identity: String { get }

    /// Runs read-only statements on one snapshot, with the looking role.
    func look(_ statements: [SQLStatement], until deadline: Duration) async throws -> [Rows]
    /// Streams the answer of a `COPY … TO STDOUT`, with the looking role.
    func copyOut(
        _ statement: SQLStatement, until deadline: Duration, _ sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws
    /// What answers there, to the looking role.
    func server(until deadline: Duration) async throws -> ServerDescription
    /// Lends one connection with the changing role.
    func session<Value: Sendable>(
        until deadline: Duration, _ body: @escaping @Sendable (any PostgreSQLSession) async throws -> Value
    ) async throws -> Value
}

/// One connection with the changing role, used by one change at a time.
public protocol PostgreSQLSession: Sendable {
    var identity: String { get }
    /// What answers there, to the changing role.
    var server: ServerDescription { get async throws }

    /// Runs statements one after the other; several go in one round trip. A server's error is an `SQLFailure`.
    func run(_ statements: [SQLStatement]) async throws -> [Rows]
    /// Feeds a `COPY … FROM STDIN`; `nil` from the source ends it. Returns how many rows were stored.
    func copyIn(_ statement: SQLStatement, _ source: @escaping @Sendable () throws -> [UInt8]?) async throws -> Int
}
