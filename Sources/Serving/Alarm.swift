import Host
import Synchronization

/// One alarm clock, set anew as often as wanted: it sleeps by the steady clock, never longer than it may, so that a wall
/// clock that was set is noticed.
final class Alarm: Sendable {
    private struct State {
        var due: Instant?
        /// Counts how often it was set.
        var setting = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let host: Host
    private let longest: Duration

    init(on host: Host, longest: Duration) {
        self.host = host
        self.longest = longest
    }

    func set(_ due: Instant?) {
        let waiter = state.withLock { state in
            state.due = due
            state.setting += 1
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Calls `ring` whenever it is time, and now and then although it is not; ends when its task is cancelled.
    func run(_ ring: @escaping @Sendable () -> Void) async {
        var rung: Int?
        while !Task.isCancelled {
            let (due, setting) = state.withLock { ($0.due, $0.setting) }
            var wait = due.map { min(longest, $0 - host.now()) } ?? longest
            if wait <= .zero {
                // Whoever heard it sets it anew, but for a clock that was put back meanwhile.
                if rung != setting {
                    rung = setting
                    ring()
                    continue
                }
                wait = longest
            }
            await withTaskGroup(of: Bool.self) { group in
                group.addTask { [host, wait] in
                    do { try await host.sleep(wait) } catch { return false }
                    return true
                }
                group.addTask { [self] in
                    await changed(since: setting)
                    return false
                }
                let isTime = await group.next() == true
                group.cancelAll()
                wake()
                if isTime { ring() }
            }
        }
    }

    /// Returns when it was set once more, or when its task is cancelled.
    private func changed(since setting: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard state.setting == setting, !Task.isCancelled else { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
    }

    private func wake() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
