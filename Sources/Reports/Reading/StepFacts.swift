import Engine
import Host
public import Maintenance
import Plans

/// What a report needs to know of one step of one run.
struct StepFacts: Sendable {
    let id: String
    let action: String
    let isChange: Bool
    /// What it is for, in the plan's words.
    let purpose: String?
    let state: String
    let verdict: Verdict?
    let cause: Cause?
    let summary: String
    /// In the order in which the action gave them.
    let measurements: [Measurement]
    let missing: [String: Cause]
    let findings: [Finding]
    let thresholds: Thresholds
    let units: Tally?
    /// The measurements that may be added up over runs.
    let sums: Set<String>
    let attachments: [String]
    let startedAt: Instant?
    let endedAt: Instant?

    init(_ step: StepState, _ plan: RunStep, _ profile: StepProfile?) {
        id = step.id
        action = plan.action
        isChange = plan.isChange
        purpose = plan.summary
        verdict = step.verdict
        cause = step.cause
        summary = step.summary
        measurements = step.measurements
        missing = step.missing
        findings = step.findings
        thresholds = profile?.thresholds ?? plan.thresholds
        units = step.units.isEmpty ? nil : Tally(step.units)
        sums = Set(profile.map { Array($0.sums.keys) } ?? [])
        attachments = step.attachments
        startedAt = step.startedAt
        endedAt = step.endedAt
        state = RunDocument.Step.word(step.phase)
    }

    /// By its name an action says that its details hold tables for reports.
    var hasFigures: Bool { !isChange && action.hasSuffix(".figures") }

    func measurement(_ name: String) -> Measurement? { measurements.first { $0.name == name } }

    /// What a threshold asks for first, else what the action names first.
    var mainMeasurement: String? {
        let asked = [thresholds.fail, thresholds.warn].compactMap { $0.flatMap { try? Condition($0) } }
            .flatMap(\.names)
        // With nothing measured at all, what was asked for is what is not known.
        return asked.first { measurement($0) != nil } ?? asked.first { missing[$0] != nil } ?? measurements.first?.name
            ?? asked.first
    }

    /// The numbers of a measurement at which the verdict changes.
    func bounds(on name: String, _ unit: UnitOfMeasure) -> [ReportBound] {
        [(Verdict.warn, thresholds.warn), (.fail, thresholds.fail)].flatMap { severity, text -> [ReportBound] in
            guard let text, let condition = try? Condition(text) else { return [] }
            return condition.bounds(on: name, in: unit).map {
                ReportBound(severity: severity, sign: $0.sign, value: $0.value)
            }
        }
    }

    /// What it found, and its own cause where no finding names it.
    var problems: [Finding] {
        guard let verdict, verdict != .pass, let cause, !findings.contains(where: { $0.cause == cause }) else {
            return findings
        }
        return [Finding(id, verdict, cause)] + findings
    }
}

/// A number at which a verdict changes.
public struct ReportBound: Codable, Hashable, Sendable {
    public let severity: Verdict
    public let sign: String
    public let value: Double

    /// Whether a value is on its bad side.
    func isCrossed(by other: Double) -> Bool {
        switch sign {
        case ">=": other >= value
        case ">": other > value
        case "<=": other <= value
        case "<": other < value
        case "==": other == value
        default: other != value
        }
    }
}

/// One run as a report uses it.
struct RunFacts: Sendable {
    let id: String
    let service: String
    let environment: String
    let procedure: String
    let startedAt: Instant
    let endedAt: Instant?
    let state: String
    let verdict: Verdict?
    let owner: String?
    let timezone: String
    let window: RunWindow?
    let windowOverride: String?
    let requestedBy: String
    let resumptions: Int
    let schedules: [String: String]
    let steps: [StepFacts]

    init(_ run: Run, startedAt: Instant, isAlive: Bool = false) {
        id = run.id
        let plan = run.start?.plan
        service = plan?.service ?? ""
        environment = plan?.environment ?? ""
        procedure = plan?.procedure ?? ""
        self.startedAt = run.startedAt ?? startedAt
        endedAt = run.endedAt
        if case .ended(let final) = run.phase {
            state = "ended"
            verdict = final
        } else {
            state = isAlive ? "running" : "interrupted"
            verdict = nil
        }
        owner = plan?.owner
        timezone = plan?.timezone ?? "UTC"
        window = plan?.window
        windowOverride = run.start?.windowOverride
        requestedBy = run.start?.requestedBy ?? ""
        resumptions = run.resumptions
        schedules = plan?.schedules ?? [:]
        let plans = plan?.steps ?? []
        steps = zip(run.steps, plans).map { StepFacts($0, $1, run.start?.profiles[$0.id]) }
    }

    func step(_ id: String) -> StepFacts? { steps.first { $0.id == id } }

    var counts: RunDocument.Counts { RunDocument.Counts(steps.map(\.verdict)) }
}

extension RunFacts {
    /// Without what takes room: who, when and how it ended.
    var withoutFindings: RunFacts { RunFacts(self, steps: []) }

    private init(_ run: RunFacts, steps: [StepFacts]) {
        id = run.id
        service = run.service
        environment = run.environment
        procedure = run.procedure
        startedAt = run.startedAt
        endedAt = run.endedAt
        state = run.state
        verdict = run.verdict
        owner = run.owner
        timezone = run.timezone
        window = run.window
        windowOverride = run.windowOverride
        requestedBy = run.requestedBy
        resumptions = run.resumptions
        schedules = run.schedules
        self.steps = steps
    }
}
