import Dispatching
import Host
import Journal
import Maintenance
import Schedules

/// The dispatcher's entries and the journal as one: what the dispatcher decided counts once it is durable.
///
/// They are a chain of their own. Now and then a picture of where all stands is put into it, and a start reads from the
/// last one on.
struct DispatchLedger {
    static let stream = "dispatcher"
    private static let pictureKind = "picture"
    private static let owedKind = "owed"
    private static let notedKind = "noted"

    private let store: any JournalStore
    private let host: Host
    private(set) var record = DispatchRecord()
    private(set) var owed: OwedNotices = [:]
    private var tip = ChainTip.none
    private var sincePicture = 0

    init(store: any JournalStore, host: Host) {
        self.store = store
        self.host = host
    }

    private struct Picture: Codable {
        /// Digests of the bodies that hold the procedures, so many in each.
        let procedures: [String]
        /// Digests of the bodies that hold what was owed then.
        let owed: [String]?
    }

    /// Reads where all stood, and which of the runs that were about to be begun there are.
    mutating func open(_ timings: TimingReader) async throws {
        let records = try await store.records(of: Self.stream, fromLast: Self.pictureKind)
        try Record.verifyChain(records, isTail: true)
        for record in records {
            switch record.kind {
            case Self.pictureKind:
                try await take(record, timings)
                continue
            case Self.owedKind: owed.owe(try decodeJSON([OwedNotice].self, record.body))
            case Self.notedKind: owed.apply(try decodeJSON([OwedNotice.Note].self, record.body))
            default: try apply(record, timings)
            }
            sincePicture += 1
        }
        tip = records.last.map { ChainTip($0) } ?? .none
        for occurrence in record.begun where try await run(of: occurrence) != nil { record.noteRun(of: occurrence) }
    }

    private mutating func apply(_ record: Record, _ timings: TimingReader) throws {
        for fields in try StoredFields.list(record.body) {
            guard let entry = try StoredEntry(fields).entry(timings) else {
                throw JournalError(
                    .corrupt, "Record \(record.sequence) of the dispatcher is none that this version can read.")
            }
            self.record.apply(entry)
        }
    }

    /// Takes over the picture that the first record of a tail is.
    private mutating func take(_ record: Record, _ timings: TimingReader) async throws {
        let picture = try decodeJSON(Picture.self, record.body)
        let procedures = try await parts(picture.procedures, of: record) { bytes in
            try StoredFields.list(bytes).map { try StoredProcedure($0) }
        }
        self.record = DispatchRecord(procedures, timings)
        owed = [:]
        owed.owe(try await parts(picture.owed ?? [], of: record) { try decodeJSON([OwedNotice].self, $0) })
        sincePicture = 0
    }

    private func parts<Part>(
        _ digests: [String], of picture: Record, _ read: ([UInt8]) throws -> [Part]
    ) async throws -> [Part] {
        var parts: [Part] = []
        for digest in digests {
            guard let bytes = try await store.body(digest) else {
                throw JournalError(.corrupt, "The picture of the dispatcher in record \(picture.sequence) is gone.")
            }
            parts += try read(bytes)
        }
        return parts
    }

    /// This process is about to begin their runs, or has: what they need is theirs, whether or not the journal has a run.
    mutating func note(inHand occurrences: Set<Dispatching.Occurrence>) {
        for occurrence in occurrences { record.noteRun(of: occurrence) }
    }

    /// The run of an occurrence; `nil` where it has none.
    func run(of occurrence: Dispatching.Occurrence) async throws(JournalError) -> RunRow? {
        try await store.row(of: Journal.Occurrence(occurrence))
    }

    /// Makes all of it durable together, and the rows of what was missed with it.
    mutating func commit(
        _ entries: [DispatchEntry], owed notices: [OwedNotice] = [], _ notes: [OwedNotice.Note] = [], at now: Instant
    ) async throws {
        guard !entries.isEmpty || !notices.isEmpty || !notes.isEmpty else { return }
        var batch = Batch()
        var tip = tip
        for case .missed(let row) in entries { batch.missed.append(Journal.MissedRow(row, at: now)) }
        func append(_ kind: String, _ body: [UInt8]) {
            let record = Record.next(after: tip, run: Self.stream, at: now, kind: kind, body: body)
            tip = ChainTip(record)
            batch.records.append(record)
        }
        for part in entries.parts(of: ServingLimits.entriesOfARecord) {
            append("dispatched", try StoredEntry.text(of: part.map(StoredEntry.init)))
        }
        for part in notices.parts(of: ServingLimits.entriesOfARecord) {
            append(Self.owedKind, try encodeJSON(Array(part)))
        }
        for part in notes.parts(of: ServingLimits.entriesOfARecord) {
            append(Self.notedKind, try encodeJSON(Array(part)))
        }
        var owed = owed
        owed.owe(notices)
        owed.apply(notes)
        let isDue = sincePicture >= ServingLimits.entriesBetweenPictures
        if isDue {
            // A copy costs as much as there are procedures: only here it is needed before the journal has the entries.
            var next = record
            for entry in entries { next.apply(entry) }
            func bodies(_ parts: [some Encodable]) throws -> [String] {
                let bodies = try parts.parts(of: ServingLimits.entriesOfARecord).map {
                    Body(try encodeJSON(Array($0)))
                }
                batch.bodies += bodies
                return bodies.map(\.digest)
            }
            let picture = Picture(procedures: try bodies(next.stored), owed: try bodies(owed.inOrder))
            append(Self.pictureKind, try encodeJSON(picture))
        }
        try await store.append(batch)
        for entry in entries { record.apply(entry) }
        (self.tip, self.owed, sincePicture) = (tip, owed, isDue ? 0 : sincePicture + 1)
    }
}

extension Array {
    /// So many in each but the last.
    fileprivate func parts(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}

extension Journal.MissedRow {
    init(_ row: Dispatching.MissedRow, at now: Instant) {
        self.init(
            occurrence: Journal.Occurrence(Dispatching.Occurrence(row.procedure, row.first)),
            last: row.last, count: row.count, isAtLeast: row.isAtLeast, cause: row.cause.rawValue,
            sentence: row.cause.sentence, decidedAt: now)
    }
}

extension MissCause {
    /// What happened, for people.
    var sentence: String {
        switch self {
        case .down: "Millwright was not running, or its journal could not be written."
        case .asleep: "The machine slept, or the process got no time."
        case .clock: "The wall clock was put forward over it."
        case .zone: "New rules of its time zone moved it into the past."
        case .paused: "Its procedure was disabled."
        case .held: "A hold was in force for as long as it could have begun."
        case .windowClosed: "No window was open with enough time left for it, or a freeze held it."
        case .overlap: "The run before it was not over."
        case .replaced: "A later one took its place before it began."
        case .superseded: "After a gap only the last one is made up for, as its catch-up says."
        case .locked: "Another run worked on what it needs."
        case .limited: "As many disruptive runs as are allowed were going on."
        case .beginFailed: "Its run could not be begun."
        case .removed: "Its procedure left the plan."
        case .overdue:
            "It was to be done by then and was not: its agreed period passed, or its event was told too late."
        }
    }

    /// Of what waits for it now.
    var presentSentence: String {
        switch self {
        case .locked: "Another run works on what it needs."
        case .limited: "As many disruptive runs as are allowed are going on."
        default: sentence
        }
    }
}
