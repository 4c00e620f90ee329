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
        case .guardWatched(let step, let outcome):
            commands = update(step) { before.guardWatched(&$0, outcome, at: now) }
        case .proofObserved(let step, let outcome):
            commands = update(step) { before.proofObserved(&$0, outcome, at: now) }
        case .waited(let step, let unit):
            commands = update(step) { before.waited(&$0, unit, at: now) }
        case .windowOpened(let step, let opening): commands = windowOpened(step, opening, at: now)
        case .paused(let step):
            commands = update(step) { before.paused(&$0, at: now) }
        case .decided(let step, let decision):
            commands = update(step) { before.decided(&$0, decision, at: now) }
        case .undecided(let step):
            commands = update(step) { before.undecided(&$0, at: now) }
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
        commands += takeBack(at: now) + advance(at: now) + watchGuards(at: now)
        return commands + tellOfQuestions(at: now) + endWhenDelivered()
    }

    /// Whether the event is to be recorded: after the end nothing is, and to stop the run is asked once.
    package func isNews(_ event: RunEvent) -> Bool {
        if case .ended = state.phase { return false }
        guard case .cancelRequested(let cause) = event else { return true }
        return state.cancellation != cause && state.cancellation?.code != .held
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
        var goesOn = true
        while goesOn {
            goesOn = false
            var order = StepOrder(state)
            for index in state.steps.indices {
                defer { order.pass(state.steps[index]) }
                guard state.steps[index].phase == .pending else { continue }
                switch order.readiness(of: index, in: state) {
                case .waits: continue
                case .blocked(let cause): block(&state.steps[index], cause, at: now)
                case .ready: commands += start(index, at: now)
                }
                goesOn = goesOn || state.steps[index].isOver
            }
        }
        guard state.steps.allSatisfy(\.isOver) else { return commands }
        return commands + conclude(at: now)
    }

    private mutating func start(_ index: Int, at now: Instant) -> [RunCommand] {
        guard let plan = state.start?.plan.steps[index] else { return [] }
        state.steps[index].startedAt = now
        state.steps[index].order = state.begun
        state.begun += 1
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
        if let kind = plan.kind { return begin(&state.steps[index], kind, at: now) }
        guard plan.isChange else {
            state.steps[index].phase = .observing(attempt: 1)
            state.steps[index].soak = plan.soak.map { SoakState($0, from: now) }
            return [.observe(step: plan.id, attempt: 1, after: .zero)]
        }
        // What must be run at the end is run, also when the window has closed meanwhile.
        if let opening = state.opening, opening.lastBegin <= now, plan.isFinal != true {
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
    mutating func settle(_ step: StepState) {
        guard step.phase == .done, let plan = plan(of: step) else { return }
        guard plan.isFinal != true, step.takenBackFor == nil || step.takenBackFor == step.id else { return }
        let policy = plan.onFailure ?? (plan.isCheck && plan.guardSteps == nil ? .continue : .stop)
        switch step.verdict {
        case .fail? where policy != .continue:
            state.stopped = Cause(.notRun, "Not run, because `\(step.id)` failed.")
            if policy == .undo, plan.takesBack != nil, let index = state.steps.firstIndex(where: { $0.id == step.id }) {
                state.steps[index].phase = .takingBack
            }
        // A gate that the plan names as one stays shut when nobody could look, and people who said nothing did not agree.
        case .unknown?
        where plan.onFailure == .stop || plan.takesBack != nil || step.cause?.code == .notAgreed && policy != .continue:
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

    /// Skips what may not be run, so that what needs it is not run either.
    private func block(_ step: inout StepState, _ cause: Cause, at now: Instant) {
        step.isBlocked = true
        skip(&step, cause, at: now)
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
