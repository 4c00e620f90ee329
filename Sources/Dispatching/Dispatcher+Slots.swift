import Host
import Schedules

/// What becomes of a procedure's instants as they pass.
extension Dispatcher {
    /// Decides all that is due of a procedure, and arranges the next look.
    mutating func look(_ p: Int, at now: Instant) {
        leaveWhatIsRemoved(p)
        if procedures[p].plan != nil {
            let late = takeLate(p, at: now)
            if !procedures[p].isStopped {
                let cause = procedures[p].isBehind ? .down : gap
                if let next = procedures[p].next, next <= now {
                    decide(p, from: next, late, because: cause, at: now)
                } else if !late.isEmpty {
                    catchUp(p, late, [], hasNewer: false, procedures[p].plan?.catchUp.mode ?? .none, cause, at: now)
                }
                procedures[p].isBehind = false
            }
            if relatives[p] != nil { takeRelative(p, at: now) }
            leaveWhatFitsNoWindow(p, at: now)
            replaceRunning(p)
        }
        if isReady(p, at: now) {
            contend(p)
        } else if procedures[p].isContending {
            // Those behind it go on.
            isContended = true
        }
        arrange(p, at: now)
    }

    /// Occurrences from one on, through now: those that are late as the plan's catch-up says, the others as usual.
    private mutating func decide(
        _ p: Int, from first: Instant, _ waited: [ProcedureState.Waiting], because cause: MissCause, at now: Instant
    ) {
        guard let plan = procedures[p].plan else { return }
        let isPause = cause == .paused
        let mode = isPause && !plan.catchUp.afterPause && planted != .replaysPause ? .none : plan.catchUp.mode
        let slots = SlotWalk(
            procedures[p].timing, from: first, through: now, keeping: max(policy.missedRows, plan.room))
        let onTime =
            isPause
            ? slots.recent.endIndex : slots.recent.firstIndex { now - $0 <= plan.lateness } ?? slots.recent.count
        if let older = slots.older, planted != .dropsSuperseded || mode != .last {
            miss(
                MissedRow(
                    procedure: plan.key, first: older.first, last: older.last, count: older.count,
                    isAtLeast: older.isAtLeast, cause: mode == .last ? .superseded : cause))
        }
        catchUp(
            p, waited, Array(slots.recent[..<onTime]), hasNewer: onTime < slots.recent.count, mode, cause, at: now)
        for slot in slots.recent[onTime...] { admit(p, slot, at: now) }
        if let last = slots.recent.last { procedures[p].move(to: last) }
    }

    /// What waited too long in a gap, and occurrences that passed in it: some are made up for, each other gets a row.
    private mutating func catchUp(
        _ p: Int, _ waited: [ProcedureState.Waiting], _ slots: [Instant], hasNewer: Bool, _ mode: CatchUp.Mode,
        _ cause: MissCause, at now: Instant
    ) {
        guard let plan = procedures[p].plan, !waited.isEmpty || !slots.isEmpty else { return }
        // The deadline of an event is its own, and nothing makes up for it.
        if isEvent(p) { return waited.forEach { miss(p, $0.nominal, cause) } }
        let room = max(plan.room - procedures[p].waiting.count, 0)
        var made =
            switch mode {
            case .all: min(plan.catchUp.cap, room)
            case .last: hasNewer ? 0 : min(1, room)
            case .none: 0
            }
        if planted == .catchesUpUncapped, mode == .all { made = .max }
        let all = waited.map { (nominal: $0.nominal, isNew: false) } + slots.map { (nominal: $0, isNew: true) }
        let dropped = max(all.count - made, 0)
        for (nominal, _) in all[..<dropped] where planted != .dropsSuperseded || mode != .last {
            miss(p, nominal, mode == .last ? .superseded : cause)
        }
        for (place, (nominal, isNew)) in all[dropped...].enumerated() {
            let notBefore = now + plan.catchUp.spread * place
            wait(p, nominal, notBefore: notBefore, deadline: notBefore + plan.lateness, isNew: isNew)
        }
    }

    /// What passed in a pause, and whatever else an end of the present timing leaves undecided.
    mutating func settle(_ p: Int, because cause: MissCause, at now: Instant) {
        guard let next = procedures[p].next, next <= now else { return }
        if procedures[p].plan != nil, cause == .paused {
            decide(p, from: next, [], because: .paused, at: now)
        } else {
            let slots = SlotWalk(procedures[p].timing, from: next, through: now, keeping: policy.missedRows)
            if let older = slots.older {
                miss(
                    MissedRow(
                        procedure: procedures[p].key, first: older.first, last: older.last, count: older.count,
                        isAtLeast: older.isAtLeast, cause: cause))
            }
            for slot in slots.recent { miss(p, slot, cause) }
            if let last = slots.recent.last { procedures[p].move(to: last) }
        }
    }

    /// An event asks for an occurrence. Its instant is its own, also where the clock was put back meanwhile.
    mutating func trigger(_ key: ProcedureKey, _ identity: String, of instant: Instant, at now: Instant) {
        guard let p = index[key], let plan = procedures[p].plan, case .triggered = procedures[p].timing,
            !procedures[p].triggers.contains(identity)
        else { return }
        procedures[p].triggers.remember(identity)
        let nominal = max(min(instant, now), procedures[p].cursor + .microseconds(1))
        procedures[p].move(to: nominal)
        if procedures[p].isStopped {
            miss(p, nominal, .paused, identity)
        } else if now - instant > plan.lateness, plan.catchUp.mode == .none {
            miss(p, nominal, .down, identity)
        } else {
            admit(p, nominal, from: now, identity, at: now)
        }
        mark(p)
    }
}
