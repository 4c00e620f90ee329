import Engine
import Host
public import Journal
import Maintenance
public import Plans
public import Schedules

/// Any report in any form: what the command line and the plan's `reports` write.
public enum WrittenReport {
    /// Reads once and writes each form.
    public static func texts(
        _ template: ReportTemplate, _ formats: [ReportFormat], of row: RunRow, from store: any JournalStore,
        in zone: Zone, isAlive: Bool
    ) async throws -> [(format: ReportFormat, text: String)] {
        switch template {
        case .run:
            let run = try await RunDocument.read(row, from: store, isAlive: isAlive)
            return try formats.map { ($0, try text(run, $0, MarkdownReport.text, HTMLReport.text)) }
        case .daily:
            let report = try await DailyReport.read(row, from: store, in: zone, isAlive: isAlive)
            return try formats.map { ($0, try text(report, $0, DailyMarkdown.text, DailyHTML.text)) }
        case .weekly:
            let report = try await WeeklyReport.read(row, from: store, in: zone)
            return try formats.map { ($0, try text(report, $0, WeeklyMarkdown.text, WeeklyHTML.text)) }
        }
    }

    /// The zone that the run's plan has; its own day and week are told in it.
    public static func timezone(of row: RunRow, from store: any JournalStore) async throws -> String {
        guard let first = try await store.records(of: row.id).first,
            case .started(let start)? = try? decodeJSON(RunEvent.self, first.body)
        else { return "UTC" }
        return start.plan.timezone
    }

    private static func text<Document: Encodable>(
        _ document: Document, _ format: ReportFormat, _ markdown: (Document) -> String, _ html: (Document) -> String
    ) throws -> String {
        switch format {
        case .md: markdown(document)
        case .html: html(document)
        case .json: String(decoding: try encodeJSON(document, pretty: true), as: UTF8.self) + "\n"
        }
    }

    /// A run's report has the run's id in its name; one of a day or a week its date, so that making it again replaces it.
    public static func fileName(
        _ template: ReportTemplate, _ format: ReportFormat, of row: RunRow, in zone: Zone
    ) -> String {
        let environment = row.environment == "default" ? "" : "-\(row.environment)"
        let date = ZoneDays.day(of: row.startedAt, in: zone).description
        // `steam-trap-inspector-weekly-2026-11-22` needs no second `weekly`.
        let kind = row.procedure.contains(template.rawValue) ? "" : "-\(template.rawValue)"
        return switch template {
        case .run: "\(row.service)-\(row.procedure)-\(row.id).\(format.rawValue)"
        case .daily, .weekly: "\(row.service)\(environment)-\(row.procedure)\(kind)-\(date).\(format.rawValue)"
        }
    }
}
