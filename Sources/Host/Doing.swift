/// Does the work, and at the end of it, whatever became of it, what a `defer` could not wait for.
public func doing<Value>(
    _ work: () async throws -> Value, finally end: () async -> Void
) async throws -> Value {
    let value: Value
    do { value = try await work() } catch {
        await end()
        throw error
    }
    await end()
    return value
}

/// Does the work, and `other` beside it, which is cancelled at its end. An error of `other` cancels the work and is
/// thrown in its place; that `other` comes to an end by itself means nothing.
public func doing<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value, beside other: @escaping @Sendable () async throws -> Void
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await other()
            return nil
        }
        defer { group.cancelAll() }
        while let value = try await group.next() {
            if let value { return value }
        }
        throw CancellationError()
    }
}
