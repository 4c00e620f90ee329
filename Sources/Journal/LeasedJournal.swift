public import Maintenance

/// A journal that several nodes share: this one writes to a chain only while it has the chain's lease.
///
/// A chain that begins is taken by itself; one that goes on is taken by `take`, before it is read. When a run has ended
/// its lease is given back.
public final class LeasedJournal: JournalStore {
    private let store: any JournalStore
    private let keeper: LeaseKeeper

    public init(_ store: any JournalStore, keeper: LeaseKeeper) {
        self.store = store
        self.keeper = keeper
    }

    public func take(_ chain: String, waiting: (@Sendable (Lease) -> Void)?) async throws(JournalError) {
        guard keeper.fence(of: chain) == nil else { return }
        if let waiting { try await keeper.wait(for: chain, waiting) } else { try await keeper.acquire(chain) }
    }

    public func whileTaken<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { [keeper] group in
            group.addTask { try await work() }
            group.addTask {
                if let lost = await keeper.keep() { throw JournalError.stale(lost) }
                return nil
            }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw CancellationError()
        }
    }

    public func append(_ batch: Batch) async throws(JournalError) {
        var fenced = batch
        let beginning = Set(batch.records.filter { $0.sequence == 1 }.map(\.run))
        var taken: [String] = []
        do throws(JournalError) {
            for chain in batch.continuedRuns.union(batch.rows.map(\.id)) {
                if beginning.contains(chain), keeper.fence(of: chain) == nil {
                    try await keeper.acquire(chain)
                    taken.append(chain)
                }
                guard let fence = keeper.fence(of: chain) else { throw .stale(chain) }
                fenced.fences.append(fence)
            }
            try await store.append(fenced)
        } catch {
            // A chain that did not begin is nobody's: kept, its lease would be renewed for ever.
            for chain in taken { await keeper.release(chain) }
            throw error
        }
        for row in batch.rows where row.state == .ended { await keeper.release(row.id) }
    }

    public func records(of run: String) async throws(JournalError) -> [Record] { try await store.records(of: run) }

    public func records(of run: String, fromLast kind: String) async throws(JournalError) -> [Record] {
        try await store.records(of: run, fromLast: kind)
    }

    public func records(ofEach runs: [String]) async throws(JournalError) -> [String: [Record]] {
        try await store.records(ofEach: runs)
    }

    public func bodies(_ digests: [String]) async throws(JournalError) -> [String: [UInt8]] {
        try await store.bodies(digests)
    }

    public func body(_ digest: String) async throws(JournalError) -> [UInt8]? { try await store.body(digest) }

    public func row(_ run: String) async throws(JournalError) -> RunRow? { try await store.row(run) }

    public func row(of occurrence: Occurrence) async throws(JournalError) -> RunRow? {
        try await store.row(of: occurrence)
    }

    public func rows(_ filter: RunFilter) async throws(JournalError) -> [RunRow] { try await store.rows(filter) }

    public func missed(_ filter: MissedFilter) async throws(JournalError) -> [MissedRow] {
        try await store.missed(filter)
    }

    public func points(key: String, name: String, limit: Int) async throws(JournalError) -> [PastMeasurement] {
        try await store.points(key: key, name: name, limit: limit)
    }

    public func series() async throws(JournalError) -> [PointSeries] { try await store.series() }

    public func checkpoints(_ filter: CheckpointFilter) async throws(JournalError) -> [Checkpoint] {
        try await store.checkpoints(filter)
    }

    public func rowsWithoutCheckpoint(limit: Int) async throws(JournalError) -> [RunRow] {
        try await store.rowsWithoutCheckpoint(limit: limit)
    }

    public func prunable(_ filter: PruningFilter) async throws(JournalError) -> [RunRow] {
        try await store.prunable(filter)
    }

    public func prune(_ part: PrunedPart, _ checkpoints: [Checkpoint]) async throws(JournalError) {
        try await store.prune(part, checkpoints)
    }

    public func close() async {
        await keeper.releaseAll()
        await store.close()
    }
}
