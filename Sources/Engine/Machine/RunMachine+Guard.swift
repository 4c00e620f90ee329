import Host
import Maintenance
import Plans

/// What must stay well while a step goes on. That it became worse stops the step at its next safe point; where it could
/// not be looked at, nobody saw that, and nothing is taken back for it.
extension RunMachine {
    /// The guard spoke: before the first unit it must be well, after each it must not have become worse.
    func guardObserved(_ step: inout StepState, _ outcome: ChecksOutcome, at now: Instant) -> [RunCommand] {
        guard step.phase == .working else { return [] }
        step.keep(outcome.attachment)
        let before = step.guardBefore
        step.guardBefore = before?.worst(outcome.verdict) ?? outcome.verdict
        switch outcome.verdict {
        case .pass: break
        case .warn where before == .pass: warn(&step, outcome)
        case .warn: break
        case .fail, .unknown:
            // What was seen meanwhile is not forgotten because nobody can look now.
            if let worse = step.worsened, worse.verdict == .fail { break }
            let when = before == nil ? "is \(outcome.verdict.rawValue) before anything is done" : nil
            return stop(&step, outcome.verdict, Self.guardCause(outcome, when), at: now)
        }
        return nextUnit(&step, at: now)
    }

    /// Has the guards looked at of all steps that go on.
    mutating func watchGuards(at now: Instant) -> [RunCommand] {
        guard state.phase == .running else { return [] }
        var commands: [RunCommand] = []
        for index in state.steps.indices where !state.steps[index].isWatched {
            let step = state.steps[index]
            guard let every = watch(step) else { continue }
            state.steps[index].isWatched = true
            commands.append(.watchGuard(step: step.id, after: untilNextLook(step, every, at: now)))
        }
        return commands
    }

    /// How often the guard of the step is looked at as it stands; `nil` where it is not.
    private func watch(_ step: StepState) -> Duration? {
        switch step.phase {
        case .waiting: break
        case .observing where step.soak != nil: break
        // The look before the first unit comes first.
        case .working, .proving: guard step.guardBefore != nil, step.worsened == nil else { return nil }
        default: return nil
        }
        guard hasGuard(step) else { return nil }
        return plan(of: step)?.guardEveryMicroseconds.map { .microseconds($0) }
    }

    private func untilNextLook(_ step: StepState, _ every: Duration, at now: Instant) -> Duration {
        guard step.guardBefore != nil else { return .zero }
        guard case .waiting = step.phase, let soak = step.soak else { return every }
        return max(.zero, soak.next(after: now) - now)
    }

    /// The guard spoke while the step went on.
    func guardWatched(_ step: inout StepState, _ outcome: ChecksOutcome, at now: Instant) -> [RunCommand] {
        step.isWatched = false
        guard watch(step) != nil else { return [] }
        if outcome.verdict != .pass || step.attachments.count < EngineLimits.soakEvidence {
            step.keep(outcome.attachment)
        }
        let before = step.guardBefore
        step.guardBefore = before?.worst(outcome.verdict) ?? outcome.verdict
        if outcome.verdict == .warn, before ?? .pass == .pass { warn(&step, outcome) }
        let isWorse = outcome.verdict == .fail || outcome.verdict == .unknown
        switch step.phase {
        case .waiting(let until): waitOn(&step, outcome, until: until, at: now)
        case .observing where isWorse: endSoak(&step, outcome.verdict, Self.guardCause(outcome), at: now)
        case .working where isWorse, .proving where isWorse:
            step.worsened = (outcome.verdict, Self.guardCause(outcome))
        default: break
        }
        return []
    }

    /// A wait under a guard is over at a look that comes no earlier than its end.
    private func waitOn(_ step: inout StepState, _ outcome: ChecksOutcome, until: Instant, at now: Instant) {
        guard var soak = step.soak else { return }
        let cause = outcome.verdict == .pass ? nil : Self.guardCause(outcome)
        soak.note(Judge.Judgement(verdict: outcome.verdict, cause: cause), at: now)
        step.soak = soak
        let isWorse = outcome.verdict == .fail || outcome.verdict == .unknown
        guard isWorse || now >= until else { return }
        step.summary = isWorse ? "stopped before \(until)" : "waited until \(until)"
        endSoak(&step, outcome.verdict, cause, at: now)
    }

    private func warn(_ step: inout StepState, _ outcome: ChecksOutcome) {
        let finding = Finding("guard of \(step.id)", .warn, Self.guardCause(outcome))
        if step.soak == nil { step.findings.append(finding) } else { step.soak?.warn(finding) }
    }

    private static func guardCause(_ outcome: ChecksOutcome, _ when: String? = nil) -> Cause {
        let said = when ?? "became \(outcome.verdict.rawValue)"
        let code: Cause.Code = outcome.verdict == .warn ? .threshold : .rejected
        return Cause(code, "Its guard \(said). \(outcome.cause?.sentence ?? "")")
    }
}
