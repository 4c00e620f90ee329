import Host

/// What the dispatcher keeps of a procedure.
struct ProcedureState: Sendable {
    let key: ProcedureKey
    /// `nil` until the plan arrives after a start, and once it is removed.
    var plan: ProcedurePlan?
    /// As it was recorded; the plan's once that is taken.
    var timing: OccurrenceSource
    var isEnabled: Bool
    var isPaused = false
    var isRemoved = false
    /// Everything up to it is decided.
    private(set) var cursor: Instant
    /// The first occurrence after the cursor.
    private(set) var next: Instant?
    /// In the order of their instants; the first is the one to begin.
    var waiting: [Waiting] = []
    var running: Running?
    /// The one in hand as it waited, so that it can wait again.
    var beginning: Waiting?
    var triggers: [String] = []
    /// Why the last occurrence got no run; none once one was begun.
    var lastMiss: MissCause?
    /// By cause, in the order of `MissCause.allCases`; empty until the first.
    var missed: [Int] = []
    /// When it is to be looked at.
    var timer: Instant?
    var standing: Standing?
    var isMarked = false
    /// Among the contenders.
    var isContending = false
    /// Nobody looked since the start: what is late is so because Millwright was down.
    var isBehind = false

    struct Waiting: Sendable {
        let nominal: Instant
        var notBefore: Instant
        var deadline: Instant
        /// Times that it could not be begun.
        var failures = 0
        /// Why it could not be begun last.
        var setback: MissCause?
        /// What it was said to wait for.
        var told: MissCause?
    }

    struct Running: Sendable {
        let nominal: Instant
        let claims: Claims
        var isCancelled = false
    }

    init(_ key: ProcedureKey, _ timing: OccurrenceSource, isEnabled: Bool, from cursor: Instant) {
        self.key = key
        self.timing = timing
        self.isEnabled = isEnabled
        self.cursor = cursor
        next = timing.next(after: cursor)
    }

    /// The cursor never goes back.
    mutating func move(to instant: Instant, back: Bool = false) {
        cursor = back ? min(cursor, instant) : max(cursor, instant)
        next = timing.next(after: cursor)
    }

    /// It is not to occur at present.
    var isStopped: Bool { isPaused || !isEnabled }

    func occurrence(_ nominal: Instant) -> Occurrence { Occurrence(key, nominal) }
}
