public import Host
public import Journal
import Maintenance
import Synchronization

/// A journal in which each run's end is written together with a signed checkpoint: in one transaction, so that neither
/// is there without the other.
public final class CheckpointedJournal: JournalAround {
    public let inner: any JournalStore
    private let key: SigningKey
    private let host: Host
    /// Told of the newest checkpoint once it is durable.
    private let marked: @Sendable (Checkpoint) async -> Void
    /// The newest that is known here. Where another was written meanwhile, the store refuses and it is asked anew.
    private let newest: Mutex<Checkpoint?>
    /// Ends that come at once would refuse each other: one checkpoint continues the one before it.
    private let turns = Turns()
    private let marking = Turns()

    /// Reads where the chain stands. Runs that ended without a checkpoint, under an older version, get theirs now.
    public init(
        _ store: any JournalStore, key: SigningKey, host: Host,
        marked: @escaping @Sendable (Checkpoint) async -> Void = { _ in }
    ) async throws(JournalError) {
        inner = store
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
        for run in ended.keys where try await !inner.checkpoints(CheckpointFilter(run: run, limit: 1)).isEmpty {
            ended[run] = nil
        }
        guard !ended.isEmpty else { return try await inner.append(batch) }
        let ends = ended.values.sorted { $0.id < $1.id }.map { row in
            (row, batch.records.last { $0.run == row.id }.map { ChainTip($0) })
        }
        try await extend(.ended, ends) { [inner] checkpoints throws(JournalError) in
            var batch = batch
            batch.checkpoints += checkpoints
            try await inner.append(batch)
        }
    }

    /// Removes a part of the runs that retention may prune now, and says so in the chain; returns the runs.
    public func prune(_ filter: PruningFilter) async throws(JournalError) -> [RunRow] {
        let rows = try await inner.prunable(filter)
        guard !rows.isEmpty else { return [] }
        try await extend(filter.part == .records ? .pruned : .erased, rows.map { ($0, nil) }) {
            [inner] checkpoints throws(JournalError) in
            try await inner.prune(filter.part, checkpoints)
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
        guard let last = try await link(kind, ends.map(\.0), heads, write) else { return }
        await marking.take()
        defer { marking.pass() }
        // A newer one is marked by whoever wrote it.
        if newest.withLock({ $0?.number }) == last.number { await marked(last) }
    }

    /// Continues the chain, one after the other; other nodes may do so meanwhile.
    private func link(
        _ kind: Checkpoint.Kind, _ rows: [RunRow], _ heads: [ChainTip],
        _ write: ([Checkpoint]) async throws(JournalError) -> Void
    ) async throws(JournalError) -> Checkpoint? {
        await turns.take()
        defer { turns.pass() }
        for attempt in 1... {
            var last = newest.withLock { $0 }
            var checkpoints: [Checkpoint] = []
            for (row, head) in zip(rows, heads) {
                let next = try key.checkpoint(after: last, kind, row, head: head, at: host.now())
                checkpoints.append(next)
                last = next
            }
            do throws(JournalError) {
                try await write(checkpoints)
            } catch  where error.code == .checkpointConflict && attempt < EvidenceLimits.attempts {
                let known = try await inner.checkpoints(.newest).first
                newest.withLock { $0 = known }
                continue
            }
            newest.withLock { $0 = last ?? $0 }
            return last
        }
        return nil
    }

    /// The end of a run's chain: as its checkpoint says, where its records may be gone.
    private func head(of run: String, _ known: ChainTip?) async throws(JournalError) -> ChainTip {
        if let known { return known }
        if let ended = try await inner.checkpoints(CheckpointFilter(run: run, limit: 1)).first { return ended.head }
        return try await inner.records(of: run).last.map { ChainTip($0) } ?? .none
    }
}
