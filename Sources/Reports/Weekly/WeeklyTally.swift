import Engine
import Host
import Maintenance
import Schedules

/// What is kept of the runs while they are read, newest first.
struct WeeklyTally: Sendable {
    struct Series: Hashable { let procedure: String, step: String, measurement: String }

    struct SeriesPoints {
        let unit: UnitOfMeasure
        /// As the newest run has them.
        let bounds: [ReportBound]
        /// By run.
        var values: [String: Double] = [:]
        let isMain: Bool
    }

    struct IssueKey: Hashable { let procedure: String, step: String, subject: String, code: String }

    struct IssueRuns {
        let newest: Finding
        let newestRun: RunFacts
        var severity: Verdict
        var seenIn = 0
        var first: RunFacts
    }

    struct StepKey: Hashable { let procedure: String, step: String }

    struct ChangeRuns {
        let newest: StepFacts
        let newestRun: String
        var runs = 0
        var done = 0
        var units = 0
        var sums: [Measurement] = []
    }

    let period: ReportPeriod
    /// The newest ended run of each procedure.
    private(set) var latest: [String: RunFacts] = [:]
    private(set) var oldest: [String: String] = [:]
    private(set) var read: [String: Int] = [:]
    private(set) var series: [Series: SeriesPoints] = [:]
    /// Every run of a check, newest first: one that measured nothing is a gap, not nothing.
    private(set) var looks: [StepKey: [DailyReport.Point]] = [:]
    private(set) var issues: [IssueKey: IssueRuns] = [:]
    private(set) var changes: [StepKey: ChangeRuns] = [:]
    private(set) var windows: [RunFacts] = []
    private(set) var schedules: [String: String] = [:]
    private(set) var seriesLeft = 0
    private(set) var issuesLeft = 0
    private(set) var anchor: RunFacts?
    private let anchorID: String

    init(period: ReportPeriod, anchor: String) {
        self.period = period
        anchorID = anchor
    }

    /// The newest ended run of each procedure, by their names.
    var newest: [RunFacts] { latest.sorted { $0.key < $1.key }.map(\.value) }

    /// Oldest first.
    func points(of key: Series) -> [DailyReport.Point] {
        let values = series[key]?.values ?? [:]
        return (looks[StepKey(procedure: key.procedure, step: key.step)] ?? []).reversed().map { look in
            DailyReport.Point(run: look.run, at: look.at, value: values[look.run], verdict: look.verdict)
        }
    }

    mutating func take(_ run: RunFacts) {
        if run.id == anchorID { anchor = run }
        if schedules.isEmpty { schedules = run.schedules }
        if run.window != nil { windows.append(run.withoutFindings) }
        guard run.state == "ended" else { return }
        if latest[run.procedure] == nil { latest[run.procedure] = run }
        oldest[run.procedure] = run.id
        read[run.procedure, default: 0] += 1
        for step in run.steps {
            note(step.problems, of: step, in: run)
            if step.isChange { note(change: step, in: run) } else { note(measurements: step, in: run) }
        }
    }

    private mutating func note(_ findings: [Finding], of step: StepFacts, in run: RunFacts) {
        var seen: Set<IssueKey> = []
        for finding in findings {
            let key = IssueKey(
                procedure: run.procedure, step: step.id, subject: Words.bounded(finding.subject),
                code: finding.cause.code.rawValue)
            if issues[key] == nil {
                guard issues.count < ReportLimits.distinctIssues else {
                    issuesLeft += 1
                    continue
                }
                issues[key] = IssueRuns(
                    newest: finding, newestRun: run.withoutFindings, severity: finding.severity,
                    first: run.withoutFindings)
            }
            let worst = (issues[key]?.severity ?? finding.severity).worst(finding.severity)
            issues[key]?.severity = worst
            guard seen.insert(key).inserted else { continue }
            issues[key]?.seenIn += 1
            issues[key]?.first = run.withoutFindings
        }
    }

    private mutating func note(change step: StepFacts, in run: RunFacts) {
        guard step.state == "done", run.startedAt >= period.from else { return }
        let key = StepKey(procedure: run.procedure, step: step.id)
        var change = changes[key] ?? ChangeRuns(newest: step, newestRun: run.id)
        change.runs += 1
        change.done += step.units?.done ?? 0
        change.units += step.units?.total ?? 0
        for measurement in step.measurements where step.sums.contains(measurement.name) {
            guard step.missing[measurement.name] == nil else { continue }
            if let index = change.sums.firstIndex(where: { $0.name == measurement.name && $0.unit == measurement.unit })
            {
                change.sums[index] = Measurement(
                    measurement.name, change.sums[index].value + measurement.value, measurement.unit)
            } else {
                change.sums.append(measurement)
            }
        }
        changes[key] = change
    }

    private mutating func note(measurements step: StepFacts, in run: RunFacts) {
        let main = step.mainMeasurement
        looks[StepKey(procedure: run.procedure, step: step.id), default: []].append(
            DailyReport.Point(run: run.id, at: run.startedAt, value: nil, verdict: step.verdict))
        for measurement in step.measurements {
            let key = Series(procedure: run.procedure, step: step.id, measurement: measurement.name)
            if series[key] == nil {
                guard series.count < ReportLimits.series else {
                    seriesLeft += 1
                    continue
                }
                series[key] = SeriesPoints(
                    unit: measurement.unit, bounds: step.bounds(on: measurement.name, measurement.unit),
                    isMain: measurement.name == main)
            }
            // A measurement that changed its unit is another one.
            guard series[key]?.unit == measurement.unit else { continue }
            series[key]?.values[run.id] = measurement.value
        }
    }
}
