import Host
import Maintenance

/// Lets `body` work until the deadline: then its task is cancelled, and it is `unknown: timed out`, whatever it throws.
func until<Result: Sendable>(
    _ deadline: Duration, on host: Host, _ body: @Sendable @escaping () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await host.sleep(max(.zero, deadline - host.steady()))
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let result = first else {
            group.cancelAll()
            // What finished in the same moment counts: it was seen.
            if let late = try? await group.next(), let result = late { return result }
            throw CouldNotLook(.timedOut, "It did not come to an end in its time.")
        }
        return result
    }
}
