import ClientRedis
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsRedis

/// The printed rights are enough, and each of them is needed.
struct DeletePatternRightsTests {
    /// The action with users that have exactly these rules.
    private func bench(
        _ server: RedisServer, _ parameters: [String: PlanValue], without: Right? = nil
    ) async throws -> Bench {
        let plain = try Bench(parameters, url: ["url": server.url()])
        for purpose in [Purpose.look, .change] {
            let role = purpose.rawValue
            try await server.command(["ACL", "DELUSER", role])
            try await server.command(["ACL", "SETUSER", role, "on", ">p"])
            for right in plain.configured.rights where right.purpose == purpose && right != without {
                let words = right.grant.replacing("{role}", with: role).split(separator: " ").map(String.init)
                try await server.command(words)
            }
        }
        await plain.target.close()
        return try Bench(
            parameters,
            url: [
                "look": "redis://look:p@127.0.0.1:\(server.port)/0",
                "change": "redis://change:p@127.0.0.1:\(server.port)/0",
            ])
    }

    private static let parameters: [String: PlanValue] = [
        "pattern": .text("cache:*"), "type": .text("string"), "idle-longer-than": .text("1h"),
    ]

    private func fill(_ server: RedisServer) async throws {
        for number in 0..<3 {
            try await server.command(["SET", "cache:\(number)", "v"])
            try await server.command(["EVAL", leaveUnused, "1", "cache:\(number)"])
        }
    }

    @Test func thePrintedRightsAreEnough() async throws {
        let server = try await RedisServer.start()
        try await fill(server)
        let bench = try await bench(server, Self.parameters)
        #expect((bench.target.identities["on"] ?? "").hasSuffix("as look"))
        let sums = try await bench.run(try await bench.preview())
        #expect(sums["keys"] == 3)
        await bench.target.close()
        await server.stop()
    }

    @Test func eachRightIsNeededAndNamedWhenItIsMissing() async throws {
        let server = try await RedisServer.start()
        let definition = try #require(RedisActions.all.first { $0.name == "redis.delete-pattern" })
        let parameters = PlanValue.map(Self.parameters.map { PlanValue.Entry($0.key, $0.value) })
        let rights = try definition.configured(with: parameters).rights
        #expect(rights.count == 16)
        for right in rights {
            try await fill(server)
            let bench = try await bench(server, Self.parameters, without: right)
            let cause = await causeThrown { _ = try await bench.run(try await bench.preview()) }
            #expect(
                cause?.code == .noPermission,
                "without \(right.grant) for \(right.purpose): \(cause?.sentence ?? "it ran")")
            let rule = right.grant.split(separator: " ").last.map(String.init) ?? ""
            let named = rule.hasPrefix("+") ? rule : "key patterns"
            #expect(cause?.sentence.contains(named) == true, "\(right.grant): \(cause?.sentence ?? "")")
            await bench.target.close()
        }
        await server.stop()
    }
}
