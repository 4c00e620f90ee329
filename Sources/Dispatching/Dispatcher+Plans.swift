import Host
import Schedules

/// Plans come, change and go; nothing of that skips an instant or repeats one.
extension Dispatcher {
    /// Takes over a procedure from the journal. A run that was about to be begun and does not exist is begun again.
    mutating func recover(_ key: ProcedureKey, _ known: DispatchRecord.Procedure) {
        var state = ProcedureState(key, known.timing, isEnabled: known.isEnabled, from: known.cursor)
        state.isPaused = known.isPaused
        state.isRemoved = known.isRemoved
        state.isBehind = true
        state.triggers = planted == .forgetsTriggers ? [] : known.triggers
        state.lastMiss = known.lastMiss
        for (cause, count) in known.missed { state.count(cause, count) }
        let p = procedures.endIndex
        procedures.append(state)
        index[key] = p
        for open in known.open.sorted(by: { $0.nominal < $1.nominal }) {
            let waiting = ProcedureState.Waiting(
                nominal: open.nominal, notBefore: open.notBefore, deadline: open.deadline)
            let isRunning =
                switch planted {
                case .beginsRecoveredRuns: false
                case .losesRecoveredIntents: open.claims != nil
                default: open.hasRun
                }
            if isRunning, let claims = open.claims {
                let held = planted == .forgetsLocksOfRecovered ? Claims(locks: [], isDisruptive: false) : claims
                claim(p, ProcedureState.Running(nominal: open.nominal, claims: held))
                procedures[p].beginning = waiting
            } else {
                procedures[p].waiting.append(waiting)
            }
        }
        if known.timing.topic != nil, !known.isRemoved {
            let since = planted == .restartsAgreements ? nil : known.since
            relatives[p] = RelativeState(since: since ?? known.cursor)
        }
        if state.isRemoved { mark(p) }
        stand(p)
    }

    mutating func take(_ plan: ProcedurePlan, at now: Instant) {
        var plan = plan
        if planted == .ignoresBudget { plan.expected = .zero }
        guard let p = index[plan.key] else {
            index[plan.key] = procedures.endIndex
            procedures.append(ProcedureState(plan.key, plan.timing, isEnabled: plan.isEnabled, from: now))
            procedures[procedures.endIndex - 1].plan = plan
            return note(procedures.endIndex - 1)
        }
        if procedures[p].isRemoved {
            procedures[p].isRemoved = false
            retime(p, plan, at: now)
            return note(p)
        }
        let isFirst = procedures[p].plan == nil
        // What is due goes by the timing that was in force, and by the policies that are.
        put(plan, p)
        if isFirst { look(p, at: now) }
        let wasStopped = procedures[p].isStopped
        let isChanged = plan.timing != procedures[p].timing
        if wasStopped, isChanged || plan.isEnabled { settleStopped(p, plan, at: now) }
        if isChanged {
            if case (.schedule(let old, let before), .schedule(let new, let zone)) = (procedures[p].timing, plan.timing),
                old == new, before.name == zone.name
            {
                rezone(p, zone)
            } else {
                retime(p, plan, at: now)
            }
        }
        // Also where it is the same: its zone is then there once.
        if !isChanged { procedures[p].timing = plan.timing }
        if isChanged || plan.isEnabled != procedures[p].isEnabled {
            procedures[p].isEnabled = plan.isEnabled
            note(p)
        }
        mark(p)
    }

    /// Before a stopped procedure goes on, or goes by another timing, what passed meanwhile is decided.
    private mutating func settleStopped(_ p: Int, _ plan: ProcedurePlan, at now: Instant) {
        guard plan.timing != procedures[p].timing || (!procedures[p].isEnabled && !procedures[p].isPaused) else {
            return
        }
        settle(p, because: .paused, at: now)
    }

    /// What goes on may now leave more room to those that wait.
    private mutating func put(_ plan: ProcedurePlan?, _ p: Int) {
        if procedures[p].running != nil, procedures[p].plan?.disruptiveAtOnce != plan?.disruptiveAtOnce {
            isContended = isContended || !contenders.isEmpty
        }
        procedures[p].plan = plan
    }

    private mutating func retime(_ p: Int, _ plan: ProcedurePlan, at now: Instant) {
        put(plan, p)
        if procedures[p].timing.topic != plan.timing.topic { relatives[p] = nil }
        procedures[p].timing = plan.timing
        procedures[p].isEnabled = plan.isEnabled
        procedures[p].move(to: planted == .replaysOnEdit ? procedures[p].cursor : now)
    }

    private mutating func note(_ p: Int) {
        if procedures[p].timing.topic == nil {
            relatives[p] = nil
        } else {
            relatives[p] = relatives[p] ?? RelativeState(since: procedures[p].cursor)
            reckon(p)
        }
        commands.append(
            .record(
                .timed(
                    procedures[p].key, procedures[p].timing, isEnabled: procedures[p].isEnabled,
                    from: procedures[p].cursor)))
        mark(p)
    }

    mutating func remove(_ key: ProcedureKey, at now: Instant) {
        guard let p = index[key], !procedures[p].isRemoved else { return }
        settle(p, because: procedures[p].isStopped ? .paused : .removed, at: now)
        procedures[p].isRemoved = true
        procedures[p].isPaused = false
        put(nil, p)
        relatives[p] = nil
        leaveWhatIsRemoved(p)
        commands.append(.record(.removed(key)))
        mark(p)
    }

    /// Also what a start finds: its begin was intended, its procedure left the plan, and no run of it exists.
    mutating func leaveWhatIsRemoved(_ p: Int) {
        guard procedures[p].isRemoved, !procedures[p].waiting.isEmpty, planted != .forgetsRemoved else { return }
        for waiting in procedures[p].waiting { miss(p, waiting.nominal, .removed) }
        procedures[p].waiting.removeAll()
    }

    mutating func take(_ zone: Zone) {
        for p in procedures.indices where !procedures[p].isRemoved {
            if let plan = procedures[p].plan, plan.zone.name == zone.name, plan.zone != zone {
                procedures[p].plan?.zone = zone
                mark(p)
            }
            if case .relative(let occasion, let old) = procedures[p].timing, old.name == zone.name, old != zone {
                let timing = OccurrenceSource.relative(occasion, zone)
                procedures[p].timing = timing
                procedures[p].plan?.timing = timing
                note(p)
            }
            guard case .schedule(_, let old) = procedures[p].timing, old.name == zone.name, old != zone else {
                continue
            }
            rezone(p, zone)
            note(p)
        }
    }

    /// The same times by other clocks. An occurrence whose local time was considered is not one again.
    private mutating func rezone(_ p: Int, _ zone: Zone) {
        guard case .schedule(let schedule, let old) = procedures[p].timing else { return }
        var cursor = procedures[p].cursor
        if schedule.previous(atOrBefore: cursor, in: old) == cursor, !schedule.isAlike(in: old, zone, around: cursor),
            let moved = zone.instants(of: old.local(at: cursor)).first, moved > cursor,
            schedule.previous(atOrBefore: moved, in: zone) == moved, planted != .replaysOnZoneChange
        {
            cursor = moved
        }
        let timing = OccurrenceSource.schedule(schedule, zone)
        procedures[p].timing = timing
        procedures[p].plan?.timing = timing
        procedures[p].move(to: cursor)
    }

    mutating func pause(_ key: ProcedureKey) {
        guard let p = index[key], !procedures[p].isRemoved, !procedures[p].isPaused else { return }
        procedures[p].isPaused = true
        commands.append(.record(.paused(key)))
        mark(p)
    }

    mutating func resume(_ key: ProcedureKey, at now: Instant) {
        guard let p = index[key], procedures[p].isPaused else { return }
        // By the policies of the plan; where that did not arrive yet, nothing can be made up for.
        if procedures[p].isEnabled { settle(p, because: .paused, at: now) }
        procedures[p].isPaused = false
        if planted == .skipsOnResume, let next = procedures[p].next { procedures[p].move(to: next) }
        commands.append(.record(.resumed(key)))
        mark(p)
    }
}

extension Schedule {
    /// The zone's clocks do not matter to it there: an interval, or every hour.
    fileprivate func isAlike(in old: Zone, _ new: Zone, around instant: Instant) -> Bool {
        var (before, after) = (instant, instant)
        for _ in 0..<DispatchLimits.comparedSlots {
            guard let earlier = previous(atOrBefore: before, in: old), let later = next(after: after, in: old),
                previous(atOrBefore: before, in: new) == earlier, next(after: after, in: new) == later
            else { return false }
            (before, after) = (earlier - .microseconds(1), later)
        }
        return true
    }
}
