import Host
import Maintenance
import Plans
import Schedules
import Testing

@testable import Engine

/// The pure machine at the end of its window: finish, pause or undo, and nothing in the cutoff.
@Suite struct WindowEndTests {
    private let units = (0..<3).map { WorkUnit(id: "u\($0)", title: "unit \($0)", expected: .seconds(30)) }
    private let later = RunOpening(opens: Self.at(1000), closes: Self.at(1100), lastBegin: Self.at(1100))

    private static func at(_ second: Int64) -> Instant { Instant(secondsSinceEpoch: second) }

    /// In a window from 0 to 100, with one unit done at 35.
    private func machine(_ end: WindowEnd, lastBegin: Int64 = 100) -> RunMachine {
        var start = Bench().start([Bench.change("work", units: 3)])
        let plan = start.plan
        start.plan = RunPlan(
            service: plan.service, environment: plan.environment, procedure: plan.procedure,
            window: RunWindow(name: "w", opens: "daily 00:00", lastsMicroseconds: 100_000_000, end: end),
            targets: plan.targets, steps: plan.steps)
        start.windowCloses = Self.at(100)
        start.windowLastBegin = Self.at(lastBegin)
        start.laterOpenings = [later]
        var machine = RunMachine(run: "r1")
        _ = machine.handle(.started(start), at: Self.at(0))
        let preview = PreviewOutcome(preview: Preview(summary: "", units: units), pace: 1)
        _ = machine.handle(.previewed(step: "work", preview), at: Self.at(1))
        return machine
    }

    private func prepare(_ machine: inout RunMachine, _ unit: Int, at second: Int64) -> [RunCommand] {
        let intent = UnitIntent(baseline: "{}", before: .pending)
        return machine.handle(.unitPrepared(step: "work", unit: "u\(unit)", intent), at: Self.at(second))
    }

    private func done(_ machine: inout RunMachine, _ unit: Int, at second: Int64) -> [RunCommand] {
        let outcome = UnitOutcome(state: .applied(Proof("done")), isFailure: false, seconds: 1)
        return machine.handle(.unitProbed(step: "work", unit: "u\(unit)", outcome), at: Self.at(second))
    }

    @Test func finishLeavesTheRestToTheNextRun() {
        var machine = machine(.finish)
        _ = prepare(&machine, 0, at: 2)
        #expect(done(&machine, 0, at: 75) == [.end(.warn)])
        #expect(machine.state.step("work")?.units.map(\.phase).first == .done)
    }

    @Test func nothingIsBegunInTheCutoff() {
        var machine = machine(.finish, lastBegin: 40)
        _ = prepare(&machine, 0, at: 2)
        #expect(done(&machine, 0, at: 40) == [.end(.warn)])
    }

    @Test func pauseGoesOnInTheNextOpening() {
        var machine = machine(.pause)
        _ = prepare(&machine, 0, at: 2)
        #expect(done(&machine, 0, at: 75) == [.awaitWindow(step: "work", later)])
        #expect(machine.state.step("work")?.phase == .awaitingWindow(later))
        // A crash meanwhile waits again; an opening that is not its own begins nothing.
        #expect(machine.handle(.resumed(Bench.owner), at: Self.at(90)) == [.awaitWindow(step: "work", later)])
        let stranger = RunOpening(opens: Self.at(5), closes: Self.at(6), lastBegin: Self.at(6))
        #expect(machine.handle(.windowOpened(step: "work", stranger), at: Self.at(91)).isEmpty)

        let begun = machine.handle(.windowOpened(step: "work", later), at: Self.at(1000))
        #expect(begun == [.prepare(step: "work", unit: units[1])])
        _ = prepare(&machine, 1, at: 1001)
        #expect(done(&machine, 1, at: 1030) == [.prepare(step: "work", unit: units[2])])
        // No later opening is known: what is left is left.
        _ = prepare(&machine, 2, at: 1031)
        #expect(done(&machine, 2, at: 1060) == [.end(.pass)])
    }

    @Test func aRunThatIsStoppedWhileItWaitsEndsWithWhatItDid() {
        var machine = machine(.pause)
        _ = prepare(&machine, 0, at: 2)
        _ = done(&machine, 0, at: 75)
        let stop = machine.handle(.cancelRequested(Cause(.cancelled, "Stop.")), at: Self.at(80))
        #expect(stop == [.end(.unknown)])
        #expect(machine.state.step("work")?.units.map(\.phase).first == .done)
    }

    /// What was never looked at is no pass.
    @Test func aStepThatWaitsForItsFirstLookIsSkippedByAStop() {
        var first = machine(.pause)
        let start = first.state.start
        first = RunMachine(run: "r2")
        guard let start else { return }
        #expect(first.handle(.started(start), at: Self.at(100)) == [.awaitWindow(step: "work", later)])
        _ = first.handle(.cancelRequested(Cause(.cancelled, "Stop.")), at: Self.at(101))
        #expect(first.state.step("work")?.phase == .skipped)
        #expect(first.state.verdict == .unknown)
    }

    @Test func undoTakesBackWhatWasDoneAndMustFit() {
        var machine = machine(.undo)
        _ = prepare(&machine, 0, at: 2)
        // 30 s to do, 30 s to take it back, and 30 s for the first: at 20 it does not fit any more.
        #expect(done(&machine, 0, at: 20) == [.undo(step: "work", unit: units[0], baseline: Array("{}".utf8))])
        let undone = UnitOutcome(state: .pending, isFailure: false, seconds: 1)
        #expect(machine.handle(.unitUndone(step: "work", unit: "u0", undone), at: Self.at(50)) == [.end(.warn)])
        #expect(machine.state.step("work")?.units.map(\.phase).first == .undone)
    }
}
