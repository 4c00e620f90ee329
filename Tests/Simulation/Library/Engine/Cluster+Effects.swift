import Engine
import Host
import Maintenance
import Plans

/// What is done to targets, and what they then show.
extension Cluster {
    /// A unit as it is when it is first met: mostly untouched.
    func meetUnit(_ key: UnitKey, in job: Job) {
        guard targets.units[key] == nil else { return }
        let drawn = job.isProvenElsewhere(key.step) ? 0 : random.below(100)
        targets.units[key] = Targets.Unit(state: drawn < 86 ? .pending : drawn < 93 ? .applied : .partial)
        guard drawn == 84 || drawn == 85 else { return }
        // Somebody else is at it already.
        note("\(key) is being worked on by somebody else")
        beginEffect(
            key, .apply, result: .applied, error: nil, runsOn: true, takes: milliseconds(4000..<50_000), of: nil)
    }

    func work(
        _ kind: Targets.Kind, _ step: String, _ unit: WorkUnit, _ baseline: [UInt8], _ job: Job, _ node: Node
    ) {
        let key = job.key(step, unit)
        switch job.stage {
        case .begin:
            if !job.isPastChecks {
                guard fence(of: job.run.id, node) != nil else {
                    return interrupt(job.run, node, wait: .milliseconds(500))
                }
                if kind == .apply, planted != .windowForgotten,
                    let late = job.run.machine.lateness(of: unit, in: step, at: wall(node))
                {
                    let notBegun = UnitOutcome(.pending, after: late, isFailure: false, took: .zero)
                    return answer(job, node, .unitProbed(step: step, unit: unit.id, notBegun))
                }
                if kind == .undo, planted != .undoesUnseen, !isToUndo(key, step, unit, job, node) { return }
                if let cause = stopWhereHeld(job, node) {
                    job.error = cause
                    return probeNext(job)
                }
                if isStruck(.freezeBeforeEffect) != nil {
                    // After the last look at its lease, or just before it.
                    job.isPastChecks = random.chance(50)
                    freeze(node, for: .seconds(20 + random.below(60)))
                    return agenda.note(.job(job.id), at: now)
                }
            }
            effect(kind, key, of: step, unit, baseline, job, node)
        case .working:
            if planted != .ignoresHoldMeanwhile, let cause = stopWhereHeld(job, node) {
                giveUp(job, cause)
            } else if now >= job.deadline {
                giveUp(job, Cause(.timedOut, "It did not come to an end in its time."))
            }
        case .probing: look(step, unit, job, node)
        }
    }

    /// An earlier attempt may have taken it back already.
    private func isToUndo(_ key: UnitKey, _ step: String, _ unit: WorkUnit, _ job: Job, _ node: Node) -> Bool {
        if let wait = stillRunning(key, job) {
            agenda.note(.job(job.id), at: wait)
            return false
        }
        let before = probe(key, job, node)
        if case .unknown = before { job.isBlind = true }
        guard before == .pending else { return true }
        let outcome = UnitOutcome(.pending, after: nil, isFailure: false, took: now - job.begunAt)
        answer(job, node, .unitUndone(step: step, unit: unit.id, outcome))
        return false
    }

    private func effect(
        _ kind: Targets.Kind, _ key: UnitKey, of step: String, _ unit: WorkUnit, _ baseline: [UInt8], _ job: Job,
        _ node: Node
    ) {
        checkEffect(kind, key, of: step, unit, job, node)
        guard let known = targets.units[key], node.reachesTargets else {
            job.error = Cause(.unreachable, "The target cannot be reached.")
            return probeNext(job)
        }
        if let refusal = refusal(kind, key, known, baseline, job) {
            job.error = refusal.cause
            job.isFailure = refusal.isCertain
            return probeNext(job)
        }
        let whole: Targets.State = kind == .undo ? .pending : .applied
        let fault = isStruck(.liesDone, .liesError, .half)
        let lost = Cause(.connectionLost, "The connection was lost.")
        let result: Targets.State = fault == .liesDone ? known.state : fault == .half ? .partial : whole
        let isSlow = isStruck(.slow) != nil
        let id = beginEffect(
            key, kind, result: result, error: fault == nil || fault == .liesDone ? nil : lost,
            // A program's process group is ended with it.
            runsOn: !job.isProvenElsewhere(key.step) && isStruck(.runsOn) != nil,
            takes: isSlow ? milliseconds(35_000..<150_000) : milliseconds(500..<12_000), of: job)
        if job.isPastChecks { targets.units[key]?.isDisturbed = true }
        job.effect = id
        job.stage = .working
        job.deadline = now + Self.timeout + EngineLimits.graceAfterDeadline
        agenda.note(.job(job.id), at: job.deadline)
        if isHeld(job.run.start) { agenda.note(.job(job.id), at: now + EngineLimits.holdLook) }
    }

    /// What a target does not let itself do: it is busy, or not as it was when the work was planned.
    private func refusal(
        _ kind: Targets.Kind, _ key: UnitKey, _ unit: Targets.Unit, _ baseline: [UInt8], _ job: Job
    ) -> (cause: Cause, isCertain: Bool)? {
        if isStruck(.refuses) != nil { return (Cause(.rejected, "The target refuses."), kind != .undo) }
        guard !job.isProvenElsewhere(key.step) else { return nil }
        if unit.effect != nil { return (Cause(.busy, "Somebody is at it."), false) }
        let isChanged =
            switch kind {
            case .apply: "\(unit.version)" != String(decoding: baseline, as: UTF8.self)
            case .repair: unit.state == .applied
            case .undo: unit.state == .pending
            }
        return isChanged ? (Cause(.rejected, "It is not as it was."), true) : nil
    }

    @discardableResult
    private func beginEffect(
        _ key: UnitKey, _ kind: Targets.Kind, result: Targets.State, error: Cause?, runsOn: Bool, takes: Duration,
        of job: Job?
    ) -> Int {
        let id = newID()
        targets.effects[id] = Targets.Effect(
            key: key, target: job?.plan(key.step)?.targets["on"] ?? "", kind: kind, result: result, error: error,
            runsOn: runsOn, begunAt: now, process: job?.process, job: job?.id)
        targets.units[key]?.effect = id
        agenda.note(.effect(id), at: now + takes)
        note("EFFECT \(kind) \(key) to \(result)\(runsOn ? ", runs on" : "") by \(job?.process.name ?? "somebody")")
        return id
    }

    /// It comes to its end in the target.
    func finishEffect(_ id: Int) {
        guard let effect = targets.end(id) else { return }
        note("ENDS \(effect.kind) \(effect.key): \(effect.result)")
        guard let job = effect.job.flatMap({ jobs[$0] }), job.effect == id else { return }
        job.effect = nil
        job.error = effect.error
        probeNext(job)
    }

    /// Nobody waits for it any more; whether it stops is the target's affair.
    private func giveUp(_ job: Job, _ cause: Cause) {
        job.error = cause
        if let effect = job.effect { cancelEffect(effect, isDead: false) }
        job.effect = nil
        probeNext(job)
    }

    func cancelEffect(_ id: Int, isDead: Bool) {
        guard let effect = targets.effects[id] else { return }
        targets.effects[id]?.job = nil
        // A server goes on with what a dead client asked for, until it notices.
        guard !effect.runsOn, !isDead || random.chance(40), let state = targets.units[effect.key]?.state else { return }
        let left = random.pick([state, state, .partial, effect.result])
        note("CUT \(effect.kind) \(effect.key): \(left)")
        targets.cut(id, leaving: left)
    }

    private func probeNext(_ job: Job) {
        job.stage = .probing
        job.deadline = now + Self.timeout
        agenda.note(.job(job.id), at: now + milliseconds(1..<20))
    }

    /// Looks at the unit, waiting while an earlier attempt still runs in the target.
    func look(_ step: String, _ unit: WorkUnit, _ job: Job, _ node: Node) {
        let key = job.key(step, unit)
        if job.stage == .begin {
            job.stage = .probing
            job.deadline = now + Self.timeout
        }
        guard job.effect == nil else { return }
        if let wait = stillRunning(key, job) { return agenda.note(.job(job.id), at: wait) }
        var outcome = UnitOutcome(.pending, after: job.error, isFailure: job.isFailure, took: now - job.begunAt)
        let isProvenElsewhere = job.isProvenElsewhere(key.step)
        if let believed = believed(job) {
            outcome.state = believed
        } else if !isProvenElsewhere {
            outcome.state = probe(key, job, node)
        } else if !job.isFailure {
            let own = Cause(.nobodyLooked, "It ran, and nobody looked.")
            outcome.state = .unknown(own)
            if job.plan(step)?.proof.isEmpty == false { outcome.prove(unit, by: proof(key, job, node), own) }
        }
        if case .undo = job.command {
            answer(job, node, .unitUndone(step: step, unit: unit.id, outcome))
        } else {
            answer(job, node, .unitProbed(step: step, unit: unit.id, outcome))
        }
    }

    /// When to look again; `nil` where nothing runs, or nobody waits any longer.
    private func stillRunning(_ key: UnitKey, _ job: Job) -> Instant? {
        guard !job.isProvenElsewhere(key.step), targets.units[key]?.effect != nil,
            planted != .runningMeansPending
        else { return nil }
        if job.stage == .begin, job.deadline == job.begunAt { job.deadline = now + Self.timeout }
        guard job.deadline - now > EngineLimits.waitWhileRunning else { return nil }
        return now + EngineLimits.waitWhileRunning * (1 + random.below(4))
    }

    private func proof(_ key: UnitKey, _ job: Job, _ node: Node) -> ChecksOutcome {
        if let error = blindness(node) { return ChecksOutcome(.unknown, because: error.cause) }
        let state = targets.units[key]?.state
        seen(job) { $0.probes[key] = state }
        return state == .applied
            ? ChecksOutcome(.pass, because: nil)
            : ChecksOutcome(.fail, because: Cause(.threshold, "The proof saw it."))
    }

    /// What a performer says that does not look.
    private func believed(_ job: Job) -> ChangeState? {
        if case .undo = job.command, planted == .trustsTheUndo { return .pending }
        guard case .apply(_, let unit, _) = job.command else { return nil }
        if planted == .trustsTheWord, job.error == nil { return .applied(Proof("\(unit.title) said so")) }
        return planted == .trustsTheError && job.error != nil ? .pending : nil
    }
}
