public import Host

/// What the dispatcher wants done. The records of one answer are appended to the journal together; only then the others
/// are performed, in order.
public enum DispatchCommand: Hashable, Sendable {
    case record(DispatchEntry)
    /// Begins the run of the occurrence; where it has one already, nothing. Answered by `ended`, `beginFailed` or `lockedOut`.
    case begin(Occurrence, observeOnly: Bool)
    /// Asks the run to stop at the next safe point. Answered by `ended`; may come twice.
    case cancel(Occurrence)
    case notice(DispatchNotice)
    /// The next event is due at this instant at the latest; none where nothing is.
    case wake(at: Instant?)
}

/// What people are told.
public enum DispatchNotice: Hashable, Sendable {
    /// Rows of one answer that are news.
    case missed([MissedRow])
    /// It could begin, but for other runs: they have what it needs, or are as many disruptive ones as are allowed.
    case waiting(Occurrence, because: MissCause)
    /// The wall clock was set: forward, or back where it is negative. `ahead` procedures wait until it has passed again
    /// what was considered.
    case clockSet(by: Duration, ahead: Int)
}

/// What the journal keeps: together, in order, they make the `DispatchRecord`.
public enum DispatchEntry: Hashable, Sendable {
    /// The procedure occurs so from an instant on, itself excluded; what lies before is considered.
    case timed(ProcedureKey, OccurrenceSource, isEnabled: Bool, from: Instant)
    case paused(ProcedureKey)
    case resumed(ProcedureKey)
    case removed(ProcedureKey)
    /// The intent: the occurrence gets a run, not before one instant and not after another.
    case admitted(Occurrence, notBefore: Instant, deadline: Instant, trigger: String?)
    /// It waits again.
    case postponed(Occurrence, notBefore: Instant, deadline: Instant)
    /// Its run is about to be begun.
    case begun(Occurrence, Claims)
    case ended(Occurrence)
    case missed(MissedRow)
}

/// What a run has for itself.
public struct Claims: Hashable, Sendable {
    public let locks: [String]
    public let isDisruptive: Bool

    public init(locks: [String], isDisruptive: Bool) {
        self.locks = locks
        self.isDisruptive = isDisruptive
    }
}
