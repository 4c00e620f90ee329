import Host
import Maintenance
import Plans

extension RunMachine {
    /// The change knows what it would do: cut it to the plan's limit, and begin with the guard or the first unit.
    func previewed(_ step: inout StepState, _ outcome: PreviewOutcome, at now: Instant) -> [RunCommand] {
        guard step.phase == .previewing else { return [] }
        if let attachment = outcome.attachment { step.attachments.append(attachment) }
        guard let preview = outcome.preview else {
            finish(&step, .unknown, outcome.couldNotLook, at: now)
            return []
        }
        step.pace = outcome.pace
        step.summary = preview.summary
        step.measurements = preview.measurements
        step.findings = preview.findings
        step.statements = preview.statements
        if let blocking = preview.findings.filter({ $0.severity == .fail || $0.severity == .unknown }).max(by: {
            $0.severity.worst($1.severity) == $1.severity
        }) {
            finish(&step, blocking.severity, blocking.cause, at: now)
            return []
        }
        step.units = limited(preview.units, plan(of: step)?.limits ?? [:])
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
                        .limitReached, "The limit of \(MeasurementText.number(limit)) is reached; the next run goes on."
                    ))
            }
            return state
        }
    }

    /// Begins the next planned unit when it fits into the window; finishes the step when there is none.
    func nextUnit(_ step: inout StepState, at now: Instant) -> [RunCommand] {
        guard let index = step.units.firstIndex(where: { $0.phase == .planned }) else {
            finishChange(&step, at: now)
            return []
        }
        if let cause = hindrance(step.units[index].unit, step, at: now) { return leaveRest(&step, cause, at: now) }
        step.units[index].phase = .preparing
        return [.prepare(step: step.id, unit: step.units[index].unit)]
    }

    /// Why the unit may not be begun, or begun again, now: the run is to stop, or it does not fit into the window.
    private func hindrance(_ unit: WorkUnit, _ step: StepState, at now: Instant) -> Cause? {
        if let cause = state.cancellation { return cause }
        guard let closes = state.start?.windowCloses else { return nil }
        let expected = Duration.seconds(unit.expected.inSeconds * step.pace)
        return now + expected > closes ? Self.windowEnded(closes) : nil
    }

    private func leaveRest(_ step: inout StepState, _ cause: Cause, at now: Instant) -> [RunCommand] {
        for index in step.units.indices where step.units[index].phase == .planned {
            step.units[index].phase = .left(cause)
        }
        finishChange(&step, at: now)
        return []
    }

    func prepared(_ step: inout StepState, _ id: String, _ intent: UnitIntent, at now: Instant) -> [RunCommand] {
        guard let index = unit(id, in: step), step.units[index].phase == .preparing else { return [] }
        let baseline = Array(intent.baseline.utf8)
        step.units[index].baseline = baseline
        let unit = step.units[index].unit
        switch intent.before {
        case .applied(let proof):
            step.units[index].wasAlreadySo = true
            return unitDone(&step, index, proof, at: now)
        case .running:
            step.units[index].phase = .intended(attempt: 1)
            return [.probe(step: step.id, unit: unit, baseline: baseline)]
        case .partial(let what) where profile(of: step)?.canRepair != true:
            return unitFailed(&step, index, Cause(.partlyCovered, "Half done before it was begun: \(what)"), at: now)
        case .partial:
            step.units[index].phase = .repairing
            return [.repair(step: step.id, unit: unit, baseline: baseline)]
        case .unknown(let cause) where profile(of: step)?.isProvenElsewhere != true:
            step.units[index].phase = .unknown(cause)
            return nextUnit(&step, at: now)
        case .pending, .unknown:
            step.units[index].phase = .intended(attempt: 1)
            return [.apply(step: step.id, unit: unit, baseline: baseline, after: .zero)]
        }
    }

    func notPrepared(_ step: inout StepState, _ id: String, _ cause: Cause, at now: Instant) -> [RunCommand] {
        guard let index = unit(id, in: step), step.units[index].phase == .preparing else { return [] }
        step.units[index].phase = .unknown(cause)
        return nextUnit(&step, at: now)
    }

    /// The proof came back, or what became of a unit that a dead process had in hand.
    func probed(_ step: inout StepState, _ id: String, _ outcome: UnitOutcome, at now: Instant) -> [RunCommand] {
        guard let index = unit(id, in: step) else { return [] }
        let isRepair = step.units[index].phase == .repairing
        guard case .intended(let attempt) = isRepair ? .intended(attempt: 1) : step.units[index].phase else {
            return []
        }
        if let attachment = outcome.attachment { step.attachments.append(attachment) }
        let wasRecovered = step.units[index].isRecovered
        step.units[index].isRecovered = false
        switch outcome.state {
        case .applied(let proof): return unitDone(&step, index, proof, at: now)
        case .partial(let what):
            guard !isRepair, profile(of: step)?.canRepair == true else {
                return unitFailed(&step, index, outcome.error ?? Cause(.partlyCovered, what), at: now)
            }
            step.units[index].phase = .repairing
            return [.repair(step: step.id, unit: step.units[index].unit, baseline: step.units[index].baseline)]
        case .pending where wasRecovered: return again(&step, index, at: now)
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
        let unit = step.units[index].unit
        if profile(of: step)?.isProvenElsewhere == true, unit.attributes["again-after-crash"] != "true" {
            let cause = Cause(
                .perhapsApplied, "It was begun when the process died; its proof does not see it in place.")
            return unitUnknown(&step, index, cause, at: now)
        }
        if let cause = hindrance(unit, step, at: now) {
            step.units[index].phase = .left(cause)
            return nextUnit(&step, at: now)
        }
        step.units[index].phase = .intended(attempt: 1)
        return [.apply(step: step.id, unit: unit, baseline: step.units[index].baseline, after: .zero)]
    }

    private func retryOrFail(
        _ step: inout StepState, _ index: Int, _ attempt: Int, _ outcome: UnitOutcome, at now: Instant
    ) -> [RunCommand] {
        let unit = step.units[index]
        if let retry = plan(of: step)?.retry, attempt <= retry.times, hindrance(unit.unit, step, at: now) == nil {
            step.units[index].phase = .intended(attempt: attempt + 1)
            let wait = Self.backoff(retry, attempt)
            return [.apply(step: step.id, unit: unit.unit, baseline: unit.baseline, after: wait)]
        }
        guard let error = outcome.error else {
            let cause = Cause(.rejected, "\(unit.unit.title): it was done without an error, and is not in place.")
            return unitFailed(&step, index, cause, at: now)
        }
        // Seen: it is not in place. Whether that is a failure or could not be tried is the error's to say.
        return outcome.isFailure
            ? unitFailed(&step, index, error, at: now) : unitUnknown(&step, index, error, at: now)
    }

    private func unitDone(_ step: inout StepState, _ index: Int, _ proof: Proof, at now: Instant) -> [RunCommand] {
        step.units[index].phase = .done
        step.units[index].proof = proof
        return hasGuard(step) && !step.units[index].wasAlreadySo
            ? [.lookAtGuard(step: step.id)] : nextUnit(&step, at: now)
    }

    private func unitUnknown(_ step: inout StepState, _ index: Int, _ cause: Cause, at now: Instant) -> [RunCommand] {
        step.units[index].phase = .unknown(cause)
        return nextUnit(&step, at: now)
    }

    private func unitFailed(_ step: inout StepState, _ index: Int, _ cause: Cause, at now: Instant) -> [RunCommand] {
        step.units[index].phase = .failed(cause)
        if plan(of: step)?.onFailure == .continue { return nextUnit(&step, at: now) }
        return fail(&step, cause, at: now)
    }

    func unit(_ id: String, in step: StepState) -> Int? { step.units.firstIndex { $0.unit.id == id } }

    func hasGuard(_ step: StepState) -> Bool { plan(of: step)?.guardSteps?.isEmpty == false }
}
