import Dispatching
import Host
import Schedules

/// The journal, and what every record of it must be.
extension World {
    func persist(_ command: DispatchCommand) {
        switch command {
        case .record(let entry):
            check(entry)
            record.apply(entry)
        case .begin(let occurrence, let observeOnly): checkBegin(occurrence, observeOnly)
        case .cancel, .notice, .wake: break
        }
    }

    private func check(_ entry: DispatchEntry) {
        switch entry {
        case .timed(let key, let timing, let isEnabled, let from):
            checkTimed(model(of: key), timing, isEnabled, from)
        case .paused(let key):
            let p = model(of: key)
            if models[p].isLive { requireDecided(p) }
            models[p].isPaused = true
        case .resumed(let key): models[model(of: key)].isPaused = false
        case .removed(let key):
            let p = model(of: key)
            requireDecided(p)
            require(models[p].firstWaiting == nil, .oneFate, "\(key) left the plan and something of it waits")
            models[p].isKnown = false
            models[p].since = nil
            models[p].isPaused = false
            models[p].nextSlot = nil
        case .admitted(let occurrence, let notBefore, let deadline, let trigger):
            let p = model(of: occurrence.procedure)
            decide(p, occurrence.nominal, trigger)
            checkAdmission(p, occurrence.nominal, trigger)
            checkEnd(p, trigger, deadline)
            models[p].fates.append(
                Fate(occurrence.nominal, .waiting, notBefore: notBefore, deadline: deadline))
            models[p].advance(through: wall)
        case .postponed(let occurrence, let notBefore, let deadline):
            let p = model(of: occurrence.procedure)
            guard let place = openPlace(p, occurrence.nominal) else { return }
            if models[p].fates[place].state == .begun { models[p].fates[place].failures += 1 }
            models[p].fates[place].state = .waiting
            models[p].fates[place].notBefore = notBefore
            models[p].fates[place].deadline = deadline
            models[p].fates[place].recordedNotBefore = notBefore
            models[p].fates[place].recordedDeadline = deadline
        case .begun(let occurrence, let claims):
            let p = model(of: occurrence.procedure)
            guard let place = openPlace(p, occurrence.nominal) else { return }
            require(models[p].fates[place].state == .waiting, .begunOnce, "\(occurrence)")
            models[p].fates[place].state = .begun
            models[p].fates[place].claims = claims
        case .ended(let occurrence):
            let p = model(of: occurrence.procedure)
            guard let place = openPlace(p, occurrence.nominal) else { return }
            let isOver = run(of: occurrence).map { runs[$0].isOver } ?? false
            require(isOver && models[p].fates[place].state == .begun, .endIsReal, "\(occurrence)")
            models[p].fates[place].state = .ended
        case .missed(let row): checkMissed(row)
        }
    }

    private func openPlace(_ p: Int, _ nominal: Instant) -> Int? {
        guard let place = models[p].place(of: nominal), models[p].fates[place].isOpen else {
            require(false, .oneFate, "p\(p) of \(nominal) is not open")
            return nil
        }
        return place
    }

    private func checkTimed(_ p: Int, _ timing: OccurrenceSource, _ isEnabled: Bool, _ from: Instant) {
        // Back in a plan, an agreement is one of today.
        models[p].since = models[p].isKnown ? models[p].since ?? from : from
        defer {
            // By another timing it is another gap.
            models[p].lateAdmissions = 0
            models[p].timing = timing
            models[p].isEnabled = isEnabled
            models[p].findNext()
        }
        guard models[p].isKnown else {
            models[p].isKnown = true
            models[p].localTimes = []
            return models[p].verified = max(models[p].verified, wall)
        }
        let old = models[p].timing
        if old == timing {
            if models[p].isLive, !isEnabled { requireDecided(p) }
        } else if case (.schedule(let left, let before), .schedule(let right, let after)) = (old, timing),
            left == right,
            before.name == after.name
        {
            if models[p].isLive { requireDecided(p) }
            checkMove(p, right, before, after, from)
            models[p].verified = max(models[p].verified, from)
        } else if case (.relative, .relative) = (old, timing) {
            models[p].verified = max(models[p].verified, from)
        } else {
            requireDecided(p)
            models[p].localTimes = []
            models[p].verified = max(models[p].verified, wall)
        }
    }

    /// Of the new zone's instants only those may be passed over whose local time was considered.
    private func checkMove(_ p: Int, _ schedule: Schedule, _ before: Zone, _ after: Zone, _ from: Instant) {
        let considered = before.local(at: models[p].verified)
        var slot = schedule.next(after: models[p].verified, in: after)
        while let found = slot, found <= from {
            require(after.local(at: found) <= considered, .nothingSkipped, "p\(p) of \(found) when its zone changed")
            slot = schedule.next(after: found, in: after)
        }
    }

    /// Every instant through now has its fate.
    func requireDecided(_ p: Int) {
        guard models[p].isKnown else { return }
        models[p].advance(through: wall)
        guard let slot = models[p].nextSlot else { return }
        require(slot > wall, .nothingSkipped, "p\(p) of \(slot) has neither run nor reason at \(wall)")
    }

    /// An occurrence gets its first record.
    private func decide(_ p: Int, _ nominal: Instant, _ trigger: String?) {
        require(models[p].place(of: nominal) == nil, .oneFate, "p\(p) of \(nominal) has a record already")
        require(
            nominal > models[p].verified, .nothingReplayed, "p\(p) of \(nominal), decided through \(models[p].verified)"
        )
        if let trigger {
            checkSeen(p, nominal, trigger)
            require(!models[p].identities.contains(trigger), .begunOnce, "event \(trigger) counts twice")
            models[p].identities.append(trigger)
            return models[p].verify(through: nominal)
        }
        guard case .schedule(let schedule, let zone) = models[p].timing else {
            return require(false, .isOccurrence, "p\(p) of \(nominal) has no event")
        }
        require(
            nominal <= wall && schedule.previous(atOrBefore: nominal, in: zone) == nominal, .isOccurrence,
            "p\(p) of \(nominal) at \(wall)")
        guard menu.isLocal(models[p].timing) else { return }
        let local = zone.local(at: nominal)
        require(!models[p].localTimes.contains(local), .localTimeOnce, "p\(p) at \(local)")
        models[p].localTimes.append(local)
    }

    private func checkAdmission(_ p: Int, _ nominal: Instant, _ trigger: String?) {
        require(p != Menu.agreement, .isOccurrence, "what people agree on has a run")
        let plans = [models[p].plan, models[p].before].compactMap { $0 }
        require(!plans.isEmpty, .isOccurrence, "p\(p) has no plan")
        let isLate = plans.allSatisfy { wall - nominal > $0.lateness } || models[p].isStopped
        require(!models[p].isStopped || plans.contains { $0.catchUp.afterPause }, .pauseHolds, "p\(p) of \(nominal)")
        guard isLate, trigger == nil else { return }
        models[p].lateAdmissions += 1
        let allowed =
            plans.map { plan in
                switch plan.catchUp.mode {
                case .all: plan.catchUp.cap
                case .last: 1
                case .none: 0
                }
            }.max() ?? 0
        require(models[p].lateAdmissions <= allowed, .catchUpBounded, "p\(p): \(models[p].lateAdmissions) at once")
    }

    private func checkMissed(_ row: MissedRow) {
        let p = model(of: row.procedure)
        models[p].missed += row.count
        if row.count == 1 {
            if let place = models[p].place(of: row.first), models[p].fates[place].isOpen {
                let hasRun = runs.contains { $0.p == p && $0.nominal == row.first }
                require(!hasRun, .oneFate, "p\(p) of \(row.first) has a run and a reason")
                models[p].fates[place].state = .missed
            } else {
                decide(p, row.first, row.trigger)
                models[p].fates.append(Fate(row.first, .missed, notBefore: row.first, deadline: row.first))
            }
        } else {
            require(row.first > models[p].verified, .nothingReplayed, "p\(p) from \(row.first)")
            var count = 0
            var slot: Instant? = row.first
            while let found = slot, found <= row.last {
                count += 1
                slot = next(models[p].timing, found)
            }
            require(count == row.count, .metric, "p\(p): \(row.count) for \(count) from \(row.first)")
            models[p].rows.append(row)
        }
        models[p].advance(through: wall)
    }

    private func next(_ timing: OccurrenceSource, _ after: Instant) -> Instant? {
        guard case .schedule(let schedule, let zone) = timing else { return nil }
        return schedule.next(after: after, in: zone)
    }
}
