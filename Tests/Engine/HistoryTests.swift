import Host
import Journal
import Maintenance
import Plans
import Testing

@testable import Engine

/// How long whole runs took, for those that come.
@Suite struct HistoryTests {
    private let bench = Bench()

    private func seconds(_ store: any JournalStore) async throws -> [Double] {
        try await store.points(key: "s/default/p", name: "run-seconds", limit: 100).map(\.value)
    }

    private func recorded(_ steps: [RunStep], _ change: (inout RunStart) -> Void = { _ in }) async throws -> Int {
        let store = MemoryJournal()
        var start = bench.start(steps)
        change(&start)
        _ = try await FakeKind.$target.withValue(bench.target) {
            try await RunDriver(host: bench.host, catalogue: bench.catalogue, store: store).begin("r1", start)
        }
        return try await seconds(store).count
    }

    @Test func onlyWholeRunsThatEndedWellSayHowLongTheyTake() async throws {
        bench.target.with { $0.values["a"] = 1 }
        let steps = [Bench.check("a", "a"), Bench.change("work", units: 1)]
        #expect(try await recorded(steps) == 1)
        #expect(try await recorded(steps) { $0.from = "work" } == 0)
        #expect(try await recorded(steps) { $0.observeOnly = true } == 0)
        #expect(try await recorded([Bench.check("a", "a", fail: "value > 0")]) == 0)
        #expect(try await recorded([Bench.check("b", "b")]) == 0, "unknown")
    }

    @Test func aRunThatWasTakenOverOrWaitedSaysNothing() {
        func at(_ second: Int64) -> Instant { Instant(secondsSinceEpoch: second) }
        func points(_ change: (inout Run) -> Void) -> [HistoryPoint] {
            var machine = RunMachine(run: "r1")
            _ = machine.handle(.started(bench.start([Bench.check("a", "a")], windowCloses: at(900))), at: at(0))
            let seen = CheckOutcome(observation: Observation(summary: ""), attempt: 1, seconds: 0)
            _ = machine.handle(.observed(step: "a", seen), at: at(40))
            var run = machine.state
            change(&run)
            return History.points(of: .ended(.pass), before: run, after: run, at: at(99))
        }
        // The telling of people is none of it.
        #expect(points { _ in }.map(\.value) == [40])
        #expect(points { $0.resumptions = 1 }.isEmpty)
        #expect(points { $0.opening = RunOpening(opens: at(20), closes: at(900), lastBegin: at(900)) }.isEmpty)
    }

    @Test func fiveRunsSayWhatTheNextTakes() async throws {
        let store = MemoryJournal()
        func expected() async throws -> Duration? {
            try await History.expected(service: "s", environment: "default", procedure: "p", from: store)
        }
        for number in 1...20 {
            let point = HistoryPoint(
                key: "s/default/p", name: "run-seconds", at: Instant(secondsSinceEpoch: Int64(number)),
                value: number == 7 ? 600 : Double(number))
            try await store.append(Batch(points: [point]))
            if number == 4 { #expect(try await expected() == nil) }
            if number == 5 { #expect(try await expected() == .seconds(5)) }
        }
        #expect(try await expected() == .seconds(600))
        #expect(try await History.expected(service: "s", environment: "other", procedure: "p", from: store) == nil)
    }

    @Test func theBudgetNeverClosesAWindowForGood() {
        #expect(History.budget(.seconds(600), in: []) == .seconds(600))
        #expect(History.budget(.seconds(600), in: [.seconds(3600), .seconds(1200)]) == .seconds(600))
        #expect(History.budget(.seconds(6000), in: [.seconds(3600), .seconds(1200)]) == .seconds(900))
    }
}
