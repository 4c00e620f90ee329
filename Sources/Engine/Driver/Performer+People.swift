import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans

extension Performer {
    /// The next word of people on the step that is not recorded yet; without an inbox nobody can speak.
    func awaitDecision(_ step: String, until: Instant, _ machine: RunMachine) async -> Delivery? {
        guard let state = machine.state.step(step) else { return nil }
        let known = Set(state.decisions.map(\.id))
        while host.now() < until, let inbox {
            if let received = inbox.letters(for: run).first(where: { $0.letter.step == step && !known.contains($0.id) })
            {
                return decided(step, received, inbox)
            }
            await inbox.awaitWord(for: run, within: min(EngineLimits.longestSleep, until - host.now()))
            guard !Task.isCancelled else { return nil }
            stopWhereCancelled()
        }
        return Delivery(event: .undecided(step: step))
    }

    private func decided(_ step: String, _ received: Inbox.Received, _ inbox: Inbox) -> Delivery? {
        let letter = received.letter
        let word: Decision.Word
        switch letter.word {
        case .agree: word = .agreed
        case .refuse: word = .refused
        case .answer: word = .answered
        case .cancel, .tell: return nil
        }
        let bodies = letter.enclosed.map { ($0.name, Body(Array($0.content))) }
        let log = EvidenceLog(host: host)
        log.note(
            source: "\(received.by), user of this machine", statement: "word on \(step): \(word.rawValue)",
            answer: (letter.note ?? "").utf8)
        let decision = Decision(
            id: received.id, by: received.by, at: host.now(), word: word, proposal: letter.proposal,
            note: letter.note.map(targets.masker.mask), values: letter.values.mapValues(targets.masker.mask),
            attached: bodies.map { Decision.Attached(name: $0, digest: $1.digest, bytes: $1.bytes.count) })
        var delivery = deliver(log) { attachment in
            var decision = decision
            decision.attachment = attachment
            return .decided(step: step, decision)
        }
        delivery.bodies += bodies.map(\.1)
        // Recorded, it may go: it is known by its name should it not.
        delivery.recorded = { if case .success = $0 { inbox.discard([received.id]) } }
        return delivery
    }
}
