import Host
import Journal
import Maintenance
import Plans
import TestSupport
import Testing

@testable import Engine

/// `on-failure: undo`: with the step's own work the changes that it stands on are taken back.
@Suite struct UndoTests {
    /// The steps with what each takes back, as a plan is read.
    private func filled(_ steps: [RunStep]) -> [RunStep] {
        let catalogue = Bench().catalogue
        return UndoScope(steps) { catalogue.actions[$0.action]?.canUndo == true }.filled
    }

    private func change(
        _ id: String, needs: [String]? = nil, on target: String = "t", _ onFailure: OnFailure? = nil,
        by action: String = "fake.change", approval: RunApproval? = nil
    ) -> RunStep {
        RunStep(
            id: id, action: action, isChange: true, targets: ["on": target], onFailure: onFailure, needs: needs,
            approval: approval)
    }

    private func calm(for seconds: Int64 = 600) -> RunStep {
        RunStep(
            id: "calm", action: "fake.check", isChange: false, targets: ["on": "t"],
            thresholds: Thresholds(fail: "value > 5"), onFailure: .undo,
            soak: SoakPolicy(lastsMicroseconds: seconds * 1_000_000, everyMicroseconds: 60_000_000))
    }

    /// Two changes that did three units each, and one that is refused.
    private var chain: [RunStep] { filled([change("a"), change("b"), change("c", .undo)]) }

    private func refusing(_ steps: String...) -> Pump {
        var pump = Pump()
        pump.found = { _, _ in 3 }
        pump.refused = Set(steps)
        return pump
    }

    // MARK: How far back

    @Test func whatWentBeforeIsTakenBackInReverse() {
        var pump = refusing("c")
        let run = pump.drive(chain)
        #expect(pump.gone == ["b/u2", "b/u1", "b/u0", "a/u2", "a/u1", "a/u0"])
        #expect(pump.inPlace.isEmpty)
        #expect(run.verdict == .fail)
        #expect(run.step("c")?.cause?.sentence == "No. Taken back: `a`, `b`.")
        for id in ["a", "b"] {
            #expect(run.step(id)?.verdict == .warn)
            #expect(run.step(id)?.cause?.sentence == "It was done and taken back, because `c` failed.")
            #expect(run.step(id)?.summary == "0 of 3 done, 3 taken back")
        }
        #expect(run.stopped != nil)
    }

    @Test func aPlanThatSaysNothingTakesBackTheStepAlone() {
        var pump = refusing("c")
        let run = pump.drive([change("a"), change("b"), change("c", .undo)])
        #expect(pump.gone.isEmpty && pump.inPlace.count == 6)
        #expect(run.step("a")?.verdict == .pass)
    }

    @Test func aParallelBranchIsLeftAndWhatStandsOnTheSameGroundIsNot() {
        let steps = filled([
            change("base"), change("left", needs: ["base"], on: "other"),
            change("alone", needs: [], on: "third"), change("right", needs: ["base"], .undo),
        ])
        #expect(steps[3].takesBack == ["base", "left"])
        var pump = refusing("right")
        pump.takes["right"] = .seconds(60)
        let run = pump.drive(steps)
        #expect(pump.gone == ["left/u2", "left/u1", "left/u0", "base/u2", "base/u1", "base/u0"])
        #expect(pump.inPlace == ["alone/u0", "alone/u1", "alone/u2"])
        #expect(run.step("alone")?.verdict == .pass)
    }

    /// What works beside it stops after the unit in hand, before what it stands on goes.
    @Test func whatStandsOnItAndIsAtWorkStopsFirst() {
        let steps = filled([
            change("base"), change("left", needs: ["base"], on: "other"), change("right", needs: ["base"], .undo),
        ])
        var pump = refusing("right")
        pump.takes["left"] = .seconds(50)
        let run = pump.drive(steps)
        #expect(pump.gone == ["left/u0", "base/u2", "base/u1", "base/u0"])
        #expect(pump.order.last == "undo base/u0 105")
        #expect(run.step("left")?.summary == "0 of 3 done, 2 left, 1 taken back")
        #expect(pump.inPlace.isEmpty)
    }

    @Test func whatWaitsToTryAgainDoesNot() {
        let tried = RunStep(
            id: "left", action: "fake.change", isChange: true, targets: ["on": "other"],
            retry: RetryPolicy(times: 3, waitMicroseconds: 900_000_000), needs: ["base"])
        var pump = refusing("left", "right")
        pump.takes["right"] = .seconds(50)
        let run = pump.drive(filled([change("base"), tried, change("right", needs: ["base"], .undo)]))
        #expect(pump.inPlace.isEmpty && pump.order.last == "undo base/u0 55")
        #expect(run.step("left")?.phase == .done && run.step("left")?.verdict == .warn)
    }

    @Test func whatWaitsForPeopleDoesNotBegin() {
        let approval = RunApproval(by: ["ada"], withinMicroseconds: 86_400_000_000)
        let steps = filled([
            change("base"), change("left", needs: ["base"], on: "other", approval: approval),
            change("right", needs: ["base"], .undo),
        ])
        var pump = refusing("right")
        let run = pump.drive(steps)
        #expect(run.step("left")?.phase == .skipped)
        #expect(pump.inPlace.isEmpty && pump.now < run.startedAt.map { $0 + .seconds(60) } ?? pump.now)
    }

    @Test func whatStandsByItselfStaysAndSoDoesABracket() {
        let mode = change("mode")
        let lift = RunStep(
            id: "lift", action: mode.action, kind: .undo(step: "mode"), isChange: false, targets: mode.targets,
            isFinal: true)
        let steps = filled([mode, change("alone", .continue), change("a"), change("b", .undo), lift])
        #expect(steps[3].takesBack == ["a"])
        var pump = refusing("b")
        let run = pump.drive(steps)
        #expect(pump.gone.count == 3 && run.step("alone")?.verdict == .pass)
        #expect(pump.order.suffix(3) == ["undo lift/u2 13", "undo lift/u1 14", "undo lift/u0 15"])
    }

    @Test func anUndoThatThePlanHasMadeBeforeIsNotMadeAgain() {
        let a = change("a")
        let back = RunStep(id: "back", action: a.action, kind: .undo(step: "a"), isChange: false, targets: a.targets)
        #expect(filled([a, back, change("b"), change("c", .undo)])[3].takesBack == ["b"])
        #expect(filled([a, change("b", .undo), back])[1].takesBack == ["a"])
    }

    @Test func whatASteptNamesItStandsOn() {
        let named = RunStep(
            id: "b", action: "fake.change", isChange: true, targets: ["on": "other"], when: "a.rows > 0",
            onFailure: .undo, needs: [])
        #expect(filled([change("a"), change("x", needs: []), named])[2].takesBack == ["a"])
    }

    @Test func twoThatFailAtOnceTakeEachThingBackOnce() {
        let steps = filled([
            change("base"), change("left", needs: ["base"], on: "other", .undo),
            change("right", needs: ["base"], .undo),
        ])
        var pump = refusing("left", "right")
        let run = pump.drive(steps)
        #expect(pump.gone == ["base/u2", "base/u1", "base/u0"])
        #expect(run.step("left")?.verdict == .fail && run.step("right")?.verdict == .fail)
        #expect(run.endedAt != nil)
    }

    @Test func whatNeedsSomethingThatWasTakenBackIsNotRun() {
        var pump = refusing("b")
        let tell = change("tell").with(needs: ["a"], isFinal: true)
        let run = pump.drive(filled([change("a"), change("b", .undo), tell]))
        #expect(run.step("tell")?.cause?.sentence == "Not run, because `a` was taken back.")
    }

    // MARK: What could not be taken back

    @Test func whatCannotBeUndoneIsNamedAndTheRestIsUndone() {
        var pump = refusing("c")
        let run = pump.drive(filled([change("a"), change("p", by: "fake.program"), change("c", .undo)]))
        #expect(run.step("c")?.cause?.sentence == "No. Taken back: `a`. Could not be taken back: `p`.")
        #expect(pump.inPlace == ["p/u0", "p/u1", "p/u2"])
    }

    @Test func whatStaysOrCannotBeSeenIsUnknownAndNamed() {
        for isHidden in [true, false] {
            var pump = refusing("c")
            if isHidden { pump.hidden = ["b/u1"] } else { pump.stuck = ["b/u1"] }
            let run = pump.drive(chain)
            #expect(run.step("b")?.verdict == .unknown)
            #expect(run.step("b")?.summary == "0 of 3 done, 1 not known, 2 taken back")
            #expect(run.step("c")?.cause?.sentence == "No. Taken back: `a`. Could not be taken back: `b`.")
            #expect(run.step("a")?.verdict == .warn)
        }
    }

    /// A step whose numbers were wrong, not one of its units, is taken back as well.
    @Test func aFailureByThresholdTakesBackTheStepsOwnWork() {
        var pump = refusing()
        pump.found = { _, _ in 2 }
        let wrong = RunStep(
            id: "b", action: "fake.change", isChange: true, targets: ["on": "t"],
            thresholds: Thresholds(fail: "rows < 5"), onFailure: .undo)
        let run = pump.drive(filled([change("a"), wrong]))
        #expect(pump.gone == ["b/u1", "b/u0", "a/u1", "a/u0"])
        #expect(run.step("b")?.verdict == .fail)
        #expect(run.step("b")?.cause?.sentence.hasSuffix("Taken back: `a`, `b`.") == true)
    }

    @Test func aCheckThatCouldNotLookTakesNothingBack() {
        var pump = refusing()
        pump.look = { _, _, _ in nil }
        let run = pump.drive(filled([change("a"), calm(), change("later")]))
        #expect(pump.gone.isEmpty && pump.inPlace.count == 3)
        #expect(run.step("calm")?.verdict == .unknown && run.step("later")?.phase == .skipped)
    }

    @Test func aSoakThatFailsTakesBackWhatWentBefore() {
        var pump = refusing()
        pump.look = { _, attempt, _ in attempt == 4 ? 9 : 1 }
        let run = pump.drive(filled([change("a"), calm()]))
        #expect(pump.gone == ["a/u2", "a/u1", "a/u0"])
        #expect(run.step("a")?.takenBackFor == "calm")
        #expect(run.step("calm")?.cause?.sentence.hasSuffix("Taken back: `a`.") == true)
    }

    // MARK: Crashes

    /// The process dies after every event there is, having done what it had in hand or not: in the end nothing is in place,
    /// and nothing was taken back twice.
    @Test(arguments: [true, false]) func aCrashAtEveryEvent(isDone: Bool) {
        let steps = filled([
            change("base"), change("left", needs: ["base"], on: "other"), change("mid", needs: ["base"]),
            change("c", needs: ["mid"], .undo),
        ])
        var calm = refusing("c")
        _ = calm.drive(steps)
        #expect(calm.gone.count == 9)
        for event in 1..<calm.history.count {
            var pump = refusing("c")
            pump.diesAfter = (event, isDone)
            let run = pump.drive(steps)
            #expect(run.endedAt != nil && run.resumptions == 1, "after \(event)")
            #expect(pump.inPlace.isEmpty, "after \(event): \(pump.inPlace)")
            #expect(Set(pump.gone).count == pump.gone.count, "after \(event)")
            #expect(run.step("c")?.cause?.sentence.contains("Could not") == false, "after \(event)")
            let places = pump.gone.compactMap { ["base", "mid"].firstIndex(of: String($0.prefix { $0 != "/" })) }
            #expect(places == places.sorted(by: >), "after \(event): \(pump.gone)")
            // What is journalled gives the same run again.
            var again = RunMachine(run: "r1")
            for (at, event) in pump.history { _ = again.handle(event, at: at) }
            #expect(again.state.steps.map(\.phase) == run.steps.map(\.phase))
        }
    }

    /// With the driver, a journal and actions: it dies at every write, and once more during the takeover.
    @Test(arguments: FailingJournal.Failure.allCases) func everyWriteMayBeTheLast(_ moment: FailingJournal.Failure)
        async throws
    {
        let work = RunStep(
            id: "c", action: "fake.change", isChange: true, parameters: .map([.init("units", .text("3"))]),
            targets: ["on": "t"], onFailure: .undo)
        let steps = filled([Bench.change("a", units: 2), work])
        var crashes = 0
        for write in 1... {
            let bench = Bench()
            let refused = ChangeFailed(.rejected, "No.")
            bench.target.with { $0.failures["u2"] = [refused, refused, refused] }
            let inner = MemoryJournal()
            let first = try? await bench.run(steps, on: FailingJournal(inner, dyingAt: write, moment))
            if first == nil {
                crashes += 1
                _ = try? await bench.resume(FailingJournal(inner, dyingAt: 2, moment))
            }
            let run = try await bench.resume(inner) ?? first
            let (left, undone) = bench.target.with { ($0.applied, $0.undone) }
            #expect(left.isEmpty && Set(undone).count == undone.count, "write \(write): \(left), \(undone)")
            if let run {
                #expect(undone == ["u1", "u0"], "write \(write)")
                #expect(run.step("a")?.verdict == .warn && run.step("c")?.verdict == .fail)
            }
            guard first == nil else { break }
        }
        #expect(crashes >= 12)
    }
}
