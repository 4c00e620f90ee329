import Dispatching
import Engine
import FoundationEssentials
import Host
import Maintenance
import Plans
import TestSupport
import Testing

@testable import Serving

@Suite struct TellerTests {
    private let clock = FakeClock()

    private static func plan(_ service: String) -> String {
        """
        service: \(service)
        targets: { it: { fake: one } }
        notices: [{ on: [missed], to: [chat] }, { on: [fail], to: [pager] }]
        procedures:
          one:
            schedule: daily 09:00
            notices: [{ on: [missed], to: [chat, mail] }]
            steps: [{ check: fake.look }]
          two:
            schedule: daily 10:00
            steps: [{ check: fake.look }]
        """
    }

    private func row(_ procedure: String, _ second: Int64, _ cause: MissCause = .down, count: Int = 1) -> MissedRow {
        let key = ProcedureKey(service: "a", environment: "default", procedure: procedure)
        let first = clock.now + .seconds(second)
        return MissedRow(
            procedure: key, first: first, last: first + .seconds(count - 1), count: count, isAtLeast: count > 1,
            cause: cause)
    }

    private func withTeller(_ host: Host, _ body: (Teller, Noted<[String]>) async throws -> Void) async throws {
        try await FolderBench.inFolder { bench in
            try bench.write(
                "estate.yaml", "channels: { chat: { fake: chat }, mail: { fake: mail }, pager: { fake: pager } }\n")
            try bench.write("a.yaml", Self.plan("a"))
            var folder = bench.plans
            let changes = try folder.look()
            let plan = try #require(changes.changed.first?.plan(), "\(changes.problems)")
            let log = bench.log
            let teller = Teller(
                host: host, catalogue: FolderBench.catalogue, plan: { $0 == plan.service ? plan : nil },
                log: { line in log.with { $0.append(line) } })
            try await FakeChannel.$heard.withValue(Noted([])) {
                try await FakeChannel.$failures.withValue(Noted(0)) { try await body(teller, log) }
            }
        }
    }

    /// Tells all that the rows owe; the steps as they were made durable.
    @discardableResult
    private func tell(
        _ teller: Teller, _ rows: [MissedRow], as state: OwedNotice.State = .owed, durable: Int = .max
    ) async -> [OwedNotice.Note] {
        let notes = Noted<[OwedNotice.Note]>([])
        teller.say(.missed(rows))
        for var notice in teller.owed(rows) {
            notice.channels = notice.channels.mapValues { _ in state }
            await teller.tell(notice) { note in
                notes.with { notes in
                    guard notes.count < durable else { return false }
                    notes.append(note)
                    return true
                }
            }
        }
        return notes.value
    }

    @Test func oneNoticeForEachProcedureAndChannel() async throws {
        try await withTeller(.system) { teller, log in
            let rows = [row("one", 0), row("two", 5), row("one", 10, .held), row("one", 20, count: 500)]
            let notes = await tell(teller, rows)
            let heard = FakeChannel.heard.value
            try #require(heard.map { "\($0.channel) \($0.notice.procedure)" } == ["chat one", "mail one", "chat two"])
            #expect(heard[0].notice.missed?.count == 502 && heard[0].notice.missed?.isAtLeast == true)
            #expect(heard[0].notice.event == .missed)
            #expect(heard[0].notice.points.count == 2, "one for each cause")
            #expect(heard[2].notice.missed?.count == 1 && heard[2].notice.missed?.latest == [clock.now + .seconds(5)])
            #expect(Set(heard.map(\.id)).count == 3)
            #expect(log.value.count == 2)
            #expect(notes.map(\.step) == [.sending, .over, .sending, .over, .sending, .over])
        }
    }

    @Test func nothingIsSentBeforeThatIsDurable() async throws {
        try await withTeller(.system) { teller, _ in
            await tell(teller, [row("one", 0)], durable: 0)
            #expect(FakeChannel.heard.value.isEmpty)
            // What was sent and could not be recorded ends the telling: the next start says what it knows.
            await tell(teller, [row("one", 0)], durable: 1)
            #expect(FakeChannel.heard.value.map(\.channel) == ["chat"])
        }
    }

    @Test func whatWasPerhapsSentIsNotSentAgain() async throws {
        try await withTeller(.system) { teller, log in
            let notes = await tell(teller, [row("two", 0)], as: .sending)
            #expect(FakeChannel.heard.value.isEmpty)
            #expect(notes.map(\.step) == [.over])
            #expect(log.value.contains { $0.contains("Nobody knows whether the notice over chat") }, "\(log.value)")
        }
    }

    @Test func ofAProcedureThatLeftItsPlanOthersAreTold() async throws {
        try await withTeller(.system) { teller, _ in
            await tell(teller, [row("gone", 0, .removed)])
            #expect(FakeChannel.heard.value.map(\.channel) == ["chat"])
        }
    }

    @Test func whatWasCertainlyNotSentIsTriedAgain() async throws {
        var host = Host.system
        host.sleep = { if $0 < .seconds(60) { return } else { try await Host.system.sleep($0) } }
        try await withTeller(host) { teller, log in
            await FakeChannel.$failures.withValue(Noted(2)) {
                let notes = await tell(teller, [row("two", 0)])
                #expect(FakeChannel.heard.value.count == 1)
                #expect(log.value.filter { $0.contains("was not sent") }.count == 2)
                #expect(notes.map(\.step) == [.sending, .notSent, .sending, .notSent, .sending, .over])
            }
        }
    }

    @Test func whatIsInNoPlanIsLoggedAlone() async throws {
        try await withTeller(.system) { teller, log in
            let key = ProcedureKey(service: "gone", environment: "default", procedure: "p")
            await tell(
                teller, [MissedRow(procedure: key, first: clock.now, last: clock.now, count: 1, cause: .removed)])
            teller.say(.clockSet(by: .seconds(-90), ahead: 2))
            #expect(FakeChannel.heard.value.isEmpty)
            try #require(log.value.count == 2)
            #expect(log.value[1].contains("put back") && log.value[1].contains("2 procedures wait"))
        }
    }
}
