import Engine
import Host
import Journal
import Maintenance
import Plans
import Schedules

/// What a weekly report is made from.
struct WeeklyInput {
    let anchor: RunRow
    let zone: Zone
    let period: ReportPeriod
    /// Every run of the service from the period's beginning up to the report, newest first.
    let rows: [RunRow]
    /// The journal has a run of the service from before the period.
    let isOlder: Bool
    let runsRead: Int
    let gaps: [String]
    let tally: WeeklyTally

    /// When the journal begins to know the service.
    var knownFrom: Instant { isOlder ? period.from : rows.last?.startedAt ?? period.to }
    var until: Instant { anchor.endedAt ?? anchor.startedAt }
}

extension WeeklyReport {
    /// Pure: the same input gives the same report. The notes' looks and the figures are put in afterwards.
    static func make(_ input: WeeklyInput) -> WeeklyReport {
        var book = NoteBook()
        let inPeriod = input.rows.filter { $0.startedAt < input.period.to }
        // First of all, for their tables are only read where there is a note.
        for run in input.tally.newest {
            for step in run.steps where step.hasFigures { _ = book.note(run.id, step) }
        }
        let changes = changes(input, &book)
        let found = issues(input, &book)
        let trends = trends(input, &book)
        let actions = actions(found, input)
        return WeeklyReport(
            schemaVersion: 1, template: "weekly", service: input.anchor.service, environment: input.anchor.environment,
            run: input.anchor.id, procedure: input.anchor.procedure,
            date: ZoneDays.day(of: input.anchor.startedAt, in: input.zone).description,
            owner: input.tally.anchor?.owner, period: input.period, until: input.until, verdict: input.anchor.verdict,
            counts: counts(inPeriod), runs: inPeriod.count, runsRead: input.runsRead, gaps: input.gaps,
            procedures: procedures(input), maintenance: maintenance(input), changes: changes, trends: trends,
            figures: [], issues: Array(found.prefix(ReportLimits.issues)),
            issuesLeft: max(0, found.count - ReportLimits.issues) + input.tally.issuesLeft,
            actions: Array(actions.prefix(ReportLimits.issues)),
            actionsLeft: max(0, actions.count - ReportLimits.issues), notes: book.notes)
    }

    static func counts(_ rows: [RunRow]) -> RunDocument.Counts { RunDocument.Counts(rows.map(\.verdict)) }

    // MARK: The calendar

    private static func procedures(_ input: WeeklyInput) -> [ProcedureDays] {
        let byProcedure = Dictionary(grouping: input.rows, by: \.procedure)
        let names = Set(byProcedure.keys).union(input.tally.schedules.keys)
        return names.sorted().map { procedure($0, byProcedure[$0] ?? [], input) }
    }

    private static func procedure(_ name: String, _ rows: [RunRow], _ input: WeeklyInput) -> ProcedureDays {
        let text = input.tally.schedules[name]
        let due = text.flatMap { try? Schedule($0) }.map {
            DueTimes(
                $0, from: max(input.period.from, input.knownFrom), until: input.until, in: input.zone,
                runs: rows.map(\.startedAt),
                lateness: input.tally.windows.first { $0.procedure == name && $0.window?.beginsRun == true }?.window?
                    .lasts)
        }
        let inPeriod = rows.filter { $0.startedAt < input.period.to }
        let today = ZoneDays.day(of: input.anchor.startedAt, in: input.zone).description
        let byDay = Dictionary(grouping: rows) { ZoneDays.day(of: $0.startedAt, in: input.zone).description }
        func dates(_ instants: [Instant]) -> [String: Int] {
            Dictionary(instants.map { (ZoneDays.day(of: $0, in: input.zone).description, 1) }, uniquingKeysWith: +)
        }
        let dueDays = due.map { dates($0.due) }
        let missedDays = dates(due?.missed ?? [])
        let firstDay = ZoneDays.day(of: input.knownFrom, in: input.zone).description
        let days = (input.period.days + [today]).map { date -> Day in
            let runs = (byDay[date] ?? []).sorted { $0.startedAt < $1.startedAt }
            let verdicts = runs.compactMap(\.verdict)
            return Day(
                date: date, isToday: date == today, verdict: verdicts.isEmpty ? nil : verdicts.worst,
                runs: runs.prefix(ReportLimits.runsPerDay).map { DayRun($0) }, runsInAll: runs.count,
                due: dueDays.map { $0[date] ?? 0 }, missed: missedDays[date] ?? 0,
                isBeforeTheFirstRun: date < firstDay)
        }
        let missed = due?.missed.filter { $0 < input.period.to } ?? []
        return ProcedureDays(
            procedure: name, schedule: text, runs: inPeriod.count, counts: counts(inPeriod),
            due: due.map { $0.due.count { $0 < input.period.to } },
            missed: Array(missed.suffix(ReportLimits.missed)), missedInAll: missed.count, days: days)
    }

    // MARK: Maintenance and changes

    private static func maintenance(_ input: WeeklyInput) -> [Maintenance] {
        input.tally.windows.compactMap { run -> Maintenance? in
            guard let window = run.window else { return nil }
            return Maintenance(
                run: run.id, procedure: run.procedure, startedAt: run.startedAt, verdict: run.verdict,
                tookSeconds: run.endedAt.map { ($0 - run.startedAt).inSeconds }, window: window.name,
                windowSeconds: window.lasts.inSeconds, overridden: run.windowOverride,
                isThisRun: run.id == input.anchor.id)
        }.sorted { $0.startedAt < $1.startedAt }
    }

    private static func changes(_ input: WeeklyInput, _ book: inout NoteBook) -> [Change] {
        input.tally.changes.sorted { ($0.key.procedure, $0.key.step) < ($1.key.procedure, $1.key.step) }.map {
            key, change in
            Change(
                procedure: key.procedure, step: key.step, action: change.newest.action, runs: change.runs,
                unitsDone: change.done, units: change.units, sums: change.sums.map { ReportNumber($0) },
                verdict: change.newest.verdict, seen: Words.seen(change.newest),
                note: book.note(change.newestRun, change.newest))
        }
    }
}

extension WeeklyReport.DayRun {
    init(_ row: RunRow) {
        self.init(
            run: row.id, startedAt: row.startedAt, state: row.state.rawValue, verdict: row.verdict,
            seconds: row.endedAt.map { ($0 - row.startedAt).inSeconds })
    }
}
