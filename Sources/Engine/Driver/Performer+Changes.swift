import Host
import Journal
import Maintenance
import Plans

extension Performer {
    typealias Work = @Sendable (ConfiguredChange, OpenTarget, Context) async throws -> Void

    func preview(_ step: RunStep, _ machine: RunMachine) async -> Delivery {
        let context = context(step)
        var outcome = PreviewOutcome(pace: 1)
        do {
            let (change, target) = try change(step, machine)
            outcome.preview = try await within(context) { try await change.preview(target, context) }
            let key = History.key(start, step: step.id)
            outcome.pace = History.pace(
                try await store.points(key: key, name: History.pace, limit: EngineLimits.paceHistory))
        } catch {
            outcome.couldNotLook = Cause(error)
        }
        let bodies = attach(context)
        outcome.attachment = bodies.first?.digest
        return deliver(.previewed(step: step.id, outcome), bodies)
    }

    /// Takes the facts from before and looks whether it is so already.
    func prepare(_ step: RunStep, _ unit: WorkUnit, _ machine: RunMachine) async -> Delivery {
        let context = context(step, unit: unit)
        do {
            let (change, target) = try change(step, machine)
            let intent = try await within(context) {
                let baseline = try await change.prepare(unit, target, context)
                let before: ChangeState =
                    change.isProvenElsewhere ? .pending : try await change.probe(unit, baseline, target, context)
                return UnitIntent(baseline: String(decoding: baseline, as: UTF8.self), before: before)
            }
            return deliver(.unitPrepared(step: step.id, unit: unit.id, intent), [])
        } catch {
            return deliver(.unitNotPrepared(step: step.id, unit: unit.id, Cause(error)), [])
        }
    }

    /// Does the work, when there is any, and looks at what came of it: an error of the work is no verdict.
    func work(
        _ step: RunStep, _ unit: WorkUnit, _ baseline: [UInt8], _ machine: RunMachine, _ work: Work?
    ) async -> Delivery {
        let begun = host.steady()
        let context = context(step, unit: unit)
        var outcome = UnitOutcome(state: .pending, isFailure: false, seconds: 0)
        if let work {
            do {
                let (change, target) = try change(step, machine)
                try await within(context) { try await work(change, target, context) }
            } catch {
                outcome.error = Cause(error)
                outcome.isFailure = error is ChangeFailed
            }
        }
        var bodies: [Body] = []
        if outcome.isFailure, profile(step)?.isProvenElsewhere == true {
            outcome.state = .pending
        } else {
            bodies = await probe(step, unit, baseline, machine, into: &outcome)
        }
        outcome.seconds = (host.steady() - begun).inSeconds
        bodies = attach(context) + bodies
        outcome.attachment = bodies.first?.digest
        return deliver(.unitProbed(step: step.id, unit: unit.id, outcome), bodies)
    }

    /// Takes a unit back, unless an earlier attempt already has.
    func undo(_ step: RunStep, _ unit: WorkUnit, _ baseline: [UInt8], _ machine: RunMachine) async -> Delivery {
        let context = context(step, unit: unit)
        var outcome = UnitOutcome(
            state: .unknown(Cause(.perhapsApplied, "Not looked at.")), isFailure: false, seconds: 0)
        do {
            let (change, target) = try change(step, machine)
            outcome.state = try await within(context) {
                let before = try await change.probe(unit, baseline, target, context)
                guard before != .pending else { return before }
                try await change.undo?(unit, baseline, target, context)
                return try await change.probe(unit, baseline, target, context)
            }
        } catch {
            outcome.error = Cause(error)
        }
        let bodies = attach(context)
        outcome.attachment = bodies.first?.digest
        return deliver(.unitUndone(step: step.id, unit: unit.id, outcome), bodies)
    }

    /// Looks at the unit, waiting while an earlier attempt still runs in the target, and then at the plan's proof.
    private func probe(
        _ step: RunStep, _ unit: WorkUnit, _ baseline: [UInt8], _ machine: RunMachine, into outcome: inout UnitOutcome
    ) async -> [Body] {
        let context = context(step, unit: unit)
        do {
            let (change, target) = try change(step, machine)
            outcome.state = try await within(context) {
                while true {
                    let state = try await change.probe(unit, baseline, target, context)
                    guard case .running = state, context.remaining > EngineLimits.waitWhileRunning else { return state }
                    try await host.sleep(EngineLimits.waitWhileRunning)
                }
            }
        } catch {
            outcome.state = .unknown(Cause(error))
        }
        let own = attach(context)
        guard !step.proof.isEmpty else { return own }
        switch outcome.state {
        case .applied: break
        case .unknown where profile(step)?.isProvenElsewhere == true: break
        default: return own
        }
        let (verdict, cause, bodies) = await lookAtAll(step.proof, machine)
        prove(verdict, cause ?? Cause(.unexpected, "The proof gave no cause."), unit, &outcome)
        return own + bodies
    }

    /// Joins what the plan's proof saw with what the change saw itself.
    private func prove(_ verdict: Verdict, _ cause: Cause, _ unit: WorkUnit, _ outcome: inout UnitOutcome) {
        switch verdict {
        case .pass, .warn:
            var proof = Proof("\(unit.title): done, and its proof was seen")
            if case .applied(let own) = outcome.state { proof = own }
            if verdict == .warn { proof.findings.append(Finding(unit.title, .warn, cause)) }
            outcome.state = .applied(proof)
        case .fail:
            outcome.state = .pending
            outcome.error = outcome.error ?? Cause(.rejected, "It ran, and its proof failed: \(cause.sentence)")
            outcome.isFailure = true
        case .unknown:
            outcome.state = .unknown(cause)
        }
    }

    private func change(_ step: RunStep, _ machine: RunMachine) throws -> (ConfiguredChange, OpenTarget) {
        let (action, target) = try configured(step, machine)
        guard case .change(let change) = action.work else {
            throw CouldNotLook(.notSupported, "`\(step.action)` is a check and changes nothing.")
        }
        return (change, target)
    }

    private func within<Result: Sendable>(
        _ context: Context, _ body: @Sendable @escaping () async throws -> Result
    ) async throws -> Result {
        try await until(context.deadline + EngineLimits.graceAfterDeadline, on: host, body)
    }
}
