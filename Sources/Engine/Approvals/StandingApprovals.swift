import Glibc
public import Host
public import Journal
import Maintenance

/// The approvals that stand: a chain of its own in the journal, made of letters in the inbox by whoever reads that.
///
/// Nothing in it decides: a run that comes to the step judges whether the word of its speaker counts, and for what.
public struct StandingApprovals: Sendable {
    public static let stream = "standing-approvals"
    static let given = "standing-given"
    static let takenBack = "standing-taken-back"

    private let chain: LetterChain

    public init(store: any JournalStore, inbox: Inbox, host: Host) {
        chain = LetterChain(stream: Self.stream, store: store, inbox: inbox, host: host) { letters, records in
            Batch(records: try Self.records(of: letters, after: records, at: host.now()))
        }
    }

    /// Those that nobody took back, in the order in which they were given; also those that have ended.
    public static func read(from store: any JournalReading) async throws -> [StandingApproval] {
        try StandingRecord(try await store.records(of: stream)).standing
    }

    /// Records the letters that wait, each once.
    public func record() async throws { try await chain.record() }

    /// Records what comes, until the task is cancelled.
    public func keep(_ log: @Sendable (String) -> Void) async { await chain.keep("Approvals that stand", log) }

    private static func records(
        of letters: [Inbox.Received], after records: [Record], at now: Instant
    ) throws -> [Record] {
        var known = try StandingRecord(records)
        var tip = records.last.map { ChainTip($0) } ?? .none
        var new: [Record] = []
        for letter in letters where !known.has(letter.id) {
            let id = "S\(tip.sequence + 1)"
            guard let (kind, body) = try entry(letter, id, &known, at: now) else { continue }
            let record = Record.next(after: tip, run: stream, at: now, kind: kind, body: body)
            tip = ChainTip(record)
            new.append(record)
        }
        return new
    }

    /// What is written of a letter; `nil` where it says nothing that could stand.
    private static func entry(
        _ received: Inbox.Received, _ id: String, _ known: inout StandingRecord, at now: Instant
    ) throws -> (kind: String, body: [UInt8])? {
        switch received.letter.word {
        case .agree:
            guard let terms = received.letter.standing, terms.mistake(at: now) == nil,
                known.count(of: received.by, at: now) < EngineLimits.standingOfPerson
            else { return nil }
            let approval = StandingApproval(id: id, by: received.by, at: now, terms: terms, letter: received.id)
            known.give(approval)
            return (given, try encodeJSON(approval))
        case .refuse:
            // By who gave it, or by whose process this is.
            guard let approval = known.standing.first(where: { $0.id == received.letter.step }),
                received.by == approval.by || received.by == Mailboxes.user(geteuid())
            else { return nil }
            let back = TakenBack(id: approval.id, by: received.by, at: now, letter: received.id)
            known.take(back)
            return (takenBack, try encodeJSON(back))
        case .answer, .cancel, .tell: return nil
        }
    }
}
