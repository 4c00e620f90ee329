import Engine
import Host
public import Journal
import Maintenance
public import Schedules

extension DailyReport {
    /// Reads a run and those before it, in a few questions. `isAlive` tells whether the run's process still works on it.
    public static func read(
        _ row: RunRow, from store: any JournalStore, in zone: Zone, isAlive: Bool = false
    ) async throws -> DailyReport {
        let pages = RunPages(store: store)
        var run: RunFacts?
        let unread = try await pages.each([row], isAlive: { _ in isAlive }) { run = $0 }
        guard let run else {
            throw JournalError(.corrupt, unread[row.id]?.sentence ?? "Run \(row.id) cannot be read.", run: row.id)
        }
        var input = DailyInput(run: run, zone: zone)
        let rows = try await earlier(row, from: store, in: zone)
        input.unread = try await pages.each(rows) { input.earlier.append($0) }.keys.sorted()
        var report = make(input)
        report.figures = try await pages.figures(of: [run], noting: &report.notes)
        return report
    }

    /// The last runs before it, and the last of an earlier day where those are all of today; oldest first.
    private static func earlier(
        _ row: RunRow, from store: any JournalStore, in zone: Zone
    ) async throws(JournalError) -> [RunRow] {
        var filter = RunFilter(
            service: row.service, environment: row.environment, procedure: row.procedure, states: [.ended],
            startedBefore: row.startedAt, limit: ReportLimits.sparkline)
        var rows = try await store.rows(filter)
        let today = ZoneDays.start(of: ZoneDays.day(of: row.startedAt, in: zone), in: zone)
        if rows.count == ReportLimits.sparkline, rows.allSatisfy({ $0.startedAt >= today }) {
            filter.startedBefore = today
            filter.limit = 1
            rows += try await store.rows(filter)
        }
        return rows.reversed()
    }
}
