import Dispatch
import Synchronization

/// Runs calls that may block on threads outside the cooperative pool, which has too few to lose one.
public enum OffPool {
    /// The answer, or `nil` when there is none by the deadline. A call that never returns keeps its thread.
    public static func run<Value: Sendable>(
        until deadline: Duration, on host: Host, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value? {
        let answer = FirstAnswer<Value>()
        DispatchQueue.global().async { answer.settle(Result { try work() }) }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await answer.value() }
            group.addTask {
                try await host.sleep(max(.zero, deadline - host.steady()))
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// For work that is bounded in itself and must be done to its end, cancelled or not.
    public static func finish<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: work()) }
        }
    }
}

/// Holds the first of several answers: of the call, or of the cancellation.
private final class FirstAnswer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case settled(Result<Value, any Error>)
    }

    private let state = Mutex<State>(.open)

    func settle(_ result: Result<Value, any Error>) {
        let waiting: CheckedContinuation<Value, any Error>? = state.withLock { state in
            switch state {
            case .settled: return nil
            case .open:
                state = .settled(result)
                return nil
            case .awaited(let continuation):
                state = .settled(result)
                return continuation
            }
        }
        waiting?.resume(with: result)
    }

    func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Value, any Error>? = state.withLock { state in
                    if case .settled(let result) = state { return result }
                    state = .awaited(continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            settle(.failure(CancellationError()))
        }
    }
}
