import Host

/// What holds after every event of every history.
public enum Invariant: String, CaseIterable, Sendable {
    case oneFate = "each occurrence has one run or one reason"
    case begunOnce = "none is begun that has a run"
    case isOccurrence = "only instants of the schedule in force occur"
    case nothingSkipped = "no instant passes undecided"
    case nothingReplayed = "no instant is decided again"
    case localTimeOnce = "no local time is decided again when the zone changes"
    case pauseHolds = "what passed in a pause is made up for only if asked"
    case catchUpBounded = "no more is made up for than the plan allows"
    case insideWindow = "none begins outside its window or budget"
    case notWhileHeld = "none begins while held or paused"
    case notEarly = "none begins before its instant and jitter"
    case notLate = "none begins or waits after its deadline"
    case overlap = "one run of a procedure at once"
    case queueBounded = "no more wait than the plan allows"
    case locksExclusive = "a lock belongs to one run"
    case limited = "no more disruptive runs than allowed"
    case inOrder = "priority, instant and name decide who is first"
    case progress = "what can begin begins"
    case endIsReal = "a run ends when it is over"
    case cursorForward = "the cursor never goes back"
    case wakes = "the shell is woken for everything that is due"
    case nextOrReason = "every procedure has a next instant or a reason"
    case metric = "the metric counts the rows"
    case notice = "one notice tells of all news"
    case cancels = "a replaced run is cancelled"
    case observeOnly = "observe-only reaches every begin"
    case drains = "in peace everything open gets its run or reason"
}

public struct Violation: Sendable {
    public let invariant: Invariant
    public let detail: String
    /// The event after which it was seen.
    public let event: Int
}
