import Host

/// Who may begin, and in which order.
extension Dispatcher {
    mutating func contend(_ p: Int) {
        isContended = true
        guard !procedures[p].isContending else { return }
        procedures[p].isContending = true
        contenders.append(p)
    }

    /// The first that waits could begin, were it alone.
    func isReady(_ p: Int, at now: Instant) -> Bool {
        guard let plan = procedures[p].plan, let first = procedures[p].waiting.first, procedures[p].running == nil,
            !procedures[p].isStopped
        else {
            return false
        }
        guard first.notBefore <= now || planted == .ignoresJitter, first.deadline >= now, !isHeld(plan) else {
            return false
        }
        return plan.begin(atOrAfter: now) == now
    }

    /// As many disruptive runs go on as its plan allows beside itself, or that of one of them.
    func isLimited(_ plan: ProcedurePlan) -> Bool {
        guard plan.isDisruptive else { return false }
        var most = min(policy.disruptiveAtOnce, plan.disruptiveAtOnce)
        if planted != .forgetsLimitsOfRunning {
            for p in disruptive { most = min(most, procedures[p].plan?.disruptiveAtOnce ?? .max) }
        }
        return disruptive.count >= most + (planted == .limitsOneTooMany ? 1 : 0)
    }

    /// Begins what can begin. What has to wait keeps its locks from those behind it, so that nobody waits for ever.
    mutating func beginReady(at now: Instant) {
        guard isContended else { return }
        isContended = false
        var ordered: [Int] = []
        for p in contenders {
            if isReady(p, at: now) {
                ordered.append(p)
            } else {
                procedures[p].isContending = false
                mark(p)
            }
        }
        if ordered.count > 1, planted != .ignoresOrder { ordered.sort { comesFirst($0, $1) } }
        var reserved: Set<String> = []
        var isLimitReserved = false
        var kept: [Int] = []
        for p in ordered {
            guard let plan = procedures[p].plan else { continue }
            let isLate = plan.isDisruptive && (isLimitReserved || isLimited(plan))
            if isLate || plan.locks.contains(where: { busy.contains($0) || reserved.contains($0) }) {
                reserved.formUnion(plan.locks)
                isLimitReserved = isLimitReserved || isLate
                tell(p, isLate ? .limited : .locked)
                kept.append(p)
            } else {
                begin(p, plan)
            }
        }
        contenders = kept
    }

    /// Says once what an occurrence waits for.
    private mutating func tell(_ p: Int, _ cause: MissCause) {
        guard let first = procedures[p].waiting.first, first.told != cause else { return }
        procedures[p].waiting[0].told = cause
        commands.append(.notice(.waiting(procedures[p].occurrence(first.nominal), because: cause)))
    }

    private func comesFirst(_ left: Int, _ right: Int) -> Bool {
        let (high, low) = (procedures[left].plan?.priority ?? 0, procedures[right].plan?.priority ?? 0)
        if high != low { return high > low }
        if let first = procedures[left].waiting.first?.nominal, let second = procedures[right].waiting.first?.nominal,
            first != second
        {
            return first < second
        }
        return procedures[left].key < procedures[right].key
    }

    private mutating func begin(_ p: Int, _ plan: ProcedurePlan) {
        let waiting = procedures[p].waiting.removeFirst()
        let occurrence = procedures[p].occurrence(waiting.nominal)
        let claims = Claims(locks: plan.locks, isDisruptive: plan.isDisruptive)
        procedures[p].beginning = waiting
        claim(p, ProcedureState.Running(nominal: waiting.nominal, claims: claims))
        procedures[p].lastMiss = nil
        procedures[p].isContending = false
        commands.append(.record(.begun(occurrence, claims)))
        commands.append(.begin(occurrence, observeOnly: policy.observeOnly))
        mark(p)
    }

    mutating func claim(_ p: Int, _ running: ProcedureState.Running) {
        procedures[p].running = running
        busy.formUnion(running.claims.locks)
        if running.claims.isDisruptive { disruptive.append(p) }
    }

    /// Its run is over, or never was.
    mutating func release(_ p: Int) {
        guard let running = procedures[p].running else { return }
        procedures[p].running = nil
        busy.subtract(running.claims.locks)
        disruptive.removeAll { $0 == p }
        isContended = isContended || !contenders.isEmpty
    }

    /// An end that is told twice, or of another run, is none.
    mutating func end(_ occurrence: Occurrence) {
        guard let p = index[occurrence.procedure], let running = procedures[p].running,
            running.nominal == occurrence.nominal || planted == .takesAnyEnd
        else { return }
        release(p)
        procedures[p].beginning = nil
        commands.append(.record(.ended(procedures[p].occurrence(running.nominal))))
        if planted != .forgetsTimer { mark(p) }
    }

    /// Where the later one replaces, the run in hand is asked to stop.
    mutating func replaceRunning(_ p: Int) {
        guard procedures[p].plan?.overlap == .replace, !procedures[p].waiting.isEmpty,
            let running = procedures[p].running, !running.isCancelled
        else { return }
        procedures[p].running?.isCancelled = true
        commands.append(.cancel(procedures[p].occurrence(running.nominal)))
    }
}
