import Host
import TestSupport

extension FakeClock {
    /// The body's result, while time passes: so slowly that a real answer on the loopback comes within moments of it,
    /// and only while somebody sleeps.
    func running<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while true {
                    try await Host.system.sleep(.milliseconds(3))
                    if self.sleeping > 0 { self.advance(.seconds(2)) }
                }
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else { throw CancellationError() }
            return result
        }
    }
}
