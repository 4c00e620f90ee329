import ClientRedis
import Host
import Maintenance
import Sandbox
import TestSupport
import Testing

@testable import ActionsRedis

struct ServerCounterTests {
    private static let read = """
        for i = 1, ARGV[1] do redis.call('GET', ARGV[2]) end
        """

    private func read(_ server: RedisServer, _ times: Int, _ key: String) async throws {
        try await server.said("EVAL", Self.read, "0", String(times), key)
    }

    @Test func theRateIsOfTheWindow_NotSinceTheStart() async throws {
        try await withServer { server in
            let url = ["url": server.url()]
            try await server.said("SET", "there", "1")
            try await read(server, 100_000, "there")
            let first = try await observe("redis.hit-rate", ["window": .text("1s")], url: url)
            #expect(first.answer == FaultAnswer(.unknown, .noData))
            #expect(first.observation.summary.contains("Only 0 lookups"))
            try await read(server, 300, "there")
            try await read(server, 700, "nothing")
            let second = try await observe("redis.hit-rate", url: url, in: context(after: first))
            #expect(second["hit_rate"] == 30)
            #expect(second["lookups"] == 1000)
            #expect(second.answer == .overThreshold)
            #expect(second.observation.summary.contains("since the previous run"))
        }
    }

    @Test func aRestartAndAResetAreNotEnoughEvidence() async throws {
        try await withServer { server in
            let url = ["url": server.url()]
            try await server.said("SET", "there", "1")
            try await read(server, 500, "there")
            let before = try await observe("redis.hit-rate", ["window": .text("1s")], url: url)
            try await server.said("CONFIG", "RESETSTAT")
            try await read(server, 5000, "nothing")
            let reset = try await observe("redis.hit-rate", url: url, in: context(after: before))
            #expect(reset.answer == FaultAnswer(.unknown, .noData))
            #expect(reset.observation.summary.contains("RESETSTAT"))
            let again = try await observe("redis.hit-rate", ["window": .text("1s")], url: url)
            // Long enough for the clock of the start to differ.
            try await Host.system.sleep(.milliseconds(4200))
            try await server.interrupt()
            try await server.resume()
            try await read(server, 9000, "nothing")
            let restarted = try await observe("redis.hit-rate", url: url, in: context(after: again))
            #expect(restarted.answer == FaultAnswer(.unknown, .noData))
            #expect(restarted.observation.summary.contains("started anew"))
        }
    }

    /// TYPE, TTL and OBJECT count as hits: a pass over the keys would make any cache look well.
    @Test func toolsThatLookThroughTheKeysAreNotTraffic() async throws {
        try await withServer { server in
            let url = ["url": server.url()]
            try await server.said("SET", "there", "1")
            let first = try await observe("redis.hit-rate", ["window": .text("1s")], url: url)
            try await server.said(
                "EVAL", "for i = 1, 5000 do redis.call('TYPE', 'there') redis.call('PTTL', 'there') end", "0")
            try await read(server, 20, "there")
            try await read(server, 180, "nothing")
            let hidden = try await observe("redis.hit-rate", url: url, in: context(after: first))
            #expect(hidden.answer == FaultAnswer(.unknown, .noData))
            #expect(hidden.observation.summary.contains("tools"))
            try await read(server, 300_000, "nothing")
            let plain = try await observe("redis.hit-rate", url: url, in: context(after: first))
            #expect(plain["hit_rate"].map { $0 < 1 } == true)
            #expect(plain.answer == .overThreshold)
        }
    }

    @Test func evictionsAndRefusedWritesAreCounted() async throws {
        try await withServer("--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru") { server in
            let url = ["url": server.url()]
            let first = try await observe("redis.evictions", ["window": .text("1s")], url: url)
            #expect(first.answer == .pass)
            #expect(first["evicted"] == 0)
            for number in 0..<40 { try await server.said("SET", "k\(number)", String(repeating: "x", count: 100_000)) }
            let second = try await observe("redis.evictions", url: url, in: context(after: first))
            #expect(second["evicted"].map { $0 > 10 } == true)
            #expect(second["evicted_percent"] == 100)
            #expect(second.answer == .pass)
            try await server.said("CONFIG", "SET", "maxmemory-policy", "noeviction")
            _ = try? await server.command(["CONFIG", "SET", "maxmemory", "1mb"])
            _ = try? await server.command(["SET", "more", "1"])
            let third = try await observe("redis.evictions", url: url, in: context(after: second))
            #expect(third["refused"].map { $0 >= 1 } == true)
            #expect(third.answer == FaultAnswer(.fail, .threshold))
        }
    }

    /// What is in a log that nothing is written into any more says nothing of now.
    @Test func anOldEntryIsNoNewsOfALogThatIsOff() async throws {
        try await withServer("--slowlog-log-slower-than", "10000") { server in
            try await server.said("DEBUG", "SLEEP", "0.02")
            try await server.said("CONFIG", "SET", "slowlog-log-slower-than", "-1")
            let cause = await causeThrown { _ = try await observe("redis.slow-log", url: ["url": server.url()]) }
            #expect(cause?.code == .noData)
        }
    }

    @Test func slowCommandsAreNamedWithoutTheirArguments() async throws {
        try await withServer("--slowlog-log-slower-than", "10000") { server in
            let url = ["url": server.url()]
            let none = try await observe("redis.slow-log", url: url)
            #expect(none.answer == .pass)
            #expect(none["slow"] == 0)
            try await server.said("DEBUG", "SLEEP", "0.6")
            let slow = try await observe("redis.slow-log", url: url, in: context(after: none))
            #expect(slow.answer == .overThreshold)
            #expect(slow["slow"] == 1)
            #expect(slow.observation.details.first?["command"] == .text("DEBUG SLEEP"))
            let later = try await observe("redis.slow-log", url: url, in: context(after: slow))
            #expect(later.answer == .pass)
            #expect(later["slow"] == 0)
            try await server.said("CONFIG", "SET", "slowlog-max-len", "2")
            for _ in 0..<5 { try await server.said("DEBUG", "SLEEP", "0.02") }
            let lost = try await observe("redis.slow-log", url: url, in: context(after: later))
            #expect(lost.answer == FaultAnswer(.unknown, .partlyCovered))
            #expect(lost["slow"] == 5)
            try await server.said("CONFIG", "SET", "slowlog-log-slower-than", "-1")
            try await server.said("SLOWLOG", "RESET")
            let off = await causeThrown { _ = try await observe("redis.slow-log", url: url) }
            #expect(off?.code == .noData)
        }
    }

    @Test func secretsInTheSlowLogStayThere() async throws {
        try await withServer("--slowlog-log-slower-than", "0") { server in
            try await server.said("SET", "patient:jane", "secret-value")
            _ = try? await server.command(["patient-jane-is-no-command", "x"])
            _ = try? await server.command(["OBJECT", "patient jane", "x"])
            let context = context()
            let seen = try await observe("redis.slow-log", url: ["url": server.url()], in: context)
            let shown = String(describing: seen.observation) + String(describing: context.evidence.drain())
            #expect(shown.contains("SET"))
            #expect(!shown.lowercased().contains("jane ") && !shown.contains("secret-value"))
            #expect(!shown.contains("patient:jane"))
        }
    }
}
