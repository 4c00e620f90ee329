import Host
import Maintenance
import Plans

extension RunMachine {
    /// The guard spoke: before the first unit it must not fail, after each it must not have become worse.
    func guardObserved(
        _ step: inout StepState, _ verdict: Verdict, _ cause: Cause?, at now: Instant
    ) -> [RunCommand] {
        guard step.phase == .working else { return [] }
        let isBad = verdict == .fail || verdict == .unknown
        let because = cause?.sentence ?? ""
        guard let before = step.guardBefore else {
            step.guardBefore = verdict
            guard isBad else { return nextUnit(&step, at: now) }
            return fail(
                &step, Cause(.rejected, "Its guard is \(verdict.rawValue) before anything is done. \(because)"), at: now
            )
        }
        guard isBad, before.worst(verdict) != before else { return nextUnit(&step, at: now) }
        return fail(&step, Cause(.rejected, "Its guard became \(verdict.rawValue). \(because)"), at: now)
    }

    /// The step has failed: nothing further is begun, and what was done is taken back where the plan asks for it.
    func fail(_ step: inout StepState, _ cause: Cause, at now: Instant) -> [RunCommand] {
        step.failure = cause
        for index in step.units.indices where step.units[index].phase == .planned {
            step.units[index].phase = .left(Cause(.notRun, "Not begun: \(cause.sentence)"))
        }
        guard plan(of: step)?.onFailure == .undo, profile(of: step)?.canUndo == true else {
            finishChange(&step, at: now)
            return []
        }
        step.phase = .undoing
        return nextUndo(&step, at: now)
    }

    /// Takes back the last unit that is done; what was already so before is nobody's to take back.
    private func nextUndo(_ step: inout StepState, at now: Instant) -> [RunCommand] {
        guard let index = step.units.lastIndex(where: { $0.phase == .done && !$0.wasAlreadySo }) else {
            finishChange(&step, at: now)
            return []
        }
        step.units[index].phase = .undoing
        return [.undo(step: step.id, unit: step.units[index].unit, baseline: step.units[index].baseline)]
    }

    func undone(_ step: inout StepState, _ id: String, _ outcome: UnitOutcome, at now: Instant) -> [RunCommand] {
        guard let index = unit(id, in: step), step.units[index].phase == .undoing else { return [] }
        if let attachment = outcome.attachment { step.attachments.append(attachment) }
        if outcome.state == .pending {
            step.units[index].phase = .undone
        } else {
            step.units[index].phase = .unknown(
                outcome.error ?? Cause(.perhapsApplied, "It could not be seen to be taken back."))
        }
        return nextUndo(&step, at: now)
    }

    /// A dead process left the run: look at everything that was in hand.
    mutating func recover() -> [RunCommand] {
        state.resumptions += 1
        guard state.phase == .running else {
            return state.phase == .ending ? [.end(state.verdict)] : []
        }
        var commands: [RunCommand] = []
        for index in state.steps.indices {
            var step = state.steps[index]
            switch step.phase {
            case .pending, .skipped, .done: break
            case .observing(let attempt): commands.append(.observe(step: step.id, attempt: attempt, after: .zero))
            case .previewing: commands.append(.preview(step: step.id))
            case .working, .undoing: commands += recover(&step)
            }
            state.steps[index] = step
        }
        return commands
    }

    private func recover(_ step: inout StepState) -> [RunCommand] {
        for index in step.units.indices {
            let unit = step.units[index]
            switch unit.phase {
            case .preparing: return [.prepare(step: step.id, unit: unit.unit)]
            case .intended, .repairing:
                step.units[index].phase = .intended(attempt: 1)
                step.units[index].isRecovered = true
                return [.probe(step: step.id, unit: unit.unit, baseline: unit.baseline)]
            case .undoing: return [.undo(step: step.id, unit: unit.unit, baseline: unit.baseline)]
            case .planned, .done, .failed, .unknown, .left, .undone: continue
            }
        }
        // No unit was in hand: the step was waiting for its guard.
        return [.lookAtGuard(step: step.id)]
    }
}
