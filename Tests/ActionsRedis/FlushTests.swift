import ClientRedis
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsRedis

struct FlushTests {
    private func bench(_ server: RedisServer, _ expected: [PlanValue] = [.text("app:*")]) throws -> Bench {
        try Bench(["expected": .list(expected)], of: "redis.flush", url: ["url": server.url(database: 3)])
    }

    @Test func emptiesOneDatabaseAndNoOther() async throws {
        let server = try await RedisServer.start()
        try await server.load((0..<3000).map { set("app:\($0)") }, database: 3)
        try await server.load([set("app:elsewhere")], database: 0)
        let bench = try bench(server)
        #expect(bench.configured.impact == .destructive)
        let preview = try await bench.preview()
        #expect(preview.findings.isEmpty && preview.value("keys") == 3000 && preview.units.map(\.size) == [3000])
        #expect(preview.statements.contains("FLUSHDB ASYNC"))
        #expect(!preview.statements.contains { $0.contains("FLUSHALL") })
        let sums = try await bench.run(preview)
        #expect(sums == ["keys": 3000, "newer": 0])
        #expect(try await server.command(["DBSIZE"], database: 3) == "0")
        #expect(try await server.command(["DBSIZE"], database: 0) == "1")
        #expect(try await bench.preview().units.isEmpty)
        await bench.target.close()
        await server.stop()
    }

    @Test func aKeyOfSomebodyElseIsRefusedBeforeAndInTheLastMoment() async throws {
        let server = try await RedisServer.start()
        try await server.load((0..<100).map { set("app:\($0)") }, database: 3)
        let bench = try bench(server)
        let unit = try #require(try await bench.preview().units.first)
        let baseline = try await bench.prepare(unit)
        try await server.load([set("billing:1", expiring: false)], database: 3)
        let finding = try #require(try await bench.preview().findings.first)
        #expect(finding.severity == .fail && finding.cause.sentence.contains("billing:1"))
        let cause = await causeThrown { try await bench.apply(unit, baseline) }
        #expect(cause?.code == .rejected && cause?.sentence.contains("billing:1") == true)
        #expect(try await server.command(["DBSIZE"], database: 3) == "101")
        #expect(try await bench.probe(unit, baseline) == .pending)
        await bench.target.close()
        await server.stop()
    }

    /// In use: keys come while it is emptied. What the server said is known for as long as the process lives.
    @Test func newerKeysAreNoFailureAndAfterACrashNoProof() async throws {
        let server = try await RedisServer.start()
        try await server.load((0..<100).map { set("app:\($0)") }, database: 3)
        let bench = try bench(server)
        let unit = try #require(try await bench.preview().units.first)
        let baseline = try await bench.prepare(unit)
        try await bench.apply(unit, baseline)
        try await server.load([set("app:new")], database: 3)
        guard case .applied(let proof) = try await bench.probe(unit, baseline) else {
            Issue.record("not applied")
            return
        }
        #expect(proof.measurements.first { $0.name == "newer" }?.value == 1)
        await bench.target.close()
        let next = try self.bench(server)
        #expect(try await next.probe(unit, baseline) == .pending)
        try await next.apply(unit, baseline)
        #expect(try await server.command(["DBSIZE"], database: 3) == "0")
        await next.target.close()
        await server.stop()
    }

    @Test(arguments: [[PlanValue](), [.text("*")], [.text("app:*"), .text("?*")]])
    func whatWouldRefuseNothingIsRefused(_ expected: [PlanValue]) throws {
        #expect(throws: ValueErrors.self) {
            _ = try Bench(["expected": .list(expected)], of: "redis.flush", url: ["url": "redis://127.0.0.1:1/0"])
        }
    }
}
