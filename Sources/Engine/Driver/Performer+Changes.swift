import Host
import Journal
import Maintenance
import Plans

extension Performer {
    typealias Work = @Sendable (ConfiguredChange, StepTargets, Context) async throws -> Void

    func preview(_ step: RunStep, _ machine: RunMachine) async -> Delivery {
        let log = EvidenceLog(host: host)
        let context = context(step, log)
        var outcome = PreviewOutcome(pace: 1)
        do {
            let (change, target) = try change(step, machine)
            let preview = try await within(context) { try await change.preview(target, context) }
            if let impact = preview.impact { try permit(impact, step) }
            let key = History.key(start, step: step.id)
            outcome.pace = History.pace(
                try await store.points(key: key, name: History.pace, limit: EngineLimits.paceHistory))
            outcome.preview = preview
            outcome.given = await given(step)
        } catch {
            outcome.couldNotLook = Cause(error)
        }
        return deliver(log) {
            outcome.attachment = $0
            return .previewed(step: step.id, outcome)
        }
    }

    /// Takes the facts from before and looks whether it is so already.
    func prepare(_ step: RunStep, _ unit: WorkUnit, _ machine: RunMachine) async -> Delivery {
        let log = EvidenceLog(host: host)
        let context = context(step, unit: unit, log)
        do {
            try stopWhereHeld()
            let (change, target) = try change(step, machine)
            var intent = try await within(context) {
                let baseline = try await change.prepare(unit, target, context)
                let before: ChangeState =
                    change.isProvenElsewhere ? .pending : try await change.probe(unit, baseline, target, context)
                return UnitIntent(baseline: String(decoding: baseline, as: UTF8.self), before: before)
            }
            return deliver(log) {
                intent.attachment = $0
                return .unitPrepared(step: step.id, unit: unit.id, intent)
            }
        } catch {
            let cause = Cause(error)
            return deliver(log) { _ in .unitNotPrepared(step: step.id, unit: unit.id, cause) }
        }
    }

    /// Does the work, when there is any, and looks at what came of it: an error of the work is no verdict.
    func work(
        _ step: RunStep, _ unit: WorkUnit, _ baseline: [UInt8], _ machine: RunMachine, _ work: Work?
    ) async -> Delivery {
        let begun = host.steady()
        let log = EvidenceLog(host: host)
        var outcome = UnitOutcome(state: .pending, isFailure: false, seconds: 0)
        if let work {
            let context = context(step, unit: unit, log)
            do {
                let (change, target) = try change(step, machine)
                try await unlessHeld(context) { try await work(change, target, context) }
            } catch {
                outcome.error = Cause(error)
                outcome.isFailure = error is ChangeFailed
            }
        }
        let isProvenElsewhere = profile(step)?.isProvenElsewhere == true
        if !(outcome.isFailure && isProvenElsewhere) {
            outcome.state = await probe(step, unit, baseline, machine, log)
            if isProvenElsewhere, case .unknown(let own) = outcome.state, !step.proof.isEmpty {
                outcome.prove(unit, by: await lookAtAll(step.proof, machine, log), own)
            }
        }
        outcome.seconds = (host.steady() - begun).inSeconds
        return deliver(log) {
            outcome.attachment = $0
            return .unitProbed(step: step.id, unit: unit.id, outcome)
        }
    }

    /// Takes a unit back, unless an earlier attempt already has; what the probe then sees decides.
    func undo(_ step: RunStep, _ unit: WorkUnit, _ baseline: [UInt8], _ machine: RunMachine) async -> Delivery {
        let begun = host.steady()
        let log = EvidenceLog(host: host)
        var outcome = UnitOutcome(state: .pending, isFailure: false, seconds: 0)
        outcome.state = await probe(step, unit, baseline, machine, log)
        if outcome.state != .pending {
            let context = context(step, unit: unit, log)
            do {
                let (change, target) = try change(step, machine)
                try await unlessHeld(context) { try await change.undo?(unit, baseline, target, context) }
            } catch {
                outcome.error = Cause(error)
            }
            outcome.state = await probe(step, unit, baseline, machine, log)
        }
        outcome.seconds = (host.steady() - begun).inSeconds
        return deliver(log) {
            outcome.attachment = $0
            return .unitUndone(step: step.id, unit: unit.id, outcome)
        }
    }

    /// Looks at the unit, waiting while an earlier attempt still runs in the target.
    private func probe(
        _ step: RunStep, _ unit: WorkUnit, _ baseline: [UInt8], _ machine: RunMachine, _ log: EvidenceLog
    ) async -> ChangeState {
        let context = context(step, unit: unit, log)
        do {
            let (change, target) = try change(step, machine)
            return try await within(context) {
                while true {
                    let state = try await change.probe(unit, baseline, target, context)
                    guard case .running = state, context.remaining > EngineLimits.waitWhileRunning else { return state }
                    try await host.sleep(EngineLimits.waitWhileRunning)
                }
            }
        } catch {
            return .unknown(Cause(error))
        }
    }

    /// Does what has an effect, and ends it as soon as somebody holds it; what the target then shows is looked at.
    private func unlessHeld(
        _ context: Context, _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        try stopWhereHeld()
        try await within(context) {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    try await body()
                    return true
                }
                group.addTask {
                    while true {
                        try await host.sleep(EngineLimits.holdLook)
                        try stopWhereHeld()
                    }
                }
                defer { group.cancelAll() }
                _ = try await group.next()
            }
        }
    }

    /// Asks the run to stop before the held unit's own word comes in, so that nothing else is begun.
    private func stopWhereHeld() throws(CouldNotLook) {
        stopWhereCancelled()
        guard let cause = held(start) else { return }
        mailbox.post(.note(Delivery(event: .cancelRequested(cause))))
        throw CouldNotLook(cause)
    }

    private func change(_ step: RunStep, _ machine: RunMachine) throws -> (ConfiguredChange, StepTargets) {
        let (action, target) = try configured(step, machine)
        guard case .change(let change) = action.work else {
            throw CouldNotLook(.notSupported, "`\(step.action)` is a check and changes nothing.")
        }
        try permit(action.impact, step)
        return (change, target)
    }

    private func within<Result: Sendable>(
        _ context: Context, _ body: @Sendable @escaping () async throws -> Result
    ) async throws -> Result {
        try await until(context.deadline + EngineLimits.graceAfterDeadline, on: host, body)
    }
}
