import ClientRedis
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ActionsRedis

/// While we delete, a service goes on: keys lose their expiry, come anew, and others beside them are used.
struct DeletePatternRaceTests {
    private final class Stop: Sendable {
        let isSet = Mutex(false)
    }

    @Test func noKeyOutsideThePlanIsDeletedInARace() async throws {
        let server = try await RedisServer.start()
        let count = 6000
        try await server.load((0..<count).map { set("cache:\($0)") } + (0..<500).map { set("cache-like:\($0)") })
        let url = ["url": server.url()]
        let bench = try Bench(["pattern": .text("cache:*"), "batch": .text("500"), "pace": .text("4000")], url: url)
        let preview = try await bench.preview()
        #expect(preview.value("planned") == Double(count))

        let stop = Stop()
        let service = Task { try await Self.serve(server.url(), count, until: stop) }
        #expect(try await eventually { try await server.command(["EXISTS", "cache:new:0"]) == "1" })
        let sums = try await bench.run(preview)
        stop.isSet.withLock { $0 = true }
        let done = try await service.value

        // What the service made permanent before we came to it is there; so is every key that is not in the plan.
        #expect(done.permanent.count > 10, "the service made next to nothing permanent: it was no race")
        #expect(try await Self.missing(done.permanent, server).isEmpty)
        #expect(try await server.command(["EVAL", "return #redis.call('KEYS', 'cache-like:*')", "0"]) == "500")
        #expect(
            try await server.command(["EVAL", "return #redis.call('KEYS', 'cache:new:*')", "0"]) == String(done.made))
        // The others were made permanent when they had been made anew, after the proof.
        #expect((sums["kept"] ?? 0) > 0 && (sums["kept"] ?? 0) <= Double(done.permanent.count))
        #expect((sums["keys"] ?? 0) + (sums["kept"] ?? 0) == Double(count))
        #expect((sums["remade"] ?? 0) > 0)
        await bench.target.close()
        await server.stop()
    }

    private struct Done {
        var permanent: Set<String> = []
        var made = 0
    }

    /// PERSIST answers 1 only where the key is there and would have expired: from then on it must stay. Keys of the plan
    /// that are gone are made anew with an expiry, as a cache does.
    private static func serve(_ url: String, _ count: Int, until stop: Stop) async throws -> Done {
        let kind = try #require(
            try TargetKindDefinition(RedisKind.self).target(from: .text(url)) as? RedisKind)
        let client = kind.open(on: .system)
        let access = try await kind.access(client, for: .change, in: context(120))
        var done = Done()
        var generator = SystemRandomNumberGenerator()
        while !stop.isSet.withLock({ $0 }) {
            let some = (0..<5).map { _ in "cache:\(Int.random(in: 0..<count, using: &generator))" }
            let others = (0..<20).map { _ in "cache:\(Int.random(in: 0..<count, using: &generator))" }
            let replies = try await access.send(
                some.map { RedisCommand("PERSIST", $0) }
                    + [RedisCommand("SET", "cache:new:\(done.made)", "v", "EX", "5000")]
                    + others.map { RedisCommand("SET", $0, "anew", "EX", "5000", "NX") })
            done.made += 1
            for (key, reply) in zip(some, replies) where reply.asNumber == 1 { done.permanent.insert(key) }
            try await Task.sleep(for: .milliseconds(2))
        }
        await kind.close(client)
        return done
    }

    private static func missing(_ keys: Set<String>, _ server: RedisServer) async throws -> [String] {
        let script = """
            local missing = {}
            for _, key in ipairs(KEYS) do
              if redis.call('EXISTS', key) == 0 then table.insert(missing, key) end
            end
            return missing
            """
        return try await server.command(["EVAL", script, String(keys.count)] + keys)
            .split(separator: "\n").map(String.init)
    }
}
