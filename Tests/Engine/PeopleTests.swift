import Engine
import Foundation
import Host
import Journal
import Maintenance
import Plans
import Testing

/// The word of people: who may give it, on what, and what silence means.
@Suite struct PeopleTests {
    private let approval = RunApproval(by: ["ada", "bob", "tester"], count: 2, withinMicroseconds: 3_600_000_000)
    private static let at = Instant(microsecondsSinceEpoch: 0)

    private func word(_ by: String, _ word: Decision.Word = .agreed, on proposal: String? = "now") -> Decision {
        Decision(id: "\(by) \(word) \(proposal ?? "")", by: by, at: Self.at, word: word, proposal: proposal)
    }

    private func run(_ pump: inout Pump, _ words: [Decision]) -> StepState? {
        pump.words["work"] = words
        return pump.drive([Bench.change("work").with(approval: approval), Bench.change("later")]).step("work")
    }

    @Test func enoughAgreeAndItIsDone() {
        var pump = Pump()
        let step = run(&pump, [word("ada"), word("bob")])
        #expect(step?.verdict == .pass)
        #expect(pump.order == ["work/u0 10", "later/u0 11"])
        #expect(step?.decisions.map(\.by) == ["ada", "bob"])
    }

    @Test func oneOfTwoIsNotEnoughAndSilenceIsNoAgreement() {
        var pump = Pump()
        let step = run(&pump, [word("ada")])
        #expect(step?.verdict == .unknown)
        #expect(step?.cause?.code == .notAgreed)
        #expect(pump.order.isEmpty)
        #expect(pump.run.step("later")?.phase == .skipped)
    }

    @Test func whoMayNotAgreeDoesNotCount() {
        let words: [[Decision]] = [
            [word("ada"), word("ada")],  // twice
            [word("ada"), word("eve")],  // not asked
            [word("ada"), word("tester")],  // asked for the run
            [word("ada"), word("bob", on: "0000")],  // of something else
            [word("ada"), word("bob", on: nil)], [word("ada"), word("bob", .answered)],
        ]
        for words in words {
            var pump = Pump()
            let step = run(&pump, words)
            #expect(step?.verdict == .unknown)
            #expect(pump.order.isEmpty)
        }
    }

    @Test func aRefusalEndsIt() {
        var pump = Pump()
        let step = run(&pump, [word("ada"), word("bob", .refused)])
        #expect(step?.verdict == .fail)
        #expect(step?.cause?.sentence == "bob refused it.")
        #expect(pump.order.isEmpty)
        var stranger = Pump()
        #expect(run(&stranger, [word("eve", .refused), word("ada"), word("bob")])?.verdict == .pass)
    }

    /// Between the asking and the doing the target changed.
    @Test func moreThanWasAgreedToIsAskedAgain() {
        var more = Pump()
        more.found = { _, preview in preview == 1 ? 1 : 2 }
        #expect(run(&more, [word("ada"), word("bob")])?.cause?.code == .notAgreed)
        #expect(more.order.isEmpty)
        var again = Pump()
        again.found = { _, preview in preview == 1 ? 1 : 2 }
        #expect(run(&again, [word("ada"), word("bob"), word("ada"), word("bob")])?.verdict == .pass)
        var less = Pump()
        less.found = { _, preview in preview == 1 ? 2 : 1 }
        #expect(run(&less, [word("ada"), word("bob")])?.verdict == .pass)
    }

    @Test func nothingToDoNeedsNobody() {
        var pump = Pump()
        pump.found = { _, _ in 0 }
        #expect(run(&pump, [])?.verdict == .pass)
    }

    @Test func aCrashAsksTheSameAgain() {
        var pump = Pump()
        pump.dies = (.seconds(7), .seconds(60))
        let step = run(&pump, [word("ada"), word("bob")])
        #expect(step?.verdict == .pass)
        #expect(step?.decisions.count == 2)
    }

    /// While the run waits, once for each thing that is asked; also a crash tells nobody twice.
    @Test func whoIsAskedIsTold() {
        for dies in [nil, (after: Duration.seconds(7), away: Duration.seconds(60))] {
            var pump = Pump()
            pump.dies = dies
            pump.found = { _, preview in preview == 1 ? 1 : 2 }
            pump.notices = RunNotices(
                rules: [NoticeRule(on: [.asked, .fail], to: ["chat"]), NoticeRule(on: [.pass], to: ["mail"])],
                channels: Bench.channels)
            #expect(run(&pump, [word("ada"), word("bob"), word("ada"), word("bob")])?.verdict == .pass)
            #expect(pump.told.map(\.notice.event) == [.asked, .asked, .pass])
            #expect(pump.told.first?.notice.hint == "millwright approve r1 work")
            #expect((pump.told.first?.at ?? 99) < 7)
            #expect(Set(pump.run.deliveries.map(\.id)).count == 3)
        }
    }

    private let question = RunQuestion(
        text: "How long did the valve take?", from: ["ada"], withinMicroseconds: 60_000_000,
        fields: [RunField(name: "took", type: .duration), RunField(name: "note", type: .text, isRequired: false)])

    private func answer(_ by: String, _ values: [String: String]) -> Decision {
        Decision(id: "\(by)\(values)", by: by, at: Self.at, word: .answered, values: values)
    }

    private func asked(_ answers: [Decision]) -> StepState? {
        var pump = Pump()
        pump.words["ask"] = answers
        let ask = RunStep(
            id: "ask", action: "ask", kind: .ask(question), isChange: false,
            thresholds: Thresholds(warn: "took > 10m", fail: "took > 1h"))
        return pump.drive([ask, Bench.change("later")]).step("ask")
    }

    @Test func anAnswerIsJudged() {
        #expect(asked([answer("ada", ["took": "5m"])])?.verdict == .pass)
        #expect(asked([answer("ada", ["took": "20m"])])?.verdict == .warn)
        #expect(asked([answer("ada", ["took": "2h"])])?.verdict == .fail)
        #expect(asked([answer("ada", ["took": "5m"])])?.measurements == [Measurement("took", 300, .seconds)])
    }

    @Test func whatIsNoAnswerIsPassedOver() {
        let wrong = [
            answer("eve", ["took": "5m"]), answer("ada", [:]), answer("ada", ["took": "soon"]),
            answer("ada", ["took": "5m", "other": "1"]),
        ]
        #expect(asked(wrong)?.verdict == .unknown)
        #expect(asked(wrong + [answer("ada", ["took": "5m", "note": "stiff"])])?.verdict == .pass)
    }

    // MARK: Through the folder

    /// The whole way: the word lies in a file whose owner speaks.
    @Test func aLetterInTheFolderIsHeard() async throws {
        let bench = Bench()
        let folder = FileManager.default.temporaryDirectory.appending(path: "inbox-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let inbox = Inbox(path: folder, on: bench.host)
        let me = NSUserName()
        let step = Bench.change("work", units: 1).with(
            approval: RunApproval(by: [me], withinMicroseconds: 60_000_000))
        let store = MemoryJournal()
        let observer = RunObserver(changed: { run in
            guard let proposal = run.step("work")?.proposal, !proposal.isAgreed else { return }
            try? inbox.leave(Inbox.Letter(run: "other", step: "work", word: .agree, proposal: proposal.digest))
            try? inbox.leave(
                Inbox.Letter(
                    run: "r1", step: "work", word: .agree, proposal: proposal.digest, note: "go",
                    enclosed: [.init(name: "ticket.txt", content: Data("CHG-1".utf8))]))
        })
        let run = try await FakeKind.$target.withValue(bench.target) {
            try await RunDriver(
                host: bench.host, catalogue: bench.catalogue, store: store, observer: observer, inbox: inbox
            ).begin("r1", bench.start([step]))
        }
        let decision = try #require(run.step("work")?.decisions.first)
        #expect(run.verdict == .pass)
        #expect(decision.by == me && decision.note == "go")
        #expect(try await store.body(decision.attached.first?.digest ?? "") == Array("CHG-1".utf8))
        #expect(inbox.letters(for: "r1").isEmpty && inbox.letters(for: "other").count >= 1)
    }

    @Test func aLetterStopsARunThatWaits() async throws {
        let bench = Bench()
        let folder = FileManager.default.temporaryDirectory.appending(path: "inbox-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let inbox = Inbox(path: folder, on: bench.host)
        let observer = RunObserver(changed: { run in
            guard run.step("wait")?.isOver == false, run.cancellation == nil else { return }
            try? inbox.leave(Inbox.Letter(run: "r1", word: .cancel, note: "wrong day"))
        })
        let run = try await RunDriver(
            host: bench.host, catalogue: bench.catalogue, store: MemoryJournal(), observer: observer, inbox: inbox
        ).begin("r1", bench.start([.plain("wait", .wait(microseconds: 3_600_000_000))]))
        #expect(run.verdict == .unknown)
        #expect(run.cancellation?.sentence == "\(NSUserName()) asked the run to stop: wrong day")
    }

    /// A link would lend its owner's name to what it points to.
    @Test func onlyAPlainFileSpeaks() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "inbox-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let inbox = Inbox(path: folder, on: Host.system)
        try inbox.leave(Inbox.Letter(run: "r1", word: .cancel))
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
        try FileManager.default.moveItem(atPath: "\(folder)/\(name)", toPath: "\(folder)/elsewhere")
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/r1-a.json", withDestinationPath: "elsewhere")
        #expect(inbox.letters(for: "r1").isEmpty)
        try FileManager.default.linkItem(atPath: "\(folder)/elsewhere", toPath: "\(folder)/r1-b.json")
        #expect(inbox.letters(for: "r1").isEmpty)
        try FileManager.default.removeItem(atPath: "\(folder)/elsewhere")
        #expect(inbox.letters(for: "r1").count == 1)
        try Data("{".utf8).write(to: URL(filePath: "\(folder)/r1-c.json"))
        #expect(inbox.letters(for: "r1").count == 1)
    }
}
