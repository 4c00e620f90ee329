import ClientRedis
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ActionsRedis

struct PurgeMemoryTests {
    @Test func givesFreePagesBackAndProvesItByTheProcess() async throws {
        let server = try await RedisServer.start(arguments: ["--jemalloc-bg-thread", "no"])
        let fill = "for i = 1, 20000 do redis.call('SET', 'k' .. i, string.rep('x', 5000)) end"
        try await server.command(["EVAL", fill, "0"])
        // FLUSHALL purges by itself, single deletions do not.
        try await server.command(["EVAL", "for i = 1, 20000 do redis.call('DEL', 'k' .. i) end", "0"])
        let bench = try Bench(["at-least": .text("16 MiB")], of: "redis.purge-memory", url: ["url": server.url()])
        #expect(try await eventually { try await bench.preview().units.map(\.id) == ["purge"] })
        let preview = try await bench.preview()
        #expect(preview.findings.isEmpty && preview.statements == ["MEMORY PURGE"])
        let sums = try await bench.run(preview)
        #expect((sums["resident_after"] ?? .infinity) < (sums["resident_before"] ?? 0) - 16e6)
        #expect((sums["released"] ?? 0) > 16e6)
        // Done again there is nothing to do, and that is no failure.
        let again = try await bench.preview()
        #expect(again.units.isEmpty && again.findings.isEmpty)
        await bench.target.close()
        await server.stop()
    }

    /// The values lie scattered, and Debian's server cannot move them: to say that nothing is to be done would be false.
    @Test func refusesWhereItCannotHelp() async throws {
        let server = try await RedisServer.start()
        let fill = "for i = 1, 200000 do redis.call('SET', 'k' .. i, string.rep('x', 300)) end"
        let thin = "for i = 1, 200000 do if i % 10 ~= 0 then redis.call('DEL', 'k' .. i) end end"
        try await server.command(["EVAL", fill, "0"])
        try await server.command(["EVAL", thin, "0"])
        let bench = try Bench(
            ["at-least": .text("16 MiB"), "defragment": .text("5s")], of: "redis.purge-memory",
            url: ["url": server.url()])
        #expect(
            try await eventually {
                let preview = try await bench.preview()
                return preview.findings.contains {
                    $0.severity == .fail && $0.attributes["reason"] == .text("fragmented")
                }
                    && preview.units.isEmpty
            })
        await bench.target.close()
        await server.stop()
    }

    /// A server that can defragment, scripted: no distribution's can.
    private final class Scripted: Sendable {
        struct State {
            var setting = "no"
            var fragmented = 200 << 20
            var wasOn = false
            var falls = true
        }
        let state = Mutex(State())

        func answer(_ command: RedisCommand) -> RedisValue {
            state.withLock { state in
                switch command.name {
                case "INFO":
                    if state.setting == "yes", state.falls { state.fragmented = max(0, state.fragmented - (60 << 20)) }
                    let allocated = 300 << 20
                    let active = allocated + state.fragmented
                    return .text(
                        """
                        used_memory:\(allocated)\r\nused_memory_rss:\(active)\r\nallocator_allocated:\(allocated)\r
                        allocator_active:\(active)\r\nallocator_resident:\(active)\r\nmem_allocator:jemalloc-5.2.1\r
                        active_defrag_running:0\r\n
                        """)
                case "CONFIG GET": return .list([.text("activedefrag"), .text(state.setting)])
                case "CONFIG SET":
                    state.setting = String(decoding: command.words[3], as: UTF8.self)
                    if state.setting == "yes" { state.wasOn = true }
                    return .text("OK")
                case "MEMORY MALLOC-STATS": return .text("Quantum size: 8\n")
                default: return .text("OK")
                }
            }
        }
    }

    private func access(_ server: Scripted, _ purpose: Purpose, in context: Context) -> RedisAccess {
        RedisAccess(
            identity: "redis scripted", purpose: purpose,
            link: RedisLink(send: { commands, _, _ in commands.map(server.answer) }), in: context)
    }

    private func action(_ longest: Duration = .seconds(20)) -> PurgeMemory {
        var action = PurgeMemory()
        action.defragment = longest
        return action
    }

    @Test func defragmentsForATimeAndPutsTheSettingBack() async throws {
        let server = Scripted()
        var host = Host.system
        host.sleep = { _ in }
        let context = Context(
            host: host, deadline: host.steady() + .seconds(120), label: WorkLabel(run: "run", step: "purge"))
        let preview = try await action().preview(access(server, .look, in: context), in: context)
        #expect(preview.units.map(\.id) == ["defragment"])
        let unit = preview.units[0]
        let baseline = try await action().prepare(unit, access(server, .look, in: context), in: context)
        try await action().apply(unit, since: baseline, access(server, .change, in: context), in: context)
        #expect(server.state.withLock { $0.wasOn && $0.setting == "no" })
        let state = try await action().probe(unit, since: baseline, access(server, .look, in: context), in: context)
        guard case .applied(let proof) = state else {
            Issue.record("\(state)")
            return
        }
        #expect(proof.findings.isEmpty)
    }

    @Test func aSettingThatACrashLeftIsPutBack() async throws {
        let server = Scripted()
        let context = context()
        let unit = WorkUnit(id: "defragment", title: "", expected: .seconds(1))
        let look = access(server, .look, in: context)
        let baseline = try await action().prepare(unit, look, in: context)
        #expect(try await action().probe(unit, since: baseline, look, in: context) == .pending)
        server.state.withLock { $0.setting = "yes" }
        guard case .partial = try await action().probe(unit, since: baseline, look, in: context) else {
            Issue.record("the setting that was left is not seen")
            return
        }
        try await action().repair(unit, since: baseline, access(server, .change, in: context), in: context)
        #expect(server.state.withLock { $0.setting } == "no")
    }

    @Test func whatDoesNotFallIsNotDone() async throws {
        let server = Scripted()
        server.state.withLock { $0.falls = false }
        let context = context()
        let unit = WorkUnit(id: "defragment", title: "", expected: .seconds(1))
        let look = access(server, .look, in: context)
        let baseline = try await action(.seconds(1)).prepare(unit, look, in: context)
        try await action(.seconds(1)).apply(unit, since: baseline, access(server, .change, in: context), in: context)
        #expect(try await action(.seconds(1)).probe(unit, since: baseline, look, in: context) == .pending)
        #expect(server.state.withLock { $0.setting } == "no")
    }
}
