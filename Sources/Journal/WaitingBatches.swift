import Synchronization

/// A batch on its way into a store.
public protocol WaitingBatch: Sendable {
    var batch: Batch { get }
    var answer: @Sendable (Result<Void, JournalError>) -> Void { get }
}

/// Batches that wait for a store that commits together what came while it was busy.
public struct WaitingBatches<Waiting: WaitingBatch>: Sendable {
    private var waiting: [Waiting] = []

    public init() {}

    public mutating func append(_ work: Waiting) { waiting.append(work) }

    /// The oldest that may be committed together; none where none wait.
    public mutating func next() -> [Waiting] {
        var weight = 0
        let light = waiting.prefix(JournalLimits.group).prefix { work in
            weight += work.batch.weight
            return weight <= JournalLimits.groupBytes
        }
        let group = Array(waiting.prefix(max(1, light.count)))
        waiting.removeFirst(group.count)
        return group
    }
}

/// Hands the batches over, and waits for the answers to all of them.
///
/// - Parameter enqueue: Does not wait; each is answered once, whenever and from wherever.
public func answers(
    to batches: [Batch],
    _ enqueue: ([(batch: Batch, answer: @Sendable (Result<Void, JournalError>) -> Void)]) -> Void
) async -> [Result<Void, JournalError>] {
    if batches.isEmpty { return [] }
    return await withCheckedContinuation { continuation in
        let gathered = GatheredAnswers(batches.count) { continuation.resume(returning: $0) }
        enqueue(batches.enumerated().map { index, batch in (batch, { gathered.take($0, at: index) }) })
    }
}

private final class GatheredAnswers: Sendable {
    private struct State {
        var left: Int
        var answers: [Result<Void, JournalError>]
    }

    private let state: Mutex<State>
    private let done: @Sendable ([Result<Void, JournalError>]) -> Void

    init(_ count: Int, _ done: @escaping @Sendable ([Result<Void, JournalError>]) -> Void) {
        state = Mutex(State(left: count, answers: Array(repeating: .success(()), count: count)))
        self.done = done
    }

    func take(_ answer: Result<Void, JournalError>, at index: Int) {
        let all: [Result<Void, JournalError>]? = state.withLock { state in
            state.answers[index] = answer
            state.left -= 1
            return state.left == 0 ? state.answers : nil
        }
        if let all { done(all) }
    }
}
