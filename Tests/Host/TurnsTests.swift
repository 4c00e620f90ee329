import Host
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct TurnsTests {
    private final class Room: Sendable {
        private struct State {
            var inside = 0
            var most = 0
            var visits = 0
        }
        private let state = Mutex(State())

        func enter() {
            state.withLock { state in
                state.inside += 1
                state.visits += 1
                state.most = max(state.most, state.inside)
            }
        }

        func leave() { state.withLock { $0.inside -= 1 } }
        var most: Int { state.withLock { $0.most } }
        var visits: Int { state.withLock { $0.visits } }
    }

    @Test func oneAfterTheOther() async {
        let turns = Turns()
        let room = Room()
        await withDiscardingTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await turns.take()
                    room.enter()
                    await Task.yield()
                    room.leave()
                    turns.pass()
                }
            }
        }
        #expect(room.most == 1)
        #expect(room.visits == 200)
    }
}
