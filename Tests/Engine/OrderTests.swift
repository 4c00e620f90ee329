import Engine
import Host
import Maintenance
import Plans
import Testing

/// When steps begin: the plan's order, `needs`, final steps, waits, and one change at a time on a target.
@Suite struct OrderTests {
    @Test func withoutAWordChecksRunTogetherAndChangesWaitForAll() {
        var pump = Pump()
        pump.takes = ["a": .seconds(3)]
        let run = pump.drive([
            Bench.check("a", "v"), Bench.check("b", "v"), Bench.change("c", units: 1), Bench.check("d", "v"),
        ])
        #expect(run.verdict == .pass)
        #expect(pump.order == ["a 0", "b 0", "c/u0 3", "d 4"])
    }

    @Test func needsReplacesTheOrder() {
        var pump = Pump()
        pump.takes = ["slow": .seconds(60)]
        let run = pump.drive([
            Bench.check("slow", "v"), Bench.check("quick", "v"),
            Bench.change("left").with(needs: ["slow"]), Bench.change("right").with(needs: ["quick"], on: "other"),
            Bench.check("both", "v").with(needs: ["left", "right"]),
        ])
        #expect(run.verdict == .pass)
        #expect(pump.order == ["slow 0", "quick 0", "right/u0 1", "left/u0 60", "both 61"])
    }

    @Test func twoChangesOfOneTargetTakeTurns() {
        var pump = Pump()
        pump.takes = ["x": .seconds(10), "y": .seconds(10), "z": .seconds(10)]
        _ = pump.drive([
            Bench.change("x").with(needs: []), Bench.change("y").with(needs: []),
            Bench.change("z").with(needs: [], on: "other"),
        ])
        #expect(pump.order == ["x/u0 0", "z/u0 0", "y/u0 10"])
    }

    @Test func whatNeedsAFailedStepIsNotRunAndNothingBehindIt() {
        var pump = Pump()
        pump.look = { step, _, _ in step == "bad" ? 9 : 1 }
        let run = pump.drive([
            Bench.check("bad", "v", fail: "value > 5"), Bench.check("good", "v"),
            Bench.change("no").with(needs: ["bad"]), Bench.change("neither").with(needs: ["no"]),
            Bench.change("yes").with(needs: ["good"]),
        ])
        #expect(run.step("no")?.phase == .skipped)
        #expect(run.step("neither")?.phase == .skipped)
        #expect(run.step("no")?.cause?.sentence == "Not run, because `bad` failed.")
        #expect(run.step("yes")?.verdict == .pass)
        #expect(run.verdict == .fail)
    }

    @Test func whatCouldNotBeLookedAtOpensNoGate() {
        var pump = Pump()
        pump.look = { step, _, _ in step == "blind" ? nil : 1 }
        let run = pump.drive([Bench.check("blind", "v"), Bench.change("work").with(needs: ["blind"])])
        #expect(run.step("work")?.phase == .skipped)
        #expect(run.verdict == .unknown)
    }

    @Test func aStepWhoseWhenDoesNotHoldIsNoObstacle() {
        var pump = Pump()
        let run = pump.drive([
            Bench.check("a", "v"), Bench.change("maybe", units: 1, when: "a.value > 5"),
            Bench.change("then").with(needs: ["maybe"]),
        ])
        #expect(run.step("maybe")?.phase == .skipped)
        #expect(run.step("then")?.verdict == .pass)
    }

    @Test func finalStepsRunWhateverCameOfTheOthers() {
        var pump = Pump()
        pump.refused = ["work"]
        let run = pump.drive([
            Bench.change("work"), Bench.change("later"), Bench.check("health", "v").with(isFinal: true),
            Bench.change("lift").with(needs: ["health"], isFinal: true),
        ])
        #expect(run.step("later")?.phase == .skipped)
        #expect(run.step("lift")?.verdict == .pass)
        #expect(run.verdict == .fail)
        #expect(pump.order == ["work/u0 0", "health 1", "lift/u0 2"])
    }

    @Test func finalStepsRunWhenSomebodyStopsTheRunAndNotWhileItIsHeld() {
        var pump = Pump()
        pump.takes = ["work": .seconds(100)]
        pump.stops = .seconds(50)
        let steps = [Bench.change("work"), Bench.change("later"), Bench.change("lift").with(isFinal: true)]
        let run = pump.drive(steps)
        #expect(run.step("work")?.verdict == .pass)
        #expect(run.step("later")?.verdict == .unknown)
        #expect(run.step("lift")?.verdict == .pass)
    }

    /// Silence, mode, work, health, and what was put in place is lifted again: only when all is well.
    @Test func aBracketEndsOnlyOnAGreenCheck() {
        for isHealthy in [true, false] {
            var pump = Pump()
            pump.look = { _, _, _ in isHealthy ? 1 : 9 }
            let mode = Bench.change("mode", units: 2)
            let run = pump.drive([
                mode, Bench.change("work"), Bench.check("health", "v", fail: "value > 5").with(isFinal: true),
                RunStep(
                    id: "lift", action: mode.action, kind: .undo(step: "mode"), isChange: false,
                    parameters: mode.parameters, targets: mode.targets, needs: ["health"], isFinal: true),
            ])
            #expect(run.verdict == (isHealthy ? .pass : .fail))
            #expect(run.step("lift")?.phase == (isHealthy ? .done : .skipped))
            #expect(pump.order.contains { $0.hasPrefix("undo lift/u0") } == isHealthy)
        }
    }

    @Test func whatIsTakenBackIsTakenBackInReverse() {
        var pump = Pump()
        pump.found = { _, _ in 3 }
        let work = Bench.change("work")
        let run = pump.drive([work, .plain("back", .undo(step: "work"), like: work)])
        #expect(pump.order.suffix(3) == ["undo back/u2 3", "undo back/u1 4", "undo back/u0 5"])
        #expect(run.step("back")?.verdict == .pass)
        #expect(run.verdict == .pass)
    }

    @Test func nothingDoneIsNothingToTakeBack() {
        var pump = Pump()
        pump.refused = ["work"]
        let work = Bench.change("work", onFailure: .continue)
        let run = pump.drive([work, .plain("back", .undo(step: "work"), like: work)])
        #expect(run.step("back")?.phase == .skipped)
    }

    @Test func timePassesAndACrashDoesNotMakeItLonger() {
        for dies in [nil, (after: Duration.seconds(100), away: Duration.seconds(50))] {
            var pump = Pump()
            pump.dies = dies
            let run = pump.drive([.plain("wait", .wait(microseconds: 600_000_000)), Bench.check("a", "v")])
            #expect(run.verdict == .pass)
            #expect(pump.order == ["a 600"])
        }
    }

    @Test func aWaitEndsWhenTheRunIsStopped() {
        var pump = Pump()
        pump.stops = .seconds(10)
        let run = pump.drive([.plain("wait", .wait(microseconds: 600_000_000)), Bench.check("a", "v")])
        #expect(run.verdict == .unknown)
        #expect(run.endedAt == pump.now && pump.order.isEmpty)
    }

    @Test func aRetryHasABudget() {
        var pump = Pump()
        pump.look = { _, _, _ in nil }
        let check = RunStep(
            id: "a", action: "fake.check", isChange: false, targets: ["on": "t"],
            retry: RetryPolicy(times: 9, waitMicroseconds: 10_000_000, withinMicroseconds: 60_000_000))
        _ = pump.drive([check])
        #expect(pump.order == ["a 0", "a 11", "a 32"])
    }
}
