import Host
import Journal
import Maintenance
import Plans
import Testing

@testable import Engine

/// What histories of the whole-engine simulation found, each as short as it can be told.
@Suite struct SimulatedFindingsTests {
    private let unit = WorkUnit(id: "u0", title: "unit 0", expected: .seconds(30))

    private func at(_ second: Int64) -> Instant { Instant(secondsSinceEpoch: second) }

    /// The run of a step in a window from 0 to 100, with the intent of its unit durable.
    private func intended() -> RunMachine {
        var machine = RunMachine(run: "r1")
        _ = machine.handle(.started(Bench().start([Bench.change("work", units: 1)], windowCloses: at(100))), at: at(0))
        let preview = PreviewOutcome(preview: Preview(summary: "", units: [unit]), pace: 1)
        _ = machine.handle(.previewed(step: "work", preview), at: at(1))
        let intent = UnitIntent(baseline: "{}", before: .pending)
        _ = machine.handle(.unitPrepared(step: "work", unit: "u0", intent), at: at(2))
        return machine
    }

    /// The clock was put forward, or the journal took long, between the decision and its doing.
    @Test func whatWasDecidedIsNotBegunOnceTheWindowHasClosed() {
        var machine = intended()
        #expect(machine.lateness(of: unit, in: "work", at: at(3)) == nil)
        let late = machine.lateness(of: unit, in: "work", at: at(90))
        #expect(late?.code == .windowEnded)
        let notBegun = UnitOutcome(state: .pending, error: late, isFailure: false, seconds: 0)
        // It was left, which is no failure and not unknown.
        #expect(machine.handle(.unitProbed(step: "work", unit: "u0", notBegun), at: at(90)) == [.end(.warn)])
        #expect(machine.state.stepsLeft == ["work"])
    }

    /// The first attempt may have arrived, whatever became of the second.
    @Test func aNoticeThatIsSentAgainAfterACrashDidNotCertainlyFail() {
        var start = Bench().start([Bench.check("a", "a")])
        let plan = start.plan
        start.plan = RunPlan(
            service: plan.service, environment: plan.environment, procedure: plan.procedure, targets: plan.targets,
            steps: plan.steps,
            notices: RunNotices(
                rules: [NoticeRule(on: [.ended], to: ["hook"])],
                channels: ["hook": RunChannel(kind: "hook", settings: .null, isIdempotent: true)]))
        var machine = RunMachine(run: "r1")
        _ = machine.handle(.started(start), at: at(0))
        let blind = CheckOutcome(couldNotLook: Cause(.noData, "Nothing."), attempt: 1, seconds: 0)
        let commands = machine.handle(.observed(step: "a", blind), at: at(1))
        guard case .intendDelivery(let intent)? = commands.first else {
            Issue.record("\(commands)")
            return
        }
        _ = machine.handle(.deliveryIntended(intent), at: at(2))
        #expect(machine.handle(.resumed(Bench.owner), at: at(3)) == [.deliver(id: "r1.hook", attempt: 1)])
        let refused = DeliveryOutcome.failed(Cause(.refused, "Refused."), mayRetry: false, after: nil)
        let tried = DeliveryAttempt(attempt: 1, outcome: refused, seconds: 0)
        _ = machine.handle(.deliveryTried(id: "r1.hook", tried), at: at(4))
        guard case .unknown(let cause)? = machine.state.deliveries.first?.phase else {
            Issue.record("\(String(describing: machine.state.deliveries.first?.phase))")
            return
        }
        #expect(cause.code == .perhapsSent)
    }

    /// A change that waits for people keeps its place: another on the same target does not begin beside it.
    @Test func whatWaitsForPeopleKeepsItsTarget() {
        func change(_ id: String, _ approval: RunApproval?) -> RunStep {
            RunStep(
                id: id, action: "fake.change", isChange: true, targets: ["on": "t"], needs: [], approval: approval)
        }
        let approval = RunApproval(by: ["ann"], withinMicroseconds: 60_000_000)
        var machine = RunMachine(run: "r1")
        let started = machine.handle(.started(Bench().start([change("a", approval), change("b", nil)])), at: at(0))
        #expect(started == [.preview(step: "a")])
        let preview = PreviewOutcome(preview: Preview(summary: "", units: [unit]), pace: 1)
        let asked = machine.handle(.previewed(step: "a", preview), at: at(1))
        #expect(asked == [.awaitDecision(step: "a", until: at(61))])
    }

    /// What was refused has no units that are still to be begun.
    @Test(arguments: [true, false]) func whatPeopleRefuseOrStopPlansNothing(isRefused: Bool) {
        let approval = RunApproval(by: ["ann"], withinMicroseconds: 60_000_000)
        let step = RunStep(
            id: "a", action: "fake.change", isChange: true, targets: ["on": "t"], approval: approval)
        var machine = RunMachine(run: "r1")
        _ = machine.handle(.started(Bench().start([step])), at: at(0))
        let preview = PreviewOutcome(preview: Preview(summary: "", units: [unit]), pace: 1)
        _ = machine.handle(.previewed(step: "a", preview), at: at(1))
        let word = Decision(
            id: "d1", by: "ann", at: at(2), word: .refused, proposal: machine.state.step("a")?.proposal?.digest)
        _ = machine.handle(
            isRefused ? .decided(step: "a", word) : .cancelRequested(Cause(.cancelled, "Stop.")), at: at(2))
        #expect(machine.state.step("a")?.phase == .done)
        #expect(machine.state.step("a")?.units.isEmpty == true)
    }

    /// Somebody who asks for less does not lift a hold from final steps.
    @Test func aStopDoesNotTakeAHoldsPlace() {
        var machine = intended()
        _ = machine.handle(.cancelRequested(Cause(.held, "Held.")), at: at(3))
        _ = machine.handle(.cancelRequested(Cause(.cancelled, "Stop.")), at: at(4))
        #expect(machine.state.cancellation?.code == .held)
    }

    /// The clock was put back when the time had come, and the run does not stand still for that.
    @Test func aWaitThatTheClockWasPutBackOverGoesOn() {
        let step = RunStep(id: "a", action: "wait", kind: .wait(microseconds: 10_000_000), isChange: false)
        var machine = RunMachine(run: "r1")
        let pause = RunCommand.pause(step: "a", until: at(10))
        #expect(machine.handle(.started(Bench().start([step])), at: at(0)) == [pause])
        #expect(machine.handle(.paused(step: "a"), at: at(5)) == [pause])
        #expect(machine.handle(.paused(step: "a"), at: at(10)) == [.end(.pass)])
    }

    /// A takeover leaves a run that goes on in the phase in which it is.
    @Test func aTakeoverAmidTheWorkGoesOnWithIt() {
        var machine = intended()
        _ = machine.handle(.resumed(Bench.owner), at: at(3))
        #expect(machine.state.phase == .running)
    }

    /// Two are heard to ask for a stop in one batch: the second is no news behind the end, which is written all the same.
    @Test func anEndBeforeWhatIsNoNewsIsWritten() async throws {
        let step = RunStep(id: "a", action: "wait", kind: .wait(microseconds: 10_000_000), isChange: false)
        let store = MemoryJournal()
        var ledger = RunLedger(run: "r1", store: store, host: Bench().host)
        _ = try await ledger.commit([Delivery(event: .started(Bench().start([step])))])
        let stop = Delivery(event: .cancelRequested(Cause(.cancelled, "Stop.")))
        _ = try await ledger.commit([stop, stop])
        #expect(ledger.run.phase == .ended(.unknown))
        #expect(try await store.records(of: "r1").map(\.kind) == ["started", "cancel-requested", "ended"])
        #expect(try await store.row("r1")?.state == .ended)
    }

    /// Somebody asks the run to stop while its end is being written: nothing is recorded behind the end.
    @Test func nothingIsRecordedBehindTheEnd() {
        var machine = intended()
        let stop = RunEvent.cancelRequested(Cause(.cancelled, "Stop."))
        #expect(machine.isNews(stop))
        _ = machine.handle(stop, at: at(3))
        #expect(!machine.isNews(stop))
        _ = machine.handle(.ended(.unknown), at: at(4))
        #expect(!machine.isNews(.cancelRequested(Cause(.held, "Held."))))
    }
}
