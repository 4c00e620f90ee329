import Host
public import Maintenance

/// What happened in a run. Each is journalled before anything follows from it; replaying them gives the state again.
///
/// Held by a reference: it is handed on many times, and is large.
public indirect enum RunEvent: Codable, Sendable {
    /// The run began, with all that it uses.
    case started(RunStart)
    /// Another process took over a run that a dead one had left.
    case resumed(ProcessIdentity)
    /// Somebody asked the run to stop at the next safe point.
    case cancelRequested(Cause)
    /// Occurrences passed before this run without one.
    case missed(MissedOccurrences)
    /// A check was made.
    case observed(step: String, CheckOutcome)
    /// A change looked at what it would do.
    case previewed(step: String, PreviewOutcome)
    /// The facts from before are known: the intent to change the unit is durable.
    case unitPrepared(step: String, unit: String, UnitIntent)
    /// The facts from before could not be had.
    case unitNotPrepared(step: String, unit: String, Cause)
    /// A program was started for a unit.
    case childStarted(step: String, unit: String, ProcessIdentity)
    /// What was seen of a unit after it was worked on, or after a crash.
    case unitProbed(step: String, unit: String, UnitOutcome)
    /// What was seen of a unit after it was taken back.
    case unitUndone(step: String, unit: String, UnitOutcome)
    /// The pause before another attempt at a unit is over.
    case waited(step: String, unit: String)
    /// The window that the step waited for is open again.
    case windowOpened(step: String, RunOpening)
    /// The time that a step waits for has come.
    case paused(step: String)
    /// Somebody agreed to a step, refused it, or answered its question.
    case decided(step: String, Decision)
    /// Nobody spoke in time.
    case undecided(step: String)
    /// The guard of a change was looked at.
    case guardObserved(step: String, ChecksOutcome)
    /// The guard of a step was looked at while that went on.
    case guardWatched(step: String, ChecksOutcome)
    /// The plan's proof of a change was looked at.
    case proofObserved(step: String, ChecksOutcome)
    /// The intent to send a notice is durable, with its id.
    case deliveryIntended(DeliveryIntent)
    /// An attempt to send a notice came to an end.
    case deliveryTried(id: String, DeliveryAttempt)
    /// The pause before another attempt to send a notice is over.
    case deliveryDue(id: String)
    /// Nothing is left to do.
    case ended(Verdict)

    /// The record's kind in the journal.
    public var kind: String {
        switch self {
        case .started: "started"
        case .resumed: "resumed"
        case .cancelRequested: "cancel-requested"
        case .missed: "missed"
        case .observed: "observed"
        case .previewed: "previewed"
        case .unitPrepared: "unit-prepared"
        case .unitNotPrepared: "unit-not-prepared"
        case .childStarted: "child-started"
        case .unitProbed: "unit-probed"
        case .unitUndone: "unit-undone"
        case .waited: "waited"
        case .windowOpened: "window-opened"
        case .paused: "paused"
        case .decided: "decided"
        case .undecided: "undecided"
        case .guardObserved: "guard-observed"
        case .guardWatched: "guard-watched"
        case .proofObserved: "proof-observed"
        case .deliveryIntended: "delivery-intended"
        case .deliveryTried: "delivery-tried"
        case .deliveryDue: "delivery-due"
        case .ended: "ended"
        }
    }
}

/// What one attempt to send a notice came to.
public struct DeliveryAttempt: Codable, Sendable {
    /// From 1.
    public var attempt: Int
    public var outcome: DeliveryOutcome
    public var seconds: Double
    /// Digest of the body that holds evidence.
    public var attachment: String?
}

/// What a check came to.
public struct CheckOutcome: Codable, Sendable {
    /// What was seen, without the details; absent when it could not look.
    public var observation: Observation?
    /// Why it could not look.
    public var couldNotLook: Cause?
    public var attempt: Int
    public var seconds: Double
    /// Digest of the body that holds evidence and details.
    public var attachment: String?
}

/// What a change's look ahead came to.
public struct PreviewOutcome: Codable, Sendable {
    public var preview: Preview?
    public var couldNotLook: Cause?
    /// How long units really take against what is declared: the 95th percentile of earlier runs, 1 without history.
    public var pace: Double
    public var attachment: String?
    /// What people agreed to before the run came to the step; `nil` for a step that asks nobody.
    public var given: [GivenApproval]?
}

/// The intent to change one unit.
public struct UnitIntent: Codable, Sendable {
    /// The action's baseline, a JSON document as text.
    public var baseline: String
    /// What the probe saw before anything was done.
    public var before: ChangeState
    public var attachment: String?
}

/// What several checks came to together: a guard, or a proof.
public struct ChecksOutcome: Codable, Sendable {
    public var verdict: Verdict
    public var cause: Cause?
    public var attachment: String?
}

/// What became of one unit.
public struct UnitOutcome: Codable, Sendable {
    public var state: ChangeState
    /// The error of the attempt that came before the probe; `isFailure` when the target itself said no.
    public var error: Cause?
    public var isFailure: Bool
    public var seconds: Double
    public var attachment: String?
}

/// Evidence and details of one look, kept beside the journal's records.
public struct Attachment: Codable, Sendable {
    public var evidence: [Evidence]
    public var details: [[String: JSONValue]]
}
