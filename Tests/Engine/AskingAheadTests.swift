import Foundation
import Host
import Journal
import Maintenance
import Plans
import Testing

@testable import Engine

/// Asked ahead: a run that only asks, and the run that goes on what was agreed to in it.
@Suite struct AskingAheadTests {
    private static let start = Instant(microsecondsSinceEpoch: 1_767_225_600_000_000)
    private static let due = start + .seconds(2 * 86_400)
    private let approval = RunApproval(
        by: ["ada", "bob", "tester"], count: 1, withinMicroseconds: 60_000_000, ahead: "2 days")

    private func asking(_ id: String, on target: String = "t") -> RunStep {
        let step = Bench.change(id)
        return RunStep(
            id: id, action: step.action, kind: .askAhead, isChange: false, parameters: step.parameters,
            targets: ["on": target], onFailure: .continue, needs: [], approval: approval)
    }

    private func word(_ by: String, _ word: Decision.Word = .agreed) -> Decision {
        Decision(id: "\(by) \(word)", by: by, at: Self.start, word: word, proposal: "now")
    }

    private func ask(
        _ words: [Decision], units: Int = 3, given: [GivenApproval]? = nil
    ) -> (pump: Pump, step: StepState?) {
        var pump = Pump()
        pump.asks = RunAsking(procedure: "p", nominal: Self.due)
        pump.found = { _, _ in units }
        pump.given = { _, _ in given }
        pump.words["work"] = words
        let run = pump.drive([asking("work")])
        return (pump, run.step("work"))
    }

    @Test func itLooksAsksAndChangesNothing() {
        let (pump, step) = ask([word("ada")])
        #expect(step?.verdict == .pass)
        #expect(step?.summary.hasPrefix("agreed ahead by ada, nothing is done yet") == true)
        #expect(pump.order.isEmpty && pump.run.start?.isWhole == true)
        #expect(step?.proposal?.isAgreed == true && step?.proposal?.units == 3)
    }

    /// Nothing was to be done yet, so nothing failed; the run asks again.
    @Test func aNoAndSilenceUntilItIsDueAreWarnings() {
        let refused = ask([word("bob", .refused)]).step
        #expect(refused?.verdict == .warn && refused?.cause?.sentence == "bob refused it.")
        let silent = ask([])
        #expect(silent.step?.verdict == .warn && silent.step?.proposal?.isAgreed == false)
        #expect(silent.pump.run.endedAt == Self.due)
        #expect(ask([word("eve"), word("tester")]).step?.verdict == .warn)
    }

    @Test func whereNothingWouldBeDoneNobodyIsAsked() {
        let (pump, step) = ask([], units: 0)
        #expect(step?.verdict == .pass && step?.decisions.isEmpty == true)
        #expect(pump.run.endedAt == Self.start)
    }

    /// What stands now is no word on the occurrence: it may have ended by then.
    @Test func whatStandsIsNotAskedAboutAndNotAgreedToEither() {
        let work = ask([]).step?.proposal?.work ?? ""
        let stands = GivenApproval(
            id: "S1", by: "ada", at: Self.start, work: work, units: 100, size: 100, until: Self.start + .seconds(60),
            note: "stands")
        let (pump, step) = ask([], given: [stands])
        #expect(step?.verdict == .pass && pump.run.endedAt == Self.start)
        #expect(step?.proposal?.isAgreed == false && step?.decisions.isEmpty == true)
    }

    /// Several are asked about at once, whatever they work on and whatever comes of the others.
    @Test func noQuestionWaitsForAnother() {
        var pump = Pump()
        pump.asks = RunAsking(procedure: "p", nominal: Self.due)
        pump.words["two"] = [word("ada")]
        pump.words["three"] = [word("bob", .refused)]
        let run = pump.drive([asking("one"), asking("two"), asking("three"), asking("four", on: "other")])
        #expect(run.steps.map(\.verdict) == [.warn, .pass, .warn, .warn])
        #expect(run.step("two").flatMap(\.endedAt).map { $0 - Self.start } == .seconds(5))
    }

    @Test func aCrashAsksOn() {
        var pump = Pump()
        pump.asks = RunAsking(procedure: "p", nominal: Self.due)
        pump.dies = (.seconds(2), .seconds(86_400))
        pump.words["work"] = [word("ada")]
        #expect(pump.drive([asking("work")]).step("work")?.verdict == .pass)
    }

    @Test func whoIsAskedIsToldForWhen() {
        var pump = Pump()
        pump.asks = RunAsking(procedure: "p", nominal: Self.due)
        pump.notices = RunNotices(rules: [NoticeRule(on: [.asked], to: ["chat"])], channels: Bench.channels)
        _ = pump.drive([asking("work")])
        #expect(pump.told.map(\.notice.hint) == ["millwright approve r1 work"])
        let sentence = pump.told.first?.notice.points.first?.sentence
        #expect(sentence?.hasPrefix("It asks for approval ahead, for the occurrence of \(Self.due): ") == true)
    }

    @Test func theWorkIsTheSameInBothRuns() {
        var pump = Pump()
        let run = pump.drive([Bench.change("work").with(approval: approval)])
        #expect(run.step("work")?.proposal?.work == ask([]).step?.proposal?.work)
        #expect(run.step("work")?.proposal?.digest != ask([]).step?.proposal?.digest)
    }

    // MARK: Through drivers and a journal

    private struct Desk {
        let bench = Bench()
        let store = MemoryJournal()
        let inbox: Inbox
        let me = Mailboxes.user(geteuid()) ?? ""
        let nominal = Host.system.now() + .seconds(3600)

        func step(_ units: Int, asks: Bool = false) -> RunStep {
            let step = Bench.change("work", units: 3)
            return RunStep(
                id: "work", action: step.action, kind: asks ? .askAhead : nil, isChange: !asks,
                parameters: step.parameters, targets: step.targets, limits: asks || units > 2 ? [:] : ["rows": 20],
                approval: RunApproval(by: [me], count: 1, withinMicroseconds: 300_000, ahead: "1 hour"))
        }

        func start(_ step: RunStep, nominal: Instant? = nil) -> RunStart {
            let asks = step.kind == nil ? nil : RunAsking(procedure: "p", nominal: self.nominal)
            let plan = RunPlan(
                service: "s", environment: "default", procedure: asks == nil ? "p" : "p.asking",
                targets: ["t": RunTarget(kind: "fake", settings: .text("one"))], steps: [step], asks: asks)
            return RunStart.make(
                plan, catalogue: bench.catalogue, host: bench.host,
                nominal: nominal ?? (asks == nil ? self.nominal : bench.host.now()), owner: Bench.owner,
                requestedBy: "schedule")
        }

        var driver: RunDriver {
            RunDriver(host: bench.host, catalogue: bench.catalogue, store: store, inbox: inbox)
        }

        func run(_ id: String, _ start: RunStart) async throws -> Run {
            try await FakeKind.$target.withValue(bench.target) { try await driver.begin(id, start) }
        }

        /// What the run asks about, once it does.
        func question(_ run: String) async throws -> ChangeProposal {
            for _ in 0..<500 {
                let records = try await store.records(of: run)
                if let step = try RunMachine(replaying: records, of: run).state.step("work"),
                    case .awaitingDecision = step.phase, let proposal = step.proposal
                {
                    return proposal
                }
                try await Task.sleep(for: .milliseconds(10))
            }
            throw CouldNotLook(.noData, "Nobody is asked.")
        }
    }

    private static func within(_ body: (Desk) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "asking-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(Desk(inbox: Inbox(path: folder, on: .system)))
    }

    private static func agree(_ desk: Desk, _ run: String) async throws {
        async let asked = desk.run(run, desk.start(desk.step(3, asks: true)))
        let proposal = try await desk.question(run)
        try desk.inbox.leave(Inbox.Letter(run: run, step: "work", word: .agree, proposal: proposal.digest))
        #expect(try await asked.step("work")?.verdict == .pass)
    }

    /// The same work goes ahead, for that occurrence alone.
    @Test func whatWasAgreedToAheadGoesAhead() async throws {
        try await Self.within { desk in
            try await Self.agree(desk, "a1")
            #expect(desk.bench.target.with { $0.begun.isEmpty })
            let step = try await desk.run("r1", desk.start(desk.step(3))).step("work")
            #expect(step?.verdict == .pass)
            #expect(step?.decisions.map(\.by) == [desk.me])
            #expect(step?.decisions.first?.note?.contains("run a1") == true)
            let other = desk.start(desk.step(3), nominal: desk.nominal + .seconds(3600))
            #expect(try await desk.run("r2", other).step("work")?.cause?.code == .notAgreed)
        }
    }

    /// Less is covered; more, and other work, asks.
    @Test func moreOrOtherWorkAsksAgain() async throws {
        try await Self.within { desk in
            try await Self.agree(desk, "a1")
            let more = RunStep(
                id: "work", action: "fake.change", isChange: true,
                parameters: .map([.init("units", .text("4")), .init("seconds", .text("1"))]), targets: ["on": "t"],
                approval: desk.step(3).approval)
            #expect(try await desk.run("r1", desk.start(more)).step("work")?.cause?.code == .notAgreed)
            #expect(desk.bench.target.with { $0.begun.isEmpty })
        }
        try await Self.within { desk in
            try await Self.agree(desk, "a1")
            #expect(try await desk.run("r1", desk.start(desk.step(2))).step("work")?.verdict == .warn)
            #expect(desk.bench.target.with { $0.order } == ["u0", "u1"])
        }
    }

    /// The process stops while people are asked: the next goes on asking, and nothing was decided.
    @Test func aStopLeavesTheQuestionToTheNextProcess() async throws {
        try await Self.within { desk in
            let driver = desk.driver
            let start = desk.start(desk.step(3, asks: true))
            let target = desk.bench.target
            async let left = FakeKind.$target.withValue(target) { try await driver.begin("a1", start) }
            let proposal = try await desk.question("a1")
            driver.letGo()
            do {
                _ = try await left
                Issue.record("it ended")
            } catch is CouldNotLook {}
            let row = try #require(try await desk.store.row("a1"))
            #expect(row.state == .running)
            try desk.inbox.leave(Inbox.Letter(run: "a1", step: "work", word: .agree, proposal: proposal.digest))
            let run = try await FakeKind.$target.withValue(target) {
                try await desk.driver.resume(row, by: Bench.owner)
            }
            #expect(run.step("work")?.verdict == .pass && run.cancellation == nil)
        }
    }
}
