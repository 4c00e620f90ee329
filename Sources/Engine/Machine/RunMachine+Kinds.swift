import Host
import Maintenance
import Plans

/// Steps that call no action of their own.
extension RunMachine {
    func begin(_ step: inout StepState, _ kind: StepKind, at now: Instant) -> [RunCommand] {
        switch kind {
        case .wait(let microseconds):
            let until = now + .microseconds(microseconds)
            step.phase = .waiting(until: until)
            if hasGuard(step), let every = plan(of: step)?.guardEveryMicroseconds {
                let policy = SoakPolicy(lastsMicroseconds: microseconds, everyMicroseconds: every)
                step.soak = SoakState(policy, from: now)
                return []
            }
            return [.pause(step: step.id, until: until)]
        case .ask(let question):
            let until = now + .microseconds(question.withinMicroseconds)
            step.phase = .awaitingDecision(until: until)
            return [.awaitDecision(step: step.id, until: until)]
        case .undo(let name):
            return beginUndo(&step, of: name, at: now)
        case .askAhead:
            step.phase = .previewing
            return [.preview(step: step.id)]
        }
    }

    func paused(_ step: inout StepState, at now: Instant) -> [RunCommand] {
        guard case .waiting(let until) = step.phase else { return [] }
        // The clock was put back meanwhile.
        guard now >= until else { return [.pause(step: step.id, until: until)] }
        step.summary = "waited until \(until)"
        finish(&step, .pass, nil, at: now)
        return []
    }

    /// Takes over the units that the other step did, with their facts from before, to take them back one by one.
    private func beginUndo(_ step: inout StepState, of name: String, at now: Instant) -> [RunCommand] {
        step.units = (state.step(name)?.units ?? []).filter(\.isOurs)
        guard !step.units.isEmpty else {
            skip(&step, Cause(.notRun, "`\(name)` did nothing that is to be taken back."), at: now)
            return []
        }
        if state.start?.observeOnly == true {
            skip(&step, Cause(.notRun, "Only looked."), at: now)
            return []
        }
        step.phase = .undoing
        return nextUndo(&step, at: now)
    }
}
