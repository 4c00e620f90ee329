import Host
import Journal
import Maintenance
import Plans
import Synchronization
import Testing

@testable import Engine

/// A process that stops leaves its runs to the next: nothing is cancelled, nothing is done twice.
@Suite(.timeLimit(.minutes(1))) struct LettingGoTests {
    /// Begins the run and has it let go once `isTime` is so.
    private func begin(
        _ bench: Bench, _ steps: [RunStep], on store: MemoryJournal, letGoWhen isTime: @escaping @Sendable (Run) -> Bool
    ) async throws -> Run {
        let stop = Mutex<RunDriver?>(nil)
        let observer = RunObserver(changed: { run in if isTime(run) { stop.withLock { $0 }?.letGo() } })
        let driver = RunDriver(host: bench.host, catalogue: bench.catalogue, store: store, observer: observer)
        stop.withLock { $0 = driver }
        defer { stop.withLock { $0 = nil } }
        return try await FakeKind.$target.withValue(bench.target) {
            try await driver.begin("r1", bench.start(steps))
        }
    }

    @Test func betweenTwoUnits() async throws {
        let bench = Bench()
        let target = bench.target
        let store = MemoryJournal()
        await #expect(throws: CouldNotLook.self) {
            _ = try await begin(bench, [Bench.change("work", units: 4)], on: store) { _ in
                target.with { $0.order.count } == 2
            }
        }
        let done = target.with { $0.order.count }
        #expect(done == 2 || done == 3)
        #expect(try await store.row("r1")?.state == .running)
        let run = try #require(try await bench.resume(store))
        #expect(run.verdict == .pass && run.cancellation == nil)
        #expect(target.with { $0.begun } == ["u0", "u1", "u2", "u3"])
    }

    @Test func whileItOnlyLetsTimePass() async throws {
        let bench = Bench()
        let store = MemoryJournal()
        await #expect(throws: CouldNotLook.self) {
            _ = try await begin(bench, [.plain("rest", .wait(microseconds: 3_600_000_000))], on: store) { _ in true }
        }
        #expect(try await store.row("r1")?.state == .running)
        let run = try RunMachine(replaying: try await store.records(of: "r1"), of: "r1").state
        #expect(run.cancellation == nil && run.step("rest")?.isOver == false)
    }
}
