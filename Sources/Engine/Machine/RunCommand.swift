public import Host
public import Maintenance

/// What the machine wants done. A command is handed out once, after the event that led to it is durable; the event that
/// answers it comes back into the machine.
public indirect enum RunCommand: Sendable, Equatable {
    /// Answered by `observed`.
    case observe(step: String, attempt: Int, after: Duration)
    /// Answered by `previewed`.
    case preview(step: String)
    /// Answered by `unitPrepared` or `unitNotPrepared`.
    case prepare(step: String, unit: WorkUnit)
    /// Does the unit and looks at it; answered by `unitProbed`.
    case apply(step: String, unit: WorkUnit, baseline: [UInt8])
    /// Lets time pass before another attempt; answered by `waited`.
    case wait(step: String, unit: WorkUnit, Duration)
    /// Lets time pass until the window opens again; answered by `windowOpened`.
    case awaitWindow(step: String, RunOpening)
    /// Lets time pass; answered by `paused`.
    case pause(step: String, until: Instant)
    /// Waits for the next word of people on the step; answered by `decided` or `undecided`.
    case awaitDecision(step: String, until: Instant)
    /// Finishes or clears away what is half done, and looks; answered by `unitProbed`.
    case repair(step: String, unit: WorkUnit, baseline: [UInt8])
    /// Only looks, waiting while an earlier attempt still runs; answered by `unitProbed`.
    case probe(step: String, unit: WorkUnit, baseline: [UInt8])
    /// Takes the unit back and looks; answered by `unitUndone`.
    case undo(step: String, unit: WorkUnit, baseline: [UInt8])
    /// Answered by `guardObserved`.
    case lookAtGuard(step: String)
    /// Looks while the step goes on; answered by `guardWatched`.
    case watchGuard(step: String, after: Duration)
    /// Answered by `proofObserved`.
    case lookAtProof(step: String)
    /// Makes the intent to send a notice durable; answered by `deliveryIntended`.
    case intendDelivery(DeliveryIntent)
    /// Sends once; answered by `deliveryTried`.
    case deliver(id: String, attempt: Int)
    /// Lets time pass before another attempt; answered by `deliveryDue`.
    case awaitDelivery(id: String, Duration)
    /// Sends nothing: records what is known of an attempt that a dead process made; answered by `deliveryTried`.
    case noteDelivery(id: String, attempt: Int, DeliveryOutcome)
    /// Followed by `ended` at once: there is nothing to do for it.
    case end(Verdict)
}

extension RunCommand {
    /// The verdict with which the run is to end now.
    var verdictAtEnd: Verdict? { if case .end(let verdict) = self { verdict } else { nil } }

    /// It does nothing but let time pass, or look while something else goes on: it can be given up at any moment.
    var isRest: Bool {
        switch self {
        case .wait, .awaitWindow, .pause, .awaitDecision, .awaitDelivery, .watchGuard: true
        case .observe, .preview, .prepare, .apply, .repair, .probe, .undo, .lookAtGuard, .lookAtProof, .intendDelivery,
            .deliver, .noteDelivery, .end:
            false
        }
    }
}
