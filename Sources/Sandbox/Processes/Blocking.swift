import Foundation

/// Runs blocking work on a thread of its own: the cooperative pool has only as many threads as the machine has cores.
func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}

/// Asks again and again until the answer is yes; `false` when the time is over.
public func eventually(
    within limit: Duration = .seconds(120), every pause: Duration = .milliseconds(10), _ isSo: () async throws -> Bool
) async throws -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while true {
        if try await isSo() { return true }
        if clock.now >= end { return false }
        try await clock.sleep(for: pause)
    }
}
