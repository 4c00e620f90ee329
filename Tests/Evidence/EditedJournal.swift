import Evidence
import Host
import Journal

/// A journal as somebody with access to its tables would leave it. Only what an inspection reads can be edited.
struct Edited: JournalAround {
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
    func records(ofEach runs: [String]) async throws(JournalError) -> [String: [Record]] {
        var found = try await inner.records(ofEach: runs)
        if let run = tables.shortened { found[run]?.removeLast() }
        return found
    }
    func body(_ digest: String) async throws(JournalError) -> [UInt8]? { try await bodies([digest])[digest] }
    func bodies(_ digests: [String]) async throws(JournalError) -> [String: [UInt8]] {
        let edited = tables.bodies.filter { digests.contains($0.key) }
        return try await inner.bodies(digests).merging(edited) { $1 }.filter { !tables.lost.contains($0.key) }
    }
    func rows(_ filter: RunFilter) async throws(JournalError) -> [RunRow] {
        try await inner.rows(filter).filter { !tables.dropped.contains($0.id) }.map { tables.rows[$0.id] ?? $0 }
    }
    func checkpoints(_ filter: CheckpointFilter) async throws(JournalError) -> [Checkpoint] {
        tables.checkpoints.filter { $0.number >= filter.from }
    }
}
