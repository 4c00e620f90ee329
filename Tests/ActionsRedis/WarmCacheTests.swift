import ClientHTTP
import ClientRedis
import Foundation
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ActionsRedis

/// A service that caches in a real Redis.
private final class CachingService: Sendable {
    struct State {
        var failing: Set<String> = []
        var caches = true
        var underWay = 0
        var most = 0
    }

    let server: StandInServer
    let state = Mutex(State())

    init(_ cache: RedisServer) throws {
        server = try StandInServer()
        let port = cache.port
        server.otherwise { [weak self] request in
            guard let self else { return Answer(status: 503) }
            let item = String(request.target.split(separator: "=").last ?? "")
            let (fails, caches) = state.withLock { state in
                state.underWay += 1
                state.most = max(state.most, state.underWay)
                return (state.failing.contains(item), state.caches)
            }
            defer { state.withLock { $0.underWay -= 1 } }
            guard !fails else { return Answer(status: 500, body: "broken") }
            let key = "calc:\(item.removingPercentEncoding ?? item)"
            if !Self.redis(port, ["GET", key]).isEmpty { return Answer(headers: [("X-Cache", "HIT")], body: "result") }
            if caches { _ = Self.redis(port, ["SET", key, "result", "EX", "500"]) }
            return Answer(headers: [("X-Cache", "MISS")], body: "result")
        }
    }

    /// Its threads are its own: it may wait.
    private static func redis(_ port: Int, _ words: [String]) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["redis-cli", "-p", String(port)] + words
        let pipe = Pipe()
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return "" }
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

struct WarmCacheTests {
    private func bench(
        _ service: CachingService, _ cache: RedisServer, _ more: [String: PlanValue] = [:]
    ) throws -> Bench {
        let parameters: [String: PlanValue] = [
            "requests": .list([.text("calculate?facility={item}")]),
            "items": .list((0..<12).map { .text("F \($0)") }), "keys": .list([.text("calc:{item}")]),
            "batch": .text("5"),
        ]
        let targets = try StepTargets([
            "service": open(HTTPKind.self, service.server.url()), "cache": open(RedisKind.self, cache.url()),
        ])
        return try Bench(parameters.merging(more) { $1 }, of: "cache.warm", on: targets)
    }

    private func open<Kind: TargetKind>(_: Kind.Type, _ url: String) throws -> OpenTarget {
        let kind = try #require(try TargetKindDefinition(Kind.self).target(from: .text(url)) as? Kind)
        return OpenTarget(kind, on: .system)
    }

    @Test func fillsTheCacheAndAsksAgain() async throws {
        let cache = try await RedisServer.start()
        let service = try CachingService(cache)
        let bench = try bench(service, cache, ["hit-header": .text("X-Cache"), "concurrency": .text("3")])
        #expect(bench.configured.impact == .online)
        let preview = try await bench.preview()
        #expect(preview.value("planned") == 12 && preview.units.map(\.size) == [5, 5, 2])
        #expect(preview.statements.first == "GET calculate?facility=F%200")
        #expect(service.server.requests.isEmpty)
        let sums = try await bench.run(preview)
        #expect(sums["requests"] == 12 && sums["keys"] == 12)
        #expect(service.server.requests.count == 24)
        #expect((1...3).contains(service.state.withLock { $0.most }))
        // Every answer the second time came from the cache.
        #expect(sums["hit_rate"] == 300)
        // What is warm is not asked for again.
        let again = try await bench.preview()
        #expect(again.units.isEmpty && again.value("warm") == 12)
        await bench.target.close()
        service.server.stop()
        await cache.stop()
    }

    @Test func whatFailsIsNamedAndTheRestIsWarm() async throws {
        let cache = try await RedisServer.start()
        let service = try CachingService(cache)
        service.state.withLock { $0.failing = ["F%203"] }
        let bench = try bench(service, cache)
        let unit = try await bench.preview().units[0]
        let baseline = try await bench.prepare(unit)
        #expect(try await bench.probe(unit, baseline) == .pending)
        let cause = await causeThrown { try await bench.apply(unit, baseline) }
        #expect(cause?.sentence == "1 of 5 items were not answered as they must be: F 3: it answered 500.")
        #expect(try await bench.probe(unit, baseline) == .partial("of 1 of 5 items keys are missing"))
        service.state.withLock { $0.failing = [] }
        let asked = service.server.requests.count
        try await bench.repair(unit, baseline)
        #expect(service.server.requests.count == asked + 1)
        guard case .applied = try await bench.probe(unit, baseline) else {
            Issue.record("not applied")
            return
        }
        await bench.target.close()
        service.server.stop()
        await cache.stop()
    }

    /// It answers 200 and caches nothing.
    @Test func anAnswerIsNoProof() async throws {
        let cache = try await RedisServer.start()
        let service = try CachingService(cache)
        service.state.withLock { $0.caches = false }
        let byKey = try bench(service, cache)
        let byHeader = try bench(service, cache, ["keys": .list([]), "hit-header": .text("X-Cache")])
        for bench in [byKey, byHeader] {
            let unit = try await bench.preview().units[0]
            let baseline = try await bench.prepare(unit)
            #expect(try await bench.probe(unit, baseline) == .pending)
            try await bench.apply(unit, baseline)
            guard case .partial = try await bench.probe(unit, baseline) else {
                Issue.record("a cache that is cold is called warm")
                continue
            }
            await bench.target.close()
        }
        service.server.stop()
        await cache.stop()
    }

    @Test(arguments: [
        ["keys": PlanValue.list([])], ["items": .list([])], ["concurrency": .text("65")], ["batch": .text("0")],
        ["items": .list([.text("a"), .text("a")])], ["requests": .list([])], ["expect": .list([.text("99")])],
    ])
    func wrongParametersAreRefused(_ wrong: [String: PlanValue]) throws {
        let parameters: [String: PlanValue] = [
            "requests": .list([.text("a?b={item}")]), "items": .list([.text("a")]), "keys": .list([.text("k:{item}")]),
        ]
        #expect(throws: ValueErrors.self) {
            _ = try Bench(parameters.merging(wrong) { $1 }, of: "cache.warm", url: ["url": "redis://127.0.0.1:1/0"])
        }
    }
}
