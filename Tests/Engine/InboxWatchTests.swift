import Host
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// However many runs wait for a word, one of them looks for all.
struct InboxWatchTests {
    private final class Inbox: Sendable {
        private let state = Mutex((runs: Set<String>(), looks: 0))

        var looks: Int { state.withLock { $0.looks } }
        func put(_ run: String) { state.withLock { _ = $0.runs.insert(run) } }

        func look() -> Set<String> {
            state.withLock { state in
                state.looks += 1
                return state.runs
            }
        }
    }

    private final class Woken: Sendable {
        private let all = Mutex<[String]>([])

        var runs: [String] { all.withLock { $0 } }
        func add(_ run: String) { all.withLock { $0.append(run) } }
    }

    /// Lets everybody sleep, then a second pass.
    private func pass(_ clock: FakeClock, sleeping count: Int) async {
        while clock.sleeping < count { await Task.yield() }
        clock.advance(EngineLimits.inboxLook)
    }

    @Test func oneLooksForAll_AndAnotherWhenItLeaves() async throws {
        let (clock, inbox) = (FakeClock(), Inbox())
        let watch = InboxWatch(on: clock.host) { inbox.look() }
        let woken = Woken()
        await withDiscardingTaskGroup { group in
            // The first to come looks.
            group.addTask {
                await watch.wait(for: "r0", within: .seconds(3600))
                woken.add("r0")
            }
            while inbox.looks == 0 || clock.sleeping < 2 { await Task.yield() }
            for number in 1..<50 {
                group.addTask {
                    await watch.wait(for: "r\(number)", within: .seconds(3600))
                    woken.add("r\(number)")
                }
            }
            let first = inbox.looks
            // Fifty that wait for their time, and the one look.
            await pass(clock, sleeping: 51)
            while inbox.looks == first { await Task.yield() }
            #expect(inbox.looks == first + 1)
            inbox.put("r0")
            await pass(clock, sleeping: 51)
            while woken.runs != ["r0"] { await Task.yield() }
            // Who looked has gone, and another looks.
            inbox.put("r7")
            await pass(clock, sleeping: 50)
            while woken.runs != ["r0", "r7"] { await Task.yield() }
            #expect(inbox.looks <= first + 4)
            clock.advance(.seconds(3600))
        }
        #expect(woken.runs.count == 50)
    }
}
