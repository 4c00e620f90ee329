import ClientRedis
import Host
import Maintenance
import Sandbox
import TestSupport
import Testing

@testable import ActionsRedis

/// Something wrong with a server, and what a check must say of it: to the default user, and to one without rights.
struct ServerFault: Sendable, CustomTestStringConvertible {
    let action: String
    /// A few words with hyphens; `healthy` where nothing is wrong.
    let name: String
    let wrong: String
    var parameters: [String: PlanValue] = [:]
    var arguments: [String] = []
    let answer: FaultAnswer
    /// Gives the context of the look, where it knows of an earlier run or has little time.
    let put: @Sendable (RedisServer) async throws -> Context?

    init(
        _ action: String, _ name: String, _ wrong: String, with parameters: [String: PlanValue] = [:],
        server arguments: String..., is answer: FaultAnswer,
        put: @escaping @Sendable (RedisServer) async throws -> Context? = { _ in nil }
    ) {
        self.action = action
        self.name = name
        self.wrong = wrong
        self.parameters = parameters
        self.arguments = arguments
        self.answer = answer
        self.put = put
    }

    static let roles = ["default user", "no rights"]
    var answers: [FaultAnswer] { [answer, .hidden] }
    var testDescription: String { "\(action): \(name)" }

    func seen() async throws -> [FaultAnswer] {
        let server = try await RedisServer.start(arguments: arguments)
        return try await doing {
            try await server.said("ACL", "SETUSER", "blind", "on", ">p", "+select", "~*")
            let context = try await put(server) ?? context()
            let blind = "redis://blind:p@127.0.0.1:\(server.port)/0"
            let urls = [server.url(), blind]
            var answers: [FaultAnswer] = []
            for url in urls {
                answers.append(
                    try await FaultAnswer.of {
                        try await observe(action, parameters, url: ["url": url], in: context).answer
                    })
            }
            return answers
        } finally: {
            await server.stop()
        }
    }
}

extension ServerFault {
    private static let noData = FaultAnswer(.unknown, .noData)
    private static func failed(_ code: Cause.Code) -> FaultAnswer { FaultAnswer(.fail, code) }

    /// What the action measures before the fault, as an earlier run would have.
    private static func before(_ action: String, _ server: RedisServer) async throws -> Context {
        let window: [String: PlanValue] = action == "redis.slow-log" ? [:] : ["window": .text("1s")]
        return context(after: try await observe(action, window, url: ["url": server.url()]))
    }

    private static func read(_ server: RedisServer, _ key: String, _ times: Int) async throws {
        try await server.said("EVAL", "for i = 1, ARGV[1] do redis.call('GET', ARGV[2]) end", "0", "\(times)", key)
    }

    private static func fill(_ server: RedisServer, _ keys: Int, of bytes: Int) async throws {
        try await server.said(
            "EVAL", "for i = 1, ARGV[1] do redis.call('SET', 'k' .. i, string.rep('x', ARGV[2])) end", "0", "\(keys)",
            "\(bytes)")
    }

    static let all: [ServerFault] = memory + counters + log + kept + replicas + others

    private static let memory: [ServerFault] = [
        ServerFault("redis.memory", "healthy", "nothing is wrong", is: .pass) { server in
            try await fill(server, 1000, of: 100)
            return nil
        },
        ServerFault(
            "redis.memory", "full-cache-that-evicts", "nothing is wrong: a cache is full", server: "--maxmemory",
            "10mb",
            "--maxmemory-policy", "allkeys-lru", is: .pass
        ) { server in
            try await fill(server, 2000, of: 10_000)
            return nil
        },
        ServerFault(
            "redis.memory", "no-room-left", "maxmemory is nearly reached and nothing can be evicted",
            server:
                "--maxmemory", "20mb", is: failed(.threshold)
        ) { server in
            try await fill(server, 1100, of: 17_000)
            return nil
        },
        ServerFault(
            "redis.memory", "nothing-expires", "only keys that expire may be evicted, and none does",
            server:
                "--maxmemory", "20mb", "--maxmemory-policy", "volatile-lru", is: failed(.threshold)
        ) { server in
            try await fill(server, 1100, of: 17_000)
            return nil
        },
        ServerFault(
            "redis.memory", "holes-between-values", "three of four values were deleted, the pages stay",
            with: ["ignore-below": .text("5 MiB")], is: .overThreshold
        ) { server in
            try await fill(server, 200_000, of: 200)
            try await server.said(
                "EVAL", "for i = 1, 200000 do if i % 4 > 0 then redis.call('DEL', 'k' .. i) end end", "0")
            return nil
        },
    ]

    private static let counters: [ServerFault] = [
        ServerFault("redis.hit-rate", "healthy", "nothing is wrong", is: .pass) { server in
            try await server.said("SET", "there", "1")
            let context = try await before("redis.hit-rate", server)
            try await read(server, "there", 900)
            try await read(server, "nothing", 100)
            return context
        },
        ServerFault("redis.hit-rate", "cold-cache", "most lookups find nothing, after a good start", is: .overThreshold)
        {
            server in
            try await server.said("SET", "there", "1")
            try await read(server, "there", 100_000)
            let context = try await before("redis.hit-rate", server)
            try await read(server, "nothing", 900)
            return context
        },
        ServerFault("redis.hit-rate", "counters-reset", "CONFIG RESETSTAT since the run before", is: noData) { server in
            try await read(server, "nothing", 500)
            let context = try await before("redis.hit-rate", server)
            try await server.said("CONFIG", "RESETSTAT")
            return context
        },
        ServerFault("redis.hit-rate", "no-traffic", "nobody asks", is: noData) { server in
            try await before("redis.hit-rate", server)
        },
        ServerFault("redis.evictions", "healthy", "nothing is wrong", is: .pass) { server in
            try await before("redis.evictions", server)
        },
        ServerFault(
            "redis.evictions", "writes-refused", "maxmemory is reached, and a write was refused", is: failed(.threshold)
        ) { server in
            let context = try await before("redis.evictions", server)
            try await server.said("CONFIG", "SET", "maxmemory", "1000")
            _ = try? await server.command(["SET", "a", "1"])
            return context
        },
    ]

    private static let log: [ServerFault] = [
        ServerFault("redis.slow-log", "healthy", "nothing is wrong", is: .pass),
        ServerFault("redis.slow-log", "slow-command", "a command took 600 ms since the run before", is: .overThreshold)
        {
            server in
            let context = try await before("redis.slow-log", server)
            try await server.said("DEBUG", "SLEEP", "0.6")
            return context
        },
        ServerFault(
            "redis.slow-log", "nothing-is-written-down", "the server keeps no slow log",
            server: "--slowlog-log-slower-than",
            "-1", is: noData),
    ]

    private static let kept: [ServerFault] = [
        ServerFault("redis.persistence", "healthy", "nothing is wrong", server: "--save", "3600 1", is: .pass),
        ServerFault("redis.persistence", "save-failed", "the last save failed", is: failed(.rejected)) { server in
            try await Program.run("mkdir", [server.supervisor.folder + "/dump.rdb"])
            try await server.said("SET", "a", "1")
            try await server.said("BGSAVE")
            try await server.wait("rdb_last_bgsave_status", "err")
            return nil
        },
        ServerFault(
            "redis.persistence", "save-too-old", "writes wait longer for a save than the plan allows",
            with: ["max-age": .text("1s")], server: "--save", "3600 1", is: failed(.stale)
        ) { server in
            try await server.said("SET", "a", "1")
            try await Host.system.sleep(.milliseconds(1300))
            return nil
        },
        ServerFault(
            "redis.persistence", "not-kept", "the plan expects an append-only file, and there is none",
            with: ["expect": .text("append-only")], is: failed(.threshold)),
    ]

    private static let replicas: [ServerFault] = [
        ServerFault("redis.replication", "healthy", "nothing is wrong", with: ["role": .text("primary")], is: .pass),
        ServerFault(
            "redis.replication", "too-few-replicas", "a replica is missing", with: ["replicas": .text("1")],
            is: failed(.threshold)),
        ServerFault(
            "redis.replication", "link-down", "the primary does not answer its replica", server: "--replicaof",
            "127.0.0.1", "1", is: failed(.connectionLost)),
        ServerFault(
            "redis.replication", "other-role", "the primary became a replica", with: ["role": .text("primary")],
            server: "--replicaof", "127.0.0.1", "1", is: failed(.threshold)),
    ]

    private static let others: [ServerFault] = [
        ServerFault("redis.clients", "healthy", "nothing is wrong", is: .pass),
        ServerFault(
            "redis.clients", "few-places-left", "clients take nearly all places", server: "--maxclients", "20",
            is: failed(.threshold)
        ) { server in
            // They end with the server.
            for _ in 0..<18 {
                let target = try Bench.open(["url": server.url()])
                let access = try await target.access(RedisKind.self, for: .look, in: context())
                _ = try await access.ask(RedisCommand("PING"))
            }
            return nil
        },
        ServerFault("redis.connectivity", "healthy", "nothing is wrong", is: .pass),
        ServerFault("redis.keyspace", "healthy", "nothing is wrong", is: .pass) { server in
            try await fill(server, 500, of: 100)
            return nil
        },
        ServerFault(
            "redis.keyspace", "time-is-up", "the time of the step is up before the last key",
            with: ["pace": .text("1 thousand")], is: FaultAnswer(.unknown, .partlyCovered)
        ) { server in
            try await fill(server, 30_000, of: 10)
            return context(9)
        },
    ]
}
