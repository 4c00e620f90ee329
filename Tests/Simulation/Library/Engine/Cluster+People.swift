import Engine
import Host
import Maintenance
import Plans

/// What people say to a run, and what must hold of it.
extension Cluster {
    static let people = ["ann", "bob", "eve"]

    /// Looks for their word, until the time is over. Some speak who may not, and some about what has changed since.
    func awaitDecision(_ step: String, _ until: Instant, _ job: Job, _ node: Node) {
        guard wall(node) < until else { return answer(job, node, .undecided(step: step)) }
        guard random.chance(25) else {
            return agenda.note(.job(job.id), at: now + min(.seconds(3), until - wall(node)))
        }
        let proposal = job.run.machine.state.step(step)?.proposal?.digest
        let word: Decision.Word = job.plan(step)?.kind == nil ? .agreed : .answered
        let decision = Decision(
            id: "d\(newID())", by: random.pick(Self.people), at: wall(node),
            word: random.chance(12) ? .refused : word, proposal: random.chance(10) ? "another" : proposal)
        answer(job, node, .decided(step: step, decision))
    }

    func noteDecision(_ step: String, _ decision: Decision, _ chain: Chain) {
        guard let plan = chain.start.plan.steps.first(where: { $0.id == step }) else { return }
        if case .ask(let question)? = plan.kind {
            if question.from.contains(decision.by), decision.word == .answered { chain.asked.answered.insert(step) }
        } else if let proposal = decision.proposal, decision.word == .agreed, decision.by != chain.start.requestedBy,
            plan.approval?.by.contains(decision.by) == true
        {
            chain.asked.agreed["\(step) \(proposal)", default: []].insert(decision.by)
        }
    }

    /// What people are asked to agree to is noted with its digest.
    func noteProposal(_ step: String, _ chain: Chain) {
        guard let proposal = chain.machine.state.step(step)?.proposal else { return }
        chain.asked.proposed["\(step) \(proposal.digest)"] = proposal.units
    }

    /// As many as must have agreed to a proposal of as much as is being done.
    func checkApproval(_ plan: RunStep, _ step: StepState, _ chain: Chain) {
        guard let approval = plan.approval else { return }
        let units = step.units.count { if case .left = $0.phase { false } else { true } }
        let isAgreed = chain.asked.agreed.contains { proposal, by in
            proposal.hasPrefix("\(plan.id) ") && by.count >= approval.count
                && units <= chain.asked.proposed[proposal] ?? 0
        }
        require(isAgreed, .approved, "\(chain.id)/\(plan.id): \(units) units, agreed \(chain.asked.agreed)")
    }
}
