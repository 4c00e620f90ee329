import Dispatch
import Foundation
import Host
import Synchronization

/// What has to be looked at again: keys whose objects changed, and keys whose time has come. One thread serves it, so
/// that no two controllers ever run at once.
final class ClusterLoop: Sendable {
    private struct State {
        var queue: [ObjectKey] = []
        var head = 0
        var queued: Set<ObjectKey> = []
        var timers = TimerHeap()
        var isStopped = false
        var isBusy = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    let clock: ClusterClock

    init(clock: ClusterClock) { self.clock = clock }

    func enqueue(_ key: ObjectKey) {
        let isNew = state.withLock { state in
            guard state.queued.insert(key).inserted else { return false }
            state.queue.append(key)
            return true
        }
        if isNew { wake.signal() }
    }

    /// Looks at the key again when `delay` of the cluster's time has passed.
    func enqueue(_ key: ObjectKey, after delay: Duration) {
        let due = clock.elapsed + delay
        state.withLock { $0.timers.push(due, key) }
        wake.signal()
    }

    /// The clock goes at another pace now.
    func wakeUp() { wake.signal() }

    /// Runs until `stop` on a thread of its own; `serve` is only ever called there.
    func start(_ makeServer: @escaping @Sendable () -> (ObjectKey) -> Void) {
        Thread.detachNewThread { [self] in
            let serve = makeServer()
            while let step = next() {
                switch step {
                case .serve(let key): serve(key)
                case .wait(let span):
                    if let span { _ = wake.wait(timeout: .now() + span.inSeconds) } else { wake.wait() }
                }
            }
            ended.signal()
        }
    }

    /// Returns when the thread has ended.
    func stop() async {
        let wasStopped = state.withLock { state in
            defer { state.isStopped = true }
            return state.isStopped
        }
        guard !wasStopped else { return }
        wake.signal()
        // The wait itself cannot fail.
        _ = try? await blocking { [ended] in ended.wait() }
    }

    /// Nothing is being done and nothing waits to be done now; timers may still run.
    var isIdle: Bool { state.withLock { !$0.isBusy && $0.head == $0.queue.count } }

    private enum Step {
        case serve(ObjectKey)
        case wait(Duration?)
    }

    private func next() -> Step? {
        let now = clock.elapsed
        return state.withLock { state in
            state.isBusy = false
            if state.isStopped { return nil }
            while let due = state.timers.first, due.at <= now {
                state.timers.pop()
                if state.queued.insert(due.key).inserted { state.queue.append(due.key) }
            }
            guard state.head < state.queue.count else {
                return .wait(state.timers.first.map { clock.real($0.at - now) })
            }
            let key = state.queue[state.head]
            state.head += 1
            if state.head == state.queue.count || state.head > 4096 {
                state.queue.removeFirst(state.head)
                state.head = 0
            }
            state.queued.remove(key)
            state.isBusy = true
            return .serve(key)
        }
    }
}

/// A binary heap: the earliest first.
struct TimerHeap {
    private var items: [(at: Duration, key: ObjectKey)] = []

    var first: (at: Duration, key: ObjectKey)? { items.first }

    mutating func push(_ at: Duration, _ key: ObjectKey) {
        items.append((at, key))
        var child = items.count - 1
        while child > 0, items[child].at < items[(child - 1) / 2].at {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() {
        guard let last = items.popLast(), !items.isEmpty else { return }
        items[0] = last
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < items.count else { return }
            let right = left + 1
            let child = right < items.count && items[right].at < items[left].at ? right : left
            guard items[child].at < items[parent].at else { return }
            items.swapAt(child, parent)
            parent = child
        }
    }
}
