import ClientRedis
import Host
import Maintenance
import Sandbox
import TestSupport
import Testing

@testable import ActionsRedis

struct ServerMemoryTests {
    @Test func aServerThatIsWellPasses() async throws {
        let server = try await RedisServer.shared()
        let seen = try await observe("redis.memory", url: ["url": server.url()])
        #expect(seen.answer == .pass)
        #expect(seen["used"].map { $0 > 100_000 } == true)
        #expect(seen["fragmented"] != nil && seen["retained"] != nil)
        #expect(seen.observation.summary.contains("no maxmemory"))
    }

    /// What Debian's build can do and what it cannot: moving values needs the jemalloc of the server's own source.
    @Test func memoryThatIsOnlyKeptIsToldApartFromHoles() async throws {
        try await withServer { server in
            try await server.said("EVAL", Self.fill, "0", "200000", "200")
            // Every second value goes: the pages stay, half empty.
            try await server.said("EVAL", Self.thin, "0", "200000")
            let holes = try await observe(
                "redis.memory", ["ignore-below": .text("5 MiB"), "fragmentation-warn": .text("30%")],
                url: ["url": server.url()])
            #expect(holes.answer == .overThreshold)
            #expect(holes["fragmented_percent"].map { $0 > 30 } == true)
            #expect(holes.sentences.contains("only partly full"))
            #expect(holes.sentences.contains("built without active defragmentation"))
            #expect(!holes.sentences.contains("activedefrag yes"))
        }
    }

    private static let fill = """
        for i = 1, ARGV[1] do redis.call('SET', 'k' .. i, string.rep('x', ARGV[2])) end
        """
    private static let thin = """
        for i = 1, ARGV[1] do if i % 4 > 0 then redis.call('DEL', 'k' .. i) end end
        """

    @Test func refusedWritesAreNearWhereNothingCanBeEvicted() async throws {
        try await withServer("--maxmemory", "20mb") { server in
            let url = ["url": server.url()]
            try await server.said("EVAL", Self.fill, "0", "1000", "17000")
            let full = try await observe("redis.memory", url: url)
            #expect(full.answer.verdict != .pass)
            #expect(full.sentences.contains("writes are refused"))
            // The same, where it evicts: a cache that is full is well.
            try await server.said("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
            #expect(try await observe("redis.memory", url: url).answer == .pass)
            // It may evict what expires, and nothing does.
            try await server.said("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
            #expect(try await observe("redis.memory", url: url).sentences.contains("none expires"))
            try await server.said("CONFIG", "SET", "maxmemory", "1000gb")
            let open = try await observe("redis.memory", url: url)
            #expect(open.answer == .overThreshold)
            #expect(open.sentences.contains("protects nothing"))
            let container = try await observe("redis.memory", ["limit": .text("20 MiB")], url: url)
            #expect(container.answer == FaultAnswer(.fail, .threshold))
        }
    }

    @Test func aLossHasTheRemediesOfItsServer() {
        func support(_ info: String, _ statistics: String?, _ setting: String?) -> AllocatorSupport {
            AllocatorSupport(ServerInfo(info, identity: "redis"), statistics: statistics, setting: setting)
        }
        let bundled = "___ Begin jemalloc statistics ___\nQuantum size: 8\n"
        #expect(support("mem_allocator:jemalloc-5.3.0\r\n", bundled, "no").defragments == true)
        #expect(support("mem_allocator:jemalloc-5.3.0\r\n", "Quantum size: 16\n", "no").defragments == false)
        #expect(support("mem_allocator:jemalloc-5.3.0\r\n", nil, "no").defragments == nil)
        #expect(support("mem_allocator:jemalloc-5.3.0\r\n", nil, "yes").defragments == true)
        #expect(support("mem_allocator:libc\r\n", nil, nil).defragments == false)
        #expect(support("mem_allocator:libc\r\n", nil, nil).purges == false)
        #expect(support("mem_allocator:jemalloc-5.2.1\r\nactive_defrag_hits:9\r\n", nil, nil).defragments == true)
    }

    @Test(arguments: [
        ("fragmented", "100", "160", "170", "171"), ("retained", "100", "110", "170", "171"),
        ("overhead", "100", "110", "120", "190"), ("absent", "100", "110", "130", "80"),
    ])
    func eachCauseHasItsNumber(
        _ reason: String, _ allocated: String, _ active: String, _ mapped: String, _ resident: String
    ) async throws {
        let mega = { (text: String) in text + "000000" }
        let info = """
            used_memory:\(mega("100"))\r
            used_memory_rss:\(mega(resident))\r
            allocator_allocated:\(mega(allocated))\r
            allocator_active:\(mega(active))\r
            allocator_resident:\(mega(mapped))\r
            total_system_memory:64000000000\r
            mem_allocator:jemalloc-5.3.0\r
            """
        let seen = try await observed(MemoryUse(), info) { $0.ignoreBelow = ByteCount(40_000_000) }
        #expect(seen.findings.count == 1)
        #expect(seen.findings.first?.attributes["reason"] == .text(reason))
        let small = try await observed(MemoryUse(), info) { _ in }
        #expect(small.findings.isEmpty)
    }

    @Test func anOldServerIsNotJudged() async throws {
        let seen = try await observed(MemoryUse(), "used_memory:5\r\nused_memory_rss:9\r\nmaxmemory:0\r\n") { _ in }
        #expect(seen.findings.map(\.severity) == [.unknown])
        #expect(seen.missing["used_percent"]?.code == .noData)
        #expect(seen.missing["fragmented"]?.code == .notSupported)
    }
}

/// What a check makes of a server that says this of itself, and refuses everything else.
func observed<C: Check>(
    _ check: C, _ info: String, in context: Context = context(), _ adjust: (inout C) -> Void
) async throws -> Observation where C.Kind == RedisKind {
    var check = check
    adjust(&check)
    let link = RedisLink(send: { commands, _, _ in
        commands.map { $0.name == "INFO" ? .text(info) : .error(RedisErrorReply("NOPERM no")) }
    })
    let access = RedisAccess(identity: "redis scripted", purpose: .look, link: link, in: context)
    return try await check.observe(access, in: context)
}
