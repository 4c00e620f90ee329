import Journal
import Maintenance
import Plans

extension Performer {
    /// What people agreed to before the run came to the step. What cannot be read was not agreed to: the run asks.
    func given(_ step: RunStep) async -> [GivenApproval]? {
        guard let approval = step.approval else { return nil }
        let standing = (try? await standing(step)) ?? []
        // A run that asks ahead is asked for nothing: its words are what it is for.
        guard approval.ahead != nil, step.kind == nil else { return standing }
        return standing + ((try? await agreedAhead(step)) ?? [])
    }

    /// Those that stand for the step, with what people just left in the inbox.
    private func standing(_ step: RunStep) async throws -> [GivenApproval] {
        if let inbox { try? await StandingApprovals(store: store, inbox: inbox, host: host).record() }
        let plan = start.plan
        return try await StandingApprovals.read(from: store).filter {
            $0.terms.service == plan.service && $0.terms.environment == plan.environment
                && $0.terms.procedure == plan.asks?.procedure ?? plan.procedure && $0.terms.step == step.id
        }.map(\.given)
    }

    /// What was agreed to in the run that asked ahead about this occurrence.
    private func agreedAhead(_ step: RunStep) async throws -> [GivenApproval] {
        let plan = start.plan
        let rows = try await store.rows(
            RunFilter(
                service: plan.service, environment: plan.environment, procedure: AskingAhead.name(of: plan.procedure),
                limit: EngineLimits.earlierAskings))
        for row in rows {
            let asked = try RunMachine(replaying: try await store.records(of: row.id), of: row.id).state
            let this = RunAsking(procedure: plan.procedure, nominal: start.nominal)
            guard asked.start?.plan.asks == this else { continue }
            guard let state = asked.step(step.id), let proposal = state.proposal, proposal.isAgreed else { return [] }
            return state.decisions.filter { $0.word == .agreed && $0.proposal == proposal.digest }.map { word in
                GivenApproval(
                    id: "\(row.id) \(word.id)", by: word.by, at: word.at, work: proposal.work,
                    units: Double(proposal.units), size: proposal.size,
                    note: "asked ahead in run \(row.id)" + (word.note.map { ": \($0)" } ?? ""))
            }
        }
        return []
    }
}
