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
    /// Appends each by itself, one after the other, with as few commits as the store can; an answer for each.
    func append(each batches: [Batch]) async -> [Result<Void, JournalError>]
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
    public func append(each batches: [Batch]) async -> [Result<Void, JournalError>] {
        var answers: [Result<Void, JournalError>] = []
        for batch in batches {
            do throws(JournalError) {
                try await append(batch)
                answers.append(.success(()))
            } catch {
                answers.append(.failure(error))
            }
        }
        return answers
    }

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
