import ClientRedis
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ActionsRedis

/// While we set expiries, a service goes on: keys get an expiry of its own, are written again, and come anew.
struct SetTTLRaceTests {
    private static let theirs = "4000000000000"

    private final class Stop: Sendable {
        let isSet = Mutex(false)
    }

    private struct Done {
        /// Keys that the service gave an expiry of its own, and left alone from then on.
        var expiring: Set<String> = []
        var made = 0
    }

    @Test func noKeyOutsideThePlanAndNoExpiryOfOthersIsTouchedInARace() async throws {
        let server = try await RedisServer.start()
        let count = 6000
        try await server.load(
            (0..<count).map { set("cache:\($0)", expiring: false) }
                + (0..<500).map { set("cache-like:\($0)", expiring: false) })
        let bench = try Bench(
            ["pattern": .text("cache:*"), "ttl": .text("24h"), "batch": .text("500"), "pace": .text("4000")],
            of: "redis.set-ttl", url: ["url": server.url()])
        let preview = try await bench.preview()
        #expect(preview.value("planned") == Double(count))
        let stop = Stop()
        async let service = Self.serve(server.url(), count, until: stop)
        #expect(try await eventually { try await server.command(["EXISTS", "cache:new:0"]) == "1" })
        let sums = try await bench.run(preview)
        stop.isSet.withLock { $0 = true }
        let done = try await service
        #expect(done.expiring.count > 100 && done.made > 20, "the service did next to nothing: it was no race")

        let script = """
            local wrong = 0
            for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
              if redis.call('PEXPIRETIME', key) ~= tonumber(ARGV[2]) then wrong = wrong + 1 end
            end
            return wrong
            """
        // Neither the keys beside the pattern nor those that came after the plan have an expiry.
        for others in ["cache-like:*", "cache:new:*"] {
            #expect(try await server.command(["EVAL", script, "0", others, "-1"]) == "0", "\(others)")
        }
        let ofTheirs = """
            local wrong = {}
            for _, key in ipairs(KEYS) do
              if redis.call('PEXPIRETIME', key) ~= tonumber(ARGV[1]) then table.insert(wrong, key) end
            end
            return wrong
            """
        let keys = Array(done.expiring)
        let wrong = try await server.command(["EVAL", ofTheirs, String(keys.count)] + keys + [Self.theirs])
        #expect(wrong == "")
        #expect((sums["keys"] ?? 0) + (sums["kept"] ?? 0) + (sums["gone"] ?? 0) == Double(count))
        #expect((sums["kept"] ?? 0) > 0)
        await bench.target.close()
        await server.stop()
    }

    private static func serve(_ url: String, _ count: Int, until stop: Stop) async throws -> Done {
        let kind = try #require(try TargetKindDefinition(RedisKind.self).target(from: .text(url)) as? RedisKind)
        let client = kind.open(on: .system)
        let access = try await kind.access(client, for: .change, in: context(120))
        var done = Done()
        var generator = SystemRandomNumberGenerator()
        while !stop.isSet.withLock({ $0 }) {
            let some = (0..<5).map { _ in "cache:\(Int.random(in: 0..<count, using: &generator))" }
            let others = (0..<5).map { _ in "cache:\(Int.random(in: 0..<count, using: &generator))" }
                .filter { !done.expiring.contains($0) && !some.contains($0) }
            let replies = try await access.send(
                some.map { RedisCommand("PEXPIREAT", $0, theirs) }
                    + [RedisCommand("SET", "cache:new:\(done.made)", "v")]
                    + others.map { RedisCommand("SET", $0, "anew", "KEEPTTL") })
            done.made += 1
            for (key, reply) in zip(some, replies) where reply.asNumber == 1 { done.expiring.insert(key) }
            try await Task.sleep(for: .milliseconds(2))
        }
        await kind.close(client)
        return done
    }
}
