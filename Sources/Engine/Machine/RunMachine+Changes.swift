import Host
import Maintenance
import Plans

extension RunMachine {
    /// The change knows what it would do: cut it to the plan's limit, and begin with the guard or the first unit.
    func previewed(_ step: inout StepState, _ outcome: PreviewOutcome, at now: Instant) -> [RunCommand] {
        guard step.phase == .previewing else { return [] }
        step.keep(outcome.attachment)
        guard let preview = outcome.preview else {
            finish(&step, .unknown, outcome.couldNotLook, at: now)
            return []
        }
        step.pace = outcome.pace
        step.summary = preview.summary
        step.measurements = preview.measurements
        step.findings = preview.findings
        step.statements = preview.statements
        for severity in [Verdict.fail, .unknown] {
            guard let blocking = preview.findings.first(where: { $0.severity == severity }) else { continue }
            finish(&step, severity, blocking.cause, at: now)
            return []
        }
        guard Set(preview.units.map(\.id)).count == preview.units.count else {
            finish(&step, .unknown, Cause(.malformed, "Two units of \(step.id) have one name."), at: now)
            return []
        }
        if state.start?.observeOnly == true {
            let count = preview.units.count == 1 ? "1 unit" : "\(preview.units.count) units"
            skip(&step, Cause(.notRun, "Only looked: it would do \(count). \(preview.summary)"), at: now)
            // What the look found stands; that it found nothing is no pass of a change that was not made.
            if preview.findings.contains(where: { $0.severity == .warn }) { step.verdict = .warn }
            // Of a step that only asks, the look is all that there is to do.
            if plan(of: step)?.kind == .askAhead { step.verdict = step.verdict ?? .pass }
            return []
        }
        step.units = limited(preview.units, plan(of: step)?.limits ?? [:])
        if let approval = plan(of: step)?.approval,
            let question = propose(&step, approval, given: outcome.given ?? [], at: now)
        {
            return [question]
        }
        if plan(of: step)?.kind == .askAhead {
            askNobody(&step, at: now)
            return []
        }
        step.phase = .working
        return hasGuard(step) ? [.lookAtGuard(step: step.id)] : nextUnit(&step, at: now)
    }

    /// Units beyond the limit are left, whole: a limit is never exceeded.
    private func limited(_ units: [WorkUnit], _ limits: [String: Double]) -> [UnitState] {
        var used = 0.0
        let limit = limits.values.min() ?? .infinity
        return units.map { unit in
            var state = UnitState(unit)
            used += unit.size
            if used > limit {
                state.phase = .left(
                    Cause(
                        .limitReached,
                        "The limit of \(MeasurementText.number(limit)) is reached; the next run goes on."))
            }
            return state
        }
    }

    /// Begins the next planned unit when it fits into the window; concludes the step when there is none.
    func nextUnit(_ step: inout StepState, at now: Instant) -> [RunCommand] {
        if let worse = step.worsened { return stop(&step, worse.verdict, worse.cause, at: now) }
        guard let index = step.units.firstIndex(where: { $0.phase == .planned }) else {
            return conclude(&step, at: now)
        }
        let unit = step.units[index].unit
        if let cause = hindrance(unit, step, at: now) {
            if cause.code == .windowEnded, let wait = awaitWindow(&step, at: now) { return [wait] }
            return leave(&step, cause, at: now)
        }
        step.units[index].phase = .preparing
        return [.prepare(step: step.id, unit: unit)]
    }

    func prepared(_ step: inout StepState, _ id: String, _ intent: UnitIntent, at now: Instant) -> [RunCommand] {
        guard let index = unit(id, in: step), step.units[index].phase == .preparing else { return [] }
        step.keep(intent.attachment)
        let baseline = Array(intent.baseline.utf8)
        step.units[index].baseline = baseline
        let unit = step.units[index].unit
        switch intent.before {
        case .applied(let proof):
            step.units[index].wasAlreadySo = true
            step.units[index].phase = .done
            step.units[index].proof = proof
            return nextUnit(&step, at: now)
        case .running:
            step.units[index].phase = .intended(attempt: 1)
            step.units[index].isRecovered = true
            return [.probe(step: step.id, unit: unit, baseline: baseline)]
        case .partial(let what) where profile(of: step)?.canRepair != true:
            return unitFailed(&step, index, Cause(.partlyCovered, "Half done before it was begun: \(what)"), at: now)
        case .unknown(let cause) where profile(of: step)?.isProvenElsewhere != true:
            step.units[index].phase = .unknown(cause)
            return nextUnit(&step, at: now)
        case .partial, .pending, .unknown:
            return begin(&step, index, at: now)
        }
    }

    func notPrepared(_ step: inout StepState, _ id: String, _ cause: Cause, at now: Instant) -> [RunCommand] {
        guard let index = unit(id, in: step), step.units[index].phase == .preparing else { return [] }
        step.units[index].phase = .unknown(cause)
        return nextUnit(&step, at: now)
    }

    /// Does the unit whose intent is durable, unless it may not be begun any more.
    private func begin(_ step: inout StepState, _ index: Int, attempt: Int = 1, at now: Instant) -> [RunCommand] {
        let (unit, baseline) = (step.units[index].unit, step.units[index].baseline)
        if step.worsened != nil || hindrance(unit, step, at: now) != nil {
            step.units[index].phase = .planned
            return nextUnit(&step, at: now)
        }
        step.units[index].phase = .intended(attempt: attempt)
        step.units[index].hasBegun = true
        return [.apply(step: step.id, unit: unit, baseline: baseline)]
    }

    /// The proof came back, or what became of a unit that a dead process had in hand.
    func probed(_ step: inout StepState, _ id: String, _ outcome: UnitOutcome, at now: Instant) -> [RunCommand] {
        guard let index = unit(id, in: step) else { return [] }
        let isRepair = step.units[index].phase == .repairing
        guard case .intended(let attempt) = isRepair ? .intended(attempt: 1) : step.units[index].phase else {
            return []
        }
        step.keep(outcome.attachment)
        let wasRecovered = step.units[index].isRecovered
        step.units[index].isRecovered = false
        switch outcome.state {
        case .applied(let proof):
            step.units[index].phase = .done
            step.units[index].proof = proof
            // In place although our attempt was refused, or before we made one: somebody else's doing, and not ours to
            // take back.
            step.units[index].wasAlreadySo = outcome.isFailure || !step.units[index].hasBegun
            return afterUnit(&step, at: now)
        case .partial(let what):
            guard !isRepair, profile(of: step)?.canRepair == true else {
                let cause = outcome.error ?? Cause(.partlyCovered, what)
                if step.units[index].hasBegun { step.units[index].halfDone = cause }
                return unitFailed(&step, index, cause, at: now)
            }
            step.units[index].phase = .repairing
            return [.repair(step: step.id, unit: step.units[index].unit, baseline: step.units[index].baseline)]
        case .pending where wasRecovered: return again(&step, index, at: now)
        case .pending where outcome.error?.code == .windowEnded:
            // It was not begun: the window had closed before its turn came.
            step.units[index].phase = .planned
            return nextUnit(&step, at: now)
        case .pending: return retryOrFail(&step, index, attempt, outcome, at: now)
        case .running(let handle):
            let cause = Cause(.perhapsApplied, "It still runs there as \(handle), longer than the step may take.")
            return unitUnknown(&step, index, cause, at: now)
        case .unknown(let cause):
            if outcome.isFailure, let error = outcome.error { return unitFailed(&step, index, error, at: now) }
            return unitUnknown(&step, index, outcome.error ?? cause, at: now)
        }
    }

    /// A dead process had it in hand, and it is not in place: do it, unless nobody can say whether it ran.
    private func again(_ step: inout StepState, _ index: Int, at now: Instant) -> [RunCommand] {
        if profile(of: step)?.isProvenElsewhere == true,
            step.units[index].unit.attributes[WorkUnit.againAfterCrash] != "true"
        {
            let cause = Cause(
                .perhapsApplied, "It was begun when the process died; its proof does not see it in place.")
            return unitUnknown(&step, index, cause, at: now)
        }
        return begin(&step, index, at: now)
    }

    private func retryOrFail(
        _ step: inout StepState, _ index: Int, _ attempt: Int, _ outcome: UnitOutcome, at now: Instant
    ) -> [RunCommand] {
        let unit = step.units[index].unit
        if let retry = plan(of: step)?.retry, let pause = Self.pause(retry, attempt, step, at: now) {
            if hindrance(unit, step, at: now + pause) == nil {
                step.units[index].phase = .waiting(attempt: attempt + 1)
                return [.wait(step: step.id, unit: unit, pause)]
            }
        }
        guard let error = outcome.error else {
            let cause = Cause(.rejected, "\(unit.title): it was done without an error, and is not in place.")
            return unitFailed(&step, index, cause, at: now)
        }
        // Seen: it is not in place. Whether that is a failure or could not be tried is the error's to say.
        return outcome.isFailure
            ? unitFailed(&step, index, error, at: now) : unitUnknown(&step, index, error, at: now)
    }

    /// The pause is over: try again, if there is still time and nobody asked to stop.
    func waited(_ step: inout StepState, _ id: String, at now: Instant) -> [RunCommand] {
        guard let index = unit(id, in: step), case .waiting(let attempt) = step.units[index].phase else { return [] }
        return begin(&step, index, attempt: attempt, at: now)
    }

    private func unitUnknown(_ step: inout StepState, _ index: Int, _ cause: Cause, at now: Instant) -> [RunCommand] {
        step.units[index].phase = .unknown(cause)
        return afterUnit(&step, at: now)
    }

    private func unitFailed(_ step: inout StepState, _ index: Int, _ cause: Cause, at now: Instant) -> [RunCommand] {
        step.units[index].phase = .failed(cause)
        if plan(of: step)?.onFailure == .continue { return afterUnit(&step, at: now) }
        return stop(&step, .fail, cause, at: now)
    }

    /// Whatever became of a unit that was begun, the guard is looked at before the next.
    private func afterUnit(_ step: inout StepState, at now: Instant) -> [RunCommand] {
        hasGuard(step) ? [.lookAtGuard(step: step.id)] : nextUnit(&step, at: now)
    }

    func unit(_ id: String, in step: StepState) -> Int? { step.units.firstIndex { $0.unit.id == id } }

    func hasGuard(_ step: StepState) -> Bool { plan(of: step)?.guardSteps?.isEmpty == false }
}
