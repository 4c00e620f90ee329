import Engine
import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Reports

/// Writes the reports of runs into a folder.
struct ReportWriter {
    let composition: Composition
    let journal: any JournalStore
    let folder: String

    /// The reports that the plan asks for, each written whole or not at all.
    func write(_ run: Run) async -> [String] {
        let wanted = Dictionary(grouping: run.start?.plan.reports ?? [], by: \.template)
        guard !wanted.isEmpty else { return [] }
        var written: [String] = []
        do {
            guard let row = try await journal.row(run.id) else { return [] }
            let zone = composition.zone(run.start?.plan.timezone ?? "UTC")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (template, asked) in wanted.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                let formats = Set(asked.flatMap(\.formats)).sorted { $0.rawValue < $1.rawValue }
                let texts = try await WrittenReport.texts(
                    template, formats, of: row, from: journal, in: zone, isAlive: false)
                for (format, text) in texts {
                    let path = "\(folder)/\(WrittenReport.fileName(template, format, of: row, in: zone))"
                    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
                    written.append(path)
                }
            }
        } catch {
            // The run is recorded; a report can be made again from the journal at any time.
            Output.diagnostic(
                "The reports could not be written to \(folder). `millwright report \(run.id)` makes them again.")
        }
        return written
    }
}
