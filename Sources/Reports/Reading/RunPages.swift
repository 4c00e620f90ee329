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
        for start in stride(from: 0, to: rows.count, by: ReportLimits.page) {
            let page = rows[start..<min(rows.count, start + ReportLimits.page)]
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

    /// Hands over the attachments by their digests, a few in memory at once; those that are gone are left out.
    func attachments(_ digests: [String], _ use: (String, Attachment) -> Void) async throws {
        for start in stride(from: 0, to: digests.count, by: ReportLimits.bodyPage) {
            let page = Array(digests[start..<min(digests.count, start + ReportLimits.bodyPage)])
            let bodies = try await store.bodies(page)
            for digest in page {
                guard let bytes = bodies[digest], let attachment = try? decodeJSON(Attachment.self, bytes) else {
                    continue
                }
                use(digest, attachment)
            }
        }
    }
}
