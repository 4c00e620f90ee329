import Host
import Journal
import Maintenance
import Plans

/// Does what the machine commands, one call at a time, and says what came of it. It decides nothing.
struct Performer: Sendable {
    let host: Host
    let catalogue: Catalogue
    let store: any JournalStore
    let targets: TargetRegistry
    let start: RunStart
    let run: String
    let observer: RunObserver
    let mailbox: Mailbox<Delivery>

    /// The event that answers the command; `nil` when the run is being torn down.
    func perform(_ command: RunCommand, _ machine: RunMachine) async -> Delivery? {
        switch command {
        case .observe(let step, let attempt, let wait):
            guard await pause(wait), let plan = plan(step) else { return nil }
            let (outcome, bodies) = await look(plan, machine, attempt: attempt)
            return deliver(.observed(step: step, outcome), bodies)
        case .preview(let step):
            guard let plan = plan(step) else { return nil }
            return await preview(plan, machine)
        case .prepare(let step, let unit):
            guard let plan = plan(step) else { return nil }
            return await prepare(plan, unit, machine)
        case .apply(let step, let unit, let baseline, let wait):
            guard await pause(wait), let plan = plan(step) else { return nil }
            return await work(plan, unit, baseline, machine) { try await $0.apply(unit, baseline, $1, $2) }
        case .repair(let step, let unit, let baseline):
            guard let plan = plan(step) else { return nil }
            return await work(plan, unit, baseline, machine) { try await $0.repair?(unit, baseline, $1, $2) }
        case .probe(let step, let unit, let baseline):
            guard let plan = plan(step) else { return nil }
            return await work(plan, unit, baseline, machine, nil)
        case .undo(let step, let unit, let baseline):
            guard let plan = plan(step) else { return nil }
            return await undo(plan, unit, baseline, machine)
        case .lookAtGuard(let step):
            guard let plan = plan(step) else { return nil }
            let (verdict, cause, _) = await lookAtAll(plan.guardSteps ?? [], machine)
            return deliver(.guardObserved(step: step, verdict, cause), [])
        case .end(let verdict):
            return deliver(.ended(verdict), [])
        }
    }

    // MARK: What the calls share

    /// False when the run was torn down meanwhile.
    private func pause(_ wait: Duration) async -> Bool {
        guard wait > .zero else { return true }
        do { try await host.sleep(wait) } catch { return false }
        return true
    }

    private func plan(_ step: String) -> RunStep? { start.plan.steps.first { $0.id == step } }

    func profile(_ step: RunStep) -> StepProfile? { start.profiles[step.id] }

    /// The event with every secret that a target brought to light masked. Masking cannot fail but where a secret is
    /// itself a word of the record's form, such as `pass`; that word is no secret any more.
    func deliver(_ event: RunEvent, _ bodies: [Body]) -> Delivery {
        Delivery(event: (try? targets.masker.masked(event)) ?? event, bodies: bodies)
    }

    /// What the evidence log holds, and the details, as a body beside the journal.
    func attach(_ context: Context, details: [[String: JSONValue]] = []) -> [Body] {
        let attachment = Attachment(
            evidence: context.evidence.drain(), details: Array(details.prefix(Limits.detailsPerStep)))
        guard !attachment.evidence.isEmpty || !attachment.details.isEmpty, let bytes = try? encodeJSON(attachment)
        else {
            return []
        }
        return [Body(targets.masker.mask(bytes))]
    }

    func context(_ step: RunStep, unit: WorkUnit? = nil) -> Context {
        let key = History.key(start, step: step.id)
        let timeout = profile(step)?.timeout ?? .seconds(30)
        return Context(
            host: host, deadline: host.steady() + timeout,
            label: WorkLabel(run: run, step: step.id, unit: unit?.id),
            history: { [store] name in try await store.points(key: key, name: name, limit: EngineLimits.history) },
            progress: { [observer] in observer.progress(step.id, $0) },
            childStarted: { [mailbox] child in
                try await withCheckedThrowingContinuation { continuation in
                    let event = RunEvent.childStarted(step: step.id, unit: unit?.id ?? "", child)
                    mailbox.post(Delivery(event: event) { continuation.resume(with: $0) })
                }
            })
    }

    /// The step's action with the values of earlier steps put in, and its target.
    func configured(_ step: RunStep, _ machine: RunMachine) throws -> (ConfiguredAction, OpenTarget) {
        guard let definition = catalogue.actions[step.action] else {
            throw CouldNotLook(.notSupported, "This version has no action `\(step.action)`.")
        }
        let (resolved, secrets) = try step.resolved(on: host) { name throws(CouldNotLook) in
            try machine.measurement(name).get().value.written
        }
        targets.learn(secrets)
        do throws(ValueErrors) {
            return (try definition.configured(with: resolved), try open(step))
        } catch {
            throw CouldNotLook(.malformed, error.errors.map(\.message).joined(separator: "; "))
        }
    }

    private func open(_ step: RunStep) throws(ValueErrors) -> OpenTarget {
        do throws(CouldNotLook) { return try targets.target(step.target ?? "host") } catch {
            throw ValueErrors([ValueError(error.cause.sentence)])
        }
    }
}
