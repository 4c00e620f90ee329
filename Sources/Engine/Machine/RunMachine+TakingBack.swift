import Host
import Maintenance
import Plans

/// When a step fails that says `on-failure: undo`, the changes that it stands on are taken back besides its own work: step by
/// step, the last begun first, and in each the last unit first.
extension RunMachine {
    /// Goes on with what failed steps want taken back; with nothing left of it they are over.
    mutating func takeBack(at now: Instant) -> [RunCommand] {
        guard state.phase == .running, isTakingBack else { return [] }
        var commands = stopWaiting(at: now)
        guard !state.steps.contains(where: isInTheWay) else { return commands }
        let open = state.steps.indices.filter { isToTakeBack(state.steps[$0]) }
        guard let last = open.max(by: { state.steps[$0].order < state.steps[$1].order }) else {
            for index in state.steps.indices where state.steps[index].phase == .takingBack {
                finishTakingBack(&state.steps[index], at: now)
            }
            return commands
        }
        var step = state.steps[last]
        step.takenBackFor = step.phase == .takingBack ? step.id : claimant(of: step.id)
        step.phase = .undoing
        commands += nextUndo(&step, at: now)
        state.steps[last] = step
        return commands
    }

    private var isTakingBack: Bool { state.steps.contains { $0.phase == .takingBack } }

    /// The failed step with which it is taken back; of several the first.
    private func claimant(of id: String) -> String? {
        state.steps.first { $0.phase == .takingBack && plan(of: $0)?.takesBack?.contains(id) == true }?.id
    }

    private func isToTakeBack(_ step: StepState) -> Bool {
        guard step.units.contains(where: \.isOurs), profile(of: step)?.canUndo == true else { return false }
        return step.phase == .takingBack || step.phase == .done && claimant(of: step.id) != nil
    }

    /// It works on what is to be taken back, or stands on it: it stops at its next safe point.
    func isInTheWay(_ step: StepState) -> Bool {
        guard isTakingBack, step.phase != .takingBack, step.isAtWork, let plan = plan(of: step), !plan.isCheck else {
            return false
        }
        if claimant(of: step.id) != nil { return true }
        let places = StepOrder.places(of: plan, in: state)
        return state.steps.contains { other in
            guard isToTakeBack(other), let its = self.plan(of: other) else { return false }
            return !StepOrder.places(of: its, in: state).isDisjoint(with: places)
        }
    }

    /// What is in the way and only waits, for people, its window or another attempt, does not begin any more.
    private mutating func stopWaiting(at now: Instant) -> [RunCommand] {
        var commands: [RunCommand] = []
        for index in state.steps.indices where isInTheWay(state.steps[index]) {
            var step = state.steps[index]
            let cause = state.stopped ?? Cause(.notRun, "Not run, because a step before it failed.")
            switch step.phase {
            case .awaitingWindow where step.units.contains { $0.phase != .planned }:
                step.phase = .working
                commands += leave(&step, cause, at: now)
            case .awaitingWindow, .awaitingDecision:
                step.units = []
                step.isBlocked = true
                skip(&step, cause, at: now)
            case .working:
                // No attempt follows the pause that a unit is in.
                guard let unit = step.units.firstIndex(where: \.isBetweenAttempts) else { continue }
                step.units[unit].phase = .left(cause)
                commands += nextUnit(&step, at: now)
            default: continue
            }
            state.steps[index] = step
            settle(step)
        }
        return commands
    }

    /// What it did is taken back with a step that failed. It was made and no longer stands: a warning at least.
    func finishTakenBack(_ step: inout StepState, with failed: String, at now: Instant) {
        let before = (verdict: step.verdict ?? .warn, cause: step.cause)
        // What it measured of its work is so no longer.
        step.measurements = []
        step.measurements = totals(step)
        step.missing = unsure(step)
        let known = step.findings
        let found = Self.findings(step.units, ofUndo: false).filter { !known.contains($0) }
        step.findings = (known + found).limited()
        step.summary = summary(step, Tally(step.units))
        let seen = Judge.judge(Observation(summary: step.summary, findings: found), thresholds: Thresholds())
        let verdict = before.verdict.worst(seen.verdict).worst(.warn)
        let back = Cause(.rejected, "It was done and taken back, because `\(failed)` failed.")
        finish(&step, verdict, verdict == .warn ? back : verdict == before.verdict ? before.cause : seen.cause, at: now)
    }

    /// All that could be taken back is; what could not is named.
    private func finishTakingBack(_ step: inout StepState, at now: Instant) {
        let named = plan(of: step)?.takesBack ?? []
        let steps = state.steps.filter { named.contains($0.id) || $0.id == step.id }
        let left = steps.filter { $0.units.contains(where: \.mayBeInPlace) }.map(\.id)
        let back = steps.filter { $0.takenBackFor != nil && !left.contains($0.id) }.map(\.id)
        var sentences = [step.cause?.sentence ?? "It failed."]
        for (what, ids) in [("Taken back", back), ("Could not be taken back", left)] where !ids.isEmpty {
            sentences.append("\(what): \(ids.map { "`\($0)`" }.joined(separator: ", ")).")
        }
        let cause = Cause(step.cause?.code ?? .rejected, sentences.joined(separator: " "))
        finish(&step, .fail, cause, at: now)
    }
}

extension UnitState {
    fileprivate var isBetweenAttempts: Bool { if case .waiting = phase { true } else { false } }

    /// Begun by this run, and not seen to be gone.
    fileprivate var mayBeInPlace: Bool {
        if case .unknown = phase { return hasBegun }
        return isOurs || remains
    }
}
