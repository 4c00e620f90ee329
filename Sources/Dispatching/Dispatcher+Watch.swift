public import Host

/// Where a procedure stands: when it occurs next, or why it does not.
public enum Standing: Hashable, Sendable {
    case next(Instant)
    /// A plan of it did not arrive since the start.
    case withoutPlan
    case disabled
    case paused
    /// It waits for an event, or for a new time of a fact.
    case triggered
    /// Its schedule has no instant any more.
    case exhausted
    /// Nobody saw the fact that it hangs on, or not lately: why, and what would tell.
    case unseen(String)
    /// People agree on when; overdue from an instant on, where a period is given.
    case agreed(overdue: Instant?)
    /// It was to be done by agreement until then, and was not.
    case overdue(since: Instant)
    /// It should have a next instant and none is arranged: a defect.
    case unexplained

    var kind: Int {
        switch self {
        case .next: 0
        case .withoutPlan: 1
        case .disabled: 2
        case .paused: 3
        case .triggered: 4
        case .exhausted: 5
        case .unexplained: 6
        case .unseen: 7
        case .agreed: 8
        case .overdue: 9
        }
    }
}

/// How many procedures stand where.
public struct StandingCounts: Hashable, Sendable {
    var counts = [Int](repeating: 0, count: 10)

    public var withNextInstant: Int { counts[0] }
    public var withoutPlan: Int { counts[1] }
    public var disabled: Int { counts[2] }
    public var paused: Int { counts[3] }
    public var triggered: Int { counts[4] }
    public var exhausted: Int { counts[5] }
    public var unexplained: Int { counts[6] }
    public var unseen: Int { counts[7] }
    public var byAgreement: Int { counts[8] }
    public var overdue: Int { counts[9] }
    public var total: Int { counts.reduce(0, +) }
}

/// What the dispatcher tells of itself.
public struct DispatchMetrics: Hashable, Sendable {
    /// Occurrences without a run, since the journal began.
    public struct Missed: Hashable, Sendable {
        public let procedure: ProcedureKey
        public let cause: MissCause
        public let count: Int
    }

    public let standings: StandingCounts
    public let waiting: Int
    /// Of those that could begin, but for other runs: how many because of locks, and of the limit of disruptive runs.
    public let blocked: [MissCause: Int]
    public let running: Int
    /// The earliest instant at which something is due.
    public let next: Instant?
    public let missed: [Missed]
    /// Where those stand that hang on facts and agreements.
    public let relative: [Relative]

    public struct Relative: Hashable, Sendable {
        public let procedure: ProcedureKey
        public let isAgreement: Bool
        public let standing: Standing
    }
}

extension Dispatcher {
    /// Looks at the procedure again when its next instant comes, or anything of what waits.
    mutating func arrange(_ p: Int, at now: Instant) {
        var timer: Instant?
        func consider(_ instant: Instant) { timer = min(timer ?? instant, instant) }
        if let plan = procedures[p].plan {
            if let next = procedures[p].next, !procedures[p].isStopped { consider(next) }
            if let due = awaited(p) {
                consider(due.at)
                // What kept its place was missed only now.
                if due.at <= now { mark(p) }
            }
            for waiting in procedures[p].waiting { consider(waiting.deadline + .microseconds(1)) }
            if let first = procedures[p].waiting.first, procedures[p].running == nil, !procedures[p].isStopped {
                if first.notBefore > now {
                    consider(first.notBefore)
                } else if let opens = plan.begin(atOrAfter: now), opens > now {
                    consider(opens)
                } else if procedures[p].isContending, let last = plan.lastBegin(at: now) {
                    // Then it is no contender any more, and those behind it go on.
                    consider(last + .microseconds(1))
                }
            }
        }
        if timer != procedures[p].timer {
            procedures[p].timer = timer
            if let timer { arm(DueHeap.Entry(due: timer, procedure: p)) }
        }
        stand(p)
    }

    /// Entries that are valid no more go when they are most of the heap.
    private mutating func arm(_ entry: DueHeap.Entry) {
        heap.insert(entry)
        guard heap.entries.count > 2 * procedures.count + 64 else { return }
        heap.removeAll()
        for p in procedures.indices {
            if let timer = procedures[p].timer { heap.insert(DueHeap.Entry(due: timer, procedure: p)) }
        }
    }

    /// Counts the procedure where it stands.
    mutating func stand(_ p: Int) {
        let standing = standing(p)
        if let old = procedures[p].standing { standings.counts[old.kind] -= 1 }
        if let standing { standings.counts[standing.kind] += 1 }
        procedures[p].standing = standing
    }

    private func standing(_ p: Int) -> Standing? {
        if procedures[p].isRemoved { return nil }
        if procedures[p].plan == nil { return .withoutPlan }
        if !procedures[p].isEnabled { return .disabled }
        if procedures[p].isPaused { return .paused }
        switch procedures[p].timing {
        case .triggered: return .triggered
        case .relative(let occasion, let zone): return standing(p, occasion, zone)
        case .schedule: break
        }
        guard let next = procedures[p].next else { return .exhausted }
        guard let timer = procedures[p].timer, timer <= next else { return .unexplained }
        return .next(next)
    }

    /// A row of its own, and one notice: where a cause lasts, once until the next run.
    mutating func miss(_ row: MissedRow) {
        guard let p = index[row.procedure] else { return }
        commands.append(.record(.missed(row)))
        if !row.cause.isStanding || procedures[p].lastMiss != row.cause { news.append(row) }
        procedures[p].lastMiss = row.cause
        procedures[p].count(row.cause, planted == .countsRowsOnly ? 1 : row.count)
    }

    mutating func miss(_ p: Int, _ nominal: Instant, _ cause: MissCause, _ trigger: String? = nil) {
        miss(
            MissedRow(
                procedure: procedures[p].key, first: nominal, last: nominal, count: 1, cause: cause, trigger: trigger))
    }

    /// Every enabled procedure has a next instant or a stated reason. Kept up to date with every event; asking costs nothing.
    public var everyProcedureHasANextInstantOrReason: Bool { standings.unexplained == 0 }

    /// The same, found anew from the schedules and the heap: procedures for which it does not hold.
    public func unexplained() -> [ProcedureKey] {
        var armed = [Bool](repeating: false, count: procedures.count)
        for entry in heap.entries where procedures[entry.procedure].timer == entry.due { armed[entry.procedure] = true }
        return procedures.indices.compactMap { p in
            guard !procedures[p].isRemoved, procedures[p].plan != nil, !procedures[p].isStopped,
                let next = procedures[p].timing.next(after: procedures[p].cursor) ?? awaited(p)?.at
            else { return nil }
            guard armed[p], let timer = procedures[p].timer, timer <= next else { return procedures[p].key }
            return nil
        }
    }

    /// Everything up to it is decided.
    public func cursor(of key: ProcedureKey) -> Instant? { index[key].map { procedures[$0].cursor } }

    public func standing(of key: ProcedureKey) -> Standing? {
        index[key].flatMap { procedures[$0].standing }
    }

    public var metrics: DispatchMetrics {
        DispatchMetrics(
            standings: standings, waiting: procedures.indices.reduce(0) { $0 + procedures[$1].waiting.count },
            blocked: Dictionary(
                contenders.compactMap { p in procedures[p].waiting.first?.told.map { ($0, 1) } }, uniquingKeysWith: +),
            running: procedures.indices.count { procedures[$0].running != nil }, next: wake,
            missed: procedures.indices.filter { !procedures[$0].missed.isEmpty }.flatMap { p in
                zip(MissCause.allCases, procedures[p].missed).filter { $0.1 > 0 }.map {
                    DispatchMetrics.Missed(procedure: procedures[p].key, cause: $0, count: $1)
                }
            }, relative: relativeStandings)
    }
}

extension ProcedureState {
    mutating func count(_ cause: MissCause, _ count: Int) {
        if missed.isEmpty { missed = [Int](repeating: 0, count: MissCause.allCases.count) }
        missed[cause.place] += count
    }
}

extension MissCause {
    /// Where it is counted.
    var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
