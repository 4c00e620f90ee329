import Dispatching
import Host
import Journal
import Maintenance
import Schedules
import TestSupport
import Testing

@testable import Serving

/// What the dispatcher decided counts once it is durable, and comes back as it was.
@Suite struct LedgerTests {
    private let clock = FakeClock()
    private let key = ProcedureKey(service: "s", environment: "default", procedure: "p")
    private var timings: TimingReader { TimingReader(host: clock.host) { _ in [:] } }

    private func at(_ second: Int64) -> Instant { clock.now + .seconds(second) }
    private func occurrence(_ second: Int64) -> Dispatching.Occurrence { Dispatching.Occurrence(key, at(second)) }
    private func opened(_ store: any JournalStore) async throws -> DispatchLedger {
        var ledger = DispatchLedger(store: store, host: clock.host)
        try await ledger.open(timings)
        return ledger
    }
    /// A record in words that can be compared.
    private func words(_ record: DispatchRecord) -> String {
        (try? encodeJSON(record.stored)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private func every() throws -> [DispatchEntry] {
        let other = ProcedureKey(service: "s", environment: "staging", procedure: "q")
        let berlin = try Zone.load("Europe/Berlin", host: clock.host)
        return [
            .timed(key, .schedule(try Schedule("daily 02:30"), berlin), isEnabled: true, from: at(0)),
            .timed(other, .triggered(by: "after p"), isEnabled: false, from: at(1)),
            .admitted(occurrence(10), notBefore: at(11), deadline: at(70), trigger: nil),
            .admitted(Dispatching.Occurrence(other, at(12)), notBefore: at(12), deadline: at(13), trigger: "one"),
            .begun(occurrence(10), Claims(locks: ["s/db", "s/cache"], isDisruptive: true)),
            .postponed(occurrence(10), notBefore: at(20), deadline: at(80)),
            .begun(occurrence(10), Claims(locks: ["s/db"], isDisruptive: false)),
            .paused(other), .resumed(other), .paused(other),
            .missed(
                MissedRow(
                    procedure: key, first: at(30), last: at(40), count: 11, isAtLeast: true, cause: .down)),
            .missed(MissedRow(procedure: other, first: at(50), last: at(50), count: 1, cause: .held, trigger: "two")),
            .removed(other),
        ]
    }

    @Test func everyKindOfEntryComesBack() async throws {
        let store = MemoryJournal()
        var expected = DispatchRecord()
        var ledger = try await opened(store)
        for entry in try every() + [.ended(occurrence(10))] {
            // Each alone and in its turn: one that comes back wrongly shows where.
            try await ledger.commit([entry], at: at(100))
            expected.apply(entry)
            #expect(words(try await opened(store).record) == words(expected), "\(entry)")
            let stored = try #require(
                try StoredFields.list(try encodeJSON([StoredEntry(entry)])).map { try StoredEntry($0) }.first)
            #expect(stored.entry(timings) == entry)
        }
        let rows = try await store.missed(MissedFilter())
        #expect(rows.map(\.cause) == ["held", "down"])
        #expect(rows.last?.count == 11 && rows.last?.isAtLeast == true && rows.last?.last == at(40))
        #expect(expected.procedures[key]?.missed == [.down: 11] && expected.procedures[key]?.open.isEmpty == true)
    }

    @Test func theTextOfEntriesIsWhatTheEncoderMakes() throws {
        let odd = ProcedureKey(service: "s\"\\ü/\n", environment: "\u{7F}", procedure: "")
        let entries = try (every() + [.ended(occurrence(10)), .paused(odd)]).map(StoredEntry.init)
        #expect(
            String(decoding: try StoredEntry.text(of: entries), as: UTF8.self)
                == String(decoding: try encodeJSON(entries), as: UTF8.self))
        #expect(try StoredEntry.text(of: []) == Array("[]".utf8))
    }

    @Test func aPictureSaysTheSameAsAllEntries() async throws {
        let store = MemoryJournal()
        var ledger = try await opened(store)
        var expected = DispatchRecord()
        for entry in try every() {
            try await ledger.commit([entry], at: at(100))
            expected.apply(entry)
        }
        for number in 0..<Int64(ServingLimits.entriesBetweenPictures) {
            let entry = DispatchEntry.missed(
                MissedRow(procedure: key, first: at(1000 + number), last: at(1000 + number), count: 1, cause: .asleep))
            try await ledger.commit([entry], at: at(100))
            expected.apply(entry)
        }
        let tail = try await store.records(of: "dispatcher", fromLast: "picture")
        #expect(tail.first?.kind == "picture")
        #expect(tail.count < 100, "a start reads \(tail.count) records")
        var again = try await opened(store)
        #expect(words(again.record) == words(expected))
        // It goes on from there, and the chain with it.
        try await again.commit([.ended(occurrence(10))], at: at(200))
        #expect(try await opened(store).record.begun.isEmpty)
        try Record.verifyChain(try await store.records(of: "dispatcher"))
    }

    @Test func whatIsOwedComesBackAsFarAsItWasTold() async throws {
        let store = MemoryJournal()
        var ledger = try await opened(store)
        func notice(_ second: Int64, _ channels: [String]) -> OwedNotice {
            OwedNotice(
                id: "\(second)", service: "s", environment: "default", procedure: "p", count: 2, isAtLeast: true,
                latest: [at(second)], causes: [.down, .held],
                channels: Dictionary(uniqueKeysWithValues: channels.map { ($0, .owed) }))
        }
        let (one, two) = (notice(1, ["chat", "mail", "page"]), notice(2, ["chat"]))
        try await ledger.commit(try every(), owed: [one, two], at: at(100))
        try await ledger.commit(
            [], [one.note("chat", .over), one.note("mail", .sending), one.note("page", .sending)], at: at(101))
        try await ledger.commit([], [one.note("page", .notSent), two.note("chat", .over)], at: at(102))
        let left: [String: OwedNotice.State] = ["mail": .sending, "page": .owed]
        #expect(ledger.owed.mapValues(\.channels) == ["1": left])
        #expect(try await opened(store).owed == ledger.owed)
        // Also out of a picture; a step that is told twice says nothing new.
        for _ in 0..<ServingLimits.entriesBetweenPictures {
            try await ledger.commit([], [two.note("chat", .sending)], at: at(103))
        }
        #expect(try await store.records(of: "dispatcher", fromLast: "picture").first?.kind == "picture")
        #expect(try await opened(store).owed == ["1": ledger.owed["1"]].compactMapValues(\.self))
        #expect(try await opened(store).owed["1"]?.causes == [.down, .held])
    }

    @Test func manyProceduresAtOnceFitIntoTheJournal() async throws {
        let store = MemoryJournal()
        var ledger = try await opened(store)
        let count = 2 * ServingLimits.entriesOfARecord + 1
        let entries = (0..<count).map { number in
            DispatchEntry.timed(
                ProcedureKey(service: "s", environment: "default", procedure: "p\(number)"), .triggered(by: "x"),
                isEnabled: true, from: at(0))
        }
        try await ledger.commit(entries, at: at(0))
        let records = try await store.records(of: "dispatcher")
        #expect(records.count == 3 && records.allSatisfy { $0.body.count < JournalLimits.recordBody / 4 })
        #expect(try await opened(store).record.procedures.count == count)
    }

    @Test func anAppendThatFailsLosesNothingAndDoublesNothing() async throws {
        for failure in [FailingJournal.Failure.before, .after] {
            let store = FailingJournal()
            var ledger = try await opened(store)
            try await ledger.commit(Array(try every().prefix(4)), at: at(100))
            let before = words(ledger.record)
            store.fail { $0 == 2 ? failure : nil }
            await #expect(throws: JournalError.self) {
                try await ledger.commit([.begun(occurrence(10), Claims(locks: [], isDisruptive: false))], at: at(101))
            }
            #expect(words(ledger.record) == before, "the ledger is ahead of the journal")
            var again = try await opened(store)
            #expect(again.record.begun.count == (failure == .before ? 0 : 1))
            if failure == .before { #expect(words(again.record) == before) }
            try await again.commit([.ended(occurrence(10))], at: at(102))
            #expect(try await opened(store).record.begun.isEmpty)
        }
    }

    @Test func runsOfWhatWasBegunAreNoted() async throws {
        let store = MemoryJournal()
        var ledger = try await opened(store)
        try await ledger.commit(Array(try every().prefix(5)), at: at(100))
        #expect(try await opened(store).record.begunWithRun.isEmpty)
        try await store.append(
            Batch(rows: [
                RunRow(
                    id: "r", service: "s", environment: "default", procedure: "p", nominal: at(10), startedAt: at(11),
                    state: .running)
            ]))
        #expect(try await opened(store).record.begunWithRun == [occurrence(10)])
    }
}
