import Dispatching
import Host
import Schedules

/// What must hold of begins, and of every answer as a whole.
extension World {
    func isHeld(_ plan: ProcedurePlan) -> Bool {
        guard !holds.isEmpty else { return false }
        return holds.contains(.everything) || holds.contains(.service(plan.key.service))
            || plan.locks.contains { holds.contains(.target($0)) }
    }

    func fitsWindow(_ plan: ProcedurePlan) -> Bool {
        plan.windows.allSatisfy { window in
            guard let opening = window.open(at: wall, in: plan.zone) else { return false }
            return wall + plan.expected <= opening.closes
        }
    }

    /// By the clock and by what is allowed; what others have is another matter.
    private func isReady(_ p: Int) -> Bool {
        let model = models[p]
        guard model.isLive, let place = model.firstWaiting, model.begun == nil, model.fates[place].notBefore <= wall,
            wall <= model.fates[place].deadline, let plan = model.plan
        else { return false }
        return !isHeld(plan) && fitsWindow(plan)
    }

    private func order(_ p: Int, _ nominal: Instant) -> (Int, Int64, Int) {
        (-(models[p].plan?.priority ?? 0), nominal.microsecondsSinceEpoch, sortedPlace(p))
    }

    /// Of the keys: by service first.
    private func sortedPlace(_ p: Int) -> Int { (p % 2) * models.count + p }

    /// Of the disruptive runs in hand, how many each allows at once; without those that began only after `turn`.
    private func limits(besides p: Int? = nil, at turn: (Int, Int64, Int)? = nil) -> [Int] {
        models.indices.compactMap { m in
            guard m != p, let begun = models[m].begun, models[m].fates[begun].claims?.isDisruptive == true else {
                return nil
            }
            if let turn, begunNow.contains(m), order(m, models[m].fates[begun].nominal) > turn { return nil }
            return models[m].plan?.disruptiveAtOnce ?? .max
        }
    }

    private func isLimited(_ plan: ProcedurePlan, beside limits: [Int]) -> Bool {
        limits.count >= min(policy.disruptiveAtOnce, plan.disruptiveAtOnce, limits.min() ?? .max)
    }

    func checkBegin(_ occurrence: Occurrence, _ observeOnly: Bool) {
        let p = model(of: occurrence.procedure)
        require(observeOnly == policy.observeOnly, .observeOnly, "\(occurrence)")
        guard let plan = models[p].plan, let place = models[p].place(of: occurrence.nominal),
            models[p].fates[place].state == .begun
        else { return require(false, .oneFate, "\(occurrence) begins without an intent") }
        let fate = models[p].fates[place]
        require(run(of: occurrence) == nil, .begunOnce, "\(occurrence)")
        require(!runs.contains { $0.p == p && !$0.isOver }, .overlap, "\(occurrence)")
        require(!models[p].isStopped && !isHeld(plan), .notWhileHeld, "\(occurrence) at \(wall)")
        require(fitsWindow(plan), .insideWindow, "\(occurrence) at \(wall)")
        require(fate.notBefore <= wall, .notEarly, "\(occurrence) at \(wall), not before \(fate.notBefore)")
        require(wall <= fate.deadline, .notLate, "\(occurrence) at \(wall), not after \(fate.deadline)")
        var taken: [String] = []
        for m in models.indices where m != p {
            guard let other = models[m].begun, let claims = models[m].fates[other].claims else { continue }
            taken += claims.locks
            require(
                !plan.locks.contains(where: claims.locks.contains), .locksExclusive,
                "\(occurrence) beside \(models[m].key)")
        }
        if plan.isDisruptive { require(!isLimited(plan, beside: limits(besides: p)), .limited, "\(occurrence)") }
        checkOrder(occurrence, p, plan, taken)
    }

    /// Those that come before it and wait keep what they need from it.
    private func checkOrder(_ occurrence: Occurrence, _ p: Int, _ plan: ProcedurePlan, _ taken: [String]) {
        var taken = taken
        var earlier: [Int] = []
        var isReserved = false
        let mine = order(p, occurrence.nominal)
        let before = models.indices.filter { $0 != p && isReady($0) && order($0, firstNominal($0)) < mine }
        for m in before.sorted(by: { order($0, firstNominal($0)) < order($1, firstNominal($1)) }) {
            guard let other = models[m].plan else { continue }
            let limits = limits(besides: p, at: order(m, firstNominal(m))) + earlier
            let waits = other.isDisruptive && (isReserved || isLimited(other, beside: limits))
            if !waits, !other.locks.contains(where: taken.contains), other.isDisruptive {
                earlier.append(other.disruptiveAtOnce)
            }
            isReserved = isReserved || waits
            taken += other.locks
        }
        let waits = plan.isDisruptive && (isReserved || isLimited(plan, beside: limits(besides: p) + earlier))
        require(!waits && !plan.locks.contains(where: taken.contains), .inOrder, "\(occurrence)")
    }

    private func firstNominal(_ p: Int) -> Instant {
        models[p].firstWaiting.map { models[p].fates[$0].nominal } ?? wall
    }

    /// After an answer that the journal has.
    func checkAnswer(_ commands: [DispatchCommand]) {
        // One copy instead of one a question.
        let dispatcher = dispatcher
        for p in models.indices {
            if models[p].isLive { requireDecided(p) }
            checkRelative(p)
            checkWaiting(p)
            let cursor = dispatcher.cursor(of: models[p].key)
            if let cursor, let before = cursors[p] {
                require(cursor >= before, .cursorForward, "p\(p) from \(before) to \(cursor)")
            }
            cursors[p] = cursor
        }
        checkProgress()
        checkWake(commands)
        require(dispatcher.everyProcedureHasANextInstantOrReason, .nextOrReason, "by the counts")
        require(dispatcher.unexplained().isEmpty, .nextOrReason, "\(dispatcher.unexplained())")
        let counted = dispatcher.metrics.missed.reduce(0) { $0 + $1.count }
        let rows = models.reduce(0) { $0 + $1.missed }
        require(counted == rows, .metric, "\(counted) for \(rows)")
        checkNotices(commands)
    }

    private func checkWaiting(_ p: Int) {
        let model = models[p]
        guard model.isKnown else { return }
        var waiting = 0
        for place in model.fates.indices where model.fates[place].state == .waiting {
            waiting += 1
            let fate = model.fates[place]
            require(fate.deadline >= wall, .notLate, "p\(p) of \(fate.nominal) waits at \(wall)")
        }
        guard waiting > 1, let plan = model.plan else { return }
        // What was due goes by the plan that was in force, and an edit may leave more waiting than it allows itself.
        let allowed = max(room(plan), model.before.map(room) ?? 0)
        require(waiting <= max(allowed, 5), .queueBounded, "p\(p): \(waiting) wait")
        if waiting > allowed { require(model.lateAdmissions == 0, .queueBounded, "p\(p): \(waiting) wait") }
    }

    private func room(_ plan: ProcedurePlan) -> Int {
        let queue =
            switch plan.overlap {
            case .skip, .replace: 1
            case .queue(let count): count
            }
        return max(queue + 1, plan.catchUp.mode == .all ? plan.catchUp.cap : 1)
    }

    /// Nobody waits who could begin, but for those before them.
    private func checkProgress() {
        var ready = models.indices.filter { isReady($0) }
        guard !ready.isEmpty else { return }
        ready.sort { order($0, firstNominal($0)) < order($1, firstNominal($1)) }
        var taken = models.flatMap { model in model.begun.flatMap { model.fates[$0].claims?.locks } ?? [] }
        let limits = limits()
        var isReserved = false
        for p in ready {
            guard let plan = models[p].plan else { continue }
            let waits = plan.isDisruptive && (isReserved || isLimited(plan, beside: limits))
            let isFree = !waits && !plan.locks.contains(where: taken.contains)
            require(!isFree, .progress, "p\(p) of \(firstNominal(p)) could begin at \(wall)")
            taken += plan.locks
            isReserved = isReserved || waits
        }
    }

    private func checkWake(_ commands: [DispatchCommand]) {
        var next = wake
        for case .wake(let at) in commands { next = at }
        if let next { require(next > wall, .wakes, "woken at \(next), which is over at \(wall)") }
        for p in models.indices where models[p].isKnown && models[p].hasPlan {
            guard let earliest = earliestDue(models[p]) else { continue }
            require(
                next.map { $0 <= earliest } ?? false, .wakes, "p\(p) is due at \(earliest), woken at \(next as Any)")
        }
    }

    /// When something of the procedure is due next.
    private func earliestDue(_ model: Model) -> Instant? {
        var earliest: Instant?
        func consider(_ instant: Instant) { earliest = min(earliest ?? instant, instant) }
        if model.isLive, let slot = model.nextSlot { consider(slot) }
        if let due = relativeDue(model) { consider(due) }
        for place in model.fates.indices where model.fates[place].state == .waiting {
            consider(model.fates[place].deadline + .microseconds(1))
        }
        if model.isLive, model.begun == nil, let first = model.firstWaiting, model.fates[first].notBefore > wall {
            consider(model.fates[first].notBefore)
        }
        return earliest
    }

    private func checkNotices(_ commands: [DispatchCommand]) {
        var told: [MissedRow] = []
        var notices = 0
        for case .notice(.missed(let rows)) in commands {
            notices += 1
            told += rows
        }
        require(notices <= 1, .notice, "\(notices) at once")
        for case .record(.missed(let row)) in commands {
            switch row.cause {
            case .paused, .held, .windowClosed, .overlap, .locked, .limited: break
            default: require(told.contains(row), .notice, "none of \(row)")
            }
        }
    }

    func checkCancels() {
        for p in models.indices where models[p].isLive {
            guard models[p].firstWaiting != nil, let begun = models[p].begun, models[p].plan?.overlap == .replace
            else { continue }
            let nominal = models[p].fates[begun].nominal
            guard let run = runs.first(where: { $0.p == p && $0.nominal == nominal }) else { continue }
            require(run.isCancelled, .cancels, "p\(p) of \(nominal)")
        }
    }
}
