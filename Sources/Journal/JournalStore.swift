public import Maintenance

/// Where runs are recorded. All stores pass one conformance suite; the engine knows none of them.
public protocol JournalStore: JournalReading {
    /// Stores the batch atomically and durably before it returns. It is not cut short by the task's cancellation: what
    /// was begun is recorded.
    ///
    /// Bodies belong to the run of the batch's first record, so that they can be removed with it.
    ///
    /// Refuses a batch of which a fence is not in force (`stale`).
    ///
    /// Refuses a checkpoint that does not continue the newest (`checkpointConflict`; see `Batch.checkContinuation`).
    /// Refuses a record whose sequence or previous digest does not continue its run (`conflict`), and a second run of
    /// one occurrence, or a run of a missed one and the other way round (`occurrenceTaken`, which names the run in
    /// `run`). After any error but these and `full`, only reading the run again tells whether the batch is stored.
    func append(_ batch: Batch) async throws(JournalError)
    /// Removes the part of the runs and stores the checkpoints that say so, atomically. Bodies that another run uses
    /// as well stay. The checkpoints are refused as in `append`.
    func prune(_ part: PrunedPart, _ checkpoints: [Checkpoint]) async throws(JournalError)
    /// Gives room that pruning left back to the system, where much is free. Other calls may wait for it.
    func compact() async throws(JournalError)
    /// Makes a chain this process's own, does the work that reads and continues it, and lets it go. Where another node
    /// works on it: waits, after `waiting` was told who, or throws `heldByAnother` without it. Where it is lost
    /// meanwhile the work is cancelled, and `stale` thrown.
    func whileTaken<Value: Sendable>(
        _ claim: Claim, waiting: (@Sendable (Lease) -> Void)?, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value
    /// Around all that a process does with the journal: keeps what it takes meanwhile.
    func keeping<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value
    /// Afterwards every call throws `unreadable`.
    func close() async
}

extension JournalStore {
    /// Where the store gives room back by itself.
    public func compact() async throws(JournalError) {}

    /// Where one process owns the whole store there is nothing to take.
    public func whileTaken<Value: Sendable>(
        _ claim: Claim, waiting: (@Sendable (Lease) -> Void)?, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value { try await work() }

    public func whileTaken<Value: Sendable>(
        _ claim: Claim, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value { try await whileTaken(claim, waiting: nil, work) }

    /// Where one process owns the whole store there is nothing to keep.
    public func keeping<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value { try await work() }
}

/// A journal that lies around another and reads what that one reads.
public protocol JournalAround: JournalStore {
    var inner: any JournalStore { get }
}

extension JournalAround {
    public func records(of run: String) async throws(JournalError) -> [Record] { try await inner.records(of: run) }

    public func records(of run: String, fromLast kind: String) async throws(JournalError) -> [Record] {
        try await inner.records(of: run, fromLast: kind)
    }

    public func records(ofEach runs: [String]) async throws(JournalError) -> [String: [Record]] {
        try await inner.records(ofEach: runs)
    }

    public func bodies(_ digests: [String]) async throws(JournalError) -> [String: [UInt8]] {
        try await inner.bodies(digests)
    }

    public func body(_ digest: String) async throws(JournalError) -> [UInt8]? { try await inner.body(digest) }

    public func row(_ run: String) async throws(JournalError) -> RunRow? { try await inner.row(run) }

    public func row(of occurrence: Occurrence) async throws(JournalError) -> RunRow? {
        try await inner.row(of: occurrence)
    }

    public func rows(_ filter: RunFilter) async throws(JournalError) -> [RunRow] { try await inner.rows(filter) }

    public func missed(_ filter: MissedFilter) async throws(JournalError) -> [MissedRow] {
        try await inner.missed(filter)
    }

    public func points(key: String, name: String, limit: Int) async throws(JournalError) -> [PastMeasurement] {
        try await inner.points(key: key, name: name, limit: limit)
    }

    public func series() async throws(JournalError) -> [PointSeries] { try await inner.series() }

    public func checkpoints(_ filter: CheckpointFilter) async throws(JournalError) -> [Checkpoint] {
        try await inner.checkpoints(filter)
    }

    public func rowsWithoutCheckpoint(limit: Int) async throws(JournalError) -> [RunRow] {
        try await inner.rowsWithoutCheckpoint(limit: limit)
    }

    public func prunable(_ filter: PruningFilter) async throws(JournalError) -> [RunRow] {
        try await inner.prunable(filter)
    }

    public func prune(_ part: PrunedPart, _ checkpoints: [Checkpoint]) async throws(JournalError) {
        try await inner.prune(part, checkpoints)
    }

    public func compact() async throws(JournalError) { try await inner.compact() }

    public func whileTaken<Value: Sendable>(
        _ claim: Claim, waiting: (@Sendable (Lease) -> Void)?, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value { try await inner.whileTaken(claim, waiting: waiting, work) }

    public func keeping<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value { try await inner.keeping(work) }

    public func close() async { await inner.close() }
}
