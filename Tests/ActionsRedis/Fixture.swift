import ClientRedis
import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsRedis

/// The action as the engine uses it: configured from a plan's parameters, on an open target.
struct Bench {
    let change: ConfiguredChange
    let configured: ConfiguredAction
    let target: StepTargets

    init(
        _ parameters: [String: PlanValue], of action: String = "redis.delete-pattern", url: [String: String]
    ) throws {
        try self.init(parameters, of: action, on: Self.open(url))
    }

    init(_ parameters: [String: PlanValue], of action: String, on target: StepTargets) throws {
        let definition = try #require(RedisActions.all.first { $0.name == action })
        configured = try definition.configured(with: .map(parameters.map { PlanValue.Entry($0.key, $0.value) }))
        guard case .change(let change) = configured.work else { throw BenchError() }
        self.change = change
        self.target = target
    }

    static func open(_ url: [String: String]) throws -> StepTargets {
        let kind = try #require(
            try TargetKindDefinition(RedisKind.self).target(
                from: .map(url.map { PlanValue.Entry($0.key, .text($0.value)) })) as? RedisKind)
        return StepTargets(OpenTarget(kind, on: .system))
    }

    func preview(in context: Context = context()) async throws -> Preview { try await change.preview(target, context) }

    func prepare(_ unit: WorkUnit, in context: Context = context()) async throws -> [UInt8] {
        try await change.prepare(unit, target, context)
    }

    func probe(_ unit: WorkUnit, _ baseline: [UInt8], in context: Context = context()) async throws -> ChangeState {
        try await change.probe(unit, baseline, target, context)
    }

    func apply(_ unit: WorkUnit, _ baseline: [UInt8], in context: Context = context()) async throws {
        try await change.apply(unit, baseline, target, context)
    }

    func repair(_ unit: WorkUnit, _ baseline: [UInt8], in context: Context = context()) async throws {
        let work = try #require(change.repair)
        try await work(unit, baseline, target, context)
    }

    func undo(_ unit: WorkUnit, _ baseline: [UInt8], in context: Context = context()) async throws {
        let work = try #require(change.undo)
        try await work(unit, baseline, target, context)
    }

    /// Every unit from its intent to its proof; between them `meanwhile` may do what it likes.
    func run(
        _ preview: Preview, meanwhile: (WorkUnit) async throws -> Void = { _ in }
    ) async throws -> [String: Double] {
        var sums: [String: Double] = [:]
        for unit in preview.units {
            let baseline = try await prepare(unit)
            try await meanwhile(unit)
            try await apply(unit, baseline)
            let state = try await probe(unit, baseline)
            guard case .applied(let proof) = state else {
                Issue.record("\(unit.id) is \(state)")
                continue
            }
            for measurement in proof.measurements { sums[measurement.name, default: 0] += measurement.value }
        }
        return sums
    }
}

struct BenchError: Error {}

func context(_ seconds: Double = 120) -> Context {
    Context(
        host: .system, deadline: Host.system.steady() + .milliseconds(Int64(seconds * 1000)),
        label: WorkLabel(run: "run", step: "clear"))
}

func causeThrown(_ body: () async throws -> Void) async -> Cause? {
    do {
        try await body()
        return nil
    } catch {
        return Cause(error)
    }
}

extension Preview {
    func value(_ name: String) -> Double? { measurements.first { $0.name == name }?.value }
}

/// SET commands: keys that expire, and keys that do not.
func set(_ key: [UInt8], expiring: Bool = true) -> [[UInt8]] {
    [Array("SET".utf8), key, Array("v".utf8)] + (expiring ? [Array("EX".utf8), Array("5000".utf8)] : [])
}

func set(_ key: String, expiring: Bool = true) -> [[UInt8]] { set(Array(key.utf8), expiring: expiring) }

/// A script that makes its key one that nobody has used for two hours.
let leaveUnused = """
    local dump = redis.call('DUMP', KEYS[1])
    return redis.call('RESTORE', KEYS[1], 5000000, dump, 'REPLACE', 'IDLETIME', 7200)
    """
