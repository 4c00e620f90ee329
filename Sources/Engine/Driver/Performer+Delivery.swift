import Host
import Journal
import Maintenance

extension Performer {
    /// The event with its evidence beside it, and every secret that came to light masked.
    func deliver(
        _ log: EvidenceLog, _ details: [[String: JSONValue]] = [], _ event: (_ attachment: String?) -> RunEvent
    ) -> Delivery {
        let bodies = attach(log, details)
        let (event, body) = recordable(event(bodies.first?.digest))
        return Delivery(event: event, body: body, bodies: bodies)
    }

    private func attach(_ log: EvidenceLog, _ details: [[String: JSONValue]]) -> [Body] {
        let attachment = Attachment(
            evidence: log.drain(), details: Array(details.prefix(Limits.detailsPerStep)))
        guard !attachment.evidence.isEmpty || !attachment.details.isEmpty else { return [] }
        let masker = targets.masker
        // What cannot be written with its texts masked is written without them: the digests stay.
        let safe = (try? masker.masked(attachment)) ?? attachment.withoutTexts
        let bytes = (try? encodeJSON(safe)) ?? (try? encodeJSON(attachment.withoutTexts))
        return bytes.map { [Body($0)] } ?? []
    }

    /// The event as it may be recorded. Names that later commands work with must come out of the journal as they went
    /// in: where masking would alter them, or the event cannot be written, it says that nothing was seen.
    private func recordable(_ event: RunEvent) -> (RunEvent, [UInt8]?) {
        do {
            let masked = try targets.masker.masked(event)
            guard masked.names == event.names else {
                let sentence =
                    "A name that it works on holds a secret of this run, which the journal must not: use another "
                    + "secret, or keep it out of names."
                return (masked.unseen(Cause(.malformed, sentence)), nil)
            }
            let bytes = try encodeJSON(masked)
            guard bytes.count <= JournalLimits.recordBody else {
                let sentence =
                    "Its plan has \(bytes.count) bytes, and \(JournalLimits.recordBody) is the limit: narrow it."
                return (masked.unseen(Cause(.tooLarge, sentence)), nil)
            }
            return (masked, bytes)
        } catch {
            let cause = Cause(.malformed, "What it said cannot be recorded without a secret or as JSON.")
            return (event.unseen(cause), nil)
        }
    }
}

extension Attachment {
    fileprivate var withoutTexts: Attachment {
        Attachment(
            evidence: evidence.map {
                Evidence(source: "", statement: "", observedAt: $0.observedAt, digest: $0.digest, excerpt: "")
            }, details: [])
    }
}

extension CheckOutcome {
    func with(_ attachment: String?) -> CheckOutcome {
        var outcome = self
        outcome.attachment = attachment
        return outcome
    }
}

extension RunEvent {
    /// Everything in it that a later command hands to an action again.
    fileprivate var names: [String] {
        switch self {
        case .previewed(_, let outcome):
            (outcome.preview?.units ?? []).flatMap { unit in
                [unit.id] + unit.items + unit.attributes.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
            }
        case .unitPrepared(_, let unit, let intent): [unit, intent.baseline]
        default: []
        }
    }

    /// The same answer, saying that nothing could be seen.
    fileprivate func unseen(_ cause: Cause) -> RunEvent {
        let nothing = UnitOutcome(state: .unknown(cause), isFailure: false, seconds: 0)
        switch self {
        case .observed(let step, let outcome):
            let blind = CheckOutcome(couldNotLook: cause, attempt: outcome.attempt, seconds: outcome.seconds)
            return .observed(step: step, blind)
        case .previewed(let step, _): return .previewed(step: step, PreviewOutcome(couldNotLook: cause, pace: 1))
        case .unitPrepared(let step, let unit, _): return .unitNotPrepared(step: step, unit: unit, cause)
        case .unitProbed(let step, let unit, _): return .unitProbed(step: step, unit: unit, nothing)
        case .unitUndone(let step, let unit, _): return .unitUndone(step: step, unit: unit, nothing)
        case .guardObserved(let step, _):
            return .guardObserved(step: step, ChecksOutcome(verdict: .unknown, cause: cause))
        case .guardWatched(let step, _):
            return .guardWatched(step: step, ChecksOutcome(verdict: .unknown, cause: cause))
        case .proofObserved(let step, _):
            return .proofObserved(step: step, ChecksOutcome(verdict: .unknown, cause: cause))
        case .unitNotPrepared(let step, let unit, _): return .unitNotPrepared(step: step, unit: unit, cause)
        case .deliveryTried(let id, let tried):
            let failed = DeliveryAttempt(
                attempt: tried.attempt, outcome: .perhapsSent(cause), seconds: tried.seconds)
            return .deliveryTried(id: id, failed)
        case .started, .resumed, .cancelRequested, .missed, .childStarted, .waited, .windowOpened, .paused, .decided,
            .undecided, .deliveryIntended, .deliveryDue, .ended:
            return self
        }
    }
}
