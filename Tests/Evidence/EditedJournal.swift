import Evidence
import Host
import Journal
import Maintenance

/// A journal as somebody with access to its tables would leave it. Only what an inspection reads can be edited.
struct Edited: JournalStore {
    struct Tables: Sendable {
        var rows: [String: RunRow] = [:]
        var dropped: Set<String> = []
        var checkpoints: [Checkpoint] = []
        var bodies: [String: [UInt8]] = [:]
        var lost: Set<String> = []
        /// The run whose last record is gone.
        var shortened: String?

        mutating func drop(_ run: String) { dropped.insert(run) }
    }

    let inner: any JournalStore
    var tables = Tables()

    init(_ inner: any JournalStore, _ edit: (inout Tables) -> Void) async throws {
        self.inner = inner
        tables.checkpoints = try await inner.checkpoints(CheckpointFilter())
        edit(&tables)
    }

    func append(_ batch: Batch) async throws(JournalError) { try await inner.append(batch) }
    func records(of run: String) async throws(JournalError) -> [Record] {
        let records = try await inner.records(of: run)
        return run == tables.shortened ? Array(records.dropLast()) : records
    }
    func records(of run: String, fromLast kind: String) async throws(JournalError) -> [Record] {
        try await inner.records(of: run, fromLast: kind)
    }
    func body(_ digest: String) async throws(JournalError) -> [UInt8]? {
        if tables.lost.contains(digest) { return nil }
        if let body = tables.bodies[digest] { return body }
        return try await inner.body(digest)
    }
    func row(_ run: String) async throws(JournalError) -> RunRow? { try await inner.row(run) }
    func row(of occurrence: Occurrence) async throws(JournalError) -> RunRow? { try await inner.row(of: occurrence) }
    func rows(_ filter: RunFilter) async throws(JournalError) -> [RunRow] {
        try await inner.rows(filter).filter { !tables.dropped.contains($0.id) }.map { tables.rows[$0.id] ?? $0 }
    }
    func missed(_ filter: MissedFilter) async throws(JournalError) -> [MissedRow] { try await inner.missed(filter) }
    func points(key: String, name: String, limit: Int) async throws(JournalError) -> [PastMeasurement] {
        try await inner.points(key: key, name: name, limit: limit)
    }
    func series() async throws(JournalError) -> [PointSeries] { [] }
    func checkpoints(_ filter: CheckpointFilter) async throws(JournalError) -> [Checkpoint] {
        tables.checkpoints.filter { $0.number >= filter.from }
    }
    func rowsWithoutCheckpoint(limit: Int) async throws(JournalError) -> [RunRow] {
        try await inner.rowsWithoutCheckpoint(limit: limit)
    }
    func prunable(_ filter: PruningFilter) async throws(JournalError) -> [RunRow] { try await inner.prunable(filter) }
    func prune(_ part: PrunedPart, _ checkpoints: [Checkpoint]) async throws(JournalError) {
        try await inner.prune(part, checkpoints)
    }
    func close() async { await inner.close() }
}
