import ClientRedis
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsRedis

/// Against a real server: the plan, the expiries and their proof.
struct SetTTLTests {
    private func bench(_ server: RedisServer, _ prefix: String, _ more: [String: PlanValue] = [:]) throws -> Bench {
        let parameters: [String: PlanValue] = ["pattern": .text(prefix + "*"), "ttl": .text("24h")]
        return try Bench(
            parameters.merging(more) { $1 }, of: "redis.set-ttl", url: ["url": server.url()])
    }

    /// Every key of the prefix with its moment in milliseconds, -1 without one.
    private func expiries(_ server: RedisServer, _ prefix: String) async throws -> [String: Int64] {
        let script = """
            local found = {}
            for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
              table.insert(found, key)
              table.insert(found, tostring(redis.call('PEXPIRETIME', key)))
            end
            return found
            """
        let lines = try await server.command(["EVAL", script, "0", prefix + "*"]).split(separator: "\n").map(
            String.init)
        return Dictionary(
            uniqueKeysWithValues: stride(from: 0, to: lines.count - 1, by: 2).map {
                (lines[$0], Int64(lines[$0 + 1]) ?? 0)
            })
    }

    @Test func setsWhatIsMissingAndTouchesNothingElse() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load(
                (0..<2500).map { set("\(prefix)c:\($0)", expiring: false) }
                    + (0..<300).map { set("\(prefix)c:has:\($0)") }
                    + (0..<20).map { set("\(prefix)c:pinned:\($0)", expiring: false) }
                    + (0..<50).map { set("\(prefix)other:\($0)", expiring: false) })
            let before = try await expiries(server, prefix)
            let bench = try bench(server, prefix + "c:", ["except": .list([.text(prefix + "c:pinned:*")])])
            #expect(bench.configured.impact == .online)
            let preview = try await bench.preview()
            #expect(preview.value("matched") == 2820 && preview.value("planned") == 2500)
            #expect(preview.units.map(\.size) == [1000, 1000, 500])
            #expect(preview.summary.contains("300 with an expiry, 20 excepted"))
            #expect(preview.statements.contains { $0.hasPrefix("for example: \(prefix)c:") })
            let sums = try await bench.run(preview)
            #expect(sums == ["keys": 2500, "kept": 0, "gone": 0, "remade": 0])
            let after = try await expiries(server, prefix)
            let planned = Set(preview.units.flatMap(\.items))
            let now = Host.system.now().microsecondsSinceEpoch / 1000
            #expect(after.count == before.count)
            for (key, moment) in after {
                guard planned.contains(key) else {
                    #expect(moment == before[key], "\(key) had \(before[key] ?? 0) and has \(moment)")
                    continue
                }
                // A day and up to a tenth more, from when the unit began.
                #expect((now + 86_300_000...now + 95_100_000).contains(moment))
            }
            // No crowd at one moment: no second of the spread holds more than a few of them.
            let seconds = Dictionary(grouping: planned.compactMap { after[$0] }) { $0 / 1000 }
            #expect(seconds.count > 1900 && (seconds.values.map(\.count).max() ?? 0) < 8)
            await bench.target.close()
        }
    }

    @Test func conditionsOnTypeIdleTimeAndSize() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load((0..<5).map { set("\(prefix)\($0)", expiring: false) })
            try await server.command(["HSET", prefix + "h", "f", "v"])
            try await server.command(["SET", prefix + "big", String(repeating: "v", count: 5000)])
            let hashes = try bench(server, prefix, ["type": .text("hash")])
            let idle = try bench(server, prefix, ["idle-longer-than": .text("1h")])
            let big = try bench(server, prefix, ["larger-than": .text("4 KiB")])
            #expect(try await hashes.preview().units.flatMap(\.items) == [prefix + "h"])
            #expect(try await idle.preview().summary.contains("7 in use"))
            let preview = try await big.preview()
            #expect(preview.units.flatMap(\.items) == [prefix + "big"])
            #expect(preview.summary.contains("6 smaller"))
            // It shrinks between the plan and the work.
            let sums = try await big.run(preview) { _ in try await server.command(["SET", prefix + "big", "v"]) }
            #expect(sums["kept"] == 1 && sums["keys"] == 0)
            #expect(try await expiries(server, prefix).values.allSatisfy { $0 == -1 })
            for bench in [hashes, idle, big] { await bench.target.close() }
        }
    }

    @Test func whatGotAnExpiryMeanwhileKeepsIt() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load((0..<10).map { set("\(prefix)\($0)", expiring: false) })
            let bench = try bench(server, prefix)
            let unit = try #require(try await bench.preview().units.first)
            let baseline = try await bench.prepare(unit)
            #expect(try await bench.probe(unit, baseline) == .pending)
            try await server.command(["PEXPIREAT", prefix + "3", "4000000000000"])
            try await server.command(["DEL", prefix + "4"])
            try await bench.apply(unit, baseline)
            // Written again without an expiry: seen, and said.
            try await server.command(["SET", prefix + "5", "anew"])
            guard case .applied(let proof) = try await bench.probe(unit, baseline) else {
                Issue.record("not applied")
                return
            }
            let values = Dictionary(uniqueKeysWithValues: proof.measurements.map { ($0.name, $0.value) })
            #expect(values == ["keys": 8, "kept": 1, "gone": 1, "remade": 1])
            #expect(proof.findings.map(\.severity) == [.warn])
            #expect(try await server.command(["PEXPIRETIME", prefix + "3"]) == "4000000000000")
            await bench.target.close()
        }
    }

    @Test func isTakenBackWhereItIsStillOurs() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load((0..<10).map { set("\(prefix)\($0)", expiring: false) })
            let bench = try bench(server, prefix)
            let unit = try #require(try await bench.preview().units.first)
            let baseline = try await bench.prepare(unit)
            try await bench.apply(unit, baseline)
            try await server.command(["EXPIRE", prefix + "1", "777777"])
            let theirs = try await server.command(["PEXPIRETIME", prefix + "1"])
            for _ in 0..<2 { try await bench.undo(unit, baseline) }
            #expect(try await bench.probe(unit, baseline) == .pending)
            let after = try await expiries(server, prefix)
            #expect(after[prefix + "1"].map(String.init) == theirs)
            #expect(after.values.count { $0 == -1 } == 9)
            await bench.target.close()
        }
    }

    /// The process that set some of them is dead, and long ago: what is left is done, and no key gets a moment gone by.
    @Test func afterACrashTheRestIsDoneAndNothingExpiresAtOnce() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load((0..<10).map { set("\(prefix)\($0)", expiring: false) })
            let bench = try bench(server, prefix)
            let unit = try #require(try await bench.preview().units.first)
            let old = SetTTL.Baseline(at: Host.system.now() - .seconds(3 * 86_400))
            try await bench.apply(unit, try encodeJSON(old))
            #expect(try await server.command(["EXISTS"] + unit.items) == "10")
            let soon = Host.system.now().microsecondsSinceEpoch / 1000 + 86_000_000
            #expect(try await expiries(server, prefix).values.allSatisfy { $0 > soon })
            await bench.target.close()

            let next = try self.bench(server, prefix)
            try await server.command(["PERSIST", prefix + "7"])
            let now = try await next.prepare(unit)
            #expect(try await next.probe(unit, now) == .pending)
            try await next.repair(unit, now)
            #expect(try await next.probe(unit, now) != .pending)
            #expect(try await expiries(server, prefix).values.allSatisfy { $0 > 0 })
            await next.target.close()
        }
    }

    @Test func aJournalThatWasTamperedWithLeadsNowhere() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load([set("\(prefix)c:1", expiring: false), set("\(prefix)foreign", expiring: false)])
            let bench = try bench(server, prefix + "c:")
            let unit = WorkUnit(
                id: "keys-1", title: "", expected: .seconds(1), items: [prefix + "c:1", prefix + "foreign"])
            let baseline = try encodeJSON(SetTTL.Baseline(at: Host.system.now()))
            #expect(await causeThrown { try await bench.apply(unit, baseline) }?.code == .malformed)
            #expect(await causeThrown { try await bench.undo(unit, baseline) }?.code == .malformed)
            #expect(try await expiries(server, prefix).values.allSatisfy { $0 == -1 })
            await bench.target.close()
        }
    }

    @Test(arguments: [
        ("ttl", "30s"), ("ttl", "20 years"), ("spread", "-1s"), ("pattern", "*"), ("batch", "0"), ("larger-than", "x"),
    ])
    func wrongParametersAreRefused(_ name: String, _ value: String) throws {
        var parameters: [String: PlanValue] = ["pattern": .text("a:*"), "ttl": .text("1d")]
        parameters[name] = .text(value)
        #expect(throws: ValueErrors.self) {
            _ = try Bench(parameters, of: "redis.set-ttl", url: ["url": "redis://127.0.0.1:1/0"])
        }
    }

    @Test func aShortLifeIsDestructive() throws {
        let bench = try Bench(
            ["pattern": .text("a:*"), "ttl": .text("59m")], of: "redis.set-ttl", url: ["url": "redis://127.0.0.1:1/0"])
        #expect(bench.configured.impact == .destructive)
    }
}
