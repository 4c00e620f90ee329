import Engine
import Host
import Journal
import Maintenance
import Plans
import Testing

@Suite struct RunTests {
    let bench = Bench()

    @Test func aHealthyRunPassesAndIsRecorded() async throws {
        bench.target.with { $0.values["ready"] = 17 }
        let store = MemoryJournal()
        let run = try await bench.run(
            [Bench.check("pods", "ready", fail: "value < 17"), Bench.change("work")], on: store)
        #expect(run.verdict == .pass)
        #expect(run.phase == .ended(.pass))
        #expect(bench.target.with { $0.order } == ["u0", "u1", "u2"])
        #expect(run.step("work")?.measurements == [Measurement("rows", 30)])
        try Record.verifyChain(try await store.records(of: "r1"))
        let row = try #require(try await store.row("r1"))
        #expect(row.state == .ended && row.verdict == .pass && row.owner == nil)
        #expect(try await store.points(key: "s/default/p/pods", name: "value", limit: 9).map(\.value) == [17])
    }

    @Test func thresholdsJudgeAndAMissingMeasurementIsUnknown() async throws {
        bench.target.with { $0.values["a"] = 4 }
        let run = try await bench.run([
            Bench.check("warns", "a", warn: "value > 3", fail: "value > 5"),
            Bench.check("fails", "a", warn: "value > 1", fail: "value > 3"),
            Bench.check("absent", "b", fail: "value > 3"),
            Bench.check("misnamed", "a", fail: "other > 3"),
        ])
        #expect(run.step("warns")?.verdict == .warn)
        #expect(run.step("fails")?.verdict == .fail)
        #expect(run.step("absent")?.verdict == .unknown)
        #expect(run.step("absent")?.cause?.code == .noData)
        #expect(run.step("misnamed")?.verdict == .unknown)
        #expect(run.verdict == .fail)
    }

    @Test func aHungCheckIsUnknownAndTheOthersAreSeen() async throws {
        bench.target.with { $0.values["a"] = 1 }
        let hung = RunStep(
            id: "hung", action: "fake.check", isChange: false, parameters: .map([.init("hang", .text("true"))]),
            targets: ["on": "t"],
            timeoutMicroseconds: 50_000)
        let run = try await bench.run([hung, Bench.check("a", "a")])
        #expect(run.step("hung")?.cause?.code == .timedOut)
        #expect(run.step("hung")?.verdict == .unknown)
        #expect(run.step("a")?.verdict == .pass)
    }

    @Test func whenDecidesOnWhatWasMeasured() async throws {
        let run = try await bench.run([
            Bench.change("archive", units: 2),
            Bench.change("after", units: 1, when: "archive.rows > 0"),
            Bench.change("never", units: 1, when: "archive.rows > 1000"),
            Bench.check("blind", "a", when: "archive.other > 0"),
        ])
        #expect(run.step("after")?.verdict == .pass)
        #expect(run.step("never")?.phase == .skipped)
        #expect(run.step("never")?.verdict == nil)
        #expect(run.step("blind")?.verdict == .unknown)
    }

    @Test func aSumOverNoUnitIsZero() async throws {
        let run = try await bench.run([
            Bench.change("none", units: 0), Bench.change("after", units: 1, when: "none.rows > 0"),
        ])
        #expect(run.step("none")?.verdict == .pass)
        #expect(run.step("after")?.phase == .skipped)
    }

    @Test func aFailedChangeStopsWhatFollows() async throws {
        bench.target.with { $0.failures["u1"] = [ChangeFailed(.rejected, "No.")] }
        let run = try await bench.run([Bench.change("work"), Bench.change("later", units: 1)])
        #expect(run.step("work")?.verdict == .fail)
        #expect(run.step("work")?.cause?.sentence == "No.")
        #expect(run.step("later")?.phase == .skipped)
        #expect(bench.target.with { $0.order } == ["u0"])
    }

    @Test func continueGoesOn() async throws {
        bench.target.with { $0.failures["u1"] = [ChangeFailed(.rejected, "No.")] }
        let run = try await bench.run([Bench.change("work", onFailure: .continue), Bench.change("later", units: 1)])
        #expect(run.step("work")?.verdict == .fail)
        #expect(Tally(run.step("work")?.units ?? []).done == 2)
        #expect(run.step("later")?.verdict == .pass)
    }

    @Test func undoTakesBackInReverse() async throws {
        bench.target.with { $0.failures["u2"] = [ChangeFailed(.rejected, "No.")] }
        let run = try await bench.run([Bench.change("work", onFailure: .undo)])
        #expect(run.verdict == .fail)
        #expect(bench.target.with { $0.undone } == ["u1", "u0"])
        #expect(bench.target.with { $0.applied }.isEmpty)
    }

    @Test func doneWithoutErrorAndNotInPlaceIsAFailure() async throws {
        bench.target.with { $0.silent = ["u1"] }
        let run = try await bench.run([Bench.change("work")])
        #expect(run.verdict == .fail)
        #expect(run.step("work")?.cause?.code == .rejected)
    }

    @Test func aRetryTriesAgain() async throws {
        bench.target.with { $0.failures["u0"] = [ChangeFailed(.busy, "Busy."), ChangeFailed(.busy, "Busy.")] }
        let retry = RetryPolicy(times: 2, waitMicroseconds: 1000)
        let run = try await bench.run([Bench.change("work", units: 1, retry: retry)])
        #expect(run.verdict == .pass)
        #expect(bench.target.with { $0.begun } == ["u0", "u0", "u0"])
    }

    @Test func aUnitThatCannotBeSeenIsUnknownAndTheOthersAreDone() async throws {
        bench.target.with { $0.hidden = ["u1"] }
        let run = try await bench.run([Bench.change("work"), Bench.change("later", units: 1)])
        #expect(run.step("work")?.verdict == .unknown)
        #expect(Tally(run.step("work")?.units ?? []).done == 2)
        #expect(run.step("later")?.verdict == .pass)
    }

    @Test func whatIsSoAlreadyIsNotDoneAgain() async throws {
        bench.target.with { $0.applied = ["u0": 1] }
        let run = try await bench.run([Bench.change("work")])
        #expect(run.verdict == .pass)
        #expect(bench.target.with { $0.begun } == ["u1", "u2"])
        #expect(Tally(run.step("work")?.units ?? []).alreadySo == 1)
    }

    @Test func halfDoneIsRepaired() async throws {
        bench.target.with { $0.half = ["u1"] }
        let run = try await bench.run([Bench.change("work")])
        #expect(run.verdict == .pass)
    }

    @Test func theWindowIsABudget() async throws {
        let closes = bench.host.now() + .seconds(25)
        let run = try await bench.run([Bench.change("work", units: 4, seconds: 30)], windowCloses: closes)
        #expect(bench.target.with { $0.order }.isEmpty)
        #expect(run.step("work")?.verdict == .warn)
        #expect(run.step("work")?.findings.first?.cause.code == .windowEnded)
    }

    @Test func aLimitIsNeverExceeded() async throws {
        let run = try await bench.run([Bench.change("work", units: 5, limits: ["rows": 25])])
        #expect(bench.target.with { $0.order } == ["u0", "u1"])
        #expect(run.verdict == .warn)
        #expect(run.step("work")?.findings.first?.cause.code == .limitReached)
    }

    @Test func aGuardThatWorsensStopsAndTakesBack() async throws {
        bench.target.with { $0.guardFailsAfter = 2 }
        let watch = [Bench.check("watch", "guard", fail: "value > 0")]
        let run = try await bench.run([Bench.change("work", units: 4, guardSteps: watch, onFailure: .undo)])
        #expect(run.verdict == .fail)
        #expect(bench.target.with { $0.undone } == ["u1", "u0"])
    }

    @Test func aGuardThatFailsBeforehandLetsNothingBegin() async throws {
        bench.target.with { $0.guardFailsAfter = 0 }
        let watch = [Bench.check("watch", "guard", fail: "value > 0")]
        let run = try await bench.run([Bench.change("work", guardSteps: watch)])
        #expect(run.verdict == .fail)
        #expect(bench.target.with { $0.begun }.isEmpty)
    }

    @Test func aProgramIsAsGoodAsItsProof() async throws {
        func program(_ proof: [RunStep]) -> RunStep {
            RunStep(
                id: "run", action: "fake.program", isChange: true, targets: ["on": "t"], onFailure: .continue,
                proof: proof)
        }
        let unproven = try await bench.run([program([])])
        #expect(unproven.verdict == .unknown)
        #expect(unproven.step("run")?.cause?.code == .nobodyLooked)
        let proven = try await Bench().run([program([Bench.check("proof", "program", fail: "value < 1")])])
        #expect(proven.verdict == .pass)
        let disproven = try await Bench().run([program([Bench.check("proof", "program", fail: "value > 0")])])
        #expect(disproven.verdict == .fail)
        let unseen = try await Bench().run([program([Bench.check("proof", "nothing")])])
        #expect(unseen.verdict == .unknown)
    }
}
