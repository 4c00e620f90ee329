import Host
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
        guard let use = try await keeper.use(claim, waiting) else { return try await work() }
        do {
            let value = try await doing(
                work,
                beside: {
                    for await _ in use.losses {}
                    if !Task.isCancelled { throw JournalError.stale(claim.chain) }
                })
            await keeper.letGo(use.fence, isLeft: claim.isLeft)
            return value
        } catch {
            // What has not come to its end is left to whoever can go on with it.
            await keeper.letGo(use.fence, isLeft: true)
            throw error
        }
    }

    public func keeping<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await doing(work, beside: keeper.keep)
    }

    public func append(_ batch: Batch) async throws(JournalError) { try await inner.append(fenced(batch)) }

    public func append(each batches: [Batch]) async -> [Result<Void, JournalError>] {
        let fenced = batches.map { batch in Result { () throws(JournalError) in try self.fenced(batch) } }
        var stored = await inner.append(each: fenced.compactMap { try? $0.get() })[...]
        return fenced.map { result in result.flatMap { _ in stored.removeFirst() } }
    }

    /// With the leases of all its chains.
    private func fenced(_ batch: Batch) throws(JournalError) -> Batch {
        var fences: Set<Fence> = []
        for chain in batch.continuedRuns.union(batch.rows.map(\.id)) { fences.formUnion(try keeper.fences(of: chain)) }
        var fenced = batch
        fenced.fences += fences.sorted { $0.name < $1.name }
        return fenced
    }

    public func close() async {
        await keeper.releaseAll()
        await inner.close()
    }
}
