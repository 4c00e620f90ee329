import ClientRedis
import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsRedis

/// Against a real server: a save is what the server says of it, and nothing else.
struct SaveTests {
    private func bench(_ server: RedisServer) throws -> Bench {
        try Bench([:], of: "redis.save", url: ["url": server.url()])
    }

    private func calls(_ server: RedisServer) async throws -> String {
        let lines = try await server.command(["INFO", "commandstats"]).split(whereSeparator: \.isNewline)
        return lines.first { $0.hasPrefix("cmdstat_bgsave:calls=") }
            .map { String($0.dropFirst("cmdstat_bgsave:calls=".count).prefix { $0 != "," }) } ?? "0"
    }

    /// Has saves take longer and longer, until one is seen while it is under way: `isSeen` is told how long it takes.
    private func longSaves(_ server: RedisServer, _ isSeen: (_ seconds: Double) async throws -> Bool) async throws {
        try await server.command(["CONFIG", "SET", "rdb-key-save-delay", "1000"])
        for keys in [500, 2000, 8000, 32_000] {
            try await server.load((0..<keys).map { set("k:\($0)") })
            #expect(
                try await eventually {
                    try await server.command(["INFO", "persistence"]).contains("rdb_bgsave_in_progress:0")
                })
            try await server.command(["CONFIG", "RESETSTAT"])
            if try await isSeen(Double(keys) / 1000) { return }
        }
        Issue.record("no save was seen under way")
    }

    @Test func savesAndProvesItAlsoTwiceInOneSecond() async throws {
        let server = try await RedisServer.start()
        try await server.load((0..<100).map { set("k:\($0)") })
        let bench = try bench(server)
        #expect(bench.configured.impact == .online)
        let preview = try await bench.preview()
        #expect(preview.units.count == 1 && preview.findings.isEmpty && preview.value("changes") == 100)
        let file = server.supervisor.folder + "/dump.rdb"
        #expect(!FileManager.default.fileExists(atPath: file))
        let first = try await bench.run(preview)
        #expect(FileManager.default.fileExists(atPath: file))
        let second = try await bench.run(preview)
        #expect((second["saved_at"] ?? 0) > (first["saved_at"] ?? 0))
        #expect(try await calls(server) == "2")
        await bench.target.close()
        await server.stop()
    }

    /// One that others began is awaited and taken; none is made beside it.
    @Test func aSaveUnderWayIsAwaited() async throws {
        let server = try await RedisServer.start()
        let bench = try bench(server)
        try await longSaves(server) { _ in
            try await server.command(["BGSAVE"])
            let preview = try await bench.preview()
            let unit = preview.units[0]
            let baseline = try await bench.prepare(unit)
            guard preview.summary.contains("awaited"), case .running = try await bench.probe(unit, baseline) else {
                return false
            }
            try await bench.apply(unit, baseline)
            guard case .applied(let proof) = try await bench.probe(unit, baseline) else { return false }
            #expect(proof.summary.contains("under way before"))
            #expect(try await calls(server) == "1")
            return true
        }
        await bench.target.close()
        await server.stop()
    }

    @Test func aSaveThatFailsIsAFailure() async throws {
        let server = try await RedisServer.start()
        try await server.load([set("k")])
        // The file cannot be put in its place, as on a full disk.
        try FileManager.default.createDirectory(
            atPath: server.supervisor.folder + "/dump.rdb/x", withIntermediateDirectories: true)
        let bench = try bench(server)
        let unit = try await bench.preview().units[0]
        let baseline = try await bench.prepare(unit)
        do {
            try await bench.apply(unit, baseline)
            Issue.record("it seems to have been saved")
        } catch let error as ChangeFailed {
            #expect(error.cause.sentence.contains("rdb_last_bgsave_status:err"))
        }
        #expect(try await bench.probe(unit, baseline) == .pending)
        #expect(try await bench.preview().findings.map(\.severity) == [.warn])
        await bench.target.close()
        await server.stop()
    }

    /// A server takes its start for a save: LASTSAVE advances, and nothing was saved.
    @Test func aStartIsNoSave() async throws {
        let server = try await RedisServer.start()
        try await server.load([set("k")])
        let bench = try bench(server)
        let unit = try await bench.preview().units[0]
        let baseline = try await bench.prepare(unit)
        try await server.interrupt()
        try await Task.sleep(for: .milliseconds(1100))
        try await server.resume()
        #expect(try await server.command(["LASTSAVE"]) != String(baseline.count))
        #expect(try await bench.probe(unit, baseline) == .pending)
        try await bench.apply(unit, baseline)
        guard case .applied = try await bench.probe(unit, baseline) else {
            Issue.record("not applied")
            return
        }
        await bench.target.close()
        await server.stop()
    }

    /// The process that began it is dead; the server goes on, and the next process sees it.
    @Test func afterACrashTheSaveIsFound() async throws {
        let server = try await RedisServer.start()
        try await longSaves(server) { seconds in
            let first = try bench(server)
            let unit = try await first.preview().units[0]
            let baseline = try await first.prepare(unit)
            #expect(
                await causeThrown { try await first.apply(unit, baseline, in: context(seconds / 2)) }?.code == .timedOut
            )
            await first.target.close()
            let next = try bench(server)
            var wasSeen = false
            let isSaved = try await eventually {
                switch try await next.probe(unit, baseline) {
                case .running: wasSeen = true
                case .applied: return true
                default: return !wasSeen
                }
                return false
            }
            await next.target.close()
            guard wasSeen else { return false }
            #expect(isSaved)
            #expect(try await calls(server) == "1")
            return true
        }
        await server.stop()
    }

    @Test func anAppendOnlyRewriteIsAwaited() async throws {
        let server = try await RedisServer.start(arguments: ["--appendonly", "yes"])
        try await server.load((0..<300).map { set("k:\($0)") })
        try await server.command(["CONFIG", "SET", "rdb-key-save-delay", "1000"])
        try await server.command(["BGREWRITEAOF"])
        let bench = try bench(server)
        #expect(try await bench.run(try await bench.preview())["saved_at"] != nil)
        await bench.target.close()
        await server.stop()
    }

    @Test(arguments: [
        ("ERR unknown command 'BGSAVE'", Cause.Code.notSupported), ("ERR", .rejected), ("ERR Can't fork", .rejected),
        ("NOPERM this user has no permissions to run the 'bgsave' command", .noPermission),
    ])
    func whatTheServerRefuses(_ line: String, _ code: Cause.Code) async throws {
        let context = context()
        let info = """
            run_id:a\r\nrdb_last_save_time:100\r\nrdb_last_bgsave_status:ok\r\nrdb_bgsave_in_progress:0\r
            rdb_last_bgsave_time_sec:-1\r\n
            """
        let link = RedisLink(send: { commands, _, _ in
            commands.map { $0.name == "INFO" ? .text(info) : .error(RedisErrorReply(line)) }
        })
        let access = RedisAccess(identity: "redis scripted", purpose: .change, link: link, in: context)
        let state = try SaveState(ServerInfo(info, identity: "redis scripted"))
        let unit = WorkUnit(id: "save", title: "", expected: .seconds(1))
        let cause = await causeThrown {
            try await Save().apply(
                unit, since: Save.Baseline(at: Instant(secondsSinceEpoch: 100), state: state), access, in: context)
        }
        #expect(cause?.code == code, "\(cause?.sentence ?? "it ran")")
    }
}
