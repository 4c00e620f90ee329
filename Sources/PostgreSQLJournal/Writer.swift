import ClientPostgreSQL
import Host
import Journal
import Maintenance
import Synchronization

/// Appends batches over a few connections. What waits when a connection is free is committed together; where one of them
/// is refused, each is tried alone.
final class Writer: Sendable {
    struct Waiting: WaitingBatch {
        let batch: Batch
        /// What is done with it.
        let more: [SQLStatement]
        /// When its patience ends.
        let end: Duration
        let answer: @Sendable (Result<Void, JournalError>) -> Void
    }

    private struct State {
        var waiting = WaitingBatches<Waiting>()
        var idle: [Int]
        var isClosed = false
    }

    private let lanes: [RecordConnection]
    private let opening: SessionOpening
    private let patience: Duration
    private let state: Mutex<State>

    init(_ address: RecordAddress, _ opening: SessionOpening, patience: Duration) throws {
        lanes = try (0..<PostgreSQLJournalLimits.lanes).map { _ in try RecordConnection(to: address, on: opening.host) }
        self.opening = opening
        self.patience = patience
        state = Mutex(State(idle: Array(lanes.indices)))
    }

    /// Returns once the batches are durable, or refused, and what `more` says is done with each.
    func append(_ batches: [Batch], and more: [SQLStatement] = []) async -> [Result<Void, JournalError>] {
        let end = opening.host.steady() + patience
        return await answers(to: batches) { all in
            var works: [Waiting] = []
            for (batch, answer) in all {
                do throws(JournalError) { try batch.checkItself() } catch {
                    answer(.failure(error))
                    continue
                }
                if batch.isEmpty && more.isEmpty {
                    answer(.success(()))
                } else {
                    works.append(Waiting(batch: batch, more: more, end: end, answer: answer))
                }
            }
            enqueue(works)
        }
    }

    /// What was handed over before is stored, or refused, before this returns.
    func close() async {
        state.withLock { $0.isClosed = true }
        for lane in lanes { await lane.perform { $0.hangUp() } }
    }

    /// For one lane: two would commit what continues each other at once.
    private func enqueue(_ works: [Waiting]) {
        let (lane, isClosed): (Int?, Bool) = state.withLock { state in
            guard !state.isClosed else { return (nil, true) }
            for work in works { state.waiting.append(work) }
            return (works.isEmpty ? nil : state.idle.popLast(), false)
        }
        if isClosed { return works.forEach { $0.answer(.failure(.closed)) } }
        guard let lane else { return }
        lanes[lane].enqueue { [weak self] session in self?.drain(lane, session) }
    }

    /// On the lane's thread: until nothing waits.
    private func drain(_ lane: Int, _ session: RecordSession) {
        let commit = Commit(session: session, opening: opening)
        while let group = next(lane) { commit.store(group) }
    }

    private func next(_ lane: Int) -> [Waiting]? {
        state.withLock { state in
            let group = state.waiting.next()
            if group.isEmpty { state.idle.append(lane) }
            return group.isEmpty ? nil : group
        }
    }
}
