import Foundation
import Testing

@testable import Sandbox

@Suite struct PostgreSQLServerTests {
    @Test func givesEachTestADatabaseOfItsOwn() async throws {
        let server = try await PostgreSQLServer.shared()
        let name = try await server.withDatabase { database in
            try await server.psql(
                "CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 3)", database: database)
            #expect(try await server.psql("SELECT sum(n) FROM t", database: database) == "6")
            return database
        }
        #expect(try await server.psql("SELECT count(*) FROM pg_database WHERE datname = '\(name)'") == "0")
    }

    @Test func rolesNeedTheirPassword() async throws {
        let server = try await PostgreSQLServer.shared()
        try await server.psql("CREATE ROLE needs_password LOGIN PASSWORD 'right'")
        let right = server.url(database: "postgres", user: "needs_password", password: "right")
        #expect(try await PostgreSQLServer.psql("SELECT current_user", url: right) == "needs_password")
        let wrong = server.url(database: "postgres", user: "needs_password", password: "wrong")
        await #expect(throws: ProgramError.self) { try await PostgreSQLServer.psql("SELECT 1", url: wrong) }
        let none = server.url(database: "postgres", user: "needs_password")
        await #expect(throws: ProgramError.self) { try await PostgreSQLServer.psql("SELECT 1", url: none) }
        try await server.psql("DROP ROLE needs_password")
    }

    @Test func keepsItsDataOverAnInterruption() async throws {
        let server = try await PostgreSQLServer.start(settings: ["autovacuum": "off"])
        try await server.psql("CREATE TABLE kept AS SELECT 7 AS n")
        try await server.interrupt()
        await #expect(throws: ProgramError.self) { try await server.psql("SELECT 1") }
        try await server.resume()
        #expect(try await server.psql("SELECT n, current_setting('autovacuum') FROM kept") == "7|off")
        let folder = server.folder
        await server.stop()
        #expect(!FileManager.default.fileExists(atPath: folder))
        await #expect(throws: ProgramError.self) { try await server.psql("SELECT 1") }
    }

    @Test func speaksTLS() async throws {
        let root = try await CertificateAuthority.makeRoot()
        let server = try await PostgreSQLServer.start(tls: root.leaf(names: ["localhost", "127.0.0.1"]))
        let url = server.url(database: "postgres") + "?sslmode=verify-full&sslrootcert=\(root.rootPath)"
        let used = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        #expect(try await PostgreSQLServer.psql(used, url: url) == "t")
        await server.stop()
    }
}

@Suite struct RedisServerTests {
    @Test func holdsKeysOfAnyBytesUnderAPrefix() async throws {
        let server = try await RedisServer.shared()
        let prefix = try await server.withPrefix { prefix in
            let odd = Array(prefix.utf8) + [0, 255, 13, 10, 34, 39, 32]
            try await server.load([["SET", prefix + "a", "1"].map { Array($0.utf8) }, [Array("SET".utf8), odd, []]])
            #expect(try await count(prefix, server) == 2)
            return prefix
        }
        #expect(try await count(prefix, server) == 0)
    }

    @Test func interruptedItRefuses() async throws {
        let server = try await RedisServer.start(arguments: ["--maxmemory", "100mb"])
        #expect(try await server.command(["CONFIG", "GET", "maxmemory"]).hasSuffix("104857600"))
        try await server.interrupt()
        await #expect(throws: ProgramError.self) { try await server.command(["PING"]) }
        try await server.resume()
        #expect(try await server.command(["PING"]) == "PONG")
        await server.stop()
    }

    @Test func speaksTLS() async throws {
        let root = try await CertificateAuthority.makeRoot()
        let certificate = try await root.leaf(names: ["localhost", "127.0.0.1"])
        let server = try await RedisServer.start(tls: RedisTLS(certificate: certificate, authorities: root.rootPath))
        let port = try #require(server.tlsPort)
        let answer = try await Program.run(
            "redis-cli", ["--tls", "--cacert", root.rootPath, "-h", "127.0.0.1", "-p", String(port), "PING"])
        #expect(answer == "PONG\n")
        await server.stop()
    }

    private func count(_ prefix: String, _ server: RedisServer) async throws -> Int {
        try await server.command(["EVAL", "return #redis.call('KEYS', ARGV[1])", "0", prefix + "*"])
            .split(separator: "\n").first.flatMap { Int($0) } ?? -1
    }
}

@Suite struct TLSServerTests {
    @Test func servesTheChainItIsGiven() async throws {
        let root = try await CertificateAuthority.makeRoot()
        let issuer = try await root.intermediate()
        let server = try await TLSServer.start(certificate: issuer.leaf(names: ["localhost"]))
        let curl = ["-sS", "--cacert", root.rootPath, server.url()]
        #expect(try await Program.run("curl", curl) == "ok")

        try await server.replace(certificate: issuer.leaf(names: ["localhost"], validity: .expired(daysAgo: 2)))
        #expect(try await Program.output("curl", curl).errorText.contains("expired"))
        try await server.replace(certificate: issuer.leaf(names: ["elsewhere.test"]))
        #expect(try await Program.output("curl", curl).errorText.contains("alternative certificate subject name"))
        try await server.replace(certificate: CertificateAuthority.selfSigned(names: ["localhost"]))
        #expect(try await Program.output("curl", curl).status == 60)
        try await server.replace(certificate: issuer.leaf(names: ["localhost"], validity: .notBefore(inDays: 3)))
        #expect(try await Program.output("curl", curl).errorText.contains("not yet valid"))
        await server.stop()
    }

    @Test func standsBeforeAPlainServer() async throws {
        let root = try await CertificateAuthority.makeRoot()
        let plain = try StandInServer()
        plain.on("/health", .json(#"{"status":"ok"}"#))
        let server = try await TLSServer.start(certificate: root.leaf(names: ["localhost"]), upstream: plain.port)
        let text = try await Program.run("curl", ["-sS", "--cacert", root.rootPath, server.url("/health?full=1")])
        #expect(text == #"{"status":"ok"}"#)
        #expect(plain.requests.map(\.target) == ["/health?full=1"])
        await server.stop()
    }
}
