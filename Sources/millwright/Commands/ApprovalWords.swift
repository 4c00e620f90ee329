import Engine
import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Schedules

/// Who must agree to the steps of a procedure, when they are asked, and what stands for them.
struct ApprovalWords {
    private let asking: AskingAhead?
    private let start: RunStart
    private let standing: [StandingApproval]
    private let nextAsked: Instant?
    private let now: Instant

    init(_ plan: Plan, _ start: RunStart, _ standing: [StandingApproval], _ now: Instant) {
        asking = plan.procedure(start.plan.procedure)?.asking
        self.start = start
        self.standing = standing
        nextAsked = asking?.schedule.next(after: now, in: plan.zone)
        self.now = now
    }

    func lines(of step: RunStep) -> [String] {
        guard let approval = step.approval else { return [] }
        let ahead = approval.ahead.map { ahead in
            ", \(ahead) ahead" + (nextAsked.map { ", next at \($0) in a run `\(asking?.name ?? "")`" } ?? "")
        }
        let asks = "asks \(approval.count) of \(approval.by.joined(separator: ", ")) to agree\(ahead ?? "")"
        return [asks] + standing.filter { isOf(step, $0.terms) }.map { words($0, step) }
    }

    private func isOf(_ step: RunStep, _ terms: StandingApproval.Terms) -> Bool {
        terms.service == start.plan.service && terms.environment == start.plan.environment
            && terms.procedure == start.plan.procedure && terms.step == step.id
    }

    private func words(_ approval: StandingApproval, _ step: RunStep) -> String {
        let terms = approval.terms
        let what = "\(approval.id) of \(approval.by)"
        if terms.until <= now { return "\(what) ended at \(terms.until)" }
        if step.approval?.by.contains(approval.by) != true { return "\(what) counts no more: they may not agree now" }
        if step.referencedMeasurements.isEmpty, terms.work != ChangeProposal.work(of: step, start) {
            return "\(what) does not hold: the step is another one now"
        }
        return "\(what) stands for up to \(MeasurementText.number(terms.limit)) until \(terms.until)"
    }
}

extension Composition {
    /// Those that the journal has; none where there is no journal yet.
    func standingApprovals(_ options: StoreOptions) async throws -> [StandingApproval] {
        if case .file(let path) = try options.place(host), !FileManager.default.fileExists(atPath: path) { return [] }
        let journal = try await reader(options)
        do {
            let found = try await StandingApprovals.read(from: journal)
            await journal.close()
            return found
        } catch {
            await journal.close()
            throw error
        }
    }
}
