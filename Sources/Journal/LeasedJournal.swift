import Maintenance

/// A journal that several nodes share: this one writes to a chain only while it has the chain's lease.
public final class LeasedJournal: JournalAround {
    public let inner: any JournalStore
    public let keeper: LeaseKeeper

    public init(_ inner: any JournalStore, keeper: LeaseKeeper) {
        self.inner = inner
        self.keeper = keeper
    }

    /// Within the same process, work under a chain that somebody works under already is part of theirs.
    public func whileTaken<Value: Sendable>(
        _ claim: Claim, waiting: (@Sendable (Lease) -> Void)?, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard try await keeper.use(claim, waiting) else {
            try Task.checkCancellation()
            return try await work()
        }
        let losses = keeper.losses(of: claim.chain)
        do {
            let value = try await withThrowingTaskGroup(of: Value?.self) { group in
                group.addTask { try await work() }
                group.addTask {
                    for await _ in losses {}
                    if Task.isCancelled { return nil }
                    throw JournalError.stale(claim.chain)
                }
                defer { group.cancelAll() }
                while let value = try await group.next() {
                    if let value { return value }
                }
                throw CancellationError()
            }
            await keeper.letGo(of: claim.chain, isLeft: claim.isLeft)
            return value
        } catch {
            // What has not come to its end is left to whoever can go on with it.
            await keeper.letGo(of: claim.chain, isLeft: true)
            throw error
        }
    }

    public func keeping<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { [keeper] group in
            group.addTask { try await work() }
            group.addTask {
                await keeper.keep()
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
        var fences: Set<Fence> = []
        for chain in batch.continuedRuns.union(batch.rows.map(\.id)) { fences.formUnion(try keeper.fences(of: chain)) }
        var fenced = batch
        fenced.fences += fences.sorted { $0.name < $1.name }
        try await inner.append(fenced)
    }

    public func close() async {
        await keeper.releaseAll()
        await inner.close()
    }
}
