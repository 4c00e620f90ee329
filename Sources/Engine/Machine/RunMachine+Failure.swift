import Host
import Maintenance
import Plans

extension RunMachine {
    /// All units are over: the plan's proof decides, where there is one that the units did not already have.
    func conclude(_ step: inout StepState, at now: Instant) -> [RunCommand] {
        guard step.phase == .working, step.failure == nil, plan(of: step)?.proof.isEmpty == false,
            profile(of: step)?.isProvenElsewhere != true
        else {
            finishChange(&step, at: now)
            return []
        }
        step.phase = .proving
        return [.lookAtProof(step: step.id)]
    }

    func proofObserved(_ step: inout StepState, _ outcome: ChecksOutcome, at now: Instant) -> [RunCommand] {
        guard step.phase == .proving else { return [] }
        step.keep(outcome.attachment)
        if let worse = step.worsened { return stop(&step, worse.verdict, worse.cause, at: now) }
        let cause = Cause(.rejected, "Its proof is \(outcome.verdict.rawValue). \(outcome.cause?.sentence ?? "")")
        switch outcome.verdict {
        case .pass: break
        case .warn: step.findings.append(Finding("proof of \(step.id)", .warn, cause))
        case .fail, .unknown: return stop(&step, outcome.verdict, cause, at: now)
        }
        finishChange(&step, at: now)
        return []
    }

    /// Nothing further is begun; after a failure that was seen, what was done is taken back where the plan asks for it.
    func stop(_ step: inout StepState, _ verdict: Verdict, _ cause: Cause, at now: Instant) -> [RunCommand] {
        step.failure = (verdict, cause)
        for index in step.units.indices where step.units[index].phase == .planned {
            step.units[index].phase = .left(Cause(.notRun, "Not begun: \(cause.sentence)"))
        }
        guard verdict == .fail, plan(of: step)?.onFailure == .undo, profile(of: step)?.canUndo == true else {
            finishChange(&step, at: now)
            return []
        }
        step.phase = .undoing
        return nextUndo(&step, at: now)
    }

    /// Takes back the last unit that is done or half done; what was already so before is nobody's to take back.
    func nextUndo(_ step: inout StepState, at now: Instant) -> [RunCommand] {
        guard let index = step.units.lastIndex(where: \.isOurs) else {
            if let failed = step.takenBackFor {
                finishTakenBack(&step, with: failed, at: now)
            } else {
                finishChange(&step, at: now)
            }
            return []
        }
        step.units[index].phase = .undoing
        return [.undo(step: step.id, unit: step.units[index].unit, baseline: step.units[index].baseline)]
    }

    func undone(_ step: inout StepState, _ id: String, _ outcome: UnitOutcome, at now: Instant) -> [RunCommand] {
        guard let index = unit(id, in: step), step.units[index].phase == .undoing else { return [] }
        step.keep(outcome.attachment)
        let halfDone = step.units[index].halfDone
        step.units[index].halfDone = nil
        step.units[index].remains = outcome.state != .pending
        if outcome.state == .pending {
            step.units[index].phase = .undone
        } else if let halfDone, case .partial = outcome.state {
            step.units[index].phase = .failed(halfDone)
        } else {
            step.units[index].phase = .unknown(
                outcome.error ?? Cause(.perhapsApplied, "It could not be seen to be taken back."))
        }
        return nextUndo(&step, at: now)
    }

    /// Somebody asked the run to stop: what only waits is not begun again.
    mutating func cancel(_ cause: Cause, at now: Instant) -> [RunCommand] {
        // A hold stops final steps too, and goes on doing so when somebody asks for less besides.
        if state.cancellation?.code != .held { state.cancellation = cause }
        var commands: [RunCommand] = []
        for position in state.steps.indices {
            var step = state.steps[position]
            if case .awaitingWindow = step.phase {
                if step.units.isEmpty {
                    skip(&step, cause, at: now)
                } else {
                    step.phase = .working
                    commands += leave(&step, cause, at: now)
                }
            }
            if step.isWaitingForPeopleOrTime {
                step.units = []
                finish(&step, .unknown, cause, at: now)
            }
            for index in step.units.indices {
                guard case .waiting = step.units[index].phase else { continue }
                step.units[index].phase = .left(cause)
                commands += nextUnit(&step, at: now)
            }
            let wasOver = state.steps[position].isOver
            state.steps[position] = step
            if !wasOver { settle(step) }
        }
        // Of a hold people are to hear all the more.
        if cause.code != .held { cancelDeliveries(at: now) }
        return commands
    }

    /// A dead process left the run: look at everything that was in hand.
    mutating func recover(at now: Instant) -> [RunCommand] {
        if state.start?.isLeft == true, !state.isTaken { state.isTaken = true } else { state.resumptions += 1 }
        switch state.phase {
        case .running: break
        case .delivering: return recoverDeliveries(at: now)
        case .ending: return [.end(state.verdict)]
        case .new, .ended: return []
        }
        var commands = recoverDeliveries(at: now)
        for index in state.steps.indices {
            var step = state.steps[index]
            step.isWatched = false
            switch step.phase {
            case .pending, .takingBack, .skipped, .done: break
            case .observing(let attempt): commands.append(.observe(step: step.id, attempt: attempt, after: .zero))
            case .previewing: commands.append(.preview(step: step.id))
            case .awaitingWindow(let opening): commands.append(.awaitWindow(step: step.id, opening))
            case .awaitingDecision(let until): commands.append(.awaitDecision(step: step.id, until: until))
            // Under a guard its end is a look at that.
            case .waiting where step.soak != nil: break
            case .waiting(let until): commands.append(.pause(step: step.id, until: until))
            case .proving: commands.append(.lookAtProof(step: step.id))
            case .working, .undoing: commands += recover(&step)
            }
            state.steps[index] = step
        }
        return commands
    }

    /// A unit that a dead process had in hand is looked at; one after the other.
    private func recover(_ step: inout StepState) -> [RunCommand] {
        for index in step.units.indices {
            let unit = step.units[index]
            switch unit.phase {
            case .preparing: return [.prepare(step: step.id, unit: unit.unit)]
            case .intended, .repairing, .waiting:
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
