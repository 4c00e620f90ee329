import Host
import Maintenance
import Schedules

/// What a daily report is made from.
struct DailyInput {
    let run: RunFacts
    let zone: Zone
    /// Runs of the same procedure that ended before it, oldest first.
    var earlier: [RunFacts] = []
    var unread: [String] = []

    /// The last run of the day before, else the last before this run's day, else the last before it.
    var before: RunFacts? {
        let today = ZoneDays.start(of: ZoneDays.day(of: run.startedAt, in: zone), in: zone)
        return earlier.last { $0.startedAt < today } ?? earlier.last
    }
}

extension DailyReport {
    /// Pure: the same input gives the same report. The notes' looks and the figures are put in afterwards.
    static func make(_ input: DailyInput) -> DailyReport {
        let run = input.run
        let before = input.before
        var book = NoteBook()
        let recent = Array(input.earlier.suffix(ReportLimits.sparkline))
        let checks = run.steps.map { step in
            Check(step, note: book.note(run.id, step), run: run, before: before?.step(step.id), recent: recent)
        }
        let date = ZoneDays.day(of: run.startedAt, in: input.zone)
        let distance = before.map {
            date.daysSinceEpoch - ZoneDays.day(of: $0.startedAt, in: input.zone).daysSinceEpoch
        }
        return DailyReport(
            schemaVersion: 1, template: "daily", service: run.service, environment: run.environment,
            procedure: run.procedure, run: run.id, date: date.description, timezone: input.zone.name,
            state: run.state, verdict: run.verdict, counts: run.counts, steps: run.steps.count, owner: run.owner,
            requestedBy: run.requestedBy, startedAt: run.startedAt, endedAt: run.endedAt,
            before: before.map {
                Before(
                    run: $0.id, startedAt: $0.startedAt, verdict: $0.verdict, counts: $0.counts,
                    isYesterday: distance == 1)
            },
            comparison: comparison(before, distance, input.zone), checks: checks, figures: [], notes: book.notes,
            unread: input.unread)
    }

    private static func comparison(_ before: RunFacts?, _ days: Int64?, _ zone: Zone) -> String {
        guard let before, let days else { return "No earlier run of this procedure is in the journal." }
        let when = Words.time(before.startedAt, zone)
        switch days {
        case 0: return "Compared with the run of \(when): of the days before there is none."
        case 1: return "Compared with yesterday's run of \(when)."
        default: return "Compared with the run of \(when), \(days) days before: yesterday had none."
        }
    }
}

extension DailyReport.Check {
    init(_ step: StepFacts, note: Int?, run: RunFacts, before: StepFacts?, recent: [RunFacts]) {
        let name = step.mainMeasurement ?? before?.mainMeasurement
        let unit = name.flatMap { (step.measurement($0) ?? before?.measurement($0))?.unit } ?? .count
        let measured = name.map { step.number($0, unit) }
        var others = step.measurements.filter { $0.name != name }.map { ReportNumber($0) }
        others += step.missing.filter { $0.key != name }.sorted { $0.key < $1.key }.map {
            ReportNumber($0.key, notKnown: $0.value)
        }
        var history = recent.map { earlier -> DailyReport.Point in
            let then = earlier.step(step.id)
            return DailyReport.Point(
                run: earlier.id, at: earlier.startedAt, value: name.flatMap { then?.measurement($0)?.value },
                verdict: then?.verdict)
        }
        history.append(
            DailyReport.Point(run: run.id, at: run.startedAt, value: measured?.value, verdict: step.verdict))
        let earlier = before.map { then in
            DailyReport.Earlier(
                verdict: then.verdict, seen: Words.seen(then), measured: name.map { then.number($0) })
        }
        var change: String?
        if let now = measured?.value, let old = earlier?.measured?.value {
            change = NumberText.change(from: old, to: now, unit)
        }
        self.init(
            id: step.id, action: step.action, purpose: step.purpose, isChange: step.isChange, state: step.state,
            verdict: step.verdict, seen: Words.seen(step), cause: step.cause,
            findings: Array(step.findings.prefix(ReportLimits.findingsPerCheck)),
            findingsLeft: max(0, step.findings.count - ReportLimits.findingsPerCheck), measured: measured,
            thresholds: step.thresholds, bounds: name.map { step.bounds(on: $0, unit) } ?? [],
            others: Array(others.prefix(ReportLimits.findings)), change: change, before: earlier,
            history: name == nil ? [] : history, tookSeconds: step.took?.inSeconds, note: note)
    }
}

extension StepFacts {
    /// The measurement, or why it is not known.
    func number(_ name: String, _ unit: UnitOfMeasure = .count) -> ReportNumber {
        measurement(name).map { ReportNumber($0) } ?? ReportNumber(name, notKnown: missing[name] ?? cause, unit)
    }

    var took: Duration? {
        guard state == "done", let startedAt, let endedAt else { return nil }
        return endedAt - startedAt
    }
}
