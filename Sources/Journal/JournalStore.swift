public import Maintenance

/// Where runs are recorded. All stores pass one conformance suite; the engine knows none of them.
public protocol JournalStore: Sendable {
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
    /// In order; empty for an unknown run. Not verified: see `Record.verifyChain`.
    func records(of run: String) async throws(JournalError) -> [Record]
    /// The records of a stream from the last one of a kind on; all of them where it has none of it. Not verified.
    func records(of run: String, fromLast kind: String) async throws(JournalError) -> [Record]
    /// The records of several runs in one question, each run's in order; unknown runs are left out. Not verified.
    func records(ofEach runs: [String]) async throws(JournalError) -> [String: [Record]]
    /// Several bodies in one question; those that are not there are left out.
    func bodies(_ digests: [String]) async throws(JournalError) -> [String: [UInt8]]
    /// `nil` when there is none, or it was erased.
    func body(_ digest: String) async throws(JournalError) -> [UInt8]?
    /// By the id, or by a beginning of it that only one run has; a beginning that several have is `ambiguous`.
    func row(_ run: String) async throws(JournalError) -> RunRow?
    /// The run of an occurrence; `nil` where it has none.
    func row(of occurrence: Occurrence) async throws(JournalError) -> RunRow?
    /// Newest start first.
    func rows(_ filter: RunFilter) async throws(JournalError) -> [RunRow]
    /// Latest nominal instant first.
    func missed(_ filter: MissedFilter) async throws(JournalError) -> [MissedRow]
    /// Newest first.
    func points(key: String, name: String, limit: Int) async throws(JournalError) -> [PastMeasurement]
    /// Every series that has points, by key and name.
    func series() async throws(JournalError) -> [PointSeries]
    /// By number. Not verified: signatures and links are the reader's to check.
    func checkpoints(_ filter: CheckpointFilter) async throws(JournalError) -> [Checkpoint]
    /// Ended runs of which no checkpoint says that they ended, the earliest end first.
    func rowsWithoutCheckpoint(limit: Int) async throws(JournalError) -> [RunRow]
    /// Runs that retention may prune: ended, with a checkpoint of their end, none that says that the part is gone, and
    /// not the newest passed run of their procedure.
    func prunable(_ filter: PruningFilter) async throws(JournalError) -> [RunRow]
    /// Removes the part of the runs and stores the checkpoints that say so, atomically. Bodies that another run uses
    /// as well stay. The checkpoints are refused as in `append`.
    func prune(_ part: PrunedPart, _ checkpoints: [Checkpoint]) async throws(JournalError)
    /// Gives room that pruning left back to the system, where much is free. Other calls may wait for it.
    func compact() async throws(JournalError)
    /// Makes a chain this process's own before it is read to be gone on with. Where another node works on it: waits,
    /// after `waiting` was told who, or throws `heldByAnother` without it.
    func take(_ chain: String, waiting: (@Sendable (Lease) -> Void)?) async throws(JournalError)
    /// Does the work, and meanwhile keeps what was taken. Where it is lost the work is cancelled, and `stale` thrown.
    func whileTaken<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value
    /// Afterwards every call throws `unreadable`.
    func close() async
}

extension JournalStore {
    /// Where the store gives room back by itself.
    public func compact() async throws(JournalError) {}

    /// Where one process owns the whole store there is nothing to take.
    public func take(_ chain: String, waiting: (@Sendable (Lease) -> Void)?) async throws(JournalError) {}

    public func take(_ chain: String) async throws(JournalError) { try await take(chain, waiting: nil) }

    public func whileTaken<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value { try await work() }

    public func records(ofEach runs: [String]) async throws(JournalError) -> [String: [Record]] {
        var found: [String: [Record]] = [:]
        for run in runs {
            let records = try await records(of: run)
            if !records.isEmpty { found[run] = records }
        }
        return found
    }

    public func bodies(_ digests: [String]) async throws(JournalError) -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for digest in digests { found[digest] = try await body(digest) }
        return found
    }
}
