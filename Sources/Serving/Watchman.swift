public import Dispatching
public import Engine
public import Host
public import Maintenance
public import Plans
import Synchronization

/// Looks at the folder of plans and at the holds every other second, and tells the scheduler what is new.
public final class Watchman: Sendable {
    private struct State {
        var plans: [String: Plan] = [:]
        var procedures: [ProcedureKey: ProcedurePlan] = [:]
        var holds: Set<Dispatching.Hold> = []
        var held = 0
        var isHoldUnreadable = false
        var problems = 0
        /// Told, until the folder can be read again.
        var folderProblem: String?
    }

    private let folder: Mutex<PlanFolder>
    private let state = Mutex(State())
    private let holdFile: HoldFile
    private let host: Host
    private let catalogue: Catalogue
    private let log: @Sendable (String) -> Void

    public init(
        _ folder: PlanFolder, holds: HoldFile, host: Host, catalogue: Catalogue,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.folder = Mutex(folder)
        holdFile = holds
        self.host = host
        self.catalogue = catalogue
        self.log = log
    }

    public func plan(of service: String) -> Plan? { state.withLock { $0.plans[service] } }
    public var plans: [Plan] { state.withLock { Array($0.plans.values) } }
    /// Files of plans whose present content is not in force.
    public var problems: Int { state.withLock { $0.problems } }
    /// Holds in force; one where they cannot be read, which holds everything.
    public var holds: Int { state.withLock { $0.isHoldUnreadable ? 1 : $0.held } }
    /// The folder could be read when it was looked at last.
    public var hasFolder: Bool { state.withLock { $0.folderProblem == nil } }

    /// All that is in force; of the procedures that are known from before, those that are in no plan any more are removed.
    /// Where a file cannot be read nobody knows which those are.
    public func inForce(_ known: Set<ProcedureKey>) -> [DispatchEvent] {
        state.withLock { state in
            let isWhole = state.problems == 0 && state.folderProblem == nil
            let removed = isWhole ? known.subtracting(state.procedures.keys) : []
            let plans = state.procedures.values.sorted { $0.key < $1.key }
            return [.holds(state.holds), .plans(changed: plans, removed: removed.sorted())]
        }
    }

    /// Looks once; the events are for the scheduler.
    public func look() -> [DispatchEvent] {
        folder.withLock { folder in
            var events: [DispatchEvent] = []
            do throws(FileError) {
                let changes = try folder.look()
                for problem in changes.problems { log(problem) }
                let problems = folder.problems.count
                state.withLock {
                    $0.folderProblem = nil
                    $0.problems = problems
                }
                if !changes.isEmpty { events = take(changes) }
            } catch {
                let isNews = state.withLock { state in
                    defer { state.folderProblem = error.description }
                    return state.folderProblem != error.description
                }
                if isNews { log("\(error.description); the plans from before stay in force.") }
            }
            return newHolds() + events
        }
    }

    private func take(_ changes: PlanFolder.Changes) -> [DispatchEvent] {
        let plans = changes.changed.map { ($0, $0.dispatched(catalogue)) }
        return state.withLock { state in
            let before = state.procedures
            let services = Set((changes.removed + changes.changed).map(\.service))
            for plan in changes.removed { state.plans[plan.service] = nil }
            state.procedures = before.filter { !services.contains($0.key.service) }
            for (plan, procedures) in plans {
                state.plans[plan.service] = plan
                for one in procedures { state.procedures[one.key] = one }
            }
            let changed = plans.flatMap(\.1).filter { before[$0.key] != $0 }
            let removed = before.keys.filter { state.procedures[$0] == nil }
            return changed.isEmpty && removed.isEmpty ? [] : [.plans(changed: changed, removed: removed.sorted())]
        }
    }

    /// Looks again and again, until its task is cancelled.
    public func watch(_ scheduler: Scheduler) async {
        while (try? await host.sleep(ServingLimits.look)) != nil {
            for event in await OffPool.finish({ [self] in look() }) { scheduler.post(event) }
        }
    }

    /// The holds, where they are others than before. Holds that cannot be read hold everything.
    private func newHolds() -> [DispatchEvent] {
        let read = try? holdFile.holds()
        let (event, isUnreadable): (DispatchEvent?, Bool) = state.withLock { state in
            let isNews = read == nil && !state.isHoldUnreadable
            state.isHoldUnreadable = read == nil
            state.held = read?.count ?? 0
            let services = Set(state.plans.keys)
            let holds = read.map { Set($0.flatMap { Dispatching.Hold.of($0.scope, in: services) }) } ?? [.everything]
            guard holds != state.holds else { return (nil, isNews) }
            state.holds = holds
            return (.holds(holds), isNews)
        }
        if isUnreadable { log("The holds in \(holdFile.path) cannot be read: everything is held until they can.") }
        return event.map { [$0] } ?? []
    }
}

extension Dispatching.Hold {
    /// A target's name stands for that target of every service; its lock has both names.
    fileprivate static func of(_ scope: HoldScope, in services: Set<String>) -> [Dispatching.Hold] {
        switch scope {
        case .all: [.everything]
        case .service(let name): [.service(name)]
        case .target(let name): services.map { .target("\($0)/\(name)") }
        }
    }
}
