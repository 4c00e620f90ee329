import Journal
import Maintenance
public import Plans

/// What people are asked to agree to: a step as it would be run now, and how much it would do.
public struct ChangeProposal: Hashable, Sendable {
    /// Names all of it: a word that does not give this digest is not on this proposal.
    public let digest: String
    /// The step and what it works on, without the amount.
    let scope: String
    /// The same in every run of its procedure: what an approval from before the run is bound to.
    public let work: String
    public let units: Int
    /// The sum of the units' sizes.
    public let size: Double
    /// Enough people agreed.
    public internal(set) var isAgreed = false

    /// What is written down to be digested.
    private struct Written: Encodable {
        var run: String
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
        work = Self.work(written, in: run)
        written.amount = [Double(self.units), size]
        digest = written.digest
    }

    /// The `work` of a step, where no measurement of an earlier one is part of its parameters.
    public static func work(of step: RunStep, _ start: RunStart) -> String {
        var run = Run(id: "")
        run.start = start
        return ChangeProposal(step, in: run, []).work
    }

    /// What was agreed to covers this: the same work on the same targets, and no more of it.
    func covers(_ other: ChangeProposal) -> Bool {
        isAgreed && scope == other.scope && other.units <= units && other.size <= size
    }

    /// The procedure stands for the run; of a run that only asks, the one that it asks about.
    private static func work(_ written: Written, in run: Run) -> String {
        guard let plan = run.start?.plan else { return written.digest }
        var written = written
        written.run = "\(plan.service)/\(plan.environment)/\(plan.asks?.procedure ?? plan.procedure)"
        return written.digest
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
