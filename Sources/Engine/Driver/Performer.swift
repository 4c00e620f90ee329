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
    let held: @Sendable (RunStart) -> Cause?
    let inbox: Inbox?
    let mailbox: Mailbox<Message>

    /// The event that answers the command; `nil` when the run is being torn down.
    func perform(_ command: RunCommand, _ machine: RunMachine) async -> Delivery? {
        switch command {
        case .observe(let step, let attempt, let wait):
            guard await pause(wait), let plan = plan(step) else { return nil }
            let log = EvidenceLog(host: host)
            let (outcome, details) = await look(plan, machine, attempt: attempt, log)
            return deliver(log, details) { .observed(step: step, outcome.with($0)) }
        case .preview(let step):
            guard let plan = plan(step) else { return nil }
            return await preview(plan, machine)
        case .prepare(let step, let unit):
            guard let plan = plan(step) else { return nil }
            return await prepare(plan, unit, machine)
        case .apply(let step, let unit, let baseline):
            guard let plan = plan(step) else { return nil }
            if let late = machine.lateness(of: unit, in: step, at: host.now()) {
                let notBegun = UnitOutcome(state: .pending, error: late, isFailure: false, seconds: 0)
                return Delivery(event: .unitProbed(step: step, unit: unit.id, notBegun))
            }
            return await work(plan, unit, baseline, machine) { try await $0.apply(unit, baseline, $1, $2) }
        case .wait(let step, let unit, let wait):
            guard await pause(wait) else { return nil }
            return Delivery(event: .waited(step: step, unit: unit.id))
        case .awaitWindow(let step, let opening):
            guard await pause(until: opening.opens) else { return nil }
            return Delivery(event: .windowOpened(step: step, opening))
        case .pause(let step, let until):
            guard await pause(until: until) else { return nil }
            return Delivery(event: .paused(step: step))
        case .awaitDecision(let step, let until): return await awaitDecision(step, until: until, machine)
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
            return await together(plan(step)?.guardSteps, machine) { .guardObserved(step: step, $0) }
        case .watchGuard(let step, let wait):
            guard await pause(wait) else { return nil }
            return await together(plan(step)?.guardSteps, machine) { .guardWatched(step: step, $0) }
        case .lookAtProof(let step):
            return await together(plan(step)?.proof, machine) { .proofObserved(step: step, $0) }
        case .intendDelivery(let intent): return intend(intent)
        case .deliver(let id, let attempt): return await send(id, attempt, machine)
        case .awaitDelivery(let id, let wait):
            guard await pause(wait) else { return nil }
            return Delivery(event: .deliveryDue(id: id))
        case .noteDelivery(let id, let attempt, let outcome):
            return Delivery(
                event: .deliveryTried(id: id, DeliveryAttempt(attempt: attempt, outcome: outcome, seconds: 0)))
        // The ledger has written it already.
        case .end: return nil
        }
    }

    private func together(
        _ steps: [RunStep]?, _ machine: RunMachine, _ event: (ChecksOutcome) -> RunEvent
    ) async -> Delivery? {
        let log = EvidenceLog(host: host)
        var outcome = await lookAtAll(steps ?? [], machine, log)
        return deliver(log) {
            outcome.attachment = $0
            return event(outcome)
        }
    }

    // MARK: What the calls share

    /// False when the run was torn down meanwhile. Somebody may ask the run to stop, and is heard soon.
    func pause(_ wait: Duration) async -> Bool {
        guard let inbox else {
            guard wait > .zero else { return true }
            do { try await host.sleep(wait) } catch { return false }
            return true
        }
        let end = host.steady() + wait
        while !Task.isCancelled {
            let left = end - host.steady()
            guard left > .zero else { return true }
            await inbox.awaitWord(for: run, within: left)
            stopWhereCancelled()
        }
        return false
    }

    /// By the wall clock, which may be put forward or back meanwhile.
    private func pause(until instant: Instant) async -> Bool {
        while host.now() < instant {
            guard await pause(min(instant - host.now(), EngineLimits.longestSleep)) else { return false }
        }
        return true
    }

    /// Somebody asked the run to stop: it is told, and goes to its next safe point.
    func stopWhereCancelled() {
        guard let cause = inbox?.cancellation(of: run) else { return }
        mailbox.post(.note(Delivery(event: .cancelRequested(cause))))
    }

    private func plan(_ step: String) -> RunStep? { start.plan.steps.first { $0.id == step } }

    func profile(_ step: RunStep) -> StepProfile? { start.profiles[step.id] }

    func context(_ step: RunStep, unit: WorkUnit? = nil, _ log: EvidenceLog) -> Context {
        let key = History.key(start, step: step.id)
        let timeout = profile(step)?.timeout ?? .seconds(30)
        return Context(
            host: host, deadline: host.steady() + timeout,
            label: WorkLabel(run: run, step: step.id, unit: unit?.id), evidence: log,
            history: { [store] name in try await store.points(key: key, name: name, limit: EngineLimits.history) },
            progress: { [observer, targets] progress in
                let text = targets.masker.mask(progress.text)
                observer.progress(step.id, Progress(done: progress.done, total: progress.total, text))
            },
            childStarted: { [mailbox] child in
                try await withCheckedThrowingContinuation { continuation in
                    let event = RunEvent.childStarted(step: step.id, unit: unit?.id ?? "", child)
                    let note = Delivery(event: event) { continuation.resume(with: $0) }
                    if !mailbox.post(.note(note)) { note.recorded?(.failure(.runTornDown)) }
                }
            })
    }

    /// The step's action with the values of earlier steps put in, and its target.
    func configured(_ step: RunStep, _ machine: RunMachine) throws -> (ConfiguredAction, StepTargets) {
        guard let definition = catalogue.actions[step.action] else {
            throw CouldNotLook(.notSupported, "This version has no action `\(step.action)`.")
        }
        let (resolved, secrets) = try step.resolved(on: host) { name throws(CouldNotLook) in
            try machine.measurement(name).get().value.written
        }
        targets.learn(secrets)
        let opened = try targets.targets(of: step)
        do throws(ValueErrors) { return (try definition.configured(with: resolved), opened) } catch {
            throw CouldNotLook(.malformed, error.errors.map(\.message).joined(separator: "; "))
        }
    }

    /// Parameters may hold references, so the impact is known for certain only now.
    func permit(_ impact: Impact, _ step: RunStep) throws(CouldNotLook) {
        // Who only asks does none of it.
        guard step.kind != .askAhead else { return }
        switch impact {
        case .observe, .online: return
        case .disruptive where start.windowCloses != nil: return
        case .disruptive:
            throw CouldNotLook(.rejected, "It is disruptive, and the procedure has no window for it.")
        // The machine lets nothing of it begin that nobody agreed to.
        case .destructive where step.approval != nil && start.windowCloses != nil: return
        case .destructive:
            throw CouldNotLook(.rejected, "It is destructive, which needs an `approval` and a window in the plan.")
        }
    }
}

extension JournalError {
    /// The run is being torn down, and nothing more of it is recorded.
    static let runTornDown = JournalError(.unreadable, "The run was torn down before this was recorded.")
}
