package import Host
import Synchronization

/// Both clocks, moved by the test alone; who sleeps wakes when they have moved far enough.
package final class FakeClock: Sendable {
    private struct Sleeper {
        let due: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var wall: Instant
        var steady = Duration.zero
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var count = 0
        var asked: [Duration] = []
    }

    private let state: Mutex<State>

    package init(_ wall: String = "2026-03-02T00:00:00Z") {
        state = Mutex(State(wall: Instant(wall) ?? Instant(secondsSinceEpoch: 0)))
    }

    package var now: Instant { state.withLock { $0.wall } }
    /// What has passed by the steady clock.
    package var steady: Duration { state.withLock { $0.steady } }
    /// How long was asked to sleep, in order.
    package var asked: [Duration] { state.withLock { $0.asked } }
    package var sleeping: Int { state.withLock { $0.sleepers.count } }

    /// Moves the steady clock, and the wall clock as far or as far as is said.
    package func advance(_ time: Duration, wall: Duration? = nil) {
        let woken = state.withLock { state in
            state.steady += time
            state.wall = state.wall + (wall ?? time)
            let due = state.sleepers.filter { $0.value.due <= state.steady }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    private func sleep(_ time: Duration) async throws {
        let id = state.withLock { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    state.asked.append(time)
                    if time <= .zero { return .success(()) }
                    state.sleepers[id] = Sleeper(due: state.steady + time, continuation: continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    package var host: Host {
        var host = Host.system
        host.now = { self.now }
        host.steady = { self.steady }
        host.sleep = { try await self.sleep($0) }
        return host
    }
}
