import Foundation

/// A PostgreSQL of its own on a free loopback port, made with initdb and deleted at the end.
///
/// Over the loopback and its socket the superuser `postgres` is trusted; every other role needs its password (SCRAM).
public final class PostgreSQLServer: Sendable {
    public let port: Int
    /// Holds the data, the socket and the log.
    public let supervisor: Supervisor

    public var folder: String { supervisor.folder }

    private static let one = Shared { try await start() }

    /// The one of this process.
    public static func shared() async throws -> PostgreSQLServer { try await one.value() }

    init(port: Int, supervisor: Supervisor) {
        self.port = port
        self.supervisor = supervisor
    }

    /// An own one: `settings` as in postgresql.conf, `tls` turns encryption on, `rules` stand before ours in pg_hba.conf.
    public static func start(
        settings: [String: String] = [:], tls: IssuedCertificate? = nil, rules: [String] = [],
        under parent: String? = nil
    ) async throws -> PostgreSQLServer {
        let folder = try Scratch.makeFolder("postgresql", under: parent)
        let installation = try PostgreSQLInstallation(
            folder: folder, port: Scratch.freePort(), settings: settings, rules: rules)
        let supervisor = try Supervisor.own(
            folder, command: installation.command, stopSignal: "INT", endSignal: "QUIT")
        let server = PostgreSQLServer(port: installation.port, supervisor: supervisor)
        try await supervisor.orEnd {
            try await installation.initialize(tls: tls)
            try await server.resume()
        }
        return server
    }

    public func stop() async { await supervisor.end() }

    /// Shuts the server down in order and keeps its data.
    public func interrupt() async throws { try await supervisor.interrupt() }

    /// Starts it again after `interrupt`, on the same port.
    public func resume() async throws {
        try supervisor.resume()
        try await supervisor.waitUntil("postgres") { [folder] in PostgreSQLInstallation.isReady(folder: folder) }
    }

    public func url(database: String, user: String = "postgres", password: String? = nil) -> String {
        Self.url(port: port, database: database, user: user, password: password)
    }

    /// Runs `body` with the name of a new empty database, which is dropped after it, sessions or not.
    public func withDatabase<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "").prefix(16)
        try await psql("CREATE DATABASE \(name)")
        do {
            let result = try await body(name)
            try await psql("DROP DATABASE \(name) WITH (FORCE)")
            return result
        } catch {
            _ = try? await psql("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
            throw error
        }
    }

    /// Runs SQL as the superuser, one statement after the other, and returns what it prints (unaligned, rows only).
    @discardableResult
    public func psql(_ sql: String, database: String = "postgres") async throws -> String {
        try await Self.psql(sql, url: url(database: database))
    }

    static func url(port: Int, database: String, user: String, password: String?) -> String {
        let secret = password.map { ":" + $0 } ?? ""
        return "postgresql://\(user)\(secret)@127.0.0.1:\(port)/\(database)"
    }

    /// The password travels in the environment: an argument would show it to the whole machine.
    static func psql(_ sql: String, url: String, limit: Duration = .seconds(120)) async throws -> String {
        var (plain, secret) = (url, [String]())
        if let start = url.range(of: "://")?.upperBound, let at = url.lastIndex(of: "@"),
            let colon = url[start..<at].firstIndex(of: ":")
        {
            secret = ["PGPASSWORD=" + url[url.index(after: colon)..<at]]
            plain.removeSubrange(colon..<at)
        }
        let text = try await Program.run(
            "psql", ["-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-d", plain, "-f", "-"],
            environment: ["PGCONNECT_TIMEOUT=10"] + secret, input: Array(sql.utf8), limit: limit)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

}
