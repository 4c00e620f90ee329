public import Maintenance

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
