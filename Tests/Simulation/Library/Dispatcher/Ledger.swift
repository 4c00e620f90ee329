import Dispatching
import Host
import Schedules

/// What became of an occurrence, as the journal has it.
struct Fate {
    enum State { case waiting, begun, ended, missed }

    let nominal: Instant
    var state: State
    var cause: MissCause?
    var notBefore: Instant
    var deadline: Instant
    /// As the journal has them: a clock that is set moves the others only.
    var recordedNotBefore: Instant
    var recordedDeadline: Instant
    var claims: Claims?
    var failures = 0
    /// Begun by the process that runs now.
    var isInHand = false

    init(_ nominal: Instant, _ state: State, notBefore: Instant, deadline: Instant) {
        self.nominal = nominal
        self.state = state
        self.notBefore = notBefore
        self.deadline = deadline
        recordedNotBefore = notBefore
        recordedDeadline = deadline
    }

    var isOpen: Bool { state == .waiting || state == .begun }
}

/// What the model knows of a procedure, from the journal and from what was done to it; never from the dispatcher.
final class Model {
    let key: ProcedureKey
    /// As the folder has it; `nil` when it is in no file.
    var plan: ProcedurePlan? {
        didSet {
            before = before ?? oldValue
            hasPlan = plan != nil
        }
    }
    private(set) var hasPlan = true
    /// As the folder had it before the event in hand: what was due by it goes by it.
    var before: ProcedurePlan?
    /// From here on as the journal has it.
    var isKnown = false
    var timing: OccurrenceSource
    var isEnabled = true
    var isPaused = false
    /// Every instant up to it has its fate.
    var verified: Instant
    var nextSlot: Instant?
    var fates: [Fate] = []
    var rows: [MissedRow] = []
    var identities: [String] = []
    /// Since when the agreed work is waited for.
    var since: Instant?
    var missed = 0
    /// Local times that had their fate since the timing is this one.
    var localTimes: [LocalTime] = []
    var lateAdmissions = 0

    init(_ plan: ProcedurePlan, at now: Instant) {
        key = plan.key
        self.plan = plan
        timing = plan.timing
        verified = now
    }

    var isStopped: Bool { isPaused || !isEnabled }
    /// The dispatcher is to keep its instants.
    var isLive: Bool { isKnown && hasPlan && !isStopped }

    /// Open occurrences are among the newest.
    func place(of nominal: Instant) -> Int? { fates.indices.last { fates[$0].nominal == nominal } }

    var firstWaiting: Int? { fates.indices.first { fates[$0].state == .waiting } }
    var begun: Int? { fates.indices.last { fates[$0].state == .begun } }

    func verify(through instant: Instant) {
        verified = max(verified, instant)
        findNext()
    }

    func findNext() {
        guard case .schedule(let schedule, let zone) = timing else { return nextSlot = nil }
        nextSlot = schedule.next(after: verified, in: zone)
    }

    /// Goes on over instants that have their fate.
    func advance(through now: Instant) {
        while let slot = nextSlot, slot <= now {
            if place(of: slot) != nil {
                verify(through: slot)
            } else if let row = rows.last(where: { $0.first <= slot && slot <= $0.last }) {
                verify(through: row.last)
            } else {
                return
            }
        }
    }
}
