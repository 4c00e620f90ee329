import ClientRedis
import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsRedis

struct ConfigureTests {
    private func bench(
        _ server: RedisServer, _ settings: [String: String], persist: Bool = true
    ) throws -> Bench {
        try Bench(
            [
                "settings": .map(settings.map { PlanValue.Entry($0.key, .text($0.value)) }),
                "persist": .text(String(persist)),
            ], of: "redis.config", url: ["url": server.url()])
    }

    private func live(_ server: RedisServer, _ name: String) async throws -> String {
        try await server.command(["CONFIG", "GET", name]).split(separator: "\n").last.map(String.init) ?? ""
    }

    @Test func isInForceAndStillThereAfterAStart() async throws {
        let server = try await RedisServer.start(configuration: "# ours\nmaxmemory 100mb\n")
        let bench = try bench(server, ["maxmemory": "200 MiB", "maxmemory-policy": "allkeys-lru"])
        let preview = try await bench.preview()
        #expect(preview.findings.isEmpty && preview.units.map(\.id) == ["maxmemory", "maxmemory-policy"])
        #expect(preview.summary.contains("maxmemory: 104857600 → 209715200"))
        let sums = try await bench.run(preview)
        #expect(sums == ["settings": 2, "changed": 2])
        try await server.interrupt()
        try await server.resume()
        #expect(try await live(server, "maxmemory") == "209715200")
        #expect(try await live(server, "maxmemory-policy") == "allkeys-lru")
        #expect(
            try String(contentsOfFile: server.supervisor.folder + "/redis.conf", encoding: .utf8).contains("# ours"))
        await bench.target.close()
        await server.stop()
    }

    @Test func isTakenBackWhereItIsStillOurs() async throws {
        let server = try await RedisServer.start(configuration: "maxmemory 100mb\n")
        let bench = try bench(server, ["maxmemory": "200mb"])
        let unit = try await bench.preview().units[0]
        let baseline = try await bench.prepare(unit)
        #expect(try await bench.probe(unit, baseline) == .pending)
        try await bench.apply(unit, baseline)
        for _ in 0..<2 { try await bench.undo(unit, baseline) }
        #expect(try await bench.probe(unit, baseline) == .pending)
        #expect(try await live(server, "maxmemory") == "104857600")
        try await bench.apply(unit, baseline)
        try await server.command(["CONFIG", "SET", "maxmemory", "300mb"])
        try await bench.undo(unit, baseline)
        #expect(try await live(server, "maxmemory") == "314572800")
        await bench.target.close()
        await server.stop()
    }

    /// In force and not in the file: after a crash nobody can know, so it is written again.
    @Test func afterACrashItIsWrittenAgain() async throws {
        let server = try await RedisServer.start(configuration: "maxmemory 100mb\n")
        let bench = try bench(server, ["maxmemory": "200mb"])
        let unit = try await bench.preview().units[0]
        let baseline = try await bench.prepare(unit)
        try await server.command(["CONFIG", "SET", "maxmemory", "200mb"])
        guard case .partial = try await bench.probe(unit, baseline) else {
            Issue.record("not seen to be half done")
            return
        }
        try await bench.repair(unit, baseline)
        guard case .applied = try await bench.probe(unit, baseline) else {
            Issue.record("not applied")
            return
        }
        await bench.target.close()
        await server.stop()
    }

    @Test func withoutAFileItSaysSo() async throws {
        let server = try await RedisServer.start()
        let lasting = try bench(server, ["maxmemory": "200mb"])
        let finding = try #require(try await lasting.preview().findings.first)
        #expect(finding.severity == .fail && finding.cause.code == .notSupported)
        let passing = try bench(server, ["maxmemory": "200mb"], persist: false)
        #expect(try await passing.run(try await passing.preview())["settings"] == 1)
        for bench in [lasting, passing] { await bench.target.close() }
        await server.stop()
    }

    @Test func aFileThatCannotBeWrittenIsAFailure() async throws {
        let server = try await RedisServer.start(configuration: "maxmemory 100mb\n")
        let bench = try bench(server, ["maxmemory": "200mb"])
        let unit = try await bench.preview().units[0]
        let baseline = try await bench.prepare(unit)
        let file = server.supervisor.folder + "/redis.conf"
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: true)
        let cause = await causeThrown { try await bench.apply(unit, baseline) }
        #expect(cause?.code == .rejected && cause?.sentence.contains("CONFIG REWRITE") == true)
        guard case .partial = try await bench.probe(unit, baseline) else {
            Issue.record("not seen to be half done")
            return
        }
        await bench.target.close()
        await server.stop()
    }

    @Test func aLimitBelowWhatIsUsedHasItsImpact() async throws {
        let server = try await RedisServer.start(configuration: "")
        let refusing = try bench(server, ["maxmemory": "100kb"])
        let evicting = try bench(server, ["maxmemory": "100kb", "maxmemory-policy": "allkeys-lru"])
        #expect(try await refusing.preview().impact == .disruptive)
        #expect(try await evicting.preview().impact == .destructive)
        // Under a limit that is passed already the policy alone does it; and what takes the limit first goes by the live one.
        try await server.command(["CONFIG", "SET", "maxmemory", "100kb"])
        let policy = try bench(server, ["maxmemory-policy": "allkeys-lru"])
        #expect(try await policy.preview().impact == .destructive)
        try await server.command(["CONFIG", "SET", "maxmemory", "0"])
        try await server.command(["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"])
        let back = try bench(server, ["maxmemory": "100kb", "maxmemory-policy": "noeviction"])
        #expect(try await back.preview().impact == .destructive)
        for bench in [refusing, evicting, policy, back] { await bench.target.close() }
        await server.stop()
    }

    @Test func aLimitThatWouldEvictByNowIsNotTakenBack() async throws {
        let server = try await RedisServer.start(configuration: "maxmemory 100kb\nmaxmemory-policy noeviction\n")
        let bench = try bench(server, ["maxmemory": "1gb"])
        let unit = try await bench.preview().units[0]
        let baseline = try await bench.prepare(unit)
        try await bench.apply(unit, baseline)
        let cause = await causeThrown { try await bench.undo(unit, baseline) }
        #expect(cause?.code == .rejected)
        await bench.target.close()
        await server.stop()
    }

    @Test func whatTheServerRefusesIsItsWord() async throws {
        let server = try await RedisServer.start(configuration: "")
        let bench = try bench(server, ["maxmemory-policy": "best"])
        let unit = try await bench.preview().units[0]
        let cause = await causeThrown { try await bench.apply(unit, try await bench.prepare(unit)) }
        #expect(cause?.code == .rejected && cause?.sentence.contains("maxmemory-policy") == true)
        await bench.target.close()
        await server.stop()
    }

    @Test(arguments: [
        "requirepass", "masterauth", "dir", "dbfilename", "protected-mode", "bind", "appendfilename", "maxmemry",
        "aclfile", "enable-debug-command",
    ])
    func settingsThatHoldSecretsOrOpenDoorsAreRefused(_ name: String) {
        #expect(throws: ValueErrors.self) {
            _ = try Bench(
                ["settings": .map([PlanValue.Entry(name, .text("x"))])], of: "redis.config",
                url: ["url": "redis://127.0.0.1:1/0"])
        }
    }

    @Test(arguments: [
        ("2 GiB", 2_147_483_648), ("2gb", 2_147_483_648), ("2g", 2_000_000_000), ("100mb", 104_857_600), ("0", 0),
        ("512 kB", 512_000), ("512kb", 524_288),
    ])
    func amountsOfBytes(_ text: String, _ bytes: Int64) {
        #expect(ServerSetting.bytes(text) == bytes)
    }
}
