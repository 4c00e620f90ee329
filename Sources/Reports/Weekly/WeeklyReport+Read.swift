import Engine
import Host
public import Journal
import Maintenance
public import Schedules

extension WeeklyReport {
    static let days = 7

    /// Reads the service's runs of the seven days before a run, page by page.
    public static func read(
        _ row: RunRow, from store: any JournalStore, in zone: Zone
    ) async throws -> WeeklyReport {
        let period = ReportPeriod(days: days, before: row.startedAt, in: zone)
        let filter = RunFilter(
            service: row.service, environment: row.environment, startedFrom: period.from,
            startedBefore: row.startedAt + .microseconds(1), limit: JournalLimits.listing)
        let rows = try await store.rows(filter)
        let older = try await store.rows(
            RunFilter(
                service: row.service, environment: row.environment, startedBefore: period.from, limit: 1))
        let pages = RunPages(store: store)
        var tally = WeeklyTally(period: period, anchor: row.id)
        let chosen = chosen(rows)
        let unread = try await pages.each(chosen) { tally.take($0) }
        var gaps: [String] = []
        if rows.count == JournalLimits.listing {
            gaps.append("The period has more than \(rows.count) runs; the newest of them are counted.")
        }
        if chosen.count < rows.count {
            gaps.append(
                "Of \(rows.count) runs the newest \(chosen.count) were read for trends, issues and changes; all are counted."
            )
        }
        gaps += unread.sorted { $0.key < $1.key }.prefix(ReportLimits.missed).map {
            "Run \($0.key): \($0.value.sentence)"
        }
        if unread.count > ReportLimits.missed { gaps.append("\(unread.count) runs could not be read.") }
        if tally.seriesLeft > 0 { gaps.append("There are more measurements than were followed.") }
        if tally.issuesLeft > 0 { gaps.append("There are more findings than were told apart.") }
        var report = make(
            WeeklyInput(
                anchor: row, zone: zone, period: period, rows: rows, isOlder: !older.isEmpty,
                runsRead: tally.read.values.reduce(0, +), gaps: gaps, tally: tally))
        report.figures = try await pages.figures(of: tally.newest, noting: &report.notes)
        return report
    }

    /// The newest of every procedure, so that one which runs every minute leaves room for the others.
    private static func chosen(_ rows: [RunRow]) -> [RunRow] {
        guard rows.count > ReportLimits.runs else { return rows }
        let procedures = Dictionary(grouping: rows, by: \.procedure)
        let share = max(1, ReportLimits.runs / procedures.count)
        var taken: [String: Int] = [:]
        return rows.filter { row in
            taken[row.procedure, default: 0] += 1
            return (taken[row.procedure] ?? 0) <= share
        }
    }
}
