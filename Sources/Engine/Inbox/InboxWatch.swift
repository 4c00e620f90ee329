import Host
import Synchronization

/// Wakes runs that wait when a word for them has come. However many wait, one of them looks for all.
final class InboxWatch: Sendable {
    private enum Signal {
        case word, timeIsOver
        /// It is the waiter's turn to look, until it goes.
        case look
    }

    private struct Waiter {
        let run: String
        let signal: AsyncStream<Signal>.Continuation
    }

    private struct State {
        var waiters: [Int: Waiter] = [:]
        var count = 0
        var looker: Int?
        /// By the steady clock; nil before the first look.
        var looked: Duration?
    }

    private let host: Host
    private let state = Mutex(State())
    private let present: @Sendable () -> Set<String>

    /// - Parameter present: The runs for which there are words.
    init(on host: Host, present: @escaping @Sendable () -> Set<String>) {
        self.host = host
        self.present = present
    }

    /// Returns when the time is over; soon when there is a word for the run; at once when the task is cancelled.
    func wait(for run: String, within time: Duration) async {
        let (signals, signal) = AsyncStream.makeStream(of: Signal.self)
        let number = enter(Waiter(run: run, signal: signal))
        defer { leave(number) }
        await withDiscardingTaskGroup { group in
            group.addTask { [host] in
                try? await host.sleep(time)
                signal.yield(.timeIsOver)
            }
            for await next in signals {
                guard case .look = next else { break }
                group.addTask { await self.look() }
            }
            group.cancelAll()
        }
    }

    private func enter(_ waiter: Waiter) -> Int {
        state.withLock { state in
            state.count += 1
            state.waiters[state.count] = waiter
            if state.looker == nil {
                state.looker = state.count
                waiter.signal.yield(.look)
            }
            return state.count
        }
    }

    private func leave(_ number: Int) {
        let next: Waiter? = state.withLock { state in
            state.waiters[number] = nil
            guard state.looker == number else { return nil }
            state.looker = state.waiters.first?.key
            return state.looker.flatMap { state.waiters[$0] }
        }
        next?.signal.yield(.look)
    }

    /// As often as words are looked for, whoever looked last.
    private func look() async {
        while true {
            let now = host.steady()
            let due = state.withLock { $0.looked.map { $0 + EngineLimits.inboxLook } } ?? now
            do { try await host.sleep(max(.zero, due - now)) } catch { return }
            let runs = present()
            let found = state.withLock { state in
                state.looked = host.steady()
                return runs.isEmpty ? [] : state.waiters.values.filter { runs.contains($0.run) }
            }
            for waiter in found { waiter.signal.yield(.word) }
        }
    }
}
