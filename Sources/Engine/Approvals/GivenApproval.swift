public import Host
import Maintenance
import Plans

/// The word of a person from before a run came to the step: one that stands for some time, or one that was asked for
/// ahead.
public struct GivenApproval: Codable, Hashable, Sendable {
    /// Of the approval that stands; of one asked for ahead, the run that asked and the word in it.
    public let id: String
    public let by: String
    public let at: Instant
    /// What it is bound to: a proposal's `work`.
    public let work: String
    /// It holds for no more units than that, and no greater size of them.
    public let units: Double
    public let size: Double
    /// It holds before then; `nil` for one that is given for the one occurrence.
    public let until: Instant?
    /// How it was given, for people.
    public let note: String

    public init(
        id: String, by: String, at: Instant, work: String, units: Double, size: Double, until: Instant? = nil,
        note: String
    ) {
        self.id = id
        self.by = by
        self.at = at
        self.work = work
        self.units = units
        self.size = size
        self.until = until
        self.note = note
    }

    func covers(_ proposal: ChangeProposal, at now: Instant) -> Bool {
        // Also where a clock was put back: what was given later than now is not in force yet.
        let isInForce = until.map { at <= now && now < $0 && $0 - at <= EngineLimits.standing } ?? true
        return isInForce && work == proposal.work && Double(proposal.units) <= units && proposal.size <= size
    }
}

/// Approvals from before the run came to the step.
extension RunMachine {
    /// Whether enough people agreed to it before. Those count together, of now: one that ends meanwhile is no part of a
    /// later agreement.
    func agree(
        _ step: inout StepState, _ proposal: ChangeProposal, _ approval: RunApproval, _ given: [GivenApproval],
        at now: Instant
    ) -> Bool {
        let covering = given.filter {
            $0.covers(proposal, at: now) && approval.by.contains($0.by) && $0.by != state.start?.requestedBy
        }
        guard Set(covering.map(\.by)).count >= approval.count else { return false }
        // Nobody is asked ahead either, and that is no word on the occurrence: the run judges again what stands then.
        guard plan(of: step)?.kind == nil else { return true }
        step.proposal?.isAgreed = true
        let known = Set(step.decisions.map(\.id))
        step.decisions += covering.filter { !known.contains($0.id) }.map {
            Decision(id: $0.id, by: $0.by, at: $0.at, word: .agreed, proposal: proposal.digest, note: $0.note)
        }
        return true
    }

    /// Enough agreed ahead: the run that does it looks again, and goes on where it is no more than this.
    func agreedAhead(_ step: inout StepState, _ proposal: ChangeProposal, at now: Instant) {
        let who = step.decisions.filter { $0.word == .agreed && $0.proposal == proposal.digest }.map(\.by)
        let names = who.reduce(into: [String]()) { names, name in if !names.contains(name) { names.append(name) } }
        step.summary = "agreed ahead by \(names.joined(separator: ", ")), nothing is done yet: \(step.summary)"
        step.units = []
        finish(&step, .pass, nil, at: now)
    }

    /// There is nothing to ask: nothing would be done, or people agreed to it already.
    func askNobody(_ step: inout StepState, at now: Instant) {
        let isWork = step.units.contains { $0.phase == .planned }
        let reason = isWork ? "it is agreed to already" : "there would be nothing to do"
        step.summary = "nobody is asked, \(reason): \(step.summary)"
        step.units = []
        finish(&step, .pass, nil, at: now)
    }
}
