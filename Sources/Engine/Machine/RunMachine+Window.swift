package import Host
package import Maintenance
import Plans
import Schedules

/// The window is a budget: what does not fit any more is not begun.
extension RunMachine {
    static func windowEnded(_ opening: RunOpening) -> Cause {
        Cause(.windowEnded, "The window closes at \(opening.closes), and the work no longer fits.")
    }

    /// Why the unit may not be begun, or begun again, at that time: the run is to stop, or it does not fit into the window.
    func hindrance(_ unit: WorkUnit, _ step: StepState, at time: Instant) -> Cause? {
        if let cause = state.cancellation, cause.code == .held || plan(of: step)?.isFinal != true { return cause }
        if let cause = state.stopped, isInTheWay(step) { return cause }
        return lateness(unit, step, at: time)
    }

    private func lateness(_ unit: WorkUnit, _ step: StepState, at time: Instant) -> Cause? {
        guard let opening = state.opening, plan(of: step)?.isFinal != true else { return nil }
        var seconds = unit.expected.inSeconds
        // What is to be taken back at the end must fit as well.
        if windowEnd == .undo {
            seconds += seconds + step.units.filter(\.isOurs).reduce(0) { $0 + $1.unit.expected.inSeconds }
        }
        let fits = time + .seconds(seconds * step.pace) <= opening.closes
        return fits && time < opening.lastBegin ? nil : Self.windowEnded(opening)
    }

    /// Why a unit whose doing was decided on may not be begun now after all: a clock was set meanwhile, or it took long to
    /// make the decision durable.
    package func lateness(of unit: WorkUnit, in step: String, at now: Instant) -> Cause? {
        state.step(step).flatMap { lateness(unit, $0, at: now) }
    }

    /// Nothing more of the step is begun; at the window's end what it did is taken back where the plan asks for it.
    func leave(_ step: inout StepState, _ cause: Cause, at now: Instant) -> [RunCommand] {
        for index in step.units.indices where step.units[index].phase == .planned {
            step.units[index].phase = .left(cause)
        }
        guard cause.code == .windowEnded, windowEnd == .undo, profile(of: step)?.canUndo == true,
            step.units.contains(where: \.isOurs)
        else { return conclude(&step, at: now) }
        step.phase = .undoing
        return nextUndo(&step, at: now)
    }

    /// The step waits for the next opening; `nil` where the plan does not ask for it, or none is known.
    func awaitWindow(_ step: inout StepState, at now: Instant) -> RunCommand? {
        guard windowEnd == .pause, let next = state.start?.laterOpenings?.first(where: { $0.opens > now }) else {
            return nil
        }
        step.phase = .awaitingWindow(next)
        return .awaitWindow(step: step.id, next)
    }

    /// What waited for the window goes on; a guard is looked at anew, because much may have happened meanwhile.
    mutating func windowOpened(_ id: String, _ opening: RunOpening, at now: Instant) -> [RunCommand] {
        guard let step = state.step(id), case .awaitingWindow(opening) = step.phase else { return [] }
        state.opening = opening
        let before = self
        return update(id) { step in
            guard !step.units.isEmpty else {
                step.phase = .previewing
                return [.preview(step: step.id)]
            }
            step.phase = .working
            return before.hasGuard(step) ? [.lookAtGuard(step: step.id)] : before.nextUnit(&step, at: now)
        }
    }

    private var windowEnd: WindowEnd { state.start?.plan.window?.end ?? .finish }
}
