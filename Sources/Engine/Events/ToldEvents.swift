public import Host
public import Journal
import Maintenance

/// The events of which people told: a chain of its own in the journal, made of letters in the inbox by whoever reads that.
/// Beside each record its instant lies as a point, so that schedules find the newest without reading the chain.
public struct ToldEvents: Sendable {
    public static let stream = "told-events"
    static let told = "event-told"

    private let chain: LetterChain

    public init(store: any JournalStore, inbox: Inbox, host: Host) {
        chain = LetterChain(stream: Self.stream, store: store, inbox: inbox, host: host) { letters, records in
            try Self.batch(of: letters, after: records, at: host.now())
        }
    }

    /// Records the letters that wait, each once.
    public func record() async throws { try await chain.record() }

    /// Records what comes, until the task is cancelled.
    ///
    /// - Parameter recorded: Called when something was.
    public func keep(_ log: @Sendable (String) -> Void, recorded: @Sendable () -> Void) async {
        await chain.keep("Events that were told", log, recorded: recorded)
    }

    /// When the event happened, the newest times that were told.
    public static func times(
        of event: String, service: String, environment: String, from store: any JournalReading
    ) async throws(JournalError) -> [Instant] {
        try await store.points(key: key(service, environment), name: event, limit: EngineLimits.toldEvents)
            .compactMap { Measurement.instant($0.value) }
    }

    /// The newest, newest first.
    public static func newest(_ count: Int, from store: any JournalReading) async throws -> [ToldEvent] {
        try await store.records(of: stream).suffix(count).reversed().map { try decodeJSON(ToldEvent.self, $0.body) }
    }

    private static func key(_ service: String, _ environment: String) -> String {
        "\(service)/\(environment)/\(stream)"
    }

    private static func batch(of letters: [Inbox.Received], after records: [Record], at now: Instant) throws -> Batch {
        let known = Set(try records.map { try decodeJSON(ToldEvent.self, $0.body).letter })
        var tip = records.last.map { ChainTip($0) } ?? .none
        var batch = Batch()
        for letter in letters where !known.contains(letter.id) {
            guard letter.letter.word == .tell, let terms = letter.letter.told, terms.mistake(at: now) == nil else {
                continue
            }
            let event = ToldEvent(
                by: letter.by, at: now, terms: terms, note: letter.letter.note, letter: letter.id)
            let record = Record.next(after: tip, run: stream, at: now, kind: told, body: try encodeJSON(event))
            tip = ChainTip(record)
            batch.records.append(record)
            let value = Measurement(terms.event, terms.happened).value
            batch.points.append(
                HistoryPoint(key: key(terms.service, terms.environment), name: terms.event, at: now, value: value))
        }
        return batch
    }
}
