import Host
import Journal
import Maintenance
import Plans
import Testing

@testable import Engine

/// The pure machine, event by event: what a person's stop, the window and a guard do to work in every state.
@Suite struct StopTests {
    private let unit = WorkUnit(id: "u0", title: "unit 0", expected: .seconds(30))
    private let intent = UnitIntent(baseline: "{}", before: .pending)

    private func at(_ second: Int64) -> Instant { Instant(secondsSinceEpoch: second) }

    private func machine(_ step: RunStep, windowCloses: Instant? = nil, units: [WorkUnit]? = nil) -> RunMachine {
        var machine = RunMachine(run: "r1")
        _ = machine.handle(.started(Bench().start([step], windowCloses: windowCloses)), at: at(0))
        let preview = Preview(summary: "", units: units ?? [unit])
        _ = machine.handle(.previewed(step: "work", PreviewOutcome(preview: preview, pace: 1)), at: at(1))
        return machine
    }

    @Test func aCancelledRunIsNeverAPass() async throws {
        let bench = Bench()
        bench.target.with { $0.values["a"] = 1 }
        var machine = RunMachine(run: "r1")
        let steps = [Bench.check("a", "a"), Bench.change("work")]
        _ = machine.handle(.started(bench.start(steps)), at: at(0))
        let stop = RunEvent.cancelRequested(Cause(.cancelled, "Stop."))
        #expect(machine.handle(stop, at: at(1)).isEmpty)
        let seen = CheckOutcome(
            observation: Observation(summary: "", measurements: [Measurement("value", 1)]), attempt: 1, seconds: 0)
        #expect(machine.handle(.observed(step: "a", seen), at: at(2)) == [.end(.unknown)])
        #expect(machine.state.step("work")?.verdict == .unknown)
    }

    @Test func aStopDoesNotWaitOutAPause() {
        let retry = RetryPolicy(times: 3, waitMicroseconds: 3_600_000_000)
        var machine = machine(Bench.change("work", units: 1, retry: retry))
        _ = machine.handle(.unitPrepared(step: "work", unit: "u0", intent), at: at(2))
        let failed = UnitOutcome(state: .pending, error: Cause(.busy, "Busy."), isFailure: true, seconds: 1)
        let wait = machine.handle(.unitProbed(step: "work", unit: "u0", failed), at: at(3))
        #expect(wait == [.wait(step: "work", unit: unit, .seconds(3600))])
        let stop = machine.handle(.cancelRequested(Cause(.cancelled, "Stop.")), at: at(4))
        #expect(stop == [.end(.unknown)])
        #expect(machine.handle(.waited(step: "work", unit: "u0"), at: at(3700)).isEmpty)
    }

    @Test func aRetryThatWouldLeaveTheWindowIsNotMade() {
        let retry = RetryPolicy(times: 3, waitMicroseconds: 60_000_000)
        var machine = machine(Bench.change("work", units: 1, retry: retry), windowCloses: at(80))
        _ = machine.handle(.unitPrepared(step: "work", unit: "u0", intent), at: at(2))
        let failed = UnitOutcome(state: .pending, error: Cause(.busy, "Busy."), isFailure: true, seconds: 1)
        #expect(machine.handle(.unitProbed(step: "work", unit: "u0", failed), at: at(3)) == [.end(.fail)])
    }

    @Test func aUnitPreparedAfterTheWindowIsLeft() {
        var machine = machine(Bench.change("work", units: 1), windowCloses: at(100))
        _ = machine.handle(.resumed(Bench.owner), at: at(200))
        #expect(machine.handle(.unitPrepared(step: "work", unit: "u0", intent), at: at(201)) == [.end(.warn)])
    }

    @Test func twoUnitsOfOneNameAreRefused() {
        let machine = machine(Bench.change("work"), units: [unit, unit])
        #expect(machine.state.step("work")?.verdict == .unknown)
    }

    @Test func aGuardThatNobodyCouldLookAtIsUnknownAndStops() {
        let watch = [Bench.check("watch", "guard", fail: "value > 0")]
        var machine = machine(Bench.change("work", units: 1, guardSteps: watch, onFailure: .undo))
        let blind = ChecksOutcome(verdict: .unknown, cause: Cause(.timedOut, "Too late."))
        #expect(machine.handle(.guardObserved(step: "work", blind), at: at(2)) == [.end(.unknown)])
    }

    @Test func aGuardThatBecomesWarnIsFound() {
        let watch = [Bench.check("watch", "guard", fail: "value > 0")]
        var machine = machine(Bench.change("work", units: 1, guardSteps: watch))
        _ = machine.handle(.guardObserved(step: "work", ChecksOutcome(verdict: .pass)), at: at(2))
        _ = machine.handle(.unitPrepared(step: "work", unit: "u0", intent), at: at(3))
        let done = UnitOutcome(state: .applied(Proof("done")), isFailure: false, seconds: 1)
        _ = machine.handle(.unitProbed(step: "work", unit: "u0", done), at: at(4))
        let warn = ChecksOutcome(verdict: .warn, cause: Cause(.threshold, "Slow."))
        #expect(machine.handle(.guardObserved(step: "work", warn), at: at(5)) == [.end(.warn)])
    }

    @Test func aSumOverAUnitThatNobodyKnowsIsNotKnown() {
        let steps = [Bench.change("work", units: 2), Bench.change("later", when: "work.rows > 0")]
        var machine = RunMachine(run: "r1")
        _ = machine.handle(.started(Bench().start(steps)), at: at(0))
        let preview = Preview(summary: "", units: [unit])
        _ = machine.handle(.previewed(step: "work", PreviewOutcome(preview: preview, pace: 1)), at: at(1))
        _ = machine.handle(.unitPrepared(step: "work", unit: "u0", intent), at: at(2))
        let unseen = UnitOutcome(
            state: .unknown(Cause(.perhapsApplied, "Lost.")), isFailure: false, seconds: 1)
        #expect(machine.handle(.unitProbed(step: "work", unit: "u0", unseen), at: at(3)) == [.end(.unknown)])
        #expect(machine.state.step("later")?.verdict == .unknown)
        #expect(machine.state.step("later")?.cause?.code == .partlyCovered)
    }

    @Test func aGateThatCouldNotBeLookedAtStaysShut() {
        let gate = RunStep(id: "gate", action: "fake.check", isChange: false, targets: ["on": "t"], onFailure: .stop)
        var machine = RunMachine(run: "r1")
        _ = machine.handle(.started(Bench().start([gate, Bench.change("work")])), at: at(0))
        let blind = CheckOutcome(couldNotLook: Cause(.timedOut, "Too late."), attempt: 1, seconds: 1)
        #expect(machine.handle(.observed(step: "gate", blind), at: at(1)) == [.end(.unknown)])
        #expect(machine.state.step("work")?.phase == .skipped)
    }

    @Test func whatSomebodyElsePutInPlaceIsNotTakenBack() {
        let units = [unit, WorkUnit(id: "u1", title: "unit 1", expected: .seconds(1))]
        var machine = machine(Bench.change("work", units: 2, onFailure: .undo), units: units)
        _ = machine.handle(.unitPrepared(step: "work", unit: "u0", intent), at: at(2))
        let refused = UnitOutcome(
            state: .applied(Proof("there")), error: Cause(.rejected, "Somebody was faster."), isFailure: true,
            seconds: 1)
        _ = machine.handle(.unitProbed(step: "work", unit: "u0", refused), at: at(3))
        _ = machine.handle(.unitPrepared(step: "work", unit: "u1", intent), at: at(4))
        let failed = UnitOutcome(state: .pending, error: Cause(.rejected, "No."), isFailure: true, seconds: 1)
        // Nothing of ours is in place: the step ends without an undo.
        #expect(machine.handle(.unitProbed(step: "work", unit: "u1", failed), at: at(5)) == [.end(.fail)])
    }
}
