public import Dispatching
public import Engine
public import Host
import Maintenance
public import Plans
import Schedules
import Synchronization

/// Looks at the folder of plans and at the holds every other second, and tells the scheduler what is new.
public final class Watchman: Sendable {
    private struct State {
        var plans: [String: ServedPlan] = [:]
        var procedures: [ProcedureKey: ProcedurePlan] = [:]
        /// How long runs take, of the procedures whose plans do not say.
        var expected: [ProcedureKey: Duration] = [:]
        /// Of these it is to be looked up.
        var toLearn: Set<ProcedureKey> = []
        /// Told to come again while they run.
        var tooOften: Set<ProcedureKey> = []
        /// Of these the few that hang on facts and agreements.
        var relatives: [ProcedurePlan] = []
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
    private let log: @Sendable (String) -> Void

    /// How long earlier runs of a procedure took.
    public typealias Past = @Sendable (ProcedureKey) async throws -> Duration?

    public init(_ folder: PlanFolder, holds: HoldFile, host: Host, log: @escaping @Sendable (String) -> Void) {
        self.folder = Mutex(folder)
        holdFile = holds
        self.host = host
        self.log = log
    }

    /// The plan in force, read where it was not yet.
    public func plan(of service: String) -> Plan? { served(service)?.plan() }
    private func served(_ service: String) -> ServedPlan? { state.withLock { $0.plans[service] } }
    /// The procedures that follow the end of another one.
    public func followers(of key: ProcedureKey) -> [ProcedureKey] { served(key.service)?.followers(of: key) ?? [] }
    /// By what a procedure occurs, as its plan has it.
    public func timing(of key: ProcedureKey) -> OccurrenceSource? { state.withLock { $0.procedures[key]?.timing } }
    /// The procedures that hang on facts and agreements.
    public var relatives: [ProcedurePlan] { state.withLock { $0.relatives } }
    /// How many plans are in force.
    public var count: Int { state.withLock { $0.plans.count } }

    /// The estate's, which all plans of the folder share.
    public var retention: Estate.Retention {
        state.withLock { $0.plans.values.first }?.plan()?.estate?.retention ?? Estate.Retention()
    }
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
            return [.holds(state.holds), .plans(changed: Array(state.procedures.values), removed: removed.sorted())]
        }
    }

    /// Looks once; the events are for the scheduler.
    public func look() -> [DispatchEvent] {
        let plans = lookAtPlans()
        return lookAtRest() + plans
    }

    /// Looks at the folder of plans alone, and writes nothing: also for one that has no journal yet.
    public func lookAtPlans() -> [DispatchEvent] {
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
            return events
        }
    }

    private func take(_ changes: PlanFolder.Changes) -> [DispatchEvent] {
        let plans = changes.changed
        return state.withLock { state in
            let procedures = plans.flatMap(\.procedures)
            state.toLearn.formUnion(
                procedures.filter { $0.isWithoutBudget && state.expected[$0.key] == nil }.map(\.key))
            let before = state.procedures
            let services = Set((changes.removed + changes.changed).map(\.service))
            for plan in changes.removed { state.plans[plan.service] = nil }
            state.procedures = before.filter { !services.contains($0.key.service) }
            for plan in plans { state.plans[plan.service] = plan }
            let expecting = procedures.map { $0.expecting(state.expected[$0.key]) }
            for one in expecting { state.procedures[one.key] = one }
            state.relatives = state.procedures.values.filter(\.isRelative).sorted { $0.key < $1.key }
            let changed = expecting.filter { before[$0.key] != $0 }
            let removed = before.keys.filter { state.procedures[$0] == nil }
            return changed.isEmpty && removed.isEmpty ? [] : [.plans(changed: changed, removed: removed.sorted())]
        }
    }

    /// Looks again and again, until its task is cancelled.
    public func watch(_ past: Past, _ post: @Sendable (DispatchEvent) -> Void) async {
        while (try? await host.sleep(ServingLimits.look)) != nil {
            for event in await OffPool.finish({ [self] in look() }) + learn(past) { post(event) }
        }
    }

    /// A run of the procedure is over: how long runs take is looked up again.
    public func ended(_ key: ProcedureKey) { state.withLock { _ = $0.toLearn.insert(key) } }

    /// Looks up how long runs take, where that is to be known and perhaps new; the events are for the scheduler.
    public func learn(_ past: Past) async -> [DispatchEvent] {
        let keys = state.withLock { state in
            defer { state.toLearn = [] }
            return state.toLearn.sorted()
        }
        var changed: [ProcedurePlan] = []
        for key in keys {
            do {
                guard let took = try await past(key) else { continue }
                if let plan = take(took, of: key) { changed.append(plan) }
            } catch {
                ended(key)
            }
        }
        return changed.isEmpty ? [] : [.plans(changed: changed, removed: [])]
    }

    /// The procedure's plan, where it is another one by that.
    private func take(_ took: Duration, of key: ProcedureKey) -> ProcedurePlan? {
        let (changed, news): (ProcedurePlan?, String?) = state.withLock { state in
            state.expected[key] = took
            guard let plan = state.plans[key.service]?.procedures.first(where: { $0.key == key }) else {
                return (nil, nil)
            }
            let suspicion = plan.comesWhileItRuns(took, from: host.now())
            let isNews = suspicion != nil && state.tooOften.insert(key).inserted
            if suspicion == nil { state.tooOften.remove(key) }
            let expecting = plan.expecting(took)
            let isOther = expecting != state.procedures[key]
            state.procedures[key] = expecting
            return (isOther ? expecting : nil, isNews ? suspicion : nil)
        }
        if let news { log("\(key), by what 95 % of its runs took: \(news)") }
        return changed
    }

    /// Keeps what was read for the next start, and looks at the holds.
    public func lookAtRest() -> [DispatchEvent] {
        folder.withLock { $0.keepCompiled() }
        return newHolds()
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

extension ProcedurePlan {
    /// It has to fit into windows, and its plan does not say how long it takes.
    fileprivate var isWithoutBudget: Bool { self.expected == .zero && !self.windows.isEmpty }

    /// The same with what earlier runs took, where its plan says nothing.
    fileprivate func expecting(_ past: Duration?) -> ProcedurePlan {
        guard let past, isWithoutBudget else { return self }
        var plan = self
        plan.expected = History.budget(past, in: self.windows.map(\.lasts))
        return plan
    }

    /// What is wrong with a schedule that comes again sooner than its runs end.
    fileprivate func comesWhileItRuns(_ took: Duration, from now: Instant) -> String? {
        guard case .schedule(let schedule, let zone) = self.timing else { return nil }
        return schedule.suspicions(in: zone, from: now, lasting: took).first { $0.kind == .tooOften }?.message
    }
}
