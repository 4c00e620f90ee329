public import Host
public import Journal
public import Maintenance
import Synchronization

/// A journal in which each run's end is written together with a signed checkpoint: in one transaction, so that neither
/// is there without the other.
public final class CheckpointedJournal: JournalStore {
    private let store: any JournalStore
    private let key: SigningKey
    private let host: Host
    /// Told of the newest checkpoint once it is durable.
    private let marked: @Sendable (Checkpoint) async -> Void
    /// The newest that is known here. Where another was written meanwhile, the store refuses and it is asked anew.
    private let newest: Mutex<Checkpoint?>

    /// Reads where the chain stands. Runs that ended without a checkpoint, under an older version, get theirs now.
    public init(
        _ store: any JournalStore, key: SigningKey, host: Host,
        marked: @escaping @Sendable (Checkpoint) async -> Void = { _ in }
    ) async throws(JournalError) {
        self.store = store
        self.key = key
        self.host = host
        self.marked = marked
        newest = Mutex(try await store.checkpoints(.newest).first)
        while true {
            let rows = try await store.rowsWithoutCheckpoint(limit: EvidenceLimits.page)
            if rows.isEmpty { break }
            try await extend(.ended, rows.map { ($0, nil) }) { checkpoints throws(JournalError) in
                try await store.append(Batch(checkpoints: checkpoints))
            }
        }
    }

    public func append(_ batch: Batch) async throws(JournalError) {
        var ended: [String: RunRow] = [:]
        for row in batch.rows { ended[row.id] = row.state == .ended ? row : nil }
        // A run ends once: who writes its end again changes nothing of what was signed.
        for run in ended.keys where try await !store.checkpoints(CheckpointFilter(run: run, limit: 1)).isEmpty {
            ended[run] = nil
        }
        guard !ended.isEmpty else { return try await store.append(batch) }
        let ends = ended.values.sorted { $0.id < $1.id }.map { row in
            (row, batch.records.last { $0.run == row.id }.map { ChainTip($0) })
        }
        try await extend(.ended, ends) { [store] checkpoints throws(JournalError) in
            var batch = batch
            batch.checkpoints += checkpoints
            try await store.append(batch)
        }
    }

    /// Removes a part of the runs that retention may prune now, and says so in the chain; returns the runs.
    public func prune(_ filter: PruningFilter) async throws(JournalError) -> [RunRow] {
        let rows = try await store.prunable(filter)
        guard !rows.isEmpty else { return [] }
        try await extend(filter.part == .records ? .pruned : .erased, rows.map { ($0, nil) }) {
            [store] checkpoints throws(JournalError) in
            try await store.prune(filter.part, checkpoints)
        }
        return rows
    }

    /// Makes checkpoints of the runs, with the ends of their chains where they are known, and hands them to `write`.
    private func extend(
        _ kind: Checkpoint.Kind, _ ends: [(RunRow, ChainTip?)],
        write: ([Checkpoint]) async throws(JournalError) -> Void
    ) async throws(JournalError) {
        var heads: [ChainTip] = []
        for (row, head) in ends { heads.append(try await self.head(of: row.id, head)) }
        for attempt in 1... {
            var last = newest.withLock { $0 }
            var checkpoints: [Checkpoint] = []
            for ((row, _), head) in zip(ends, heads) {
                let next = try key.checkpoint(after: last, kind, row, head: head, at: host.now())
                checkpoints.append(next)
                last = next
            }
            do throws(JournalError) {
                try await write(checkpoints)
            } catch  where error.code == .checkpointConflict && attempt < EvidenceLimits.attempts {
                let known = try await store.checkpoints(.newest).first
                newest.withLock { $0 = known }
                continue
            }
            guard let last else { return }
            newest.withLock { newest in if newest?.number ?? 0 < last.number { newest = last } }
            return await marked(last)
        }
    }

    /// The end of a run's chain: as its checkpoint says, where its records may be gone.
    private func head(of run: String, _ known: ChainTip?) async throws(JournalError) -> ChainTip {
        if let known { return known }
        if let ended = try await store.checkpoints(CheckpointFilter(run: run, limit: 1)).first { return ended.head }
        return try await store.records(of: run).last.map { ChainTip($0) } ?? .none
    }
}

/// All else is the store's.
extension CheckpointedJournal {
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

    public func take(_ chain: String, waiting: (@Sendable (Lease) -> Void)?) async throws(JournalError) {
        try await store.take(chain, waiting: waiting)
    }

    public func whileTaken<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value { try await store.whileTaken(work) }

    public func compact() async throws(JournalError) { try await store.compact() }

    public func close() async { await store.close() }
}
