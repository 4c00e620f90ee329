import ClientRedis
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsRedis

/// Three real nodes: plans over all primaries, scripts of one slot each.
struct ClusterTests {
    @Test func deletesOverAllPrimaries() async throws {
        try await RedisCluster.run { cluster in
            try await cluster.load(
                (0..<1500).map { set("cache:\($0)") } + (0..<50).map { set("{tag}:cache:\($0)") }
                    + (0..<40).map { set("cache:keep:\($0)", expiring: false) } + (0..<100).map { set("other:\($0)") })
            let bench = try Bench(
                ["pattern": .text("cache:*"), "batch": .text("700"), "pace": .text("100000")],
                url: ["url": cluster.nodes[1].url()])
            let preview = try await bench.preview()
            #expect(preview.value("matched") == 1540 && preview.value("planned") == 1500)
            #expect(preview.units.map(\.size) == [700, 700, 100])
            // One becomes permanent between the plan and the deletion.
            let sums = try await bench.run(preview) { unit in
                guard unit.id == "keys-1", let key = unit.items.first else { return }
                try await cluster.load([set(key, expiring: false)])
            }
            #expect(sums == ["keys": 1499, "kept": 1, "expired": 0, "remade": 0])
            #expect(try await cluster.count() == 1 + 50 + 40 + 100)
            // Keys of one slot go together.
            let tagged = try Bench(["pattern": .text("{tag}:*")], url: ["url": cluster.nodes[0].url()])
            #expect(try await tagged.run(try await tagged.preview())["keys"] == 50)
            for bench in [bench, tagged] { await bench.target.close() }
        }
    }

    @Test func setsExpiriesOverAllPrimariesAndTakesThemBack() async throws {
        try await RedisCluster.run { cluster in
            try await cluster.load((0..<900).map { set("cache:\($0)", expiring: false) })
            try await cluster.load((0..<90).map { set("cache:has:\($0)") })
            let bench = try Bench(
                ["pattern": .text("cache:*"), "ttl": .text("24h"), "pace": .text("100000")], of: "redis.set-ttl",
                url: ["url": cluster.nodes[2].url()])
            let preview = try await bench.preview()
            #expect(preview.value("planned") == 900)
            let unit = try #require(preview.units.first)
            let baseline = try await bench.prepare(unit)
            try await bench.apply(unit, baseline)
            guard case .applied(let proof) = try await bench.probe(unit, baseline) else {
                Issue.record("not applied")
                return
            }
            #expect(proof.measurements.first { $0.name == "keys" }?.value == 900)
            try await bench.undo(unit, baseline)
            #expect(try await bench.probe(unit, baseline) == .pending)
            await bench.target.close()
        }
    }

    /// A part of the keys that is not there, or on its way, is never taken for all.
    @Test func aPartThatIsMissingOrMovingIsSeen() async throws {
        try await RedisCluster.run { cluster in
            try await cluster.load((0..<30).map { set("cache:\($0)") })
            let other = try await cluster.nodes[1].command(["CLUSTER", "MYID"])
            try await cluster.nodes[0].command(["CLUSTER", "SETSLOT", "100", "MIGRATING", other])
            let moving = try Bench(["pattern": .text("cache:*")], url: ["url": cluster.nodes[2].url()])
            #expect(await causeThrown { _ = try await moving.preview() }?.code == .busy)
            try await cluster.nodes[0].command(["CLUSTER", "SETSLOT", "100", "STABLE"])
            #expect(try await moving.preview().value("planned") == 30)
            try await cluster.nodes[0].command(["CLUSTER", "DELSLOTS", "100"])
            let missing = try Bench(["pattern": .text("cache:*")], url: ["url": cluster.nodes[0].url()])
            #expect(await causeThrown { _ = try await missing.preview() }?.code == .partlyCovered)
            for bench in [moving, missing] { await bench.target.close() }
        }
    }

    @Test func whatIsOneServersIsRefusedAndSlotsAgreeWithTheServer() async throws {
        try await RedisCluster.run { cluster in
            let flush = try Bench(
                ["expected": .list([.text("app:*")])], of: "redis.flush", url: ["url": cluster.nodes[0].url()])
            #expect(await causeThrown { _ = try await flush.preview() }?.code == .notSupported)
            await flush.target.close()
            for key in ["", "a", "foo{bar}", "foo{}{bar}", "foo{{bar}}zap", "foo{bar}{zap}", "{", "}{", "é", "{}x"] {
                let slot = try await cluster.nodes[0].command(["CLUSTER", "KEYSLOT", key])
                #expect(slot == String(RedisSlot.of(Array(key.utf8))), "\(key)")
            }
        }
    }
}
