import Foundation

/// A Redis of its own on a free loopback port, without a password for the default user and without persistence.
public final class RedisServer: Sendable {
    public let port: Int
    /// The port that speaks TLS, when a certificate was given.
    public let tlsPort: Int?
    public let supervisor: Supervisor

    private static let one = Shared { try await start() }

    /// The one of this process: tests keep to key prefixes, or `SELECT` a database, of their own.
    public static func shared() async throws -> RedisServer { try await one.value() }

    private init(port: Int, tlsPort: Int?, supervisor: Supervisor) {
        self.port = port
        self.tlsPort = tlsPort
        self.supervisor = supervisor
    }

    /// An own one: `arguments` follow ours on redis-server's command line, so they win.
    ///
    /// - Parameter configuration: The text of its configuration file; without it there is no such file.
    public static func start(
        arguments: [String] = [], configuration: String? = nil, tls: RedisTLS? = nil, under parent: String? = nil
    ) async throws -> RedisServer {
        let folder = try Scratch.makeFolder("redis", under: parent)
        let port = try Scratch.freePort()
        let tlsPort = try tls.map { _ in try Scratch.freePort() }
        var all = ["redis-server"]
        if let configuration {
            let file = folder + "/redis.conf"
            try configuration.write(toFile: file, atomically: true, encoding: .utf8)
            all.append(file)
        }
        all += [
            "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--dir", folder, "--unixsocket", folder + "/socket", "--pidfile", folder + "/pid", "--daemonize", "no",
            "--enable-debug-command", "local",
        ]
        if let tls, let tlsPort {
            all += [
                "--tls-port", String(tlsPort), "--tls-cert-file", tls.certificate.chainPath, "--tls-key-file",
                tls.certificate.keyPath, "--tls-ca-cert-file", tls.authorities, "--tls-auth-clients",
                tls.asksClients ? "yes" : "no",
            ]
        }
        let supervisor = try Supervisor.own(folder, command: all + arguments, endSignal: "KILL")
        let server = RedisServer(port: port, tlsPort: tlsPort, supervisor: supervisor)
        try await supervisor.orEnd { try await server.resume() }
        return server
    }

    public func stop() async { await supervisor.end() }

    /// Ends the process: its keys are gone when `resume` starts it again, unless persistence was asked for.
    public func interrupt() async throws {
        try await supervisor.interrupt()
        try? FileManager.default.removeItem(atPath: supervisor.folder + "/pid")
    }

    public func resume() async throws {
        try supervisor.resume()
        // The pid file is written after the ports are bound, and only by this server.
        let pid = supervisor.folder + "/pid"
        try await supervisor.waitUntil("redis-server") { FileManager.default.fileExists(atPath: pid) }
        try await supervisor.waitUntil("redis-server") { try await self.answers() }
    }

    public func url(database: Int = 0) -> String { "redis://127.0.0.1:\(port)/\(database)" }

    /// Runs `body` with a key prefix that no other test has, and deletes what is left under it.
    public func withPrefix<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let prefix = "test-" + UUID().uuidString.lowercased().prefix(13) + ":"
        do {
            let result = try await body(prefix)
            try await deleteAll(prefix)
            return result
        } catch {
            try? await deleteAll(prefix)
            throw error
        }
    }

    /// One command through redis-cli over the server's socket; the reply as redis-cli prints it.
    @discardableResult
    public func command(_ words: [String], database: Int = 0) async throws -> String {
        let text = try await Program.run("redis-cli", ["-s", socket, "-n", String(database), "-e"] + words)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// Sends many commands at once, as bytes: the keys may hold anything.
    public func load(_ commands: [[[UInt8]]], database: Int = 0) async throws {
        try await RESPCommands.load(commands, socket: socket, database: database)
    }

    private var socket: String { supervisor.folder + "/socket" }

    private func deleteAll(_ prefix: String) async throws {
        let script = """
            local at = '0'
            repeat
                local found = redis.call('SCAN', at, 'MATCH', ARGV[1], 'COUNT', 1000)
                at = found[1]
                if #found[2] > 0 then redis.call('UNLINK', unpack(found[2])) end
            until at == '0'
            """
        try await command(["EVAL", script, "0", prefix + "*"])
    }

    private func answers() async throws -> Bool {
        try await Program.output("redis-cli", ["-s", socket, "PING"]).output.starts(with: Array("PONG".utf8))
    }
}

/// How a Redis speaks TLS.
public struct RedisTLS: Sendable {
    public let certificate: IssuedCertificate
    /// The file of the authorities that the server trusts for clients.
    public let authorities: String
    public let asksClients: Bool

    public init(certificate: IssuedCertificate, authorities: String, asksClients: Bool = false) {
        self.certificate = certificate
        self.authorities = authorities
        self.asksClients = asksClients
    }
}

enum RESPCommands {
    static func encode(_ commands: some Sequence<[[UInt8]]>) -> [UInt8] {
        var bytes: [UInt8] = []
        for words in commands {
            bytes += Array("*\(words.count)\r\n".utf8)
            for word in words {
                bytes += Array("$\(word.count)\r\n".utf8)
                bytes += word
                bytes += [13, 10]
            }
        }
        return bytes
    }

    static func load(_ commands: some Sequence<[[UInt8]]>, socket: String, database: Int = 0) async throws {
        let text = try await Program.run(
            "redis-cli", ["-s", socket, "-n", String(database), "--pipe"], input: encode(commands))
        guard text.contains("errors: 0,") else {
            throw ProgramError(program: "redis-cli --pipe", reason: String(text.suffix(500)))
        }
    }
}
