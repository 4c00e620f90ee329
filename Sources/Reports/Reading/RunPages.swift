import Engine
import Host
import Journal
import Maintenance

/// Reads runs page by page: a few questions for many runs, and few runs in memory at once.
struct RunPages {
    let store: any JournalStore

    /// Hands over each run that can be read, in the order of the rows; returns why the others could not.
    func each(
        _ rows: [RunRow], isAlive: (RunRow) -> Bool = { _ in false }, _ use: (RunFacts) -> Void
    ) async throws -> [String: Cause] {
        var unread: [String: Cause] = [:]
        for page in rows.parts(of: ReportLimits.page) {
            let records = try await store.records(ofEach: page.map(\.id))
            for row in page {
                do {
                    use(
                        RunFacts(
                            try Self.run(row.id, records[row.id] ?? []), startedAt: row.startedAt, isAlive: isAlive(row)
                        ))
                } catch let error as JournalError {
                    unread[row.id] = Cause(.malformed, error.sentence)
                } catch {
                    unread[row.id] = Cause(.malformed, "Its records were erased, or are of another version.")
                }
            }
        }
        return unread
    }

    /// A run that somebody altered is not reported on.
    private static func run(_ id: String, _ records: [Record]) throws -> Run {
        guard !records.isEmpty else { throw JournalError(.notFound, "The journal has no records of run \(id).") }
        return try RunMachine(replaying: records, of: id).state
    }

    /// Puts into the notes what the bodies beside the runs say, and makes the figures that are in them. A few bodies are
    /// in memory at once; those that are gone are left out.
    func figures(of runs: [RunFacts], noting notes: inout [EvidenceNote]) async throws -> [ReportFigure] {
        var looks: [String: [EvidenceNote.Look]] = [:]
        var figures: [String: [[String: JSONValue]]] = [:]
        for page in notes.wanted.parts(of: ReportLimits.bodyPage) {
            for (digest, bytes) in try await store.bodies(Array(page)) {
                guard let attachment = try? decodeJSON(Attachment.self, bytes) else { continue }
                looks[digest] = attachment.evidence.map { EvidenceNote.Look($0) }
                let tables = attachment.details.filter { $0["figure"] != nil }
                if !tables.isEmpty { figures[digest] = tables }
            }
        }
        notes.fill(from: looks)
        return ReportFigure.all(of: runs, notes, figures)
    }
}
