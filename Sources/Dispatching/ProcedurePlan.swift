import Host
public import Schedules

/// What makes a procedure occur. Indirect, because it is copied often and a zone is large.
public indirect enum OccurrenceSource: Hashable, Sendable {
    case schedule(Schedule, Zone)
    /// A fact or an agreement; what was seen of it comes as `DispatchEvent.seen`.
    case relative(RelativeOccasion, Zone)
    /// An event or a fact, told in words; each comes as `DispatchEvent.triggered`.
    case triggered(by: String)

    /// The first instant after another; none for what waits for an event.
    func next(after instant: Instant) -> Instant? {
        guard case .schedule(let schedule, let zone) = self else { return nil }
        return schedule.next(after: instant, in: zone)
    }

    /// The fact or agreement that it hangs on.
    var topic: String? { if case .relative(let occasion, _) = self { occasion.topic } else { nil } }

    func previous(atOrBefore instant: Instant) -> Instant? {
        guard case .schedule(let schedule, let zone) = self else { return nil }
        return schedule.previous(atOrBefore: instant, in: zone)
    }
}

/// What becomes of occurrences that passed while nobody could begin them.
public struct CatchUp: Hashable, Sendable {
    public enum Mode: String, Codable, Hashable, Sendable, CaseIterable {
        case all
        case last
        case none
    }

    public let mode: Mode
    /// Of `all`, the newest so many.
    public let cap: Int
    /// Time from one to the next.
    public let spread: Duration
    /// Also what passed during a pause is made up for.
    public let afterPause: Bool

    public init(_ mode: Mode, cap: Int = DispatchLimits.caughtUp, spread: Duration = .zero, afterPause: Bool = false) {
        self.mode = mode
        self.cap = min(max(cap, 1), DispatchLimits.caughtUp)
        self.spread = spread
        self.afterPause = afterPause
    }
}

/// What becomes of an occurrence that is due while the one before it is not over.
public enum Overlap: Hashable, Sendable {
    /// It is missed.
    case skip
    /// It waits, behind at most so many.
    case queue(Int)
    /// The run is cancelled and it takes its place.
    case replace

    /// How many may wait behind the one in hand.
    var waits: Int {
        switch self {
        case .skip: 0
        case .queue(let count): min(max(count, 1), DispatchLimits.queued)
        case .replace: 1
        }
    }
}

/// All that the dispatcher knows of a procedure. Its terms are shared by all copies: there may be 100,000, and whoever
/// keeps plans has each of them.
@dynamicMemberLookup
public struct ProcedurePlan: Hashable, Sendable {
    /// What a plan says of a procedure.
    public struct Terms: Hashable, Sendable {
        public let key: ProcedureKey
        public var timing: OccurrenceSource
        public var isEnabled: Bool
        /// All of these must be open, each with time for the expected duration; where there is one, the procedure also has
        /// the lock of its system.
        public var windows: [Window]
        public var freezes: [Freeze]
        /// The windows' and the freezes'.
        public var zone: Zone
        /// What a run is expected to last, proof and undo included.
        public var expected: Duration
        public var catchUp: CatchUp
        public var overlap: Overlap
        /// An occurrence begins up to so much later, by its own key.
        public var jitter: Duration
        /// How late an occurrence may begin.
        public var lateness: Duration
        /// Higher comes first.
        public var priority: Int
        /// What it needs for itself: the targets that it changes.
        public var locks: [String]
        public var isDisruptive: Bool
        /// While it runs, at most so many disruptive runs go on, itself included.
        public var disruptiveAtOnce: Int
    }

    private final class Shared: Sendable {
        let terms: Terms
        init(_ terms: Terms) { self.terms = terms }
    }

    private var shared: Shared

    public init(
        _ key: ProcedureKey, _ timing: OccurrenceSource, isEnabled: Bool = true, windows: [Window] = [],
        freezes: [Freeze] = [],
        zone: Zone = .utc, expected: Duration = .zero, catchUp: CatchUp = CatchUp(.last), overlap: Overlap = .skip,
        jitter: Duration = .zero, lateness: Duration = DispatchLimits.lateness, priority: Int = 0, locks: [String] = [],
        isDisruptive: Bool = false, disruptiveAtOnce: Int = .max
    ) {
        shared = Shared(
            Terms(
                key: key, timing: timing, isEnabled: isEnabled, windows: windows, freezes: freezes, zone: zone,
                expected: expected, catchUp: catchUp, overlap: overlap, jitter: jitter, lateness: lateness,
                priority: priority,
                // Runs in windows of one system go one after another.
                locks: windows.isEmpty ? locks : locks + ["system \(key.service)/\(key.environment)"],
                isDisruptive: isDisruptive, disruptiveAtOnce: disruptiveAtOnce))
    }

    public subscript<Member>(dynamicMember member: KeyPath<Terms, Member>) -> Member { shared.terms[keyPath: member] }

    /// Changes this copy alone.
    public subscript<Member>(dynamicMember member: WritableKeyPath<Terms, Member>) -> Member {
        get { shared.terms[keyPath: member] }
        set {
            var terms = shared.terms
            terms[keyPath: member] = newValue
            shared = Shared(terms)
        }
    }

    public static func == (left: ProcedurePlan, right: ProcedurePlan) -> Bool {
        left.shared === right.shared || left.shared.terms == right.shared.terms
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(shared.terms) }

    func begin(atOrAfter instant: Instant) -> Instant? { shared.terms.begin(atOrAfter: instant) }

    func lastBegin(at instant: Instant) -> Instant? { shared.terms.lastBegin(at: instant) }
}

extension ProcedurePlan.Terms {
    /// It hangs on a fact or an agreement.
    public var isRelative: Bool { timing.topic != nil }

    /// Occurrences that may wait at once.
    var room: Int { max(catchUp.mode == .all ? catchUp.cap : 1, overlap.waits + 1) }
}
