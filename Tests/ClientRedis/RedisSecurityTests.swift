import Maintenance
import Sandbox
import Testing

@testable import ClientRedis

/// Users, rights and TLS.
struct RedisSecurityTests {
    @Test func anACLUserSignsIn() async throws {
        let server = try await RedisServer.start()
        try await server.command(["ACL", "SETUSER", "maint", "on", ">p@ss:w/rd", "+@all", "~*"])
        try await withAccess(["url": "redis://maint:p%40ss%3Aw%2Frd@127.0.0.1:\(server.port)/0"]) { access in
            let reply = try await access.ask(RedisCommand("ACL", "WHOAMI"))
            #expect(reply == .text("maint"))
            #expect(access.identity == "redis 127.0.0.1:\(server.port)/0 as maint")
        }
        let separate = ["url": "redis://127.0.0.1:\(server.port)/0", "user": "maint", "password": "p@ss:w/rd"]
        try await withAccess(separate) { access in
            let reply = try await access.ask(RedisCommand("ACL", "WHOAMI"))
            #expect(reply == .text("maint"))
        }
        await server.stop()
    }

    @Test func aWrongPasswordIsSaid() async throws {
        let server = try await RedisServer.start()
        try await server.command(["CONFIG", "SET", "requirepass", "right"])
        for (url, what) in [
            ("redis://127.0.0.1:\(server.port)", "none"), ("redis://:wrong@127.0.0.1:\(server.port)", "wrong"),
            ("redis://nobody:right@127.0.0.1:\(server.port)", "unknown user"),
        ] {
            let cause = await causeThrown { try await withAccess(["url": url]) { _ = try await $0.time() } }
            #expect(cause?.code == .signInFailed, "\(what)")
            #expect(cause?.sentence.contains("wrong") == false && cause?.sentence.contains("right") == false)
        }
        await server.stop()
    }

    /// Each right in turn: what is missing is named.
    @Test(arguments: ["scan", "pttl", "time", "object|idletime", "type", "ping"])
    func aMissingRightIsNamed(_ right: String) async throws {
        let server = try await RedisServer.start()
        let all = ["select", "scan", "pttl", "time", "object|idletime", "type", "ping"]
        let granted = all.filter { $0 != right }.map { "+" + $0 }
        try await server.command(["ACL", "SETUSER", "look", "on", ">p", "~*"] + granted)
        let cause = await causeThrown {
            try await withAccess(["url": "redis://look:p@127.0.0.1:\(server.port)/0"]) { access in
                _ = try await access.time()
                _ = try await access.roundTrip()
                var scan = RedisScan(pattern: Array("*".utf8), count: 10)
                _ = try await scan.next(access)
                _ = try await access.ask(RedisCommand("PTTL", "x"))
                _ = try await access.ask(RedisCommand("TYPE", "x"))
                _ = try await access.ask(RedisCommand("OBJECT", "IDLETIME", "x"))
            }
        }
        #expect(cause?.code == .noPermission)
        #expect(cause?.sentence.contains("+\(right)") == true, "\(cause?.sentence ?? "no cause")")
        await server.stop()
    }

    @Test func missingSelectAndKeysAreNamed() async throws {
        let server = try await RedisServer.start()
        try await server.command(["ACL", "SETUSER", "a", "on", ">p", "~*", "+get"])
        try await server.command(["ACL", "SETUSER", "b", "on", ">p", "~mine:*", "+get", "+select"])
        let select = await causeThrown {
            try await withAccess(["url": "redis://a:p@127.0.0.1:\(server.port)/0"]) { _ = try await $0.time() }
        }
        #expect(select?.code == .noPermission)
        #expect(select?.sentence.contains("+select") == true)
        let keys = await causeThrown {
            try await withAccess(["url": "redis://b:p@127.0.0.1:\(server.port)/0"]) {
                _ = try await $0.ask(RedisCommand("GET", "secret-name"))
            }
        }
        #expect(keys?.code == .noPermission)
        #expect(keys?.sentence.contains("key patterns") == true)
        #expect(keys?.sentence.contains("secret-name") == false)
        await server.stop()
    }

    @Test func lookAndChangeMayBeTwoUsers() async throws {
        let server = try await RedisServer.start()
        try await server.command(["ACL", "SETUSER", "l", "on", ">p", "+@all", "~*"])
        try await server.command(["ACL", "SETUSER", "c", "on", ">p", "+@all", "~*"])
        let kind = try makeKind([
            "look": "redis://l:p@127.0.0.1:\(server.port)/1", "change": "redis://c:p@127.0.0.1:\(server.port)/1",
        ])
        try await withClient(kind) { client in
            for (purpose, user) in [(Purpose.look, "l"), (.change, "c")] {
                let access = try await kind.access(client, for: purpose, in: context())
                #expect(try await access.ask(RedisCommand("ACL", "WHOAMI")) == .text(user))
            }
        }
        await server.stop()
    }

    @Test func tlsTrustsOnlyTheGivenAuthority() async throws {
        let authority = try await CertificateAuthority.makeRoot()
        let leaf = try await authority.leaf(names: ["localhost", "127.0.0.1"])
        let server = try await RedisServer.start(tls: RedisTLS(certificate: leaf, authorities: authority.rootPath))
        let port = try #require(server.tlsPort)
        for host in ["localhost", "127.0.0.1"] {
            try await withAccess(["url": "rediss://\(host):\(port)/0", "ca-file": authority.rootPath]) { access in
                let reply = try await access.ask(RedisCommand("ECHO", "over TLS"))
                #expect(reply == .text("over TLS"))
            }
        }
        let untrusted = await causeThrown {
            try await withAccess(["url": "rediss://localhost:\(port)/0"]) { _ = try await $0.time() }
        }
        #expect(untrusted?.code.rawValue == "tls-failed")
        #expect(untrusted?.sentence.contains("not trusted") == true)
        let plain = await causeThrown {
            try await withAccess(["url": "rediss://localhost:\(server.port)/0", "ca-file": authority.rootPath]) {
                _ = try await $0.time()
            }
        }
        #expect(plain != nil && plain?.code != .timedOut)
        await server.stop()
    }

    @Test func tlsForAnotherNameIsRefused() async throws {
        let authority = try await CertificateAuthority.makeRoot()
        let leaf = try await authority.leaf(names: ["redis.example"])
        let server = try await RedisServer.start(tls: RedisTLS(certificate: leaf, authorities: authority.rootPath))
        let port = try #require(server.tlsPort)
        for host in ["localhost", "127.0.0.1"] {
            let cause = await causeThrown {
                try await withAccess(["url": "rediss://\(host):\(port)/0", "ca-file": authority.rootPath]) {
                    _ = try await $0.time()
                }
            }
            #expect(cause?.code.rawValue == "tls-failed", "\(host)")
        }
        await server.stop()
    }

    @Test func anAuthorityFileThatIsNoneIsSaid() async throws {
        for file in ["/nonexistent/ca.pem", "/dev/null"] {
            let cause = await causeThrown {
                try await withAccess(["url": "rediss://localhost:1/0", "ca-file": file]) { _ = try await $0.time() }
            }
            #expect(cause?.sentence.contains("ca-file") == true)
        }
    }
}
