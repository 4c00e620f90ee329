import Dispatching
import Serving
import Synchronization

/// Whether this process dispatches now, and how it is asked to stop whether or not it does.
final class DispatchTerm: Sendable {
    private struct State {
        var scheduler: Scheduler?
        var isStopping = false
    }

    private let state = Mutex(State())
    private let (stops, asked) = AsyncStream.makeStream(of: Void.self)

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// False where it was asked to stop meanwhile.
    func begin(_ scheduler: Scheduler) -> Bool {
        state.withLock { state in
            guard !state.isStopping else { return false }
            state.scheduler = scheduler
            return true
        }
    }

    func end() { state.withLock { $0.scheduler = nil } }

    func stop() {
        let scheduler = state.withLock { state in
            state.isStopping = true
            return state.scheduler
        }
        scheduler?.stop()
        asked.finish()
    }

    /// Returns when it was asked to stop; true where a scheduler was told and ends by itself. One reader only.
    func stopped() async -> Bool {
        for await _ in stops {}
        return state.withLock { $0.scheduler != nil }
    }

    /// Tells who dispatches; false where this process does not: who begins to is told all that is in force.
    @discardableResult
    func post(_ event: DispatchEvent) -> Bool {
        guard let scheduler = state.withLock({ $0.scheduler }) else { return false }
        scheduler.post(event)
        return true
    }
}
