import Maintenance
import Plans

/// Which step may begin: a walk over the steps in the plan's order that knows how those before each stand.
///
/// Where a step says nothing, consecutive checks run together, and everything else waits for all before it. `needs`
/// replaces that by the steps that it names. Final steps wait for all others.
struct StepOrder {
    enum Readiness {
        case ready
        case waits
        /// It will not be run.
        case blocked(Cause)
    }

    private let mainIsOver: Bool
    /// Targets on which a change is being made: one at a time on each.
    private var busy: Set<String>
    private var allAreOver = true
    /// Also checks wait for these: changes, questions, waits.
    private var barriersAreOver = true
    private let plans: [RunStep]

    init(_ run: Run) {
        plans = run.start?.plan.steps ?? []
        mainIsOver = zip(run.steps, plans).allSatisfy { $0.isOver || $1.isFinal == true }
        busy = []
        for (step, plan) in zip(run.steps, plans) where step.isAtWork && !plan.isCheck {
            busy.formUnion(Self.places(of: plan, in: run))
        }
    }

    /// The walk goes on behind this step.
    mutating func pass(_ step: StepState) {
        guard !step.isOver, let plan = plans.first(where: { $0.id == step.id }) else { return }
        allAreOver = false
        if !plan.isCheck { barriersAreOver = false }
    }

    mutating func readiness(of index: Int, in run: Run) -> Readiness {
        let plan = plans[index]
        if plan.isFinal == true {
            // A hold stops everything; any other end of the run is what final steps are for.
            if let held = run.cancellation, held.code == .held { return .blocked(held) }
            guard mainIsOver else { return .waits }
        } else if let cause = run.cancellation ?? run.stopped {
            return .blocked(cause)
        }
        if let needs = plan.needs {
            for need in needs {
                guard let step = run.step(need), step.isOver else { return .waits }
                if let cause = Self.obstacle(step, plans) { return .blocked(cause) }
            }
        } else if !(plan.isCheck ? barriersAreOver : allAreOver) {
            return .waits
        }
        guard dependencies(of: plan, in: run).allSatisfy({ run.step($0)?.isOver ?? true }) else { return .waits }
        guard !plan.isCheck else { return .ready }
        let places = Self.places(of: plan, in: run)
        guard busy.isDisjoint(with: places) else { return .waits }
        busy.formUnion(places)
        return .ready
    }

    /// Why a step that needs this one is not run.
    private static func obstacle(_ step: StepState, _ plans: [RunStep]) -> Cause? {
        if step.takenBackFor != nil { return Cause(.notRun, "Not run, because `\(step.id)` was taken back.") }
        if step.isBlocked { return Cause(.notRun, "Not run, because `\(step.id)` was not run.") }
        guard step.phase == .done, step.verdict == .fail || step.verdict == .unknown else { return nil }
        if plans.first(where: { $0.id == step.id })?.onFailure == .continue { return nil }
        let how = step.verdict == .fail ? "failed" : "could not be known"
        return Cause(.notRun, "Not run, because `\(step.id)` \(how).")
    }

    /// Steps whose measurements this one names.
    private func dependencies(of step: RunStep, in run: Run) -> [String] {
        let thresholds = run.start?.profiles[step.id]?.thresholds
        let conditions = [step.when, thresholds?.warn, thresholds?.fail].compactMap { $0 }
        let names = conditions.flatMap { (try? Condition($0))?.names ?? [] } + step.referencedMeasurements
        return names.compactMap { MeasurementPath($0)?.step }.filter { $0 != step.id }
    }

    /// What it changes, by identity: two names may stand for one database.
    static func places(of step: RunStep, in run: Run) -> Set<String> {
        // Who only asks needs nothing for itself.
        guard step.kind != .askAhead else { return [] }
        return Set(step.targets.values.map { run.start?.identities[$0] ?? $0 })
    }
}

extension StepState {
    /// Something of it is being done, or is about to be.
    var isAtWork: Bool {
        switch phase {
        // What waits for its window or for people goes on from there without asking for its place anew.
        case .previewing, .working, .proving, .undoing, .takingBack, .awaitingWindow, .awaitingDecision: true
        case .pending, .observing, .waiting, .skipped, .done: false
        }
    }
}
