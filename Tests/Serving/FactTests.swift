import Dispatching
import Engine
import Foundation
import Host
import Journal
import Maintenance
import Plans
import Schedules
import TestSupport
import Testing

@testable import Serving

/// Sees a time of its target.
private struct FakeExpiry: Check {
    typealias Kind = FakeKind
    static let declaration = Declaration(
        name: "fake.expiry", summary: "Sees when it ends.",
        measurements: [MeasurementDeclaration("expiry", .timestamp, "When it ends.", aggregate: .last)],
        applies: "Everywhere.")
    static let parameters: [Parameter<FakeExpiry>] = []
    func observe(_ access: Void, in context: Context) async throws -> Observation { Observation(summary: "seen") }
}

/// Facts and agreements from the journal to the dispatcher.
@Suite struct FactTests {
    private static let catalogue = Catalogue(
        actions: [.check(FakeLook.self), .check(FakeExpiry.self)], kinds: [TargetKindDefinition(FakeKind.self)],
        channels: [])
    private static let renew = ProcedureKey(service: "shop", environment: "default", procedure: "renew")
    private static let repair = ProcedureKey(service: "shop", environment: "default", procedure: "repair")
    private static let drill = ProcedureKey(service: "shop", environment: "default", procedure: "drill")
    private static let day = Duration.seconds(86_400)

    private let clock = FakeClock()
    private let store = MemoryJournal()

    private func plan() throws -> Plan {
        let text = """
            service: shop
            targets: { api: { fake: one }, web: { fake: two } }
            procedures:
              daily:
                schedule: daily 09:00
                steps:
                  - { id: api, check: fake.expiry, target: api }
                  - { id: again, check: fake.expiry, target: api }
                  - { id: web, check: fake.expiry, target: web }
              renew:
                schedule: 30 days before expiry of api
                steps: [{ check: fake.look, target: api }]
              repair:
                schedule: within 24 hours of detection
                steps: [{ check: fake.look, target: api }]
              drill:
                schedule: by agreement, at least every 3 months
                inputs: { scope: }
                steps: [{ check: fake.look, target: api }]
            """
        var host = clock.host
        host.readFile = { path, limit in
            guard path == "plan.yaml" else { return try Host.system.readFile(path, limit) }
            return Array(text.utf8)
        }
        return try PlanLoader.load(path: "plan.yaml", host: host, catalogue: Self.catalogue)
    }

    private func finder(_ plan: Plan) -> FactFinder {
        FactFinder(store: store, catalogue: Self.catalogue) { $0 == "shop" ? plan : nil }
    }

    private func found() async throws -> [ProcedureKey: Seen] {
        let plan = try plan()
        let procedures = plan.dispatched(Self.catalogue).filter(\.isRelative)
        #expect(procedures.map(\.key) == [Self.renew, Self.repair, Self.drill])
        return try await finder(plan).find(procedures, at: clock.now)
    }

    private func saw(_ step: String, _ time: Instant, environment: String = "default") async throws {
        let value = Measurement("expiry", time).value
        let key = "shop/\(environment)/daily/\(step)"
        try await store.append(
            Batch(points: [HistoryPoint(key: key, name: "expiry", at: clock.now, value: value)]))
    }

    private func ran(_ verdict: Verdict, _ procedure: String = "drill", from step: String? = nil) async throws {
        let id = "\(procedure)-\(clock.now)"
        let run = try plan().runnable(
            procedure: procedure, inputs: procedure == "drill" ? ["scope": "all"] : [:], catalogue: Self.catalogue)
        let start = RunStart.make(
            run, catalogue: Self.catalogue, host: clock.host, nominal: clock.now,
            owner: ProcessIdentity(pid: 1, startTime: 1, bootID: "boot"), requestedBy: "ann", from: step)
        let record = Record.next(
            after: ChainTip.none, run: id, at: clock.now, kind: "started", body: try encodeJSON(RunEvent.started(start))
        )
        try await store.append(
            Batch(
                records: [record],
                rows: [
                    RunRow(
                        id: id, service: "shop", environment: "default", procedure: procedure,
                        nominal: clock.now, startedAt: clock.now, endedAt: clock.now, state: .ended, verdict: verdict)
                ]))
    }

    @Test func theNewestThatEachStepSawOfItsTarget() async throws {
        let reason = "No run has seen the expiry of api: `fake.expiry` in `daily` would tell."
        #expect(try await found()[Self.renew] == .nothing(reason))
        let (first, second) = (clock.now + Self.day * 40, clock.now + Self.day * 50)
        try await saw("web", second)
        try await saw("api", second, environment: "staging")
        #expect(try await found()[Self.renew] == .nothing(reason), "of another target or environment")
        try await saw("api", first)
        #expect(try await found()[Self.renew] == .fact([first]))
        clock.advance(Self.day)
        try await saw("api", second)
        #expect(try await found()[Self.renew] == .fact([second]), "renewed")
        try await saw("again", first)
        #expect(try await found()[Self.renew] == .fact([second, first]))
    }

    @Test func whatIsTooOldIsNotGoneBy() async throws {
        let seenAt = clock.now
        try await saw("api", clock.now + Self.day * 40)
        clock.advance(Self.day * 2)
        #expect(try await found()[Self.renew] == .fact([seenAt + Self.day * 40]), "too early")
        clock.advance(Self.day * 2)
        let reason =
            "The expiry of api was seen last at \(seenAt), and `daily` did not see it since: that is too long ago to go by."
        #expect(try await found()[Self.renew] == .nothing(reason))
        try await store.append(
            Batch(points: [HistoryPoint(key: "shop/default/daily/api", name: "expiry", at: clock.now, value: -5)]))
        let none = "No run has seen the expiry of api: `fake.expiry` in `daily` would tell."
        #expect(try await found()[Self.renew] == .nothing(none), "-5 is no time")
    }

    /// From the word of a person to the schedule that hangs on it.
    @Test func whatPeopleToldIsKnownOnce() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "told-\(clock.host.random())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let inbox = Inbox(path: folder.path, on: clock.host)
        let events = ToldEvents(store: store, inbox: inbox, host: clock.host)
        func tell(_ event: String, _ happened: Instant, _ environment: String = "default") async throws {
            var letter = Inbox.Letter(run: ToldEvents.stream, word: .tell, note: "a leak")
            letter.told = .init(service: "shop", environment: environment, event: event, happened: happened)
            try inbox.leave(letter)
            try await events.record()
        }
        #expect(try await found()[Self.repair] == .fact([]))
        let first = clock.now - .seconds(600)
        try await tell("detection", first)
        try await tell("detection", clock.now + Self.day)
        try await tell("detection", first, "staging")
        try await tell("inspection", first)
        #expect(try await found()[Self.repair] == .fact([first]))
        try await tell("detection", first)
        #expect(Set(try await times()) == [first])
        #expect(try await ToldEvents.newest(9, from: store).map(\.note) == ["a leak", "a leak", "a leak", "a leak"])
        #expect(inbox.letters(for: ToldEvents.stream).isEmpty)
    }

    private func times() async throws -> [Instant] {
        try await ToldEvents.times(of: "detection", service: "shop", environment: "default", from: store)
    }

    @Test func onlyARunThatPassedIsADoneAgreement() async throws {
        #expect(try await found()[Self.drill] == .done(nil))
        try await ran(.pass, "renew")
        clock.advance(.seconds(1))
        try await ran(.fail)
        #expect(try await found()[Self.drill] == .done(nil))
        clock.advance(.seconds(1))
        try await ran(.warn)
        let done = clock.now
        clock.advance(.seconds(1))
        try await ran(.unknown)
        clock.advance(.seconds(1))
        try await ran(.pass, from: "fake-look")
        #expect(try await found()[Self.drill] == .done(done), "a part of it")
    }

    /// One process after another, over one journal.
    @Test func aStartKnowsWhatWasSeenToAndSinceWhen() async throws {
        let plan = try plan()
        let start = clock.now
        var timings: TimingReader { TimingReader(host: clock.host, calendars: { _ in [:] }) }
        func process(_ body: (inout DispatchLedger, inout Dispatcher) async throws -> Void) async throws {
            var ledger = DispatchLedger(store: store, host: clock.host)
            try await ledger.open(timings)
            var dispatcher = Dispatcher(ledger.record)
            try await body(&ledger, &dispatcher)
        }
        func say(_ event: DispatchEvent, _ ledger: inout DispatchLedger, _ dispatcher: inout Dispatcher) async throws
            -> [DispatchCommand]
        {
            let commands = dispatcher.handle(
                event, at: ClockReading(wall: clock.now, steady: clock.host.steady()))
            try await ledger.commit(
                commands.compactMap { if case .record(let entry) = $0 { entry } else { nil } }, at: clock.now)
            return commands
        }
        let procedures = plan.dispatched(Self.catalogue).filter(\.isRelative)
        try await saw("api", start + Self.day * 20)
        try await process { ledger, dispatcher in
            _ = try await say(.plans(changed: procedures, removed: []), &ledger, &dispatcher)
            var begun: [Dispatching.Occurrence] = []
            for (key, seen) in try await found() {
                for case .begin(let one, _) in try await say(.seen(key, seen), &ledger, &dispatcher) {
                    begun.append(one)
                }
            }
            #expect(begun.map(\.procedure) == [Self.renew], "due at once")
            for one in begun { _ = try await say(.ended(one), &ledger, &dispatcher) }
        }
        // A picture of it reads the same.
        var ledger = DispatchLedger(store: store, host: clock.host)
        try await ledger.open(timings)
        let again = DispatchRecord(
            try StoredFields.list(try encodeJSON(ledger.record.stored)).map { try StoredProcedure($0) }, timings)
        #expect("\(again.stored)" == "\(ledger.record.stored)")
        #expect(again.procedures[Self.drill]?.since == start)
        #expect(again.procedures[Self.renew]?.timing == procedures[0].timing)
        clock.advance(Self.day * 95)
        try await saw("api", start + Self.day * 20)
        try await process { ledger, dispatcher in
            _ = try await say(.plans(changed: procedures, removed: []), &ledger, &dispatcher)
            var commands: [DispatchCommand] = []
            for (key, seen) in try await found() { commands += try await say(.seen(key, seen), &ledger, &dispatcher) }
            #expect(!commands.contains { if case .begin = $0 { true } else { false } }, "twice for one time")
            #expect(dispatcher.standing(of: Self.drill) == .overdue(since: start + Self.day * 92))
        }
        let missed = try await store.missed(MissedFilter())
        #expect(missed.map(\.cause) == ["overdue"] && missed.map(\.occurrence.procedure) == ["drill"])
        let prospects = Prospects(store: store, host: clock.host, catalogue: Self.catalogue)
        let standings = try await prospects.standings(of: [plan])
        #expect(standings[Self.drill] == .overdue(since: start + Self.day * 92))
        #expect(standings[Self.renew] == .triggered && standings[Self.repair] == .triggered)
        try await ran(.pass)
        #expect(
            try await prospects.standings(of: [plan])[Self.drill] == .agreed(overdue: Instant("2026-09-05T00:00:00Z")))
    }

    @Test func aCompiledPlanHangsOnTheSame() throws {
        for procedure in try plan().dispatched(Self.catalogue) where procedure.isRelative {
            var packer = Packer()
            packer.procedure(procedure)
            var unpacker = Unpacker(packer.bytes)
            #expect(try unpacker.procedure(ZoneShelf(host: clock.host)) == procedure)
        }
    }

    @Test func beforeAnythingIsServedNothingIsOverdue() async throws {
        let prospects = Prospects(store: store, host: clock.host, catalogue: Self.catalogue)
        let standings = try await prospects.standings(of: [try plan()])
        #expect(standings[Self.drill] == .agreed(overdue: nil))
        let none = "No run has seen the expiry of api: `fake.expiry` in `daily` would tell."
        #expect(standings[Self.renew] == .unseen(none))
        try await saw("api", clock.now + Self.day * 3)
        let due = try await prospects.standings(of: [try plan()])[Self.renew]
        #expect(due == .next(clock.now + .microseconds(1)), "it is due at once")
        #expect(try await store.records(of: "dispatcher").isEmpty, "it only looks")
    }

    @Test func theWatchLooksWhenItIsAskedAndNowAndThen() async throws {
        let plan = try plan()
        let procedures = plan.dispatched(Self.catalogue).filter(\.isRelative)
        let log = Noted<[String]>([])
        let watch = FactWatch(finder(plan), of: { procedures }, host: clock.host) { line in log.with { $0.append(line) }
        }
        #expect(await watch.look().count == 3 && watch.inForce.count == 3)
        #expect(
            log.value == ["shop/default/renew: No run has seen the expiry of api: `fake.expiry` in `daily` would tell."]
        )
        #expect(await watch.look().isEmpty)
        try await saw("api", clock.now + Self.day * 40)
        watch.ask()
        let time = clock.now + Self.day * 40
        #expect(
            await watch.look().contains {
                if case .seen(Self.renew, .fact([time])) = $0 { true } else { false }
            })
        clock.advance(.seconds(61))
        #expect(await watch.look().count == 3, "what came meanwhile is told again")
        await store.close()
        watch.ask()
        #expect(await watch.look().isEmpty && watch.inForce.count == 3)
        #expect(log.value.last?.hasPrefix("Facts and agreements cannot be looked up") == true)
    }
}
