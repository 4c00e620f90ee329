import Host
import Maintenance
import Synchronization

/// What bounds one call on a connection: its deadline, and whether its caller still waits.
struct CallBounds: Sendable {
    let deadline: Duration
    let steady: @Sendable () -> Duration
    let isAbandoned: @Sendable () -> Bool

    /// Milliseconds until the deadline, rounded up; zero when it has passed.
    var milliseconds: Int32 {
        let left = (deadline - steady()).microseconds
        return left <= 0 ? 0 : Int32(clamping: (left + 999) / 1000)
    }

    /// The same caller with less time, if the deadline is further away.
    func within(_ duration: Duration) -> CallBounds {
        CallBounds(deadline: min(deadline, steady() + duration), steady: steady, isAbandoned: isAbandoned)
    }
}

/// Why a wait on a connection ended without what it waited for.
enum Interruption: Error {
    case abandoned
    case deadline
}

/// The caller of one job: whoever settles it first, the job, a cancellation or the deadline, decides the answer.
final class Ticket<Value: Sendable>: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<Value, any Error>)
        case settled(Result<Value, any Error>?)
    }

    private let state = Mutex<State>(.new)

    var isSettled: Bool {
        state.withLock { if case .settled = $0 { true } else { false } }
    }

    func attach(_ continuation: CheckedContinuation<Value, any Error>) {
        let early: Result<Value, any Error>? = state.withLock { state in
            if case .settled(let result) = state { return result }
            state = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(with: early) }
    }

    func settle(_ result: Result<Value, any Error>) {
        let continuation: CheckedContinuation<Value, any Error>? = state.withLock { state in
            switch state {
            case .settled: return nil
            case .new:
                state = .settled(result)
                return nil
            case .waiting(let continuation):
                state = .settled(nil)
                return continuation
            }
        }
        continuation?.resume(with: result)
    }
}
