import Foundation
import Host
import Journal
import Maintenance
import Plans
import Testing

@testable import Engine

/// Approvals that stand: for what, how much and how long, whose word counts, and what is recorded of them.
@Suite struct StandingApprovalTests {
    private let approval = RunApproval(by: ["ada", "bob", "tester"], count: 1, withinMicroseconds: 60_000_000)
    private static let start = Instant(microsecondsSinceEpoch: 1_767_225_600_000_000)

    /// What the step `work` is bound to, as a run proposes it.
    private static func work(_ steps: [RunStep]) -> String {
        var pump = Pump()
        return pump.drive(steps).step("work")?.proposal?.work ?? ""
    }

    private var steps: [RunStep] { [Bench.change("work").with(approval: approval)] }

    private func standing(
        by: String = "ada", at: Instant = start - .seconds(60), work: String? = nil, limit: Double = 100,
        until: Instant = start + .seconds(3600)
    ) -> GivenApproval {
        GivenApproval(
            id: "S1 \(by)", by: by, at: at, work: work ?? Self.work(steps), units: limit, size: limit, until: until,
            note: "stands")
    }

    private func run(
        _ given: [GivenApproval], count: Int = 1, units: Int = 3, _ words: [Decision] = []
    ) -> (order: [String], step: StepState?) {
        var pump = Pump()
        pump.given = { _, _ in given }
        pump.found = { _, _ in units }
        pump.words["work"] = words
        let approval = RunApproval(by: approval.by, count: count, withinMicroseconds: 60_000_000)
        let run = pump.drive([Bench.change("work").with(approval: approval)])
        return (pump.order, run.step("work"))
    }

    @Test func itGoesAheadUnaskedAndSaysByWhatWord() {
        let (order, step) = run([standing()])
        #expect(step?.verdict == .pass)
        #expect(order == ["work/u0 0", "work/u1 1", "work/u2 2"])
        #expect(step?.decisions.map(\.id) == ["S1 ada"])
        #expect(step?.decisions.first?.proposal == step?.proposal?.digest)
        #expect(step?.proposal?.isAgreed == true)
    }

    @Test func beyondItsLimitItsEndOrItsWorkTheRunAsks() {
        let others = [
            standing(limit: 29),  // three units of ten
            standing(until: Self.start),  // over
            standing(at: Self.start + .seconds(60)),  // given later than now: a clock was put back
            standing(until: Self.start + EngineLimits.standing),  // longer than any may stand
            standing(work: "0000"), standing(work: ""),
            standing(by: "eve"),  // may not agree
            standing(by: "tester"),  // asked for the run
        ]
        for other in others {
            let (order, step) = run([other])
            #expect(step?.verdict == .unknown, "\(other)")
            #expect(step?.cause?.code == .notAgreed && step?.decisions.isEmpty == true, "\(other)")
            #expect(order.isEmpty, "\(other)")
        }
        // The same that hold, for the sake of these.
        #expect(run([standing(limit: 30)]).step?.verdict == .pass)
        #expect(run([standing(until: Self.start + .seconds(1))]).step?.verdict == .pass)
        #expect(run([standing(limit: 2), standing(by: "bob")]).step?.decisions.map(\.by) == ["bob"])
    }

    /// Units count as well as their sizes: whichever is more.
    @Test func unitsOfNoSizeCount() {
        let small = GivenApproval(
            id: "S1", by: "ada", at: Self.start, work: Self.work(steps), units: 2, size: 100,
            until: Self.start + .seconds(60), note: "")
        #expect(run([small]).step?.verdict == .unknown)
    }

    @Test func asManyMustStandAsMustAgree() {
        #expect(run([standing()], count: 2).step?.verdict == .unknown)
        #expect(run([standing(), standing()], count: 2).step?.verdict == .unknown)
        #expect(run([standing(), standing(by: "bob")], count: 2).step?.verdict == .pass)
        // What stands and is not enough is no part of what is agreed to now.
        let word = Decision(id: "w", by: "bob", at: Self.start, word: .agreed, proposal: "now")
        #expect(run([standing()], count: 2, [word]).step?.verdict == .unknown)
    }

    /// Another step, procedure, parameter or target is other work; the amount is none of it, nor is the run.
    @Test func itIsBoundToTheStepItsParametersAndTargets() {
        let one = Self.work(steps)
        #expect(one == Self.work(steps) && one.count == 64)
        #expect(one != Self.work([Bench.change("work", units: 4).with(approval: approval)]))
        #expect(one != Self.work([Bench.change("work").with(approval: approval, on: "other")]))
        var many = Pump()
        many.found = { _, _ in 5 }
        #expect(many.drive(steps).step("work")?.proposal?.work == one)
        let start = many.run.start
        #expect(start.map { ChangeProposal.work(of: steps[0], $0) } == one)
    }

    @Test func aHistoryWithOneIsReplayedAlike() throws {
        var pump = Pump()
        let given = standing()
        pump.given = { _, _ in [given] }
        let run = pump.drive(steps)
        var machine = RunMachine(run: "r1")
        for (at, event) in pump.history {
            _ = machine.handle(try decodeJSON(RunEvent.self, try encodeJSON(event)), at: at)
        }
        #expect(machine.state.step("work")?.decisions == run.step("work")?.decisions)
        #expect(machine.state.verdict == .pass)
    }

    // MARK: The chain

    private struct Desk {
        let store = MemoryJournal()
        let inbox: Inbox
        let approvals: StandingApprovals

        init(_ folder: String) {
            inbox = Inbox(path: folder, on: .system)
            approvals = StandingApprovals(store: store, inbox: inbox, host: .system)
        }

        func leave(_ word: Inbox.Word, _ step: String = "work", _ terms: StandingApproval.Terms? = nil) throws {
            var letter = Inbox.Letter(run: StandingApprovals.stream, step: step, word: word)
            letter.standing = terms
            try inbox.leave(letter)
        }

        func standing() async throws -> [String] { try await StandingApprovals.read(from: store).map(\.id) }
    }

    private static func within(_ body: (Desk) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "standing-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(Desk(folder))
    }

    private static func terms(
        work: String = "ab", limit: Double = 30, in time: Duration = .seconds(3600), reason: String = "every week"
    ) -> StandingApproval.Terms {
        StandingApproval.Terms(
            service: "s", environment: "default", procedure: "p", step: "work", what: "fake.change on fake one",
            work: work, limit: limit, until: Host.system.now() + time, reason: reason)
    }

    @Test func wordsBecomeAChainAndAreTakenBack() async throws {
        try await Self.within { desk in
            try desk.leave(.agree, "work", Self.terms())
            try await desk.approvals.record()
            #expect(try await desk.standing() == ["S1"])
            #expect(desk.inbox.letters(for: StandingApprovals.stream).isEmpty)
            try desk.leave(.agree, "work", Self.terms(reason: "again"))
            try desk.leave(.refuse, "S1")
            try desk.leave(.refuse, "S9")
            try await desk.approvals.record()
            try await desk.approvals.record()
            let left = try await StandingApprovals.read(from: desk.store)
            #expect(left.map(\.terms.reason) == ["again"])
            let records = try await desk.store.records(of: StandingApprovals.stream)
            try Record.verifyChain(records)
            #expect(records.count == 3)
        }
    }

    /// A reader that dies between the two finds the letter again.
    @Test func aLetterThatStaysCountsOnce() async throws {
        try await Self.within { desk in
            try desk.leave(.agree, "work", Self.terms())
            let again = desk.inbox.letters(for: StandingApprovals.stream)
            try await desk.approvals.record()
            desk.inbox.take([StandingApprovals.stream: again])
            try await desk.approvals.record()
            #expect(try await desk.standing() == ["S1"])
        }
    }

    @Test func whatCannotStandIsNotRecorded() async throws {
        try await Self.within { desk in
            let wrong = [
                Self.terms(limit: 0), Self.terms(limit: -1), Self.terms(limit: .infinity), Self.terms(in: .seconds(-1)),
                Self.terms(in: EngineLimits.standing + .seconds(3600)), Self.terms(reason: ""), Self.terms(work: ""),
                Self.terms(reason: String(repeating: "a", count: EngineLimits.standingReason + 1)),
            ]
            for terms in wrong.filter(\.limit.isFinite) { try desk.leave(.agree, "work", terms) }
            try desk.leave(.agree)
            try desk.leave(.answer, "work", Self.terms())
            try await desk.approvals.record()
            #expect(try await desk.standing().isEmpty)
            #expect(wrong.allSatisfy { $0.mistake(at: Host.system.now()) != nil })
        }
    }

    // MARK: Through a driver

    /// The whole way: the word is left as a file, recorded when the run comes to the step, and counts. The next time it is
    /// taken back, and the run asks.
    @Test func aRunTakesWhatStandsFromTheJournal() async throws {
        try await Self.within { desk in
            let bench = Bench()
            let me = Mailboxes.user(geteuid()) ?? ""
            let step = Bench.change("work").with(
                approval: RunApproval(by: [me], count: 1, withinMicroseconds: 500_000))
            let work = ChangeProposal.work(of: step, bench.start([step]))
            func run(_ id: String) async throws -> Run {
                try await FakeKind.$target.withValue(bench.target) {
                    try await RunDriver(
                        host: bench.host, catalogue: bench.catalogue, store: desk.store, inbox: desk.inbox
                    ).begin(id, bench.start([step]))
                }
            }
            #expect(try await run("r0").step("work")?.cause?.code == .notAgreed)
            try desk.leave(.agree, "work", Self.terms(work: work))
            let agreed = try await run("r1").step("work")
            #expect(agreed?.verdict == .pass)
            #expect(agreed?.decisions.map(\.id) == ["S1"])
            try desk.leave(.refuse, "S1")
            #expect(try await run("r2").step("work")?.cause?.code == .notAgreed)
        }
    }
}
