import Host
import Journal
import Maintenance
import Synchronization

/// A journal in memory whose appends fail when the test says so: before the batch is stored, or after.
final class FailingJournal: JournalStore {
    enum Failure { case before, after }

    private struct State {
        var appends = 0
        var plan: @Sendable (Int) -> Failure? = { _ in nil }
    }

    let inner = MemoryJournal()
    private let state = Mutex(State())

    var appends: Int { state.withLock { $0.appends } }
    func fail(_ plan: @escaping @Sendable (Int) -> Failure?) { state.withLock { $0.plan = plan } }

    func append(_ batch: Batch) async throws(JournalError) {
        let failure = state.withLock { state in
            state.appends += 1
            return state.plan(state.appends)
        }
        if failure == .before { throw JournalError(.full, "The disk is full.") }
        try await inner.append(batch)
        if failure == .after { throw JournalError(.unreadable, "Nobody knows whether it was stored.") }
    }

    func records(of run: String) async throws(JournalError) -> [Record] { try await inner.records(of: run) }
    func records(of run: String, fromLast kind: String) async throws(JournalError) -> [Record] {
        try await inner.records(of: run, fromLast: kind)
    }
    func body(_ digest: String) async throws(JournalError) -> [UInt8]? { try await inner.body(digest) }
    func row(_ run: String) async throws(JournalError) -> RunRow? { try await inner.row(run) }
    func row(of occurrence: Occurrence) async throws(JournalError) -> RunRow? { try await inner.row(of: occurrence) }
    func rows(_ filter: RunFilter) async throws(JournalError) -> [RunRow] { try await inner.rows(filter) }
    func missed(_ filter: MissedFilter) async throws(JournalError) -> [MissedRow] { try await inner.missed(filter) }
    func points(key: String, name: String, limit: Int) async throws(JournalError) -> [PastMeasurement] {
        try await inner.points(key: key, name: name, limit: limit)
    }
    func series() async throws(JournalError) -> [PointSeries] { try await inner.series() }
    func checkpoints(_ filter: CheckpointFilter) async throws(JournalError) -> [Checkpoint] {
        try await inner.checkpoints(filter)
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
