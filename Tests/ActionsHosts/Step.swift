import ActionsHosts
import ClientPrograms
import Host
import Maintenance
import Synchronization
import Testing

/// A step on this machine, through the same definitions as a plan's.
struct Step {
    let configured: ConfiguredAction
    let target: StepTargets
    let context: Context
    let children = Children()

    final class Children: Sendable {
        private let kept = Mutex<[ProcessIdentity]>([])
        var all: [ProcessIdentity] { kept.withLock { $0 } }
        func append(_ child: ProcessIdentity) { kept.withLock { $0.append(child) } }
    }

    init(_ action: String, _ parameters: [PlanValue.Entry], patience: Duration = .seconds(10), host: Host = .system)
        throws
    {
        let definition = try #require(HostActions.all.first { $0.name == action })
        configured = try definition.configured(with: .map(parameters))
        target = StepTargets(OpenTarget(try HostActions.kinds[0].target(from: .text("local")), on: host))
        let children = children
        context = Context(
            host: host, deadline: host.steady() + patience,
            label: WorkLabel(run: "run-\(UInt64.random(in: 0...UInt64.max))", step: "step", unit: "program"),
            childStarted: { children.append($0) })
    }

    var change: ConfiguredChange {
        get throws {
            guard case .change(let change) = configured.work else { throw CouldNotLook(.unexpected, "no change") }
            return change
        }
    }

    func observe() async throws -> Observation {
        guard case .check(let check) = configured.work else { throw CouldNotLook(.unexpected, "no check") }
        return try await check.observe(target, context)
    }

    /// Previews, prepares and applies the one unit.
    func apply() async throws {
        let unit = try #require(try await change.preview(target, context).units.first)
        let baseline = try await change.prepare(unit, target, context)
        try await change.apply(unit, baseline, target, context)
    }

    static func mistakes(_ action: String, _ parameters: [PlanValue.Entry]) -> [String] {
        do {
            _ = try Step(action, parameters)
            return []
        } catch let error as ValueErrors {
            return error.errors.map { ($0.path + [$0.message]).joined(separator: ": ") }
        } catch { return ["\(error)"] }
    }
}

extension PlanValue.Entry {
    static func command(_ arguments: String...) -> PlanValue.Entry {
        .init("command", .list(arguments.map { .text($0) }))
    }

    static func shell(_ script: String) -> PlanValue.Entry { command("sh", "-c", script) }

    static func text(_ key: String, _ text: String) -> PlanValue.Entry { .init(key, .text(text)) }
}
