import Synchronization
import TestSupport

/// A value that a test's closures share.
final class Noted<Value: Sendable>: Sendable {
    private let state: Mutex<Value>
    init(_ value: Value) { state = Mutex(value) }
    var value: Value { state.withLock { $0 } }
    func with<Result: Sendable>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        try state.withLock { try body(&$0) }
    }
}

/// Lets the others go on until it is so; false where it never is.
func eventually(_ condition: () async throws -> Bool) async -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(120)
    while clock.now < end {
        if (try? await condition()) == true { return true }
        try? await clock.sleep(for: .milliseconds(2))
    }
    return false
}
