public import Host
public import Maintenance
import Plans

/// The run as a pure state machine: an event in, commands out. No clock, no I/O, no waiting: every time comes with the
/// event, and every effect is somebody else's.
public struct RunMachine: Sendable {
    public internal(set) var state: Run

    public init(run id: String) { state = Run(id: id) }

    /// Takes in what happened and says what is to be done now.
    public mutating func handle(_ event: RunEvent, at now: Instant) -> [RunCommand] {
        var commands: [RunCommand] = []
        // The handlers read the run as it was before the event, and alter their step alone.
        let before = self
        switch event {
        case .started(let start): begin(start, at: now)
        case .resumed: commands = recover(at: now)
        case .missed(let missed): state.missed = missed
        case .cancelRequested(let cause): commands = cancel(cause, at: now)
        case .childStarted(_, _, let child): state.children.append(child)
        case .observed(let step, let outcome):
            commands = update(step) { before.observed(&$0, outcome, at: now) }
        case .previewed(let step, let outcome):
            commands = update(step) { before.previewed(&$0, outcome, at: now) }
        case .guardObserved(let step, let outcome):
            commands = update(step) { before.guardObserved(&$0, outcome, at: now) }
        case .proofObserved(let step, let outcome):
            commands = update(step) { before.proofObserved(&$0, outcome, at: now) }
        case .waited(let step, let unit):
            commands = update(step) { before.waited(&$0, unit, at: now) }
        case .windowOpened(let step, let opening): commands = windowOpened(step, opening, at: now)
        case .unitPrepared(let step, let unit, let intent):
            commands = update(step) { before.prepared(&$0, unit, intent, at: now) }
        case .unitNotPrepared(let step, let unit, let cause):
            commands = update(step) { before.notPrepared(&$0, unit, cause, at: now) }
        case .unitProbed(let step, let unit, let outcome):
            commands = update(step) { before.probed(&$0, unit, outcome, at: now) }
        case .unitUndone(let step, let unit, let outcome):
            commands = update(step) { before.undone(&$0, unit, outcome, at: now) }
        case .deliveryIntended(let intent): commands = deliveryIntended(intent, at: now)
        case .deliveryTried(let id, let attempt): commands = deliveryTried(id, attempt, at: now)
        case .deliveryDue(let id): commands = deliveryDue(id, at: now)
        case .ended(let verdict):
            state.phase = .ended(verdict)
            state.endedAt = now
        }
        return commands + advance(at: now) + endWhenDelivered()
    }

    // MARK: Steps

    private mutating func begin(_ start: RunStart, at now: Instant) {
        state.start = start
        state.startedAt = now
        state.opening = start.windowCloses.map {
            RunOpening(opens: now, closes: $0, lastBegin: start.windowLastBegin ?? $0)
        }
        state.phase = .running
        state.steps = start.plan.steps.map { StepState(id: $0.id) }
        guard let from = start.from, let first = state.steps.firstIndex(where: { $0.id == from }) else { return }
        for index in 0..<first {
            skip(&state.steps[index], Cause(.notRun, "The run was asked to begin at `\(from)`."), at: now)
        }
    }

    /// Begins what can begin, skips what will not be run, and concludes the run when nothing is left.
    private mutating func advance(at now: Instant) -> [RunCommand] {
        guard state.phase == .running else { return [] }
        var commands: [RunCommand] = []
        while let first = state.steps.firstIndex(where: { !$0.isOver }) {
            if let cause = state.cancellation ?? state.stopped {
                for index in first..<state.steps.count where state.steps[index].phase == .pending {
                    skip(&state.steps[index], cause, at: now)
                }
                guard state.steps.allSatisfy(\.isOver) else { return commands }
                continue
            }
            var settled = false
            for index in together(from: first) where state.steps[index].phase == .pending {
                guard dependencies(of: index).allSatisfy({ state.step($0)?.isOver ?? true }) else { continue }
                commands += start(index, at: now)
                settled = settled || state.steps[index].isOver
            }
            guard settled else { return commands }
        }
        return commands + conclude(at: now)
    }

    /// Consecutive checks run together; a change waits for all before it and is alone.
    private func together(from first: Int) -> Range<Int> {
        guard let plan = state.start?.plan.steps, !plan[first].isChange else { return first..<first + 1 }
        let end = plan[first...].firstIndex { $0.isChange } ?? plan.endIndex
        return first..<end
    }

    /// Steps whose measurements this one names.
    private func dependencies(of index: Int) -> [String] {
        guard let step = state.start?.plan.steps[index] else { return [] }
        let thresholds = state.start?.profiles[step.id]?.thresholds
        let conditions = [step.when, thresholds?.warn, thresholds?.fail].compactMap { $0 }
        let names = conditions.flatMap { (try? Condition($0))?.names ?? [] } + step.referencedMeasurements
        return names.compactMap { MeasurementPath($0)?.step }.filter { $0 != step.id }
    }

    private mutating func start(_ index: Int, at now: Instant) -> [RunCommand] {
        guard let plan = state.start?.plan.steps[index] else { return [] }
        state.steps[index].startedAt = now
        if let reason = plan.disabled {
            skip(&state.steps[index], Cause(.notRun, "It is disabled in the plan: \(reason)"), at: now)
            return []
        }
        if let text = plan.when {
            let outcome = (try? Condition(text))?.evaluate { measurement($0) }
            switch outcome {
            case .yes?: break
            case .no?:
                skip(&state.steps[index], Cause(.notRun, "`when: \(text)` does not hold."), at: now)
                return []
            case .unknown(let cause)?:
                finish(&state.steps[index], .unknown, cause, at: now)
                settle(state.steps[index])
                return []
            case nil:
                finish(&state.steps[index], .unknown, Cause(.malformed, "`\(text)` cannot be read."), at: now)
                settle(state.steps[index])
                return []
            }
        }
        guard plan.isChange else {
            state.steps[index].phase = .observing(attempt: 1)
            return [.observe(step: plan.id, attempt: 1, after: .zero)]
        }
        if let opening = state.opening, opening.lastBegin <= now {
            if let wait = awaitWindow(&state.steps[index], at: now) { return [wait] }
            finish(&state.steps[index], .unknown, Self.windowEnded(opening), at: now)
            settle(state.steps[index])
            return []
        }
        state.steps[index].phase = .previewing
        return [.preview(step: plan.id)]
    }

    /// A measurement of a step that is over, by `step.name`.
    public func measurement(_ name: String) -> Result<Measurement, CouldNotLook> {
        guard let path = MeasurementPath(name), let step = state.step(path.step) else {
            return .failure(Judge.notMeasured(name))
        }
        if let cause = step.missing[path.name] { return .failure(CouldNotLook(cause)) }
        if let found = step.measurements.first(where: { $0.name == path.name }) { return .success(found) }
        return .failure(Judge.notMeasured(name))
    }

    // MARK: What the handlers share

    func plan(of step: StepState) -> RunStep? { state.start?.plan.steps.first { $0.id == step.id } }

    func profile(of step: StepState) -> StepProfile? { state.start?.profiles[step.id] }

    /// Lets a handler work on one step's state, in place.
    mutating func update(
        _ id: String, _ body: (inout StepState) -> [RunCommand]
    ) -> [RunCommand] {
        guard let index = state.steps.firstIndex(where: { $0.id == id }), !state.steps[index].isOver else { return [] }
        var step = state.steps[index]
        let commands = body(&step)
        state.steps[index] = step
        settle(step)
        return commands
    }

    /// A failed change stops the run, a failed check does not, unless the plan says otherwise.
    private mutating func settle(_ step: StepState) {
        guard step.phase == .done, let plan = plan(of: step) else { return }
        let policy = plan.onFailure ?? (plan.isChange ? .stop : .continue)
        switch step.verdict {
        case .fail? where policy != .continue:
            state.stopped = Cause(.notRun, "Not run, because `\(step.id)` failed.")
        // A gate that the plan names as one stays shut when nobody could look.
        case .unknown? where plan.onFailure == .stop:
            state.stopped = Cause(.notRun, "Not run, because `\(step.id)` could not be known.")
        default: break
        }
    }

    func skip(_ step: inout StepState, _ cause: Cause, at now: Instant) {
        step.phase = .skipped
        step.cause = cause
        step.summary = cause.sentence
        step.endedAt = now
        // Asked to stop: what was not looked at is not known.
        if cause.isStop { step.verdict = .unknown }
    }

    func finish(_ step: inout StepState, _ verdict: Verdict, _ cause: Cause?, at now: Instant) {
        step.phase = .done
        step.verdict = verdict
        step.cause = verdict == .pass ? nil : cause
        if step.summary.isEmpty, let cause { step.summary = cause.sentence }
        step.endedAt = now
    }
}

/// `archive.rows`, or `steps.archive.rows` as references write it: a measurement of another step.
struct MeasurementPath {
    let step: String
    let name: String

    init?(_ text: String) {
        let path = text.hasPrefix("steps.") ? text.dropFirst(6) : text[...]
        guard let dot = path.firstIndex(of: "."), dot != path.startIndex else { return nil }
        step = String(path[..<dot])
        name = String(path[path.index(after: dot)...])
    }
}
