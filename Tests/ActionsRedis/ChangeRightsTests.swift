import ClientRedis
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsRedis

/// The printed rights of each change are enough, and each of them is needed and named when it is missing.
struct ChangeRightsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let action: String
        let parameters: [String: PlanValue]
        let rights: Int
        var testDescription: String { action }
    }

    private static let cases = [
        Case(
            action: "redis.set-ttl",
            parameters: [
                "pattern": .text("cache:*"), "ttl": .text("24h"), "type": .text("string"), "larger-than": .text("1"),
            ], rights: 20),
        Case(action: "redis.save", parameters: [:], rights: 6),
        Case(action: "redis.flush", parameters: ["expected": .list([.text("cache:*")])], rights: 9),
        Case(
            action: "redis.config", parameters: ["settings": .map([PlanValue.Entry("maxmemory", .text("200mb"))])],
            rights: 8),
    ]

    @Test(arguments: cases) func areEnoughAndEachIsNeeded(_ one: Case) async throws {
        let server = try await RedisServer.start(configuration: "maxmemory 100mb\n")
        let plain = try Bench(one.parameters, of: one.action, url: ["url": server.url()])
        let rights = plain.configured.rights
        await plain.target.close()
        #expect(rights.count == one.rights)
        let whole = await cause(one, server, rights)
        #expect(whole == nil, "with all rights: \(whole?.sentence ?? "")")
        for right in rights {
            let cause = await cause(one, server, rights.filter { $0 != right })
            #expect(
                cause?.code == .noPermission,
                "without \(right.grant) for \(right.purpose): \(cause?.sentence ?? "it ran")")
            let rule = right.grant.split(separator: " ").last.map(String.init) ?? ""
            let named = rule.hasPrefix("+") ? rule : "key patterns"
            #expect(cause?.sentence.contains(named) == true, "\(right.grant): \(cause?.sentence ?? "")")
        }
        await server.stop()
    }

    /// What a whole run and taking it back came to, with users that have exactly these rights.
    private func cause(_ one: Case, _ server: RedisServer, _ rights: [Right]) async -> Cause? {
        await causeThrown {
            try await server.command(["CONFIG", "SET", "maxmemory", "100mb"])
            try await server.load((0..<3).map { set("cache:\($0)", expiring: false) })
            for purpose in [Purpose.look, .change] {
                let role = purpose.rawValue
                try await server.command(["ACL", "DELUSER", role])
                try await server.command(["ACL", "SETUSER", role, "on", ">p"])
                for right in rights where right.purpose == purpose {
                    let words = right.grant.replacing("{role}", with: role).split(separator: " ").map(String.init)
                    try await server.command(words)
                }
            }
            let bench = try Bench(
                one.parameters, of: one.action,
                url: [
                    "look": "redis://look:p@127.0.0.1:\(server.port)/0",
                    "change": "redis://change:p@127.0.0.1:\(server.port)/0",
                ])
            do {
                for unit in try await bench.preview().units {
                    let baseline = try await bench.prepare(unit)
                    try await bench.apply(unit, baseline)
                    _ = try await bench.probe(unit, baseline)
                    if bench.change.undo != nil { try await bench.undo(unit, baseline) }
                }
            } catch {
                await bench.target.close()
                throw error
            }
            await bench.target.close()
        }
    }
}
