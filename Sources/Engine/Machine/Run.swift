public import Host
public import Maintenance

/// The state of a run, as its events make it.
public struct Run: Sendable {
    /// Where the run as a whole stands.
    public enum Phase: Sendable, Equatable {
        /// No event yet. Goes to `running`.
        case new
        /// Steps are pending or in progress. Goes to `delivering`, or to `ending` where nobody is told.
        case running
        /// Every step is over, the verdict is made, and people are told; no attempt begins after `until`. Goes to
        /// `ending`.
        case delivering(until: Instant)
        /// Nothing is in hand; the end is about to be recorded. Goes to `ended`.
        case ending
        /// Final.
        case ended(Verdict)
    }

    public let id: String
    public internal(set) var phase = Phase.new
    public internal(set) var start: RunStart?
    public internal(set) var steps: [StepState] = []
    public internal(set) var startedAt: Instant?
    public internal(set) var endedAt: Instant?
    /// Why the run was asked to stop.
    public internal(set) var cancellation: Cause?
    /// Why no further step is begun: a failed change, the end of the window.
    public internal(set) var stopped: Cause?
    /// The opening in which it works; `nil` where no window holds it.
    public internal(set) var opening: RunOpening?
    /// Occurrences before it that no run kept.
    public internal(set) var missed: MissedOccurrences?
    public internal(set) var deliveries: [DeliveryState] = []
    /// The processes that its steps started.
    public internal(set) var children: [ProcessIdentity] = []
    /// A node took the run that was left to the nodes.
    var isTaken = false
    /// Steps that were begun.
    var begun = 0
    /// How often another process took the run over.
    public internal(set) var resumptions = 0

    public init(id: String) { self.id = id }

    /// The worst verdict of the steps that were made, with what was not run because of a window counting as unknown; of no
    /// step at all it is unknown.
    public var verdict: Verdict {
        steps.compactMap(\.verdict).worst
    }

    /// Why nothing is known of the run, where every step was skipped.
    public var nothingSeen: Cause? {
        guard let first = steps.first, steps.allSatisfy({ $0.isOver && $0.verdict == nil }) else { return nil }
        return Cause(.nobodyLooked, "No step came to a verdict, so nothing is known. \(first.id): \(first.summary)")
    }

    public func step(_ id: String) -> StepState? { steps.first { $0.id == id } }
}

/// The state of one step.
public struct StepState: Sendable {
    public enum Phase: Sendable, Equatable {
        /// Not begun. Goes to `observing`, `previewing`, `awaitingWindow`, `awaitingDecision`, `waiting`, `undoing`,
        /// `skipped` or `done`.
        case pending
        /// A check is being made. Goes to itself on a retry and in a soak, or to `done`.
        case observing(attempt: Int)
        /// A change looks at what it would do. Goes to `working`, `awaitingDecision`, `skipped` or `done`.
        case previewing
        /// Units are being done one by one. Goes to `awaitingWindow`, `proving`, `undoing` or `done`.
        case working
        /// The window closed on its work, which goes on when it opens again. Goes to `previewing`, `working` or `done`.
        case awaitingWindow(RunOpening)
        /// People are asked, to agree to a change or to answer a question, until then. Goes to `previewing` or `done`.
        case awaitingDecision(until: Instant)
        /// Time passes until then. Goes to `done`.
        case waiting(until: Instant)
        /// The units are over, and the plan's proof is looked at. Goes to `undoing` or `done`.
        case proving
        /// Units are being taken back, last first. Goes to `done`.
        case undoing
        /// It failed, and the changes that it stands on are taken back. Goes to `undoing` for what is left of its own work,
        /// or to `done`.
        case takingBack
        /// Final: it was not run.
        case skipped
        /// It has a verdict: final, unless a step that stands on it fails. Goes to `undoing` then.
        case done
    }

    public let id: String
    public internal(set) var phase = Phase.pending
    public internal(set) var verdict: Verdict?
    public internal(set) var cause: Cause?
    public internal(set) var summary = ""
    public internal(set) var measurements: [Measurement] = []
    public internal(set) var missing: [String: Cause] = [:]
    public internal(set) var findings: [Finding] = []
    public internal(set) var statements: [String] = []
    public internal(set) var units: [UnitState] = []
    /// Digests of the bodies that hold evidence and details, oldest first.
    public internal(set) var attachments: [String] = []
    public internal(set) var startedAt: Instant?
    public internal(set) var endedAt: Instant?
    /// What people said, in the order in which it came.
    public internal(set) var decisions: [Decision] = []
    /// What a change asks people to agree to.
    public internal(set) var proposal: ChangeProposal?
    /// A check that goes on for a time.
    var soak: SoakState?
    /// It may not be run, and so nothing that needs it.
    var isBlocked = false
    var pace = 1.0
    /// What the guard said before the first unit.
    var guardBefore: Verdict?
    /// How the guard became worse while the step went on, which stops at its next safe point.
    var worsened: (verdict: Verdict, cause: Cause)?
    /// Somebody looks at its guard, or is about to.
    var isWatched = false
    /// How many steps of the run were begun before it.
    var order = 0
    /// The step with which it was taken back, or is being: that failed.
    public internal(set) var takenBackFor: String?
    /// What stopped the step before its units were all begun, or was seen of them together: `fail` or `unknown`.
    var failure: (verdict: Verdict, cause: Cause)?

    init(id: String) { self.id = id }

    /// Keeps the body's digest for the reports.
    mutating func keep(_ attachment: String?) {
        if let attachment { attachments.append(attachment) }
    }

    public var isOver: Bool { phase == .done || phase == .skipped }
}

/// The state of one unit of a change.
public struct UnitState: Sendable {
    public enum Phase: Sendable, Equatable {
        /// Not begun. Goes to `preparing` or `left`.
        case planned
        /// Its facts from before are being taken. Goes to `intended`, `done` or `unknown`.
        case preparing
        /// The intent is durable; it is being done, or was when a process died. Goes to `done`, `failed` or `unknown`.
        case intended(attempt: Int)
        /// An attempt failed, and time passes before the next. Goes to `intended` or `left`.
        case waiting(attempt: Int)
        /// Half done, being finished or cleared away. Goes to `done`, `failed` or `unknown`.
        case repairing
        /// Final unless taken back: it is in place, seen.
        case done
        /// Final: it is not in place, seen.
        case failed(Cause)
        /// Final: what became of it could not be seen.
        case unknown(Cause)
        /// Final: not begun, for a stated reason; the next run finds it again.
        case left(Cause)
        /// Being taken back. Goes to `undone` or `unknown`.
        case undoing
        /// Final: taken back, seen.
        case undone
    }

    public let unit: WorkUnit
    public internal(set) var phase = Phase.planned
    public internal(set) var baseline: [UInt8] = []
    public internal(set) var proof: Proof?
    /// This run has begun to do it.
    var hasBegun = false
    /// Half done by this run, and still to be taken back where the plan asks for it.
    var halfDone: Cause?
    /// It was to be taken back, and was not seen to be gone.
    var remains = false
    /// True when it was found in place before anything was done.
    public internal(set) var wasAlreadySo = false
    /// True between a takeover and the first look at it: a process died with it in hand.
    var isRecovered = false

    init(_ unit: WorkUnit) { self.unit = unit }

    /// Done or half done by this run, and so its to take back.
    var isOurs: Bool { phase == .done && !wasAlreadySo || halfDone != nil }
}
