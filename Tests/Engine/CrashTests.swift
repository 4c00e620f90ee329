import Host
import Journal
import Maintenance
import Plans
import TestSupport
import Testing

@testable import Engine

/// The journal dies at the n-th write, before or after it is durable; the next start must find its way.
@Suite struct CrashTests {
    @Test(arguments: FailingJournal.Failure.allCases)
    func everyWriteMayBeTheLast(_ moment: FailingJournal.Failure) async throws {
        var crashes = 0
        for write in 1... {
            let bench = Bench()
            bench.target.with {
                $0.values["a"] = 1
                $0.half = ["u1"]
                $0.guardFailsAfter = 99
            }
            let inner = MemoryJournal()
            let steps = [
                Bench.check("a", "a"),
                Bench.change("work", guardSteps: [Bench.check("watch", "guard", fail: "value > 0")]),
                RunStep(
                    id: "run", action: "fake.program", isChange: true, targets: ["on": "t"],
                    proof: [Bench.check("proof", "program", fail: "value < 1")]),
            ]
            let crashed = try await crash(bench, steps, inner, write, moment)
            guard crashed else { break }
            crashes += 1
            // A second crash during the takeover must not matter either.
            _ = try? await bench.resume(FailingJournal(inner, dyingAt: 2, moment))
            _ = try await bench.resume(inner)
            let done = bench.target.with { $0.applied }
            #expect(done.values.allSatisfy { $0 == 1 }, "applied twice, write \(write)")
            // Died with the program's intent just durable: whether it ran cannot be known, so it is not run again.
            let row = try await inner.row("r1")
            let perhapsRan = done["program"] == nil && row != nil
            #expect(row == nil || row?.verdict == (perhapsRan ? .unknown : .pass), "write \(write)")
            #expect(done.count == (row == nil ? 0 : perhapsRan ? 3 : 4), "write \(write)")
            let rows = try await inner.rows(RunFilter())
            #expect(rows.allSatisfy { $0.state == .ended }, "still shown as running, write \(write)")
        }
        #expect(crashes >= 11)
    }

    private func crash(
        _ bench: Bench, _ steps: [RunStep], _ inner: MemoryJournal, _ write: Int, _ moment: FailingJournal.Failure
    ) async throws -> Bool {
        do {
            _ = try await bench.run(steps, on: FailingJournal(inner, dyingAt: write, moment))
            return false
        } catch is JournalError {
            return true
        }
    }

    @Test func aProgramThatPerhapsRanIsNotRunAgain() async throws {
        let bench = Bench()
        let inner = MemoryJournal()
        // The third write holds the outcome of the program: it ran, and nobody knows.
        let steps = [RunStep(id: "run", action: "fake.program", isChange: true, targets: ["on": "t"])]
        #expect(try await crash(bench, steps, inner, 4, .before))
        let run = try #require(try await bench.resume(inner))
        #expect(run.verdict == .unknown)
        #expect(run.step("run")?.verdict == .unknown)
        #expect(bench.target.with { $0.applied["program"] } == 1)
    }

    @Test func aTakeoverAfterTheWindowBeginsNothing() {
        func at(_ second: Int64) -> Instant { Instant(secondsSinceEpoch: second) }
        let start = Bench().start([Bench.change("work", units: 1)], windowCloses: at(100))
        let unit = WorkUnit(id: "u0", title: "unit 0", expected: .seconds(30))
        let preview = PreviewOutcome(preview: Preview(summary: "", units: [unit]), pace: 1)
        var machine = RunMachine(run: "r1")
        #expect(machine.handle(.started(start), at: at(0)) == [.preview(step: "work")])
        #expect(machine.handle(.previewed(step: "work", preview), at: at(1)) == [.prepare(step: "work", unit: unit)])
        let intent = UnitIntent(baseline: "{}", before: .pending)
        let apply = RunCommand.apply(step: "work", unit: unit, baseline: Array("{}".utf8))
        #expect(machine.handle(.unitPrepared(step: "work", unit: "u0", intent), at: at(2)) == [apply])
        // The process died with the intent durable; the takeover comes when the window has closed.
        let probe = RunCommand.probe(step: "work", unit: unit, baseline: Array("{}".utf8))
        #expect(machine.handle(.resumed(Bench.owner), at: at(200)) == [probe])
        let outcome = UnitOutcome(state: .pending, isFailure: false, seconds: 0)
        #expect(machine.handle(.unitProbed(step: "work", unit: "u0", outcome), at: at(201)) == [.end(.warn)])
        #expect(
            machine.state.steps[0].units[0].phase
                == .left(RunMachine.windowEnded(RunOpening(opens: at(0), closes: at(100), lastBegin: at(100)))))
    }

    /// A journal that fails tells whether the test above can fail: without the intents, a unit would be applied twice.
    @Test func replayingGivesTheSameState() async throws {
        let bench = Bench()
        bench.target.with { $0.values["a"] = 1 }
        let store = MemoryJournal()
        let run = try await bench.run([Bench.check("a", "a"), Bench.change("work")], on: store)
        var machine = RunMachine(run: "r1")
        for record in try await store.records(of: "r1") {
            _ = machine.handle(try decodeJSON(RunEvent.self, record.body), at: record.at)
        }
        #expect(machine.state.phase == run.phase)
        #expect(machine.state.steps.map(\.summary) == run.steps.map(\.summary))
        #expect(machine.state.steps.map(\.measurements) == run.steps.map(\.measurements))
    }
}
