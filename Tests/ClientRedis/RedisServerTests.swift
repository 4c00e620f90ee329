import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientRedis

/// Against a real server, as it should be.
struct RedisServerTests {
    @Test func signsInWithVersion3AndSaysItsName() async throws {
        let server = try await RedisServer.shared()
        try await withAccess(["url": server.url(database: 3)]) { access in
            let facts = try await access.wholeServer()
            #expect(facts.protocolVersion == 3)
            #expect(facts.mode == .standalone)
            #expect(!facts.isReplica)
            #expect(facts.version.hasPrefix("7."))
            #expect(try await access.ask(RedisCommand("CLIENT", "GETNAME")) == .text("millwright"))
            #expect(access.identity == "redis 127.0.0.1:\(server.port)/3")
        }
    }

    @Test func speaksVersion2WhereTheServerKnowsNoHello() async throws {
        let server = try await RedisServer.start(arguments: ["--rename-command", "HELLO", ""])
        try await server.command(["CONFIG", "SET", "requirepass", "p w"])
        try await withAccess(["url": "redis://:p%20w@127.0.0.1:\(server.port)/2"]) { access in
            let facts = try await access.wholeServer()
            #expect(facts.protocolVersion == 2)
            #expect(facts.mode == .standalone)
            #expect(facts.version.hasPrefix("7."))
            #expect(try await access.ask(RedisCommand("CLIENT", "GETNAME")) == .text("millwright"))
            #expect(try await access.ask(RedisCommand("GET", "nothing")) == .null)
        }
        let wrong = await causeThrown {
            try await withAccess(["url": "redis://:wrong@127.0.0.1:\(server.port)/2"]) { _ = try await $0.time() }
        }
        #expect(wrong?.code == .signInFailed)
        await server.stop()
    }

    @Test(arguments: [false, true])
    func repliesComeInTheOrderOfTheCommands(isOld: Bool) async throws {
        let server = try await RedisServer.start(arguments: isOld ? ["--rename-command", "HELLO", ""] : [])
        try await withAccess(["url": server.url()]) { access in
            let replies = try await access.send((0..<2500).map { RedisCommand("ECHO", "number \($0)") })
            #expect(replies == (0..<2500).map { .text("number \($0)") })
        }
        await server.stop()
    }

    @Test func aBatchTakesOneRoundTrip() async throws {
        let server = try await RedisServer.shared()
        let proxy = try FaultProxy(to: server.port, behaviour: .latency(.milliseconds(60)))
        try await withAccess(["url": "redis://127.0.0.1:\(proxy.port)/0"]) { access in
            _ = try await access.time()
            let start = ContinuousClock.now
            _ = try await access.send((0..<500).map { RedisCommand("ECHO", "\($0)") })
            // One after the other they would take 30 s.
            #expect(ContinuousClock.now - start < .seconds(5))
        }
        proxy.stop()
    }

    @Test func stepsShareTwoConnections() async throws {
        let server = try await RedisServer.shared()
        let proxy = try FaultProxy(to: server.port)
        let kind = try makeKind(["url": "redis://127.0.0.1:\(proxy.port)/0"])
        try await withClient(kind) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let access = try await kind.access(
                            client, for: number % 2 == 0 ? .look : .change, in: context())
                        for round in 0..<10 {
                            let text = "\(number) \(round)"
                            #expect(try await access.ask(RedisCommand("ECHO", text)) == .text(text))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(proxy.accepted == RedisLimits.connectionsPerTarget)
        }
        #expect(try await eventually { proxy.open == 0 })
        proxy.stop()
    }

    @Test func everyLookIsEvidence() async throws {
        let server = try await RedisServer.shared()
        let context = context()
        try await withAccess(["url": "redis://nobody:wrong@127.0.0.1:\(server.port)/0"], in: context) { access in
            _ = try? await access.time()
        }
        #expect(context.evidence.drain().isEmpty)
        try await withAccess(["url": server.url()], in: context) { access in
            let echo = RedisCommand(words: [Array("ECHO".utf8), [0, 255, 32]])
            _ = try await access.send([echo, echo])
            _ = try await access.send([RedisCommand("OBJECT", "FREQ", "nothing")])
        }
        let evidence = context.evidence.drain()
        #expect(evidence.map(\.source) == ["redis 127.0.0.1:\(server.port)/0", "redis 127.0.0.1:\(server.port)/0"])
        #expect(evidence[0].statement.hasSuffix("and 1 more like it"))
        #expect(evidence[1].statement == "OBJECT FREQ nothing")
        #expect(evidence[1].excerpt == "(nil)\n")
    }

    @Test func aLookNeverSendsWhatChanges() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.command(["SET", prefix + "a", "1"])
            try await withAccess(["url": server.url()]) { access in
                for words in [
                    ["UNLINK", prefix + "a"], ["del", prefix + "a"], ["EVAL", "return 1", "0"], ["FLUSHDB"],
                    ["OBJECT", "HELP"], ["CONFIG", "SET", "maxmemory", "1"], ["GETDEL", prefix + "a"], ["SORT", "x"],
                ] {
                    let command = RedisCommand(words: words.map { Array($0.utf8) })
                    let cause = await causeThrown { _ = try await access.send([RedisCommand("PING"), command]) }
                    #expect(cause?.code == .noPermission, "\(words)")
                }
                let reply = try await access.ask(RedisCommand("GET", prefix + "a"))
                #expect(reply == .text("1"))
            }
        }
    }

    /// The server itself knows which of its commands write.
    @Test func whatALookMaySendReadsOnly() async throws {
        let server = try await RedisServer.shared()
        let writes = try await server.command(["COMMAND", "LIST", "FILTERBY", "ACLCAT", "write"])
        let names = Set(writes.split(whereSeparator: \.isNewline).map { $0.uppercased() })
        #expect(names.contains("UNLINK") && names.contains("SORT"))
        for name in names {
            let words = name.split(separator: "|").map { Array($0.utf8) }
            #expect(!RedisCommand(words: words).isReadOnly, "\(name)")
        }
    }

    @Test func scanGivesEveryKeyAndOnePieceOfEvidence() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            let keys = (0..<3000).map { Array("\(prefix)\($0)\r\n ".utf8) + [0, UInt8($0 % 256)] }
            try await server.load(keys.map { [Array("SET".utf8), $0, [1]] })
            let context = context()
            try await withAccess(["url": server.url()], in: context) { access in
                var scan = RedisScan(pattern: Array((prefix + "*").utf8), count: 100)
                var found: Set<[UInt8]> = []
                while let page = try await scan.next(access) { found.formUnion(page) }
                #expect(found == Set(keys))
            }
            #expect(context.evidence.drain().count == 1)
        }
    }

    @Test func timeIsTheServers() async throws {
        let server = try await RedisServer.shared()
        try await withAccess(["url": server.url()]) { access in
            let difference = (try await access.time() - Host.system.now()).inSeconds
            #expect(abs(difference) < 30)
        }
    }
}
