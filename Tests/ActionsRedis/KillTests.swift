import ClientRedis
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ActionsRedis

/// The process is dead at every call that a change makes, before the call came through and after it: whoever takes over
/// knows the unit and its baseline, and nothing else.
struct KillTests {
    private struct Killed: Error {}

    /// What is left of a process: calls that came through until it died.
    private final class Life: Sendable {
        let calls = Mutex(0)
        let end: Int?
        let isAfter: Bool

        init(end: Int? = nil, isAfter: Bool = false) {
            self.end = end
            self.isAfter = isAfter
        }

        func link(to server: RedisAccess) -> RedisLink {
            RedisLink(
                send: { [self] commands, _, _ in
                    let call = calls.withLock { calls in
                        calls += 1
                        return calls
                    }
                    if let end, call > end || call == end && !isAfter { throw Killed() }
                    let replies = try await server.send(commands)
                    if let end, call == end { throw Killed() }
                    return replies
                }, facts: { _, _ in try await server.wholeServer() })
        }
    }

    /// Does a unit as the engine does, and dies at that call; false where it was over before.
    private func diesDoing<C: Change>(
        _ change: C, _ unit: WorkUnit, _ baseline: C.Baseline, _ server: RedisAccess, _ life: Life
    ) async throws -> Bool where C.Kind == RedisKind {
        let context = context()
        let access = RedisAccess(identity: "redis", purpose: .change, link: life.link(to: server), in: context)
        do {
            try await change.apply(unit, since: baseline, access, in: context)
            return false
        } catch is Killed {
            return true
        }
    }

    /// As a resume does: what the probe sees decides.
    private func takeOver<C: Change>(
        _ change: C, _ unit: WorkUnit, _ baseline: C.Baseline, _ server: RedisAccess
    ) async throws -> Proof where C.Kind == RedisKind {
        let context = context()
        let access = RedisAccess(identity: "redis", purpose: .change, link: Life().link(to: server), in: context)
        var state = try await change.probe(unit, since: baseline, access, in: context)
        while case .running = state {
            try await Task.sleep(for: .milliseconds(20))
            state = try await change.probe(unit, since: baseline, access, in: context)
        }
        switch state {
        case .applied(let proof): return proof
        case .pending: try await change.apply(unit, since: baseline, access, in: context)
        case .partial:
            let repairable = try #require(change as? any RepairableChange)
            try await repaired(repairable, unit, baseline, access, context)
        case .running, .unknown: Issue.record("\(state)")
        }
        guard case .applied(let proof) = try await change.probe(unit, since: baseline, access, in: context) else {
            throw Killed()
        }
        return proof
    }

    private func repaired<C: RepairableChange>(
        _ change: C, _ unit: WorkUnit, _ baseline: any Sendable, _ access: RedisAccess, _ context: Context
    ) async throws {
        let baseline = try #require(baseline as? C.Baseline)
        let access = try #require(access as? C.Kind.Access)
        try await change.repair(unit, since: baseline, access, in: context)
    }

    private func withServer(_ body: (RedisServer, RedisAccess) async throws -> Void) async throws {
        let server = try await RedisServer.start(configuration: "maxmemory 100mb\n")
        let kind = try #require(
            try TargetKindDefinition(RedisKind.self).target(from: .text(server.url())) as? RedisKind)
        let client = kind.open(on: .system)
        try await body(server, try await kind.access(client, for: .change, in: context(120)))
        await kind.close(client)
        await server.stop()
    }

    /// Every call, before and after: until the work is over before it dies.
    private func eachDeath(_ body: (Life) async throws -> Bool) async throws -> Int {
        var deaths = 0
        for call in 1...200 {
            var died = false
            for isAfter in [false, true] where try await body(Life(end: call, isAfter: isAfter)) {
                died = true
                deaths += 1
            }
            if !died { return deaths }
        }
        return deaths
    }

    @Test func aDeletionIsFinished() async throws {
        try await withServer { server, access in
            var change = DeletePattern()
            change.choice.pattern = KeyPattern("cache:*")
            change.choice.pace = 1_000_000
            let names = (0..<250).map { "cache:\($0)" }
            let unit = WorkUnit(id: "keys-1", title: "", size: 250, expected: .seconds(1), items: names)
            let deaths = try await eachDeath { life in
                try await server.load(names.map { set($0) } + [set("cache:later"), set("other")])
                // One is no longer to be deleted.
                try await server.command(["PERSIST", "cache:7"])
                let baseline = try await change.prepare(unit, access, in: context())
                guard try await diesDoing(change, unit, baseline, access, life) else { return false }
                let proof = try await takeOver(change, unit, baseline, access)
                #expect(proof.measurements.first { $0.name == "kept" }?.value == 1)
                let left = try await server.command(["EVAL", "return #redis.call('KEYS', '*')", "0"])
                #expect(left == "3", "\(life.end ?? 0): \(left) keys")
                return true
            }
            #expect(deaths >= 6)
        }
    }

    @Test func expiriesAreFinishedAndTakenBack() async throws {
        try await withServer { server, access in
            var change = SetTTL()
            change.choice.pattern = KeyPattern("cache:*")
            change.choice.pace = 1_000_000
            change.timeToLive = .seconds(86_400)
            let names = (0..<250).map { "cache:\($0)" }
            let unit = WorkUnit(id: "keys-1", title: "", size: 250, expected: .seconds(1), items: names)
            let count = """
                local n = 0
                for _, key in ipairs(redis.call('KEYS', '*')) do if redis.call('PTTL', key) ~= -1 then n = n + 1 end end
                return n
                """
            let deaths = try await eachDeath { life in
                try await server.load((names + ["cache:later", "other"]).map { set($0, expiring: false) })
                try await server.command(["PEXPIREAT", "cache:7", "4000000000000"])
                let baseline = try await change.prepare(unit, access, in: context())
                guard try await diesDoing(change, unit, baseline, access, life) else { return false }
                _ = try await takeOver(change, unit, baseline, access)
                #expect(try await server.command(["EVAL", count, "0"]) == "250")
                #expect(try await server.command(["PEXPIRETIME", "cache:7"]) == "4000000000000")
                // Another process takes it back: only the expiry of others stays.
                try await change.undo(unit, since: baseline, access, in: context())
                #expect(try await server.command(["EVAL", count, "0"]) == "1")
                return true
            }
            #expect(deaths >= 8)
        }
    }

    @Test func aSettingIsFinished() async throws {
        try await withServer { server, access in
            var change = Configure()
            change.settings = ["maxmemory": "200mb"]
            let unit = WorkUnit(
                id: "maxmemory", title: "", expected: .seconds(1), attributes: ["value": "209715200"])
            let deaths = try await eachDeath { life in
                try await server.command(["CONFIG", "SET", "maxmemory", "100mb"])
                try await server.command(["CONFIG", "REWRITE"])
                let baseline = try await change.prepare(unit, access, in: context())
                guard try await diesDoing(change, unit, baseline, access, life) else { return false }
                _ = try await takeOver(change, unit, baseline, access)
                try await server.interrupt()
                try await server.resume()
                let live = try await server.command(["CONFIG", "GET", "maxmemory"])
                #expect(live.hasSuffix("209715200"), "\(life.end ?? 0): \(live)")
                return true
            }
            #expect(deaths == 4)
        }
    }

    @Test func aFlushIsFinishedOrRefused() async throws {
        try await withServer { server, access in
            var change = Flush()
            change.expected = [KeyPattern("app:*")]
            let unit = WorkUnit(id: "database", title: "", expected: .seconds(1))
            let deaths = try await eachDeath { life in
                try await server.load((0..<50).map { set("app:\($0)") })
                try await server.load([set("elsewhere")], database: 1)
                let baseline = try await change.prepare(unit, access, in: context())
                guard try await diesDoing(change, unit, baseline, access, life) else { return false }
                _ = try await takeOver(change, unit, baseline, access)
                #expect(try await server.command(["DBSIZE"]) == "0")
                #expect(try await server.command(["DBSIZE"], database: 1) == "1")
                return true
            }
            #expect(deaths >= 6)
        }
    }

    @Test func aSaveIsFinishedAndNotDoubled() async throws {
        try await withServer { server, access in
            try await server.load((0..<60).map { set("k:\($0)") })
            try await server.command(["CONFIG", "SET", "rdb-key-save-delay", "1000"])
            let change = Save()
            let unit = WorkUnit(id: "save", title: "", expected: .seconds(1))
            var deaths = 0
            for (call, isAfter) in [(1, true), (2, false), (2, true), (3, true)] {
                try await server.command(["CONFIG", "RESETSTAT"])
                let baseline = try await change.prepare(unit, access, in: context())
                guard try await diesDoing(change, unit, baseline, access, Life(end: call, isAfter: isAfter)) else {
                    continue
                }
                deaths += 1
                _ = try await takeOver(change, unit, baseline, access)
                let stats = try await server.command(["INFO", "commandstats"])
                #expect(stats.contains("cmdstat_bgsave:calls=1,"), "\(call): \(stats)")
            }
            #expect(deaths == 4)
        }
    }
}
