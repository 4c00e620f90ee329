public import Maintenance

/// What a journal tells.
public protocol JournalReading: Sendable {
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
}

extension JournalReading {
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
