import Host
import Schedules

/// What the dispatcher keeps of a procedure that hangs on a fact or an agreement.
struct RelativeState: Sendable {
    /// When it comes to something, and by what it counts once.
    struct Due: Sendable {
        let at: Instant
        /// Of an event: when it is too late to begin.
        let end: Instant?
        let identity: String
    }

    /// It is waited for since then.
    let since: Instant
    var seen: Seen?
    /// The earliest that had no occurrence yet.
    var due: Due?

    init(since: Instant) { self.since = since }

    /// The instants that the occasion is counted from.
    func bases(of occasion: RelativeOccasion) -> [Instant] {
        switch seen {
        case .fact(let times) where !occasion.isAgreement: Array(times.sorted().prefix(DispatchLimits.factTimes))
        case .done(let last) where occasion.isAgreement: [last ?? since]
        default: []
        }
    }
}

/// Procedures that hang on what somebody has to see first: each time of a fact and each event has one occurrence, and each
/// period of an agreement one row where it was not kept.
extension Dispatcher {
    mutating func see(_ key: ProcedureKey, _ seen: Seen) {
        guard let p = index[key], relatives[p] != nil, relatives[p]?.seen != seen else { return }
        relatives[p]?.seen = seen
        if planted == .repeatsFacts { procedures[p].triggers.removeAll() }
        reckon(p)
        mark(p)
    }

    /// Finds what is due next.
    mutating func reckon(_ p: Int) {
        guard case .relative(let occasion, let zone) = procedures[p].timing, let state = relatives[p] else { return }
        let dues = state.bases(of: occasion).compactMap { basis -> RelativeState.Due? in
            let identity = "\(occasion.topic ?? ""): \(basis)"
            guard !procedures[p].triggers.contains(identity), let at = occasion.instant(from: basis, in: zone) else {
                return nil
            }
            guard occasion.event != nil else { return RelativeState.Due(at: at, end: nil, identity: identity) }
            // What was over before anybody asked for it is nobody's miss.
            return at < state.since ? nil : RelativeState.Due(at: basis, end: at, identity: identity)
        }
        relatives[p]?.due = dues.min { ($0.at, $0.identity) < ($1.at, $1.identity) }
    }

    /// What is waited for now. A fact waits for the run before it, whatever the overlap: it is as true then.
    func awaited(_ p: Int) -> RelativeState.Due? {
        guard let due = relatives[p]?.due, procedures[p].plan != nil, !procedures[p].isStopped else { return nil }
        return isAgreement(p) || isIdle(p) ? due : nil
    }

    /// Where it passed: an occurrence of the fact, also where that was seen late; a row of the agreement.
    mutating func takeRelative(_ p: Int, at now: Instant) {
        if planted == .forgetsFactsBehindRuns, !isAgreement(p), !isIdle(p), let due = relatives[p]?.due, due.at <= now {
            relatives[p]?.due = nil
        }
        guard let due = awaited(p), due.at <= now else { return }
        procedures[p].triggers.remember(due.identity)
        let nominal = max(due.at, procedures[p].cursor + .microseconds(1))
        procedures[p].move(to: nominal)
        if isAgreement(p) || due.end.map({ $0 < now }) == true {
            miss(p, nominal, .overdue, due.identity)
        } else {
            admit(p, nominal, from: now, until: due.end, due.identity, at: now)
        }
        reckon(p)
    }

    func standing(_ p: Int, _ occasion: RelativeOccasion, _ zone: Zone) -> Standing {
        if let due = awaited(p) {
            guard let timer = procedures[p].timer, timer <= due.at else { return .unexplained }
            return occasion.isAgreement ? .agreed(overdue: due.at) : .next(due.at)
        }
        if case .nothing(let reason)? = relatives[p]?.seen { return .unseen(reason) }
        guard occasion.isAgreement else { return relatives[p]?.due.map { .next($0.at) } ?? .triggered }
        let passed = relatives[p]?.bases(of: occasion).first.flatMap { occasion.instant(from: $0, in: zone) }
        return passed.map { .overdue(since: $0) } ?? .agreed(overdue: nil)
    }

    var relativeStandings: [DispatchMetrics.Relative] {
        relatives.keys.filter { !isEvent($0) }.sorted().compactMap { p in
            procedures[p].standing.map {
                DispatchMetrics.Relative(procedure: procedures[p].key, isAgreement: isAgreement(p), standing: $0)
            }
        }
    }

    private func isAgreement(_ p: Int) -> Bool {
        guard case .relative(let occasion, _) = procedures[p].timing else { return false }
        return occasion.isAgreement
    }

    func isEvent(_ p: Int) -> Bool {
        guard case .relative(let occasion, _) = procedures[p].timing else { return false }
        return occasion.event != nil
    }

    private func isIdle(_ p: Int) -> Bool { procedures[p].waiting.isEmpty && procedures[p].running == nil }
}
