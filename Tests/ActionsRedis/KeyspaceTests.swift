import ClientRedis
import Host
import Maintenance
import Sandbox
import TestSupport
import Testing

@testable import ActionsRedis

struct KeyspaceTests {
    /// 3,000 keys, of which 2,000 expire; and a hash of few fields that is by far the largest by bytes.
    private static let fill = """
        for i = 1, 1000 do
            redis.call('SET', 'session:' .. i .. ':state', string.rep('x', 100), 'EX', 5000)
            redis.call('RPUSH', 'queue:' .. i, 'a', 'b')
            redis.call('SADD', 'tags:' .. i, 1, 2, 3)
            redis.call('EXPIRE', 'tags:' .. i, 30)
        end
        for i = 1, 20 do redis.call('HSET', 'report:wide', i, string.rep('y', 100000)) end
        for i = 1, 5000 do redis.call('HSET', 'index:many', i, i) end
        """

    private func rows(_ seen: Seen, _ group: String) -> [String: [String: JSONValue]] {
        Dictionary(
            seen.observation.details.filter { $0["of"] == .text(group) }.compactMap { row in
                guard case .text(let name)? = row["name"] else { return nil }
                return (name, row)
            }, uniquingKeysWith: { first, _ in first })
    }

    @Test(arguments: ["0", "20000"]) func onePassTellsItAll(_ pace: String) async throws {
        try await withServer { server in
            try await server.said("EVAL", Self.fill, "0")
            let context = context()
            let seen = try await observe(
                "redis.keyspace", ["pace": .text(pace)], url: ["url": server.url()], in: context)
            #expect(seen.answer == .pass)
            #expect(seen["keys"] == 3002)
            #expect(seen["lasting"] == 1002)
            #expect(seen["repeats"] == 0)
            #expect((seen["latency"] != nil) == (pace != "0"))
            #expect(rows(seen, "type")["string"]?["keys"] == .number(1000))
            #expect(rows(seen, "type")["hash"]?["keys"] == .number(2))
            #expect(rows(seen, "ttl")["under 1m"]?["keys"] == .number(1000))
            #expect(rows(seen, "ttl")["under 1d"]?["keys"] == .number(1000))
            #expect(rows(seen, "ttl")["never"]?["keys"] == .number(1002))
            #expect(rows(seen, "idle")["under 1m"]?["keys"] == .number(3002))
            #expect(rows(seen, "prefix")["session:*:"]?["keys"] == .number(1000))
            #expect(rows(seen, "prefix")["queue:"]?["lasting"] == .number(1000))
            // redis-cli --bigkeys names index:many, for it counts elements.
            #expect(seen.observation.summary.contains("the largest report:wide, "))
            #expect(rows(seen, "lasting").count == RedisActionLimits.lastingSample)
            let total = try #require(seen["bytes"])
            let used = try await server.command(["EVAL", "return #redis.call('KEYS', '*')", "0"])
            #expect(used == "3002" && total > 2_500_000 && total < 5_000_000)
            let evidence = context.evidence.drain()
            #expect(evidence.count < 12)
            #expect(evidence.contains { $0.excerpt.contains("3002 keys") && $0.excerpt.contains("MEMORY USAGE KEY") })
        }
    }

    @Test func aPatternAndFewerFacts() async throws {
        try await withServer { server in
            try await server.said("EVAL", Self.fill, "0")
            let seen = try await observe(
                "redis.keyspace",
                ["pattern": .text("tags:*"), "facts": .list([.text("ttl")]), "pace": .text("0")],
                url: ["url": server.url()])
            #expect(seen["keys"] == 1000)
            #expect(seen["lasting"] == 0)
            #expect(seen["bytes"] == nil)
            #expect(seen.observation.missing["bytes"]?.code == .noData)
            let stats = try await server.command(["INFO", "commandstats"])
            #expect(!stats.contains("cmdstat_keys") && !stats.contains("cmdstat_memory"))
        }
    }

    @Test func whereUsesAreCountedThereIsNoIdleTime() async throws {
        try await withServer("--maxmemory-policy", "allkeys-lfu") { server in
            try await server.said("EVAL", Self.fill, "0")
            let seen = try await observe("redis.keyspace", ["pace": .text("0")], url: ["url": server.url()])
            #expect(rows(seen, "idle").isEmpty)
            #expect(!rows(seen, "frequency").isEmpty)
        }
    }

    @Test func aReplicaIsLookedAtAndNamed() async throws {
        try await withServer("--repl-diskless-sync-delay", "0") { primary in
            try await primary.said("EVAL", Self.fill, "0")
            try await withServer("--replicaof", "127.0.0.1", String(primary.port)) { replica in
                try await replica.wait("master_link_status", "up")
                let seen = try await observe("redis.keyspace", ["pace": .text("0")], url: ["url": replica.url()])
                #expect(seen["keys"] == 3002)
                #expect(seen.observation.summary.hasSuffix("(on a replica)"))
            }
        }
    }

    /// Keys that are there from the beginning to the end are counted once each, whatever happens to the table meanwhile.
    @Test func whileTheTableGrowsAndShrinks() async throws {
        try await withServer { server in
            try await server.said("EVAL", "for i = 1, 20000 do redis.call('SET', 'stays:' .. i, i) end", "0")
            async let seen = observe(
                "redis.keyspace", ["pace": .text("20000"), "pattern": .text("stays:*")], url: ["url": server.url()])
            for round in 0..<6 {
                try await server.said(
                    "EVAL", "for i = 1, 60000 do redis.call('SET', 'goes:' .. ARGV[1] .. i, i) end", "0", "\(round)")
                try await server.said(
                    "EVAL", "for i = 1, 60000 do redis.call('DEL', 'goes:' .. ARGV[1] .. i) end", "0", "\(round)")
            }
            #expect(try await seen["keys"] == 20_000)
        }
    }

    @Test func aLostConnectionIsGoneOnOver() async throws {
        try await withServer { server in
            try await server.said("EVAL", "for i = 1, 30000 do redis.call('SET', 'k:' .. i, i) end", "0")
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.stop() }
            async let seen = observe(
                "redis.keyspace", ["pace": .text("20000")], url: ["url": "redis://127.0.0.1:\(proxy.port)/0"])
            for pages in [3, 10, 20] {
                try await server.scanned(pages)
                proxy.dropConnections()
            }
            #expect(try await seen["keys"] == 30_000)
            #expect(proxy.accepted > 3)
        }
    }

    @Test func aServerThatIsStartedAnewIsNotGoneOnWith() async throws {
        try await withServer("--save", "3600 1") { server in
            try await server.said("EVAL", "for i = 1, 30000 do redis.call('SET', 'k:' .. i, i) end", "0")
            try await server.said("SAVE")
            async let cause = causeThrown {
                _ = try await observe("redis.keyspace", ["pace": .text("5000")], url: ["url": server.url()])
            }
            try await server.scanned(50)
            try await server.interrupt()
            try await server.resume()
            let found = await cause
            #expect(found?.code == .noData, "\(found?.sentence ?? "it ended")")
            #expect(found?.sentence.contains("started anew") == true)
        }
    }

    @Test func whatTheTimeWasTooShortForIsNoTotal() async throws {
        try await withServer { server in
            try await server.said("EVAL", "for i = 1, 30000 do redis.call('SET', 'k:' .. i, i) end", "0")
            let seen = try await observe(
                "redis.keyspace", ["pace": .text("2000")], url: ["url": server.url()], in: context(6))
            #expect(seen.answer == FaultAnswer(.unknown, .partlyCovered))
            #expect(seen["keys"] == nil)
            #expect(seen.observation.missing["keys"]?.code == .partlyCovered)
        }
    }

    @Test func allServersOfAClusterAreOneKeyspace() async throws {
        try await RedisCluster.run { cluster in
            try await cluster.load((0..<3000).map { set("cache:\($0)") })
            let url = ["url": cluster.nodes[1].url()]
            let seen = try await observe("redis.keyspace", ["pace": .text("0")], url: url)
            #expect(seen.answer == .pass)
            #expect(seen["keys"] == 3000)
            #expect(rows(seen, "prefix")["cache:"]?["keys"] == .number(3000))
            try await cluster.nodes[0].command(["CLUSTER", "DELSLOTS", "100"])
            let cause = await causeThrown {
                _ = try await observe("redis.keyspace", url: ["url": cluster.nodes[0].url()])
            }
            #expect(cause?.code == .partlyCovered)
        }
    }

    /// A scan may give keys twice, keys may go before they are asked, and a server may answer nonsense.
    @Test func repeatsAreCountedOnceAndWhatWentIsNot() async throws {
        let seen = try await scripted { command in
            switch command.name {
            case "SCAN":
                command.words[1] == Array("0".utf8)
                    ? .list([.text("7"), .list([.text("a"), .text("b"), .text("a")])])
                    : .list([.text("0"), .list([.text("b"), .text("c"), .text("gone")])])
            case "TYPE": command.words[1] == Array("gone".utf8) ? .text("none") : .text("string")
            case "PTTL": command.words[1] == Array("gone".utf8) ? .number(-2) : .number(-1)
            case "OBJECT IDLETIME", "MEMORY USAGE": command.words.contains(Array("gone".utf8)) ? .null : .number(8)
            default: .null
            }
        }
        #expect(seen.measurements.first { $0.name == "keys" }?.value == 3)
        #expect(seen.measurements.first { $0.name == "repeats" }?.value == 2)
        #expect(seen.measurements.first { $0.name == "bytes" }?.value == 24)
    }

    @Test(arguments: [RedisValue.null, .text("soon"), .number(-5), .list([])])
    func anAnswerThatIsNoneIsRefused(_ reply: RedisValue) async throws {
        let cause = await causeThrown {
            _ = try await scripted { command in
                switch command.name {
                case "SCAN": .list([.text("0"), .list([.text("a")])])
                case "PTTL": reply
                case "TYPE": .text("string")
                default: .number(8)
                }
            }
        }
        #expect(cause?.code == .malformed)
    }

    private func scripted(_ answer: @escaping @Sendable (RedisCommand) -> RedisValue) async throws -> Observation {
        let link = RedisLink(send: { commands, _, _ in
            commands.map { command in
                switch command.name {
                case "INFO": .text("run_id:1\r\nmaxmemory_policy:noeviction\r\n")
                case "DBSIZE": .number(4)
                case "PING": .text("PONG")
                default: answer(command)
                }
            }
        })
        let context = context()
        let access = RedisAccess(identity: "redis scripted", purpose: .look, link: link, in: context)
        return try await Keyspace().observe(access, in: context)
    }
}
