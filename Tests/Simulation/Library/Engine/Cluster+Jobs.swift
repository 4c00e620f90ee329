import Engine
import Host
import Journal
import Maintenance
import Plans

/// The performer, without its waiting: it does what the machine commands and says what came of it.
extension Cluster {
    static let timeout = Duration.seconds(30)

    func perform(_ command: RunCommand, _ hand: RunInHand, _ node: Node) {
        var command = command
        if planted == .sendsAgain, case .noteDelivery(let id, let attempt, _) = command {
            command = .deliver(id: id, attempt: attempt)
        }
        let job = Job(newID(), node.process, hand, command, at: now)
        jobs[job.id] = job
        hand.jobs.insert(job.id)
        let pause: Duration =
            switch command {
            case .observe(_, _, let after): after
            case .wait(_, _, let wait): wait
            case .watchGuard(_, let after): after
            case .awaitDelivery(_, let wait): wait
            default: .zero
            }
        agenda.note(.job(job.id), at: now + pause + milliseconds(1..<30))
    }

    func advance(_ job: Job, on node: Node) {
        guard node.hands[job.run.occurrence] === job.run, job.run.jobs.contains(job.id) else { return }
        switch job.command {
        case .observe(let step, let attempt, _):
            answer(job, node, .observed(step: step, CheckOutcome(attempt: attempt, observe(step, job, node))))
        case .preview(let step): answer(job, node, .previewed(step: step, preview(step, job, node)))
        case .prepare(let step, let unit): prepare(step, unit, job, node)
        case .apply(let step, let unit, let baseline): work(.apply, step, unit, baseline, job, node)
        case .repair(let step, let unit, let baseline): work(.repair, step, unit, baseline, job, node)
        case .undo(let step, let unit, let baseline): work(.undo, step, unit, baseline, job, node)
        case .probe(let step, let unit, _): look(step, unit, job, node)
        case .wait(let step, let unit, _): answer(job, node, .waited(step: step, unit: unit.id))
        case .awaitWindow(let step, let opening):
            if isTime(opening.opens, job, node) { answer(job, node, .windowOpened(step: step, opening)) }
        case .pause(let step, let until):
            if isTime(until, job, node) { answer(job, node, .paused(step: step)) }
        case .awaitDecision(let step, let until): awaitDecision(step, until, job, node)
        case .lookAtGuard(let step): answer(job, node, .guardObserved(step: step, lookAtGuard(step, job, node)))
        case .watchGuard(let step, _): answer(job, node, .guardWatched(step: step, watchGuard(step, job, node)))
        case .lookAtProof(let step): answer(job, node, .proofObserved(step: step, lookAtProof(node)))
        case .intendDelivery(let intent): answer(job, node, .deliveryIntended(intent))
        case .deliver(let id, let attempt):
            answer(job, node, .deliveryTried(id: id, DeliveryAttempt(attempt, deliver(id))))
        case .awaitDelivery(let id, _): answer(job, node, .deliveryDue(id: id))
        case .noteDelivery(let id, let attempt, let outcome):
            answer(job, node, .deliveryTried(id: id, DeliveryAttempt(attempt, outcome)))
        case .end(let verdict): answer(job, node, .ended(verdict))
        }
    }

    /// By the wall clock, which may be put forward or back meanwhile.
    private func isTime(_ until: Instant, _ job: Job, _ node: Node) -> Bool {
        let left = until - wall(node)
        if left > .zero { agenda.note(.job(job.id), at: now + min(left, EngineLimits.longestSleep)) }
        return left <= .zero
    }

    func answer(_ job: Job, _ node: Node, _ event: RunEvent) {
        jobs[job.id] = nil
        job.run.jobs.remove(job.id)
        post(event, job.run, node)
    }

    /// Everything in hand of the run is cancelled, or gone with its process.
    func abandon(_ hand: RunInHand, isDead: Bool) {
        for id in hand.jobs.sorted() {
            guard let job = jobs.removeValue(forKey: id), let effect = job.effect else { continue }
            cancelEffect(effect, isDead: isDead)
        }
        hand.jobs = []
    }

    /// Why a look at a target fails; `nil` where it succeeds.
    func blindness(_ node: Node) -> CouldNotLook? {
        if !node.reachesTargets { return CouldNotLook(.unreachable, "The target cannot be reached.") }
        return isStruck(.blind).map { _ in CouldNotLook(.noPermission, "It cannot be looked at.") }
    }

    // MARK: Looks

    private func observe(_ step: String, _ job: Job, _ node: Node) -> Result<Observation, CouldNotLook> {
        if let error = blindness(node) {
            seen(job) { $0.lastLooks[step] = .unknown }
            return .failure(error)
        }
        let value = isStruck(.badValue) == nil ? random.below(4) : 5 + random.below(5)
        let isWrong = value > RunMenu.failsAbove(job.plan(step))
        seen(job) { $0.lastLooks[step] = isWrong ? .fail : value > 4 ? .warn : .pass }
        return .success(
            Observation(summary: "value \(value)", measurements: [Measurement("value", Double(value), .count)]))
    }

    private func preview(_ step: String, _ job: Job, _ node: Node) -> PreviewOutcome {
        if let error = blindness(node) { return PreviewOutcome(.failure(error), atPace: 1) }
        // More than before, now and then: what was agreed to is then too little.
        let more = job.plan(step)?.approval != nil && random.chance(25) ? 1 : 0
        let units = RunMenu.units(of: step, in: job.run.start, more: more)
        return PreviewOutcome(.success(Preview(summary: "\(units.count) units", units: units)), atPace: 1)
    }

    private func lookAtGuard(_ step: String, _ job: Job, _ node: Node) -> ChecksOutcome {
        let isFirst = store.chains[job.run.id]?.asked.guards[step] == nil
        if planted == .guardOnce, !isFirst { return ChecksOutcome(.pass, because: nil) }
        let verdict = guardVerdict(node)
        seen(job) {
            $0.guards[step] = verdict
            $0.guardsLookedAt.insert(step)
        }
        return ChecksOutcome(verdict, because: verdict == .pass ? nil : Cause(.threshold, "The guard saw it."))
    }

    private func watchGuard(_ step: String, _ job: Job, _ node: Node) -> ChecksOutcome {
        let verdict = guardVerdict(node)
        seen(job) { $0.watched[step] = verdict }
        return ChecksOutcome(verdict, because: verdict == .pass ? nil : Cause(.threshold, "The guard saw it."))
    }

    private func guardVerdict(_ node: Node) -> Verdict {
        if blindness(node) != nil { return .unknown }
        return isStruck(.guardWorsens) == nil ? .pass : random.pick([.warn, .fail, .fail, .unknown])
    }

    private func lookAtProof(_ node: Node) -> ChecksOutcome {
        if let error = blindness(node) { return ChecksOutcome(.unknown, because: error.cause) }
        guard isStruck(.badValue) != nil else { return ChecksOutcome(.pass, because: nil) }
        return ChecksOutcome(.fail, because: Cause(.threshold, "The proof saw it."))
    }

    /// What the model is to know of a look that was really made.
    func seen(_ job: Job, _ note: (inout Course) -> Void) {
        guard let chain = store.chains[job.run.id], store.leases.leases[chain.id]?.node == job.process.name else {
            return
        }
        note(&chain.asked)
    }

    // MARK: Units

    private func prepare(_ step: String, _ unit: WorkUnit, _ job: Job, _ node: Node) {
        let key = job.key(step, unit)
        if let held = stopWhereHeld(job, node) {
            return answer(job, node, .unitNotPrepared(step: step, unit: unit.id, held))
        }
        guard node.reachesTargets else {
            let cause = Cause(.unreachable, "The target cannot be reached.")
            return answer(job, node, .unitNotPrepared(step: step, unit: unit.id, cause))
        }
        meetUnit(key, in: job)
        let before = job.isProvenElsewhere(step) ? .pending : probe(key, job, node)
        let version = targets.units[key]?.version ?? 0
        answer(job, node, .unitPrepared(step: step, unit: unit.id, UnitIntent("\(version)", found: before)))
    }

    /// Asks the run to stop before the held unit's own word comes in.
    func stopWhereHeld(_ job: Job, _ node: Node) -> Cause? {
        guard isHeld(job.run.start), planted != .ignoresHold else { return nil }
        let cause = Cause(.held, "Somebody holds it.")
        post(.cancelRequested(cause), job.run, node)
        return cause
    }

    /// One honest look at a unit.
    func probe(_ key: UnitKey, _ job: Job, _ node: Node) -> ChangeState {
        if let error = blindness(node) { return planted == .blindMeansPending ? .pending : .unknown(error.cause) }
        guard let unit = targets.units[key] else { return .pending }
        let isRunning = unit.effect != nil && planted != .runningMeansPending
        seen(job) { $0.probes[key] = isRunning ? nil : unit.state }
        if isRunning { return .running(handle: "effect \(unit.effect ?? 0)") }
        switch unit.state {
        case .pending: return .pending
        case .partial: return .partial("half of it")
        case .applied: return .applied(Proof("\(key) is in place"))
        }
    }

    // MARK: Notices

    private func deliver(_ id: String) -> DeliveryOutcome {
        switch isStruck(.receiverLost, .receiverRefuses) {
        case .receiverRefuses?:
            return .failed(Cause(.refused, "The receiver refuses."), mayRetry: random.chance(60), after: nil)
        case .receiverLost?:
            if random.chance(60) { targets.received[id, default: 0] += 1 }
            let cause = Cause(.perhapsSent, "The connection was lost.")
            return planted == .lostMeansFailed ? .failed(cause, mayRetry: true, after: nil) : .perhapsSent(cause)
        default:
            targets.received[id, default: 0] += 1
            return .delivered(DeliveryReceipt("250 Ok"))
        }
    }
}
