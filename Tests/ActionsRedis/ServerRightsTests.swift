import ClientRedis
import Host
import Maintenance
import Sandbox
import TestSupport
import Testing

@testable import ActionsRedis

/// The printed rights are enough, and without one of them nothing is guessed.
struct ServerRightsTests {
    /// What is only needed in a state that this server is not in, or only for an advice.
    private static let spare: [String: Set<String>] = [
        "redis.memory": ["+memory|malloc-stats", "+config|get"], "redis.keyspace": ["+object|freq", "+cluster|nodes"],
    ]

    @Test(arguments: RedisActions.all.filter { !$0.isChange }.map(\.name))
    func eachRightIsNeededAndNamedWhenItIsMissing(_ name: String) async throws {
        try await withServer("--save", "3600 1") { server in
            for number in 0..<50 { try await server.said("SET", "k:\(number)", "v") }
            let rights = try #require(RedisActions.all.first { $0.name == name }).configured(with: nil).rights
            #expect(!rights.isEmpty)
            // Without a window there would be no end of waiting.
            let quick = ["redis.hit-rate", "redis.evictions"].contains(name)
            let parameters: [String: PlanValue] = quick ? ["window": .text("1s")] : [:]
            func look(without missing: Right?) async throws -> Cause? {
                try await server.said("ACL", "SETUSER", "looker", "reset", "on", ">p")
                for right in rights where right != missing {
                    #expect(right.purpose == .look)
                    let words = right.grant.replacing("{role}", with: "looker").split(separator: " ").map(String.init)
                    try await server.command(words)
                }
                let url = ["url": "redis://looker:p@127.0.0.1:\(server.port)/0"]
                do {
                    let seen = try await observe(name, parameters, url: url)
                    return seen.observation.findings.first { $0.severity == .unknown }?.cause
                } catch let error as CouldNotLook {
                    return error.cause
                }
            }
            #expect(try await look(without: nil) == nil)
            for right in rights {
                let rule = right.grant.split(separator: " ").last.map(String.init) ?? ""
                guard Self.spare[name]?.contains(rule) != true else { continue }
                let cause = try await look(without: right)
                #expect(cause?.code == .noPermission, "\(name) without \(rule): \(cause?.sentence ?? "it ran")")
                let named = rule.hasPrefix("+") ? rule : "key patterns"
                #expect(cause?.sentence.contains(named) == true, "\(rule): \(cause?.sentence ?? "")")
            }
        }
    }
}
