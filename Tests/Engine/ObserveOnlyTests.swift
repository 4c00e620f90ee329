import Host
import Journal
import Maintenance
import Plans
import TestSupport
import Testing

@testable import Engine

/// A run that only looks changes nothing, and what nobody looked at is no pass.
@Suite struct ObserveOnlyTests {
    private let bench = Bench()
    private let receiver = FakeReceiver()

    private func start(_ steps: [RunStep], _ notices: RunNotices? = nil) -> RunStart {
        var start = bench.start(steps, notices ?? Bench.told([]))
        start.observeOnly = true
        return start
    }

    private func steps() -> [RunStep] {
        [Bench.check("a", "a"), Bench.change("work"), Bench.check("b", "a"), Bench.change("more")]
    }

    @Test func theChecksSayHowItIs() async throws {
        bench.target.with { $0.values["a"] = 1 }
        let run = try await bench.tell(start(steps()), receiver)
        #expect(run.verdict == .pass && run.nothingSeen == nil)
        #expect(run.steps.map(\.verdict) == [.pass, nil, .pass, nil])
        #expect(bench.target.with { $0.begun.isEmpty && $0.applied.isEmpty })
    }

    @Test func nothingLookedAtIsUnknownWithACause() async throws {
        let told = Bench.told([NoticeRule(on: [.unknown], to: ["chat"])])
        let run = try await bench.tell(start([Bench.change("work", units: 2), Bench.change("more")], told), receiver)
        #expect(run.phase == .ended(.unknown))
        #expect(run.nothingSeen?.code == .nobodyLooked)
        #expect(run.nothingSeen?.sentence.contains("work: Only looked: it would do 2 units.") == true)
        #expect(receiver.notices.first?.points.map(\.severity) == [.unknown])
        #expect(receiver.notices.first?.points.first?.sentence == run.nothingSeen?.sentence)
    }

    @Test func aRunWhoseStepsAreAllDisabledIsUnknownToo() async throws {
        let step = RunStep(id: "a", action: "fake.check", isChange: false, disabled: "later")
        let run = try await bench.run([step])
        #expect(run.phase == .ended(.unknown))
        #expect(run.nothingSeen?.sentence.contains("It is disabled in the plan: later") == true)
    }

    @Test func whatThePreviewWarnsOfIsNoPass() {
        func at(_ second: Int64) -> Instant { Instant(secondsSinceEpoch: second) }
        var machine = RunMachine(run: "r1")
        _ = machine.handle(.started(start([Bench.change("work", units: 1)])), at: at(0))
        let warning = Finding("rows", .warn, Cause(.rejected, "An old transaction keeps them."))
        let unit = WorkUnit(id: "u0", title: "unit 0", expected: .seconds(1))
        let preview = Preview(summary: "", units: [unit], findings: [warning])
        let outcome = PreviewOutcome(preview: preview, pace: 1)
        let commands = machine.handle(.previewed(step: "work", outcome), at: at(1))
        #expect(commands == [.end(.warn)])
    }

    /// A watchdog hears of the work; a procedure that only looked did none, and ended no failure.
    @Test func aLookIsNoWorkForTheWatchdog() async throws {
        bench.target.with { $0.values["a"] = 1 }
        let told = Bench.told(
            [NoticeRule(on: [.recovered], to: ["chat"])],
            heartbeat: RunHeartbeat(channel: "watchdog", tellsFailures: false))
        var looking = start(steps(), told)
        looking.recoversFrom = "r0"
        _ = try await bench.tell(looking, receiver)
        #expect(receiver.ids.isEmpty)
        var checking = start([Bench.check("a", "a")], told)
        checking.recoversFrom = "r0"
        _ = try await bench.tell(checking, receiver)
        #expect(receiver.ids.sorted() == ["r1.chat", "r1.watchdog"])
    }

    @Test(arguments: FailingJournal.Failure.allCases) func takenOverAtAnyWriteItChangesNothing(
        _ moment: FailingJournal.Failure
    ) async throws {
        var crashes = 0
        for write in 1... {
            let bench = Bench()
            bench.target.with { $0.values["a"] = 1 }
            let inner = MemoryJournal()
            do {
                _ = try await FakeKind.$target.withValue(bench.target) {
                    try await RunDriver(
                        host: bench.host, catalogue: bench.catalogue,
                        store: FailingJournal(inner, dyingAt: write, moment)
                    ).begin("r1", start(steps()))
                }
                break
            } catch is JournalError { crashes += 1 }
            let run = try await bench.resume(inner)
            #expect(bench.target.with { $0.begun.isEmpty && $0.applied.isEmpty }, "write \(write)")
            if let run { #expect(run.phase == .ended(.pass), "write \(write)") }
        }
        #expect(crashes >= 5)
    }
}
