import Host
import Journal
import Maintenance
import Plans
import Testing

@testable import Engine

/// Who is told of a run, of what, and what came of it. None of it alters the verdict.
@Suite struct NoticeTests {
    private let bench = Bench()
    private let receiver = FakeReceiver()

    private func rule(_ events: NoticeEvent..., to channels: [String] = ["chat"]) -> NoticeRule {
        NoticeRule(on: events, to: channels)
    }

    private func run(
        _ rules: [NoticeRule], value: Double?, heartbeat: RunHeartbeat? = nil, from: String? = nil,
        recoversFrom: String? = nil, missed: MissedOccurrences? = nil
    ) async throws -> Run {
        bench.target.with { $0.values["a"] = value }
        let steps = [Bench.check("a", "a", warn: "value > 3", fail: "value > 5")]
        let start = bench.start(
            steps, Bench.told(rules, heartbeat: heartbeat), from: from, recoversFrom: recoversFrom)
        return try await bench.tell(start, receiver, missed: missed)
    }

    private func failed(_ mayRetry: Bool, after: Duration? = nil) -> DeliveryError {
        .notSent(Cause(.refused, "Refused."), mayRetry: mayRetry, after: after)
    }

    @Test(arguments: [(1, .pass), (4, .warn), (6, .fail), (nil, .unknown)] as [(Double?, NoticeEvent)])
    func theVerdictIsTold(_ value: Double?, _ event: NoticeEvent) async throws {
        let run = try await run([rule(event)], value: value)
        #expect(receiver.ids == ["r1.chat"])
        let notice = try #require(receiver.notices.first)
        #expect(notice.event == event && notice.verdict == run.verdict && notice.run == "r1")
        #expect(notice.hint == "millwright show r1")
        #expect(notice.points.isEmpty == (event == .pass))
        #expect(run.deliveries.map(\.phase) == [.delivered(DeliveryReceipt("taken "))])
        #expect(run.phase == .ended(run.verdict))
    }

    @Test func nobodyIsToldOfWhatNobodyAskedFor() async throws {
        let run = try await run([rule(.fail, .unknown, .missed, .recovered)], value: 1)
        #expect(receiver.attempts == 0 && run.deliveries.isEmpty)
        #expect(run.phase == .ended(.pass))
    }

    @Test func aChannelIsToldOnceHoweverManyRulesNameIt() async throws {
        let rules = [rule(.ended), rule(.fail, to: ["chat", "mail"]), rule(.missed, .fail, to: ["mail"])]
        let missed = MissedOccurrences(schedule: "daily 09:00", count: 2, isAtLeast: false, latest: [])
        _ = try await run(rules, value: 6, missed: missed)
        #expect(receiver.ids.sorted() == ["r1.chat", "r1.mail"])
        #expect(receiver.notices.allSatisfy { $0.event == .fail && $0.missed == missed })
    }

    @Test func missedOccurrencesAreToldAndChangeNoVerdict() async throws {
        let missed = MissedOccurrences(schedule: "daily 09:00", count: 2, isAtLeast: false, latest: [])
        let run = try await run([rule(.fail, .missed)], value: 1, missed: missed)
        #expect(run.verdict == .pass && run.missed == missed)
        #expect(receiver.notices.map(\.event) == [.missed])
    }

    @Test func whatTheWindowsEndLeftIsMissed() async throws {
        let closes = bench.host.now() + .seconds(25)
        let start = bench.start(
            [Bench.change("work", units: 4, seconds: 30)], Bench.told([rule(.missed)]), windowCloses: closes)
        let run = try await bench.tell(start, receiver)
        #expect(run.verdict == .warn)
        #expect(receiver.notices.first?.leftSteps == ["work"])
        #expect(receiver.notices.first?.event == .missed)
    }

    @Test func recoveryIsToldOfAWholeRunThatPassed() async throws {
        _ = try await run([rule(.recovered)], value: 1, recoversFrom: "r0")
        #expect(receiver.notices.map(\.recoversFrom) == ["r0"])
        let warned = FakeReceiver()
        let start = bench.start([Bench.check("a", "b")], Bench.told([rule(.recovered)]), recoversFrom: "r0")
        _ = try await bench.tell(start, warned)
        #expect(warned.attempts == 0)
    }

    @Test func aPartOfAProcedureIsNoRecoveryAndNoHeartbeat() async throws {
        bench.target.with { $0.values["a"] = 1 }
        let start = bench.start(
            [Bench.check("a", "a"), Bench.check("b", "a")],
            Bench.told([rule(.recovered)], heartbeat: RunHeartbeat(channel: "watchdog", tellsFailures: false)),
            from: "b", recoversFrom: "r0")
        let run = try await bench.tell(start, receiver)
        #expect(run.verdict == .pass)
        #expect(receiver.attempts == 0)
    }

    @Test(arguments: [(1, 1), (4, 1), (6, 0), (nil, 0)] as [(Double?, Int)])
    func theWatchdogHearsOnlyOfRunsThatCameWellToTheirEnd(_ value: Double?, _ count: Int) async throws {
        _ = try await run([], value: value, heartbeat: RunHeartbeat(channel: "watchdog", tellsFailures: false))
        #expect(receiver.attempts == count)
    }

    @Test func aWatchdogThatTakesFailuresIsTold() async throws {
        let run = try await run([], value: 6, heartbeat: RunHeartbeat(channel: "watchdog", tellsFailures: true))
        #expect(receiver.notices.map(\.event) == [.fail])
        #expect(run.deliveries.first?.intent.isHeartbeat == true)
    }

    @Test func whatCertainlyWasNotSentIsTriedAgain() async throws {
        receiver.with { $0.errors = [(failed(true), false), (failed(true, after: .seconds(20)), false)] }
        let run = try await run([rule(.pass)], value: 1)
        #expect(receiver.attempts == 3 && receiver.ids == ["r1.chat"])
        #expect(receiver.with { $0.waited } == [.seconds(2), .seconds(20)])
        #expect(run.deliveries.first?.attempts == 3)
        #expect(run.deliveries.first?.phase == .delivered(DeliveryReceipt("taken ")))
    }

    @Test func attemptsEnd() async throws {
        receiver.with { $0.errors = Array(repeating: (failed(true), false), count: 9) }
        let run = try await run([rule(.fail)], value: 6)
        #expect(receiver.attempts == EngineLimits.deliveryAttempts)
        #expect(run.deliveries.first?.phase == .failed(Cause(.refused, "Refused.")))
        #expect(run.phase == .ended(.fail))
    }

    @Test func aReceiverThatAsksForTooMuchTimeIsNotWaitedFor() async throws {
        receiver.with { $0.errors = [(failed(true, after: .seconds(3600)), false)] }
        let run = try await run([rule(.fail)], value: 6)
        #expect(receiver.attempts == 1)
        #expect(run.deliveries.first?.phase == .failed(Cause(.refused, "Refused.")))
    }

    @Test func aFinalRefusalIsNotTriedAgain() async throws {
        receiver.with { $0.errors = [(failed(false), false)] }
        let run = try await run([rule(.pass)], value: 1)
        #expect(receiver.attempts == 1)
        #expect(run.phase == .ended(.pass))
    }

    /// Whatever is not known to be unsent may have arrived.
    @Test(arguments: [
        DeliveryError.perhapsSent(Cause(.perhapsSent, "Lost.")) as any Error & Sendable,
        CouldNotLook(.timedOut, "Too late."), CancellationError(),
    ])
    func whatPerhapsWentOutIsNotSentAgain(_ error: any Error & Sendable) async throws {
        receiver.with { $0.errors = [(error, true)] }
        let run = try await run([rule(.fail)], value: 6)
        #expect(receiver.ids == ["r1.chat"] && receiver.attempts == 1)
        guard case .unknown(let cause) = run.deliveries.first?.phase else {
            Issue.record("\(String(describing: run.deliveries.first?.phase))")
            return
        }
        #expect(cause.code == .perhapsSent)
        #expect(run.phase == .ended(.fail))
    }

    @Test func aWatchdogMayHearTwice() async throws {
        receiver.with { $0.errors = [(DeliveryError.perhapsSent(Cause(.perhapsSent, "Lost.")), true)] }
        _ = try await run([], value: 1, heartbeat: RunHeartbeat(channel: "watchdog", tellsFailures: false))
        #expect(receiver.ids == ["r1.watchdog", "r1.watchdog"])
    }

    @Test func settingsThatCannotBeResolvedAreAFailureOfTheDeliveryAlone() async throws {
        bench.target.with { $0.values["a"] = 6 }
        let channels = [
            "chat": RunChannel(kind: "fake", settings: .text("${env:MILLWRIGHT_NO_SUCH_VARIABLE}")),
            "mail": RunChannel(kind: "gone", settings: .text("x")),
        ]
        let rules = [rule(.fail, to: ["chat", "mail", "nowhere"])]
        let start = bench.start([Bench.check("a", "a", fail: "value > 5")], Bench.told(rules, channels: channels))
        let run = try await bench.tell(start, receiver)
        #expect(run.phase == .ended(.fail))
        #expect(run.deliveries.count == 3)
        for delivery in run.deliveries {
            guard case .failed(let cause) = delivery.phase else {
                Issue.record("\(delivery.phase)")
                continue
            }
            #expect(cause.code == .notFound || cause.code == .notSupported)
        }
    }

    @Test func secretsAreInNeitherTheNoticeNorTheRecord() async throws {
        let secret = "s3cret-of-the-channel"
        let store = MemoryJournal()
        var host = bench.host
        host.environment = { $0 == "KEY" ? secret : nil }
        let keyed: PlanValue = .map([.init("name", .text("one")), .init("key", .text("${env:KEY}"))])
        let plan = RunPlan(
            service: "s", environment: "default", procedure: "p",
            targets: ["t": RunTarget(kind: "fake", settings: keyed)], steps: [Bench.check("a", secret)],
            notices: Bench.told([rule(.unknown)], channels: ["chat": RunChannel(kind: "fake", settings: keyed)]))
        let start = RunStart.make(
            plan, catalogue: bench.catalogue, host: host, nominal: host.now(), owner: Bench.owner, requestedBy: "t")
        let run = try await FakeChannel.$receiver.withValue(receiver) {
            try await RunDriver(host: host, catalogue: bench.catalogue, store: store).begin("r1", start)
        }
        #expect(run.deliveries.first?.phase == .delivered(DeliveryReceipt("taken (secret)")))
        let notice = try #require(receiver.notices.first)
        #expect(!String(decoding: try encodeJSON(notice), as: UTF8.self).contains(secret))
        let records = try await store.records(of: "r1").filter { $0.kind.hasPrefix("delivery") }
        #expect(records.map(\.kind) == ["delivery-intended", "delivery-tried"])
        for record in records { #expect(!String(decoding: record.body, as: UTF8.self).contains(secret)) }
    }

    @Test func aStopEndsTheWaitingAndNotTheVerdict() {
        var machine = RunMachine(run: "r1")
        func at(_ second: Int64) -> Instant { Instant(secondsSinceEpoch: second) }
        let start = bench.start([Bench.check("a", "a")], Bench.told([rule(.pass)]))
        _ = machine.handle(.started(start), at: at(0))
        let seen = CheckOutcome(observation: Observation(summary: ""), attempt: 1, seconds: 0)
        let commands = machine.handle(.observed(step: "a", seen), at: at(1))
        guard case .intendDelivery(let intent) = commands.first else {
            Issue.record("\(commands)")
            return
        }
        #expect(machine.handle(.deliveryIntended(intent), at: at(2)) == [.deliver(id: "r1.chat", attempt: 1)])
        let tried = DeliveryAttempt(
            attempt: 1, outcome: .failed(Cause(.refused, "No."), mayRetry: true, after: nil), seconds: 0)
        let wait = RunCommand.awaitDelivery(id: "r1.chat", .seconds(2))
        #expect(machine.handle(.deliveryTried(id: "r1.chat", tried), at: at(3)) == [wait])
        #expect(machine.handle(.cancelRequested(Cause(.cancelled, "Stop.")), at: at(4)) == [.end(.pass)])
        #expect(machine.state.deliveries.first?.phase == .failed(Cause(.refused, "No.")))
        // What comes late begins nothing.
        #expect(machine.handle(.deliveryDue(id: "r1.chat"), at: at(5)).isEmpty)
    }

    @Test func theWorstIsToldAndTheRestCounted() throws {
        var machine = RunMachine(run: "r1")
        let steps = [Bench.check("a", "a"), Bench.check("b", "b")]
        _ = machine.handle(.started(bench.start(steps, Bench.told([rule(.ended)]))), at: Instant(secondsSinceEpoch: 0))
        func seen(_ severity: Verdict, _ count: Int) -> CheckOutcome {
            let findings = (0..<count).map {
                Finding("\($0)", severity, Cause(.rejected, String(repeating: "x", count: 9000)))
            }
            return CheckOutcome(
                observation: Observation(summary: "", findings: findings), attempt: 1, seconds: 0)
        }
        _ = machine.handle(.observed(step: "a", seen(.warn, 30)), at: Instant(secondsSinceEpoch: 1))
        let commands = machine.handle(.observed(step: "b", seen(.fail, 3)), at: Instant(secondsSinceEpoch: 2))
        guard case .intendDelivery(let intent)? = commands.first else {
            Issue.record("\(commands)")
            return
        }
        #expect(intent.notice.points.count == Limits.noticePoints && intent.notice.morePoints == 23)
        #expect(intent.notice.points.prefix(3).allSatisfy { $0.severity == .fail && $0.step == "b" })
        #expect(try encodeJSON(intent).count < 12_000)
    }
}
