import Host
import Maintenance
import Plans

extension RunMachine {
    /// Takes the step's verdict from its units: what failed, what could not be seen, what was left, what needs attention.
    func finishChange(_ step: inout StepState, at now: Instant) {
        let count = Tally(step.units)
        step.measurements = totals(step)
        step.findings += step.units.flatMap { $0.proof?.findings ?? [] }
        step.findings += Self.findings(step.units, ofUndo: plan(of: step)?.kind != nil)
        step.missing = unsure(step)
        step.summary = summary(step, count)
        let seen = Observation(
            summary: step.summary, measurements: step.measurements, missing: step.missing, findings: step.findings)
        let judgement = Judge.judge(seen, thresholds: profile(of: step)?.thresholds ?? Thresholds()) { measurement($0) }
        step.findings = step.findings.limited()
        if let failure = step.failure ?? step.worsened, judgement.verdict.worst(failure.verdict) == failure.verdict {
            finish(&step, failure.verdict, failure.cause, at: now)
        } else {
            finish(&step, judgement.verdict, judgement.cause, at: now)
        }
    }

    /// Sums are not known where it is not known what became of a unit; the record keeps what was counted.
    func unsure(_ step: StepState) -> [String: Cause] {
        let open = step.units.first { unit in
            switch unit.phase {
            case .unknown, .failed: !unit.baseline.isEmpty
            default: false
            }
        }
        guard let open else { return step.missing }
        let cause = Cause(.partlyCovered, "What became of \(open.unit.title) is not known, so it is not counted.")
        return (profile(of: step)?.sums ?? [:]).keys.reduce(into: step.missing) { $0[$1] = cause }
    }

    /// One finding a cause: a thousand units that were left for one reason are one thing to read.
    static func findings(_ units: [UnitState], ofUndo isUndo: Bool) -> [Finding] {
        var order: [Cause] = []
        var byCause: [Cause: (first: Finding, count: Int)] = [:]
        for finding in units.compactMap({ finding($0, ofUndo: isUndo) }) {
            if byCause[finding.cause] == nil { order.append(finding.cause) }
            byCause[finding.cause, default: (finding, 0)].count += 1
        }
        return order.compactMap { byCause[$0] }.map { first, count in
            guard count > 1 else { return first }
            return Finding("\(first.subject) and \(count - 1) more", first.severity, first.cause, advice: first.advice)
        }
    }

    /// What a unit that is not done means for the step's verdict.
    private static func finding(_ unit: UnitState, ofUndo isUndo: Bool) -> Finding? {
        switch unit.phase {
        case .failed(let cause): Finding(unit.unit.title, .fail, cause)
        case .unknown(let cause): Finding(unit.unit.title, .unknown, cause)
        case .left(let cause) where cause.isStop: Finding(unit.unit.title, .unknown, cause)
        case .left(let cause): Finding(unit.unit.title, .warn, cause)
        case .undone where isUndo: nil
        case .undone: Finding(unit.unit.title, .warn, Cause(.rejected, "It was done and taken back."))
        case .planned, .preparing, .intended, .waiting, .repairing, .done, .undoing: nil
        }
    }

    /// The measurements of all units that are in place, joined as the action declares; the preview's where no unit
    /// measured.
    func totals(_ step: StepState) -> [Measurement] {
        var totals: [Measurement] = []
        for unit in step.units where unit.phase == .done {
            for measurement in unit.proof?.measurements ?? [] {
                guard let index = totals.firstIndex(where: { $0.name == measurement.name }) else {
                    totals.append(measurement)
                    continue
                }
                let how =
                    profile(of: step)?.aggregates[measurement.name] ?? MeasurementDeclaration.Aggregate.sum.rawValue
                let before = totals[index].value
                let value =
                    switch how {
                    case MeasurementDeclaration.Aggregate.largest.rawValue: max(before, measurement.value)
                    case MeasurementDeclaration.Aggregate.last.rawValue: measurement.value
                    default: before + measurement.value
                    }
                totals[index] = Measurement(measurement.name, value, measurement.unit)
            }
        }
        // A sum over no unit is nothing, and known.
        for (name, unit) in profile(of: step)?.sums ?? [:] where !totals.contains(where: { $0.name == name }) {
            guard !step.measurements.contains(where: { $0.name == name }) else { continue }
            totals.append(Measurement(name, 0, unit))
        }
        for measurement in step.measurements where !totals.contains(where: { $0.name == measurement.name }) {
            totals.append(measurement)
        }
        return totals
    }

    func summary(_ step: StepState, _ count: Tally) -> String {
        guard count.total > 0 else { return step.summary }
        if count.total == 1, let proof = step.units[0].proof, step.units[0].phase == .done { return proof.summary }
        var parts = ["\(count.done) of \(count.total) done"]
        if count.alreadySo > 0 { parts.append("\(count.alreadySo) were so already") }
        if count.failed > 0 { parts.append("\(count.failed) failed") }
        if count.unknown > 0 { parts.append("\(count.unknown) not known") }
        if count.left > 0 { parts.append("\(count.left) left") }
        if count.undone > 0 { parts.append("\(count.undone) taken back") }
        // Zeros are in the record; a line is for what there was.
        let values = step.measurements.filter { $0.value != 0 }.map { "\($0.name) \(MeasurementText.text($0))" }
        return ([parts.joined(separator: ", ")] + values).joined(separator: " · ")
    }
}

/// How many units of a step ended how.
public struct Tally: Sendable, Equatable {
    public private(set) var total = 0
    public private(set) var done = 0
    public private(set) var alreadySo = 0
    public private(set) var failed = 0
    public private(set) var unknown = 0
    public private(set) var left = 0
    public private(set) var undone = 0

    public init(_ units: [UnitState]) {
        total = units.count
        for unit in units {
            switch unit.phase {
            case .done:
                done += 1
                alreadySo += unit.wasAlreadySo ? 1 : 0
            case .failed: failed += 1
            case .unknown: unknown += 1
            case .left: left += 1
            case .undone: undone += 1
            case .planned, .preparing, .intended, .waiting, .repairing, .undoing: break
            }
        }
    }
}
