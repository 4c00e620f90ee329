import ClientRedis
import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsRedis

/// Against a real server: the plan, the deletion and its proof.
struct DeletePatternTests {
    @Test func deletesWhatExpiresAndNothingElse() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load(
                (0..<2500).map { set("\(prefix)c:\($0)") }
                    + (0..<40).map { set("\(prefix)c:keep:\($0)", expiring: false) }
                    + (0..<30).map { set("\(prefix)c:lock:\($0)") } + (0..<50).map { set("\(prefix)other:\($0)") })
            let bench = try Bench(
                ["pattern": .text(prefix + "c:*"), "except": .list([.text(prefix + "c:lock:*")])],
                url: ["url": server.url()])
            #expect(bench.configured.impact == .online)
            let preview = try await bench.preview()
            #expect(preview.value("matched") == 2570)
            #expect(preview.value("planned") == 2500)
            #expect(preview.value("spared") == 70)
            #expect(preview.units.map(\.size) == [1000, 1000, 500])
            #expect(Set(preview.units.flatMap(\.items)).count == 2500)
            #expect(Set(preview.units.map(\.id)).count == 3)
            #expect(preview.summary.contains("40 without expiry") && preview.summary.contains("30 excepted"))
            #expect(preview.findings.isEmpty)
            let sums = try await bench.run(preview)
            #expect(sums == ["keys": 2500, "kept": 0, "expired": 0, "remade": 0])
            let left = try await server.command(["EVAL", "return #redis.call('KEYS', ARGV[1])", "0", prefix + "*"])
            #expect(left == "120")
            await bench.target.close()
        }
    }

    @Test func nothingToDeleteIsNoError() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            let bench = try Bench(["pattern": .text(prefix + "*")], url: ["url": server.url()])
            let preview = try await bench.preview()
            #expect(preview.units.isEmpty && preview.findings.isEmpty)
            #expect(preview.value("planned") == 0)
            await bench.target.close()
        }
    }

    @Test func keysOfAnyBytes() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            let head = Array(prefix.utf8)
            let tails: [[UInt8]] =
                [
                    " with spaces ", "it's \"quoted\"", "line\nbreak\r\n", "100%41", "%", "*?[a]\\", "$5\r\nhello", "",
                    "é", "e\u{301}", "日本", "{tag}",
                ].map { Array($0.utf8) } + [[0], [0xff, 0xfe], [0xc3, 0x28], Array(0...255)]
            try await server.load(tails.map { set(head + $0) })
            let bench = try Bench(["pattern": .text(prefix + "*"), "batch": .text("5")], url: ["url": server.url()])
            let preview = try await bench.preview()
            #expect(preview.value("planned") == Double(tails.count))
            // Through the journal and back.
            let units = try decodeJSON([WorkUnit].self, try encodeJSON(preview.units))
            #expect(Set(units.flatMap(\.items).compactMap(KeyName.bytes)) == Set(tails.map { head + $0 }))
            let sums = try await bench.run(Preview(summary: "", units: units))
            #expect(sums["keys"] == Double(tails.count))
            #expect(
                try await server.command(["EVAL", "return #redis.call('KEYS', ARGV[1])", "0", prefix + "*"]) == "0")
            await bench.target.close()
        }
    }

    @Test func conditionsOnTypeAndIdleTime() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load(
                (0..<10).map { set("\(prefix)s\($0)") }
                    + [["HSET", prefix + "h", "f", "v"], ["EXPIRE", prefix + "h", "5000"]].map {
                        $0.map { Array($0.utf8) }
                    })
            let url = ["url": server.url()]
            let hashes = try Bench(["pattern": .text(prefix + "*"), "type": .text("hash")], url: url)
            let preview = try await hashes.preview()
            #expect(preview.units.flatMap(\.items) == [prefix + "h"])
            #expect(preview.summary.contains("10 of another type"))
            // Its type changes between the plan and the deletion.
            let sums = try await hashes.run(preview) { _ in
                try await server.command(["SET", prefix + "h", "now a string", "EX", "5000"])
            }
            #expect(sums["kept"] == 1 && sums["keys"] == 0)
            let idle = try Bench(["pattern": .text(prefix + "*"), "idle-longer-than": .text("1h")], url: url)
            let nothing = try await idle.preview()
            #expect(nothing.units.isEmpty)
            #expect(nothing.summary.contains("11 in use"))
            for bench in [hashes, idle] { await bench.target.close() }
        }
    }

    @Test func anIdleKeyThatIsUsedAgainIsKept() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            for name in ["a", "b"] {
                try await server.command(["SET", prefix + name, "v"])
                try await server.command(["EVAL", leaveUnused, "1", prefix + name])
            }
            let bench = try Bench(
                ["pattern": .text(prefix + "*"), "idle-longer-than": .text("1h")], url: ["url": server.url()])
            let preview = try await bench.preview()
            #expect(preview.value("planned") == 2)
            let sums = try await bench.run(preview) { _ in try await server.command(["GET", prefix + "a"]) }
            #expect(sums["keys"] == 1 && sums["kept"] == 1)
            #expect(try await server.command(["EXISTS", prefix + "a", prefix + "b"]) == "1")
            await bench.target.close()
        }
    }

    @Test func withoutExpiryOnlyWhenAskedAndThenDestructive() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load((0..<3).map { set("\(prefix)\($0)", expiring: false) })
            let bench = try Bench(
                ["pattern": .text(prefix + "*"), "only-expiring": .text("false")], url: ["url": server.url()])
            #expect(bench.configured.impact == .destructive)
            #expect(try await bench.run(try await bench.preview())["keys"] == 3)
            await bench.target.close()
        }
    }

    @Test func theProbeSaysWhatIsLeft() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load((0..<10).map { set("\(prefix)\($0)") })
            let bench = try Bench(["pattern": .text(prefix + "*")], url: ["url": server.url()])
            let unit = try #require(try await bench.preview().units.first)
            try await server.command(["DEL", prefix + "0"])
            let baseline = try await bench.prepare(unit)
            #expect(try await bench.probe(unit, baseline) == .pending)
            try await server.command(["DEL", prefix + "1"])
            #expect(
                try await bench.probe(unit, baseline)
                    == .partial("9 of 10 planned keys are left".replacing("9", with: "8")))
            try await bench.apply(unit, baseline)
            // In use: a deleted key is made anew before anybody looks.
            try await server.load([set("\(prefix)5"), set("\(prefix)6", expiring: false)])
            guard case .applied(let proof) = try await bench.probe(unit, baseline) else {
                Issue.record("not applied")
                return
            }
            let values = Dictionary(uniqueKeysWithValues: proof.measurements.map { ($0.name, $0.value) })
            #expect(values == ["keys": 9, "kept": 0, "expired": 1, "remade": 2])
            await bench.target.close()
        }
    }

    /// The process that deleted is dead, and with it what it knew: a key that is there again counts as left.
    @Test func afterACrashTheLookDecides() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load((0..<10).map { set("\(prefix)\($0)") })
            let bench = try Bench(["pattern": .text(prefix + "*")], url: ["url": server.url()])
            let unit = try #require(try await bench.preview().units.first)
            let baseline = try await bench.prepare(unit)
            try await bench.apply(unit, baseline)
            try await server.load([set("\(prefix)5")])
            await bench.target.close()

            let next = try Bench(["pattern": .text(prefix + "*")], url: ["url": server.url()])
            #expect(try await next.probe(unit, baseline) == .partial("1 of 10 planned keys are left"))
            try await next.change.repair?(unit, baseline, next.target, context())
            guard case .applied(let proof) = try await next.probe(unit, baseline) else {
                Issue.record("not applied")
                return
            }
            #expect(proof.measurements.first { $0.name == "keys" }?.value == 10)
            await next.target.close()
        }
    }

    @Test func aJournalThatWasTamperedWithLeadsNowhere() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load([set("\(prefix)c:1"), set("\(prefix)foreign")])
            let bench = try Bench(["pattern": .text(prefix + "c:*")], url: ["url": server.url()])
            for name in [prefix + "foreign", "%zz", "%41"] {
                let unit = WorkUnit(id: "keys-1", title: "", expected: .seconds(1), items: [prefix + "c:1", name])
                #expect(await causeThrown { _ = try await bench.prepare(unit) }?.code == .malformed)
                #expect(
                    await causeThrown {
                        try await bench.apply(unit, Array(#"{"at":"2026-11-22T02:00:00Z","gone":[],"unfit":[]}"#.utf8))
                    }?.code == .malformed)
            }
            #expect(try await server.command(["EXISTS", prefix + "c:1", prefix + "foreign"]) == "2")
            await bench.target.close()
        }
    }

    @Test func thePaceIsKept() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load((0..<1000).map { set("\(prefix)\($0)") })
            let bench = try Bench(["pattern": .text(prefix + "*"), "pace": .text("2000")], url: ["url": server.url()])
            let unit = try #require(try await bench.preview().units.first)
            let baseline = try await bench.prepare(unit)
            let start = ContinuousClock.now
            try await bench.apply(unit, baseline)
            #expect(ContinuousClock.now - start >= .milliseconds(480))
            // Too slow for the time that is left: said before it is waited for.
            let slow = try Bench(["pattern": .text(prefix + "*"), "pace": .text("1")], url: ["url": server.url()])
            try await server.load((0..<1000).map { set("\(prefix)\($0)") })
            let before = ContinuousClock.now
            #expect(await causeThrown { try await slow.apply(unit, baseline, in: context(5)) }?.code == .timedOut)
            #expect(ContinuousClock.now - before < .seconds(4))
            for one in [bench, slow] { await one.target.close() }
        }
    }

    /// 20,000 keys; what the foreground feels is measured by the caller, here only that it is done and counted.
    @Test func manyKeys() async throws {
        let server = try await RedisServer.shared()
        try await server.withPrefix { prefix in
            try await server.load((0..<20_000).map { set("\(prefix)\($0)") })
            let bench = try Bench(
                ["pattern": .text(prefix + "*"), "batch": .text("10000"), "pace": .text("100000")],
                url: ["url": server.url()])
            let preview = try await bench.preview()
            #expect(preview.value("planned") == 20_000)
            #expect(try await bench.run(preview)["keys"] == 20_000)
            await bench.target.close()
        }
    }
}
