import Engine
import Host
import Maintenance
import Plans

/// The run machine, and the mistakes that are planted between it and its events.
extension Cluster {
    func handle(_ event: RunEvent, _ machine: inout RunMachine, at now: Instant) -> [RunCommand] {
        guard let planted else { return machine.handle(event, at: now) }
        let commands = machine.handle(mistaken(event, machine), at: mistaken(now, event, machine))
        switch (planted, event) {
        case (.recoveryRepeats, .resumed):
            return commands.map { command in
                guard case .probe(let step, let unit, let baseline) = command else { return command }
                return .apply(step: step, unit: unit, baseline: baseline)
            }
        case (.recoveryForgets, .resumed): return []
        case (.undoesForwards, _):
            return commands.map { command in
                guard case .undo(let step, _, let baseline) = command,
                    let first = machine.state.step(step)?.units.first(where: { $0.phase == .done && !$0.wasAlreadySo })
                else { return command }
                return .undo(step: step, unit: first.unit, baseline: baseline)
            }
        case (.takesBackForwards, _):
            return commands.map { command in
                guard case .undo(let step, _, let baseline) = command, machine.state.step(step)?.takenBackFor != nil
                else { return command }
                let going = machine.state.steps.filter { $0.phase == .takingBack }.flatMap { failed in
                    machine.state.start?.plan.steps.first { $0.id == failed.id }?.takesBack ?? []
                }
                for other in machine.state.steps where other.phase == .done && going.contains(other.id) {
                    guard machine.state.start?.profiles[other.id]?.canUndo == true,
                        let unit = other.units.last(where: { $0.phase == .done && !$0.wasAlreadySo })
                    else {
                        continue
                    }
                    return .undo(step: other.id, unit: unit.unit, baseline: baseline)
                }
                return command
            }
        case (.recoveryAssumes, .resumed):
            return commands.flatMap { command -> [RunCommand] in
                guard case .probe(let step, let unit, _) = command else { return [command] }
                let outcome = UnitOutcome(.applied(Proof("assumed")), after: nil, isFailure: false, took: .zero)
                return machine.handle(.unitProbed(step: step, unit: unit.id, outcome), at: now)
            }
        default: return commands
        }
    }

    private func mistaken(_ event: RunEvent, _ machine: RunMachine) -> RunEvent {
        switch (planted, event) {
        case (.agreesToAnything?, .decided(let step, let said)):
            let proposal = machine.state.step(step)?.proposal?.digest
            return .decided(
                step: step, Decision(id: said.id, by: said.by, at: said.at, word: said.word, proposal: proposal))
        case (.guardIgnored?, .guardObserved(let step, _)):
            return .guardObserved(step: step, ChecksOutcome(.pass, because: nil))
        case (.watchIgnored?, .guardWatched(let step, _)):
            return .guardWatched(step: step, ChecksOutcome(.pass, because: nil))
        case (.takesBackOwnOnly?, .started(let start)): return .started(start.takingBackNothing)
        case (.couldNotLookPasses?, .observed(let step, let outcome)) where outcome.observation == nil:
            let seen = Observation(summary: "nothing wrong", measurements: [Measurement("value", 0, .count)])
            return .observed(step: step, CheckOutcome(attempt: outcome.attempt, .success(seen)))
        case (.observeOnlyForgotten?, .started(var start)):
            start.observeOnly = nil
            return .started(start)
        case (.cancelForgotten?, .cancelRequested): return .childStarted(step: "", unit: "", nodes[0].process.identity)
        default: return event
        }
    }

    private func mistaken(_ now: Instant, _ event: RunEvent, _ machine: RunMachine) -> Instant {
        switch event {
        case .unitPrepared, .unitProbed, .waited, .guardObserved, .previewed:
            planted == .windowForgotten ? machine.state.startedAt ?? now : now
        default: now
        }
    }

    /// A chain as it is written and read back: in the end that is what a store has.
    func checkText(_ chain: Chain) {
        var machine = RunMachine(run: chain.id)
        for entry in chain.entries {
            guard let text = try? encodeJSON(entry.event), let event = try? decodeJSON(RunEvent.self, text) else {
                return require(false, .replaysAlike, "\(chain.id): \(entry.event.kind) is not written and read")
            }
            _ = handle(event, &machine, at: entry.at)
        }
        require(machine.state.isSame(as: chain.machine.state), .replaysAlike, "\(chain.id) as text")
    }

    func brief(_ event: RunEvent) -> String {
        switch event {
        case .started: "started"
        case .unitProbed(let step, let unit, let outcome):
            "probed \(step)/\(unit) \(outcome.state), \(outcome.error?.sentence ?? "no error")"
        default: String("\(event)".prefix(200))
        }
    }

    func brief(_ command: RunCommand) -> String { String("\(command)".prefix(120)) }
}

extension Run {
    /// Everything of it that anybody can see.
    func isSame(as other: Run) -> Bool {
        phase == other.phase && stopped == other.stopped && cancellation == other.cancellation
            && opening == other.opening && resumptions == other.resumptions && steps.count == other.steps.count
            && zip(steps, other.steps).allSatisfy { $0.isSame(as: $1) }
            && deliveries.count == other.deliveries.count
            && zip(deliveries, other.deliveries).allSatisfy { $0.phase == $1.phase && $0.attempts == $1.attempts }
    }
}

extension RunStart {
    fileprivate var takingBackNothing: RunStart {
        var start = self
        let steps = plan.steps.map { step in
            var step = step
            step.takesBack = nil
            return step
        }
        start.plan = RunPlan(
            service: plan.service, environment: plan.environment, procedure: plan.procedure, window: plan.window,
            targets: plan.targets, steps: steps, notices: plan.notices)
        return start
    }
}

extension StepState {
    fileprivate func isSame(as other: StepState) -> Bool {
        phase == other.phase && takenBackFor == other.takenBackFor && verdict == other.verdict && cause == other.cause
            && summary == other.summary
            && measurements == other.measurements && findings == other.findings && units.count == other.units.count
            && zip(units, other.units).allSatisfy {
                $0.phase == $1.phase && $0.baseline == $1.baseline && $0.wasAlreadySo == $1.wasAlreadySo
                    && $0.proof == $1.proof
            }
    }
}
