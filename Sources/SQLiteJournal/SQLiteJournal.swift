import GRDB
public import Host
public import Journal
public import Maintenance
import Synchronization

/// The journal in one SQLite file that one process owns for writing.
///
/// A batch is one transaction, on disk before `append` returns (write-ahead log, `synchronous=FULL`); batches that wait
/// while another is written share one. All calls run one after the other on a queue of their own, never on the cooperative
/// pool, and a task's cancellation cuts none short.
public final class SQLiteJournal: JournalStore {
    private struct Opened {
        let queue: DatabaseQueue
        let lock: WriterLock?
    }

    public let path: String
    private let opened: Mutex<Opened?>
    private let appending = Appending()

    /// Opens the journal for writing, and makes it where there is none.
    ///
    /// A damaged journal is set aside under a new name and reported as `corrupt`; the next opening begins a new one.
    public static func writer(at path: String, host: Host) async throws(JournalError) -> SQLiteJournal {
        let path = JournalFile.plain(path)
        return try await blocking { () throws(JournalError) in
            let file = JournalFile(path: path)
            try file.makeFolder()
            let lock = try WriterLock(file: file)
            try file.prepare(wasOurs: lock.existed, at: host.now())
            return SQLiteJournal(path, Opened(queue: try file.openWriter(), lock: lock))
        }
    }

    /// Opens the journal for reading only, beside a process that writes to it or without one.
    public static func reader(at path: String) async throws(JournalError) -> SQLiteJournal {
        let path = JournalFile.plain(path)
        return try await blocking { () throws(JournalError) in
            SQLiteJournal(path, Opened(queue: try JournalFile(path: path).openReader(), lock: nil))
        }
    }

    private init(_ path: String, _ opened: Opened) {
        self.path = path
        self.opened = Mutex(opened)
    }

    public func append(_ batch: Batch) async throws(JournalError) {
        for answer in await append(each: [batch]) { try answer.get() }
    }

    public func append(each batches: [Batch]) async -> [Result<Void, JournalError>] {
        await answers(to: batches) { [appending, path] all in
            for (batch, answer) in all {
                do throws(JournalError) {
                    let queue = try queue
                    try check(batch)
                    appending.add(Appending.Waiting(batch: batch, answer: answer))
                    queue.asyncWriteWithoutTransaction { appending.write(to: $0, at: path) }
                } catch {
                    answer(.failure(error))
                }
            }
        }
    }

    /// One process owns the file: there are no leases here, and so none that could be in force.
    private func check(_ batch: Batch) throws(JournalError) {
        try batch.checkSizes()
        if let fence = batch.fences.first { throw .stale(fence.name) }
    }

    public func records(of run: String) async throws(JournalError) -> [Journal.Record] {
        try await perform { try $0.records(of: run) }
    }

    public func records(ofEach runs: [String]) async throws(JournalError) -> [String: [Journal.Record]] {
        try await perform { try $0.records(ofEach: runs) }
    }

    public func records(of run: String, fromLast kind: String) async throws(JournalError) -> [Journal.Record] {
        try await perform { try $0.records(of: run, fromLast: kind) }
    }

    public func bodies(_ digests: [String]) async throws(JournalError) -> [String: [UInt8]] {
        try await perform { try $0.bodies(digests) }
    }

    public func body(_ digest: String) async throws(JournalError) -> [UInt8]? {
        try await perform { try $0.body(digest) }
    }

    public func row(_ run: String) async throws(JournalError) -> RunRow? {
        try await perform { try $0.row(run) }
    }

    public func row(of occurrence: Occurrence) async throws(JournalError) -> RunRow? {
        try await perform { database in
            try database.run(of: occurrence).flatMap { try database.row(exactly: $0) }
        }
    }

    public func rows(_ filter: RunFilter) async throws(JournalError) -> [RunRow] {
        try await perform { try $0.rows(filter) }
    }

    public func missed(_ filter: MissedFilter) async throws(JournalError) -> [MissedRow] {
        try await perform { try $0.missed(filter) }
    }

    public func points(key: String, name: String, limit: Int) async throws(JournalError) -> [PastMeasurement] {
        try await perform { try $0.points(key: key, name: name, limit: limit) }
    }

    public func series() async throws(JournalError) -> [PointSeries] { try await perform { try $0.series() } }

    public func checkpoints(_ filter: CheckpointFilter) async throws(JournalError) -> [Checkpoint] {
        try await perform { try $0.checkpoints(filter) }
    }

    public func rowsWithoutCheckpoint(limit: Int) async throws(JournalError) -> [RunRow] {
        try await perform { try $0.rowsWithoutCheckpoint(limit: limit) }
    }

    public func prunable(_ filter: PruningFilter) async throws(JournalError) -> [RunRow] {
        try await perform { try $0.prunable(filter) }
    }

    public func prune(_ part: PrunedPart, _ checkpoints: [Checkpoint]) async throws(JournalError) {
        try await perform { database in
            try database.inTransaction(.immediate) {
                try database.prune(part, checkpoints)
                return .commit
            }
        }
    }

    public func close() async {
        let closing = opened.withLock { opened in
            defer { opened = nil }
            return opened
        }
        guard let closing else { return }
        await blocking {
            // What was committed is on disk already: a failing last checkpoint loses nothing.
            try? closing.queue.close()
            closing.lock?.release()
        }
    }

    public func compact() async throws(JournalError) {
        try await perform { database in
            let free = try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            guard free >= SQLiteJournalLimits.freePages, free * SQLiteJournalLimits.freeShare >= pages else { return }
            try database.execute(sql: "VACUUM")
        }
    }

    /// What SQLite finds wrong with the file itself; at most so many, and reading all of it.
    public func integrityProblems() async throws(JournalError) -> [String] {
        try await perform { database in
            try String.fetchAll(database, sql: "PRAGMA integrity_check(\(SQLiteJournalLimits.problems))")
                .filter { $0 != "ok" }
        }
    }

    /// Bounds the file's size, so that a test sees a full disk without one.
    package func limitPages(to count: Int) async throws(JournalError) {
        try await perform { try $0.execute(sql: "PRAGMA max_page_count = \(count)") }
    }

    private var queue: DatabaseQueue {
        get throws(JournalError) {
            guard let queue = opened.withLock({ $0?.queue }) else { throw .closed }
            return queue
        }
    }

    private func perform<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(JournalError) -> Value {
        let (queue, path) = (try queue, path)
        let result: Result<Value, JournalError> = await withCheckedContinuation { continuation in
            queue.asyncWriteWithoutTransaction { database in
                continuation.resume(
                    returning: Result { try work(database) }.mapError { JournalError($0, at: path) })
            }
        }
        return try result.get()
    }
}
