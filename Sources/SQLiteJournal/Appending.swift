import GRDB
import Journal
import Synchronization

/// Batches on their way into the file. Those that came while another was brought to the disk are committed together; where
/// one of them is refused, each is tried alone.
final class Appending: Sendable {
    struct Waiting: WaitingBatch {
        let batch: Batch
        let answer: @Sendable (Result<Void, JournalError>) -> Void
    }

    private let waiting = Mutex(WaitingBatches<Waiting>())

    /// To be followed by a call of `write`.
    func add(_ work: Waiting) { waiting.withLock { $0.append(work) } }

    /// Writes what waits, which may be nothing: an earlier call may have taken it along.
    func write(to database: Database, at path: String) {
        let group = waiting.withLock { $0.next() }
        if group.count > 1, (try? Self.store(group, database)) != nil {
            for work in group { work.answer(.success(())) }
            return
        }
        for work in group {
            work.answer(Result { try Self.store([work], database) }.mapError { JournalError($0, at: path) })
        }
    }

    private static func store(_ group: [Waiting], _ database: Database) throws {
        try database.inTransaction(.immediate) {
            for work in group { try database.store(work.batch) }
            return .commit
        }
    }
}
