import ClientRedis
import Host
import Maintenance
import Sandbox
import TestSupport
import Testing

@testable import ActionsRedis

/// What a check saw, and what its thresholds make of it.
struct Seen {
    let observation: Observation
    let answer: FaultAnswer

    subscript(_ name: String) -> Double? { observation.measurements.first { $0.name == name }?.value }

    var sentences: String {
        observation.findings.map { "\($0.cause.sentence) \($0.advice ?? "")" }.joined(separator: "\n")
    }
}

/// A check of the list as the engine would run it.
func observe(
    _ name: String, _ parameters: [String: PlanValue] = [:], url: [String: String], in context: Context = context()
) async throws -> Seen {
    let definition = try #require(RedisActions.all.first { $0.name == name })
    let configured = try definition.configured(with: .map(parameters.map { PlanValue.Entry($0.key, $0.value) }))
    guard case .check(let check) = configured.work else { throw BenchError() }
    let target = try Bench.open(url)
    return try await doing {
        let observation = try await check.observe(target, context)
        return Seen(observation: observation, answer: FaultAnswer(observation, configured.thresholds))
    } finally: {
        await target.close()
    }
}

/// A context that knows what an earlier run measured.
func context(after past: Seen) -> Context {
    let values = Dictionary(
        past.observation.measurements.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    let at = Host.system.now()
    return Context(
        host: .system, deadline: Host.system.steady() + .seconds(30), label: WorkLabel(run: "run", step: "look"),
        history: { name in values[name].map { [PastMeasurement(at: at, value: $0)] } ?? [] })
}

/// A server of its own for as long as `body` runs.
func withServer<Result>(_ arguments: String..., body: (RedisServer) async throws -> Result) async throws -> Result {
    let server = try await RedisServer.start(arguments: arguments)
    return try await doing {
        try await body(server)
    } finally: {
        await server.stop()
    }
}

extension RedisServer {
    /// An answer of redis-cli, of which only the exit matters.
    func said(_ words: String...) async throws { try await command(words) }

    /// Lets a condition come true, asking now and then.
    func wait(_ field: String, _ value: String) async throws {
        for _ in 0..<200 {
            // A server that is full, or on its way up, answers later.
            let text = (try? await command(["INFO", "everything"])) ?? ""
            if text.split(whereSeparator: \.isNewline).contains("\(field):\(value)") { return }
            try await Host.system.sleep(.milliseconds(20))
        }
        Issue.record("\(field) did not become \(value)")
    }

    /// Lets a pass over the keys come this far.
    func scanned(_ pages: Int) async throws {
        for _ in 0..<1000 {
            let info = ServerInfo(try await command(["INFO", "commandstats"]), identity: "redis")
            if info.calls(of: ["scan"]) >= Double(pages) { return }
            try await Host.system.sleep(.milliseconds(5))
        }
        Issue.record("there was no pass")
    }
}
