import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientRedis

/// A context with this much time.
func context(_ seconds: Double = 20, step: String = "step") -> Context {
    Context(
        host: .system, deadline: Host.system.steady() + .milliseconds(Int64(seconds * 1000)),
        label: WorkLabel(run: "run", step: step))
}

func makeKind(_ settings: PlanValue) throws -> RedisKind {
    try #require(try TargetKindDefinition(RedisKind.self).target(from: settings) as? RedisKind)
}

func makeKind(_ settings: [String: String]) throws -> RedisKind {
    try makeKind(.map(settings.map { PlanValue.Entry($0.key, .text($0.value)) }))
}

/// A client for as long as `body` runs.
func withClient<Result>(
    _ kind: RedisKind, _ body: (RedisClient) async throws -> Result
) async throws -> Result {
    let client = kind.open(on: .system)
    return try await doing {
        try await body(client)
    } finally: {
        await kind.close(client)
    }
}

/// An access for as long as `body` runs.
func withAccess<Result>(
    _ settings: [String: String], _ purpose: Purpose = .look, in context: Context = context(),
    _ body: (RedisAccess) async throws -> Result
) async throws -> Result {
    let kind = try makeKind(settings)
    return try await withClient(kind) { client in
        try await body(try await kind.access(client, for: purpose, in: context))
    }
}

/// The cause of what `body` throws.
func causeThrown(_ body: () async throws -> Void) async -> Cause? {
    do {
        try await body()
        return nil
    } catch {
        return Cause(error)
    }
}
