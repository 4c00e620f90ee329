import Host
import Maintenance
import Plans
import Testing

@testable import Engine

/// A guard that is looked at while a step goes on.
@Suite struct GuardWatchTests {
    private static let check = [Bench.check("guard", "v")]

    private func change(_ id: String, every seconds: Int64 = 10, _ onFailure: OnFailure? = .undo) -> RunStep {
        RunStep(
            id: id, action: "fake.change", isChange: true, targets: ["on": "t"], guardSteps: Self.check,
            guardEveryMicroseconds: seconds * 1_000_000, onFailure: onFailure)
    }

    private func wait(_ onFailure: OnFailure? = .undo) -> RunStep {
        RunStep(
            id: "wait", action: "wait", kind: .wait(microseconds: 600_000_000), isChange: false,
            guardSteps: Self.check, guardEveryMicroseconds: 60_000_000, onFailure: onFailure)
    }

    private func soak() -> RunStep {
        RunStep(
            id: "calm", action: "fake.check", isChange: false, targets: ["on": "t"], guardSteps: Self.check,
            guardEveryMicroseconds: 60_000_000, onFailure: .undo,
            soak: SoakPolicy(lastsMicroseconds: 600_000_000, everyMicroseconds: 60_000_000))
    }

    private func drive(_ pump: inout Pump, _ steps: [RunStep]) -> Run {
        pump.found = { _, _ in 3 }
        return pump.drive(UndoScope(steps) { $0.isChange }.filled)
    }

    /// It was well before each unit and after it: only who looked meanwhile saw it.
    @Test func whatWorsensDuringAUnitStopsTheStepAfterIt() {
        var pump = Pump()
        pump.takes["b"] = .seconds(60)
        pump.guardSays = { step, _, at in step == "b" && at > 30 && at < 45 ? .fail : .pass }
        let run = drive(&pump, [Bench.change("a"), change("b")])
        #expect(run.step("b")?.verdict == .fail)
        #expect(run.step("b")?.cause?.sentence == "Its guard became fail. It is not well. Taken back: `a`.")
        #expect(pump.gone == ["b/u0", "a/u2", "a/u1", "a/u0"])
        #expect(pump.inPlace.isEmpty)
    }

    @Test func whatWasSeenMeanwhileCountsWhenNobodyCanLookAfterwards() {
        var pump = Pump()
        pump.takes["b"] = .seconds(60)
        pump.guardSays = { _, _, at in at > 45 ? .unknown : at > 30 ? .fail : .pass }
        #expect(drive(&pump, [Bench.change("a"), change("b")]).step("b")?.verdict == .fail)
        #expect(pump.inPlace.isEmpty)
    }

    @Test func aGuardThatNobodyCouldLookAtStopsAndTakesNothingBack() {
        var pump = Pump()
        pump.takes["b"] = .seconds(60)
        pump.guardSays = { step, _, at in step == "b" && at > 30 && at < 45 ? .unknown : .pass }
        let run = drive(&pump, [Bench.change("a"), change("b"), Bench.change("later")])
        #expect(run.step("b")?.verdict == .unknown && run.step("later")?.phase == .skipped)
        #expect(pump.gone.isEmpty && pump.inPlace == ["a/u0", "a/u1", "a/u2", "b/u0"])
    }

    @Test func aWaitUnderAGuardStopsAndTakesBackWhatWentBefore() {
        var pump = Pump()
        pump.guardSays = { _, _, at in at > 200 ? .fail : .pass }
        let run = drive(&pump, [Bench.change("a"), wait(), Bench.change("later")])
        #expect(run.step("wait")?.verdict == .fail && run.step("later")?.phase == .skipped)
        #expect(pump.inPlace.isEmpty && pump.order.last?.hasPrefix("undo a/u0 24") == true)
    }

    @Test func aWaitUnderAGuardThatStaysWellPassesAtItsEnd() {
        for dies in [nil, (after: Duration.seconds(100), away: Duration.seconds(20))] {
            var pump = Pump()
            pump.dies = dies
            let run = drive(&pump, [wait()])
            #expect(run.verdict == .pass)
            // A short absence costs a look, and is no gap.
            #expect(run.step("wait")?.summary.hasPrefix(dies == nil ? "11 looks" : "10 looks") == true)
            #expect(run.startedAt.map { pump.now - $0 } == .seconds(600))
        }
    }

    /// A process that was away did not look.
    @Test func aGapInAWaitUnderAGuardIsUnknown() {
        var pump = Pump()
        pump.dies = (.seconds(100), .seconds(300))
        #expect(drive(&pump, [wait()]).verdict == .unknown)
    }

    @Test func aWarningOfTheGuardIsAWarning() {
        var pump = Pump()
        pump.guardSays = { _, look, _ in look == 3 ? .warn : .pass }
        let run = drive(&pump, [wait()])
        #expect(run.verdict == .warn)
        #expect(run.step("wait")?.findings.count == 1)
        var soaked = Pump()
        soaked.guardSays = { _, look, _ in look == 3 ? .warn : .pass }
        let calm = drive(&soaked, [soak()])
        #expect(calm.verdict == .warn && calm.step("calm")?.findings.count == 1)
    }

    @Test func aSoakUnderAGuardStopsWithIt() {
        for (said, isUndone) in [(Verdict.fail, true), (.unknown, false)] {
            var pump = Pump()
            pump.guardSays = { _, _, at in at > 200 ? said : .pass }
            let run = drive(&pump, [Bench.change("a"), soak()])
            #expect(run.step("calm")?.verdict == said)
            #expect(pump.inPlace.isEmpty == isUndone)
        }
    }

    @Test func aSoakIsNoPassBeforeItsGuardWasSeen() {
        var machine = RunMachine(run: "r1")
        let at = { Instant(secondsSinceEpoch: $0) }
        let begun = machine.handle(.started(Bench().start([soak()])), at: at(0))
        #expect(begun == [.observe(step: "calm", attempt: 1, after: .zero), .watchGuard(step: "calm", after: .zero)])
        let seen = Observation(summary: "seen", measurements: [Measurement("value", 1)])
        let last = CheckOutcome(observation: seen, attempt: 1, seconds: 1)
        _ = machine.handle(.observed(step: "calm", last), at: at(600))
        #expect(machine.state.step("calm")?.verdict == .unknown)
    }

    @Test func theDriverLooksAtItWhileTheStepGoesOn() async throws {
        let bench = Bench()
        bench.target.with { $0.guardFailsAfter = 2 }
        let wait = RunStep(
            id: "wait", action: "wait", kind: .wait(microseconds: 3_600_000_000), isChange: false,
            guardSteps: [Bench.check("watch", "guard", fail: "value > 0")], guardEveryMicroseconds: 1000,
            onFailure: .undo)
        let run = try await bench.run(UndoScope([Bench.change("a", units: 2), wait]) { $0.isChange }.filled)
        #expect(run.step("wait")?.cause?.sentence.hasPrefix("Its guard became fail.") == true)
        #expect(run.step("a")?.takenBackFor == "wait")
        #expect(bench.target.with { $0.undone } == ["u1", "u0"])
    }

    @Test(arguments: [true, false]) func aCrashAtEveryEvent(isDone: Bool) {
        let steps = [Bench.change("a"), wait()]
        var calm = Pump()
        calm.guardSays = { _, _, at in at > 200 ? .fail : .pass }
        _ = drive(&calm, steps)
        for event in 1..<calm.history.count {
            var pump = Pump()
            pump.guardSays = { _, _, at in at > 200 ? .fail : .pass }
            pump.diesAfter = (event, isDone)
            let run = drive(&pump, steps)
            #expect(run.verdict == .fail && run.endedAt != nil, "after \(event)")
            #expect(pump.inPlace.isEmpty && Set(pump.gone).count == pump.gone.count, "after \(event)")
        }
    }
}
