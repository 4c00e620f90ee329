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
