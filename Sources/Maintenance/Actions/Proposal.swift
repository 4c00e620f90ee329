/// What an action would look like in a plan for a target that is there: `millwright init` writes plans of these.
public struct Proposal: Sendable {
    /// What tells this step from others of the same action; empty where there is one.
    public let name: String
    public let parameters: [PlanValue.Entry]
    public let thresholds: Thresholds
    /// What is so now: it stands beside the step as a comment.
    public let notes: [String]

    public init(
        name: String = "", parameters: [PlanValue.Entry] = [], thresholds: Thresholds = Thresholds(),
        notes: [String] = []
    ) {
        self.name = name
        self.parameters = parameters
        self.thresholds = thresholds
        self.notes = notes
    }
}

/// An action that can say how it would be used on a target, from a look at it.
public protocol ProposingAction: Action {
    /// None where it has nothing to do there.
    func proposals(_ access: Kind.Access, in context: Context) async throws -> [Proposal]
}

extension Check {
    /// A check that looks by itself is proposed with its own thresholds, and what it measured beside them.
    func proposal(from seen: Observation) -> Proposal {
        let thresholds = thresholds
        let names = [thresholds.warn, thresholds.fail].compactMap { $0 }
            .flatMap { (try? Condition($0))?.names ?? [] }
        let judged = seen.measurements.filter { names.contains($0.name) }
            .map { "\($0.name) is \((($0.value * 100).rounded() / 100).written)\($0.unit.rawValue) now" }
        let found = seen.findings.prefix(Limits.proposalNotes).map { finding in
            // An identity ends with the role, which a plan keeps to its references.
            let subject = finding.subject.split(separator: " as ").first ?? ""
            return "\(finding.severity.rawValue) now: \(subject): \(finding.cause.sentence)"
        }
        return Proposal(thresholds: thresholds, notes: [seen.summary] + judged + found)
    }
}
