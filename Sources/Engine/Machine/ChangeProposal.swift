import Journal
import Maintenance
import Plans

/// What people are asked to agree to: a step as it would be run now, and how much it would do.
public struct ChangeProposal: Hashable, Sendable {
    /// Names all of it: a word that does not give this digest is not on this proposal.
    public let digest: String
    /// The step and what it works on, without the amount.
    let scope: String
    public let units: Int
    /// The sum of the units' sizes.
    public let size: Double
    /// Enough people agreed.
    public internal(set) var isAgreed = false

    /// What is written down to be digested.
    private struct Written: Encodable {
        let run: String
        let step: String
        let action: String
        let parameters: PlanValue?
        let targets: [String: String]
        var amount: [Double] = []

        var digest: String { Body((try? encodeJSON(self)) ?? []).digest }
    }

    init(_ step: RunStep, in run: Run, _ units: [UnitState]) {
        let planned = units.filter { $0.phase == .planned }
        self.units = planned.count
        size = planned.reduce(0) { $0 + $1.unit.size }
        var written = Written(
            run: run.id, step: step.id, action: step.action, parameters: Self.parameters(of: step, in: run),
            targets: step.targets.mapValues { run.start?.identities[$0] ?? $0 })
        scope = written.digest
        written.amount = [Double(self.units), size]
        digest = written.digest
    }

    /// What was agreed to covers this: the same work on the same targets, and no more of it.
    func covers(_ other: ChangeProposal) -> Bool {
        isAgreed && scope == other.scope && other.units <= units && other.size <= size
    }

    /// The parameters with the measurements that they refer to; references to secrets stay references.
    private static func parameters(of step: RunStep, in run: Run) -> PlanValue? {
        let resolved = try? step.resolved { name throws(CouldNotLook) in
            guard let path = MeasurementPath(name),
                let found = run.step(path.step)?.measurements.first(where: { $0.name == path.name })
            else { throw Judge.notMeasured(name) }
            return found.value.written
        }
        return resolved ?? step.parameters
    }
}
