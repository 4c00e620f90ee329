import Host
public import Journal
import Maintenance

/// A look through a whole journal: every run's chain, the bodies beside it, and the chain of checkpoints over the runs.
public struct Inspection: Sendable {
    /// Something that is not as it was recorded.
    public struct Problem: Codable, Hashable, Sendable {
        /// The run, checkpoint or stream.
        public let subject: String
        public let sentence: String
        /// What to do.
        public let advice: String

        public init(_ subject: String, _ sentence: String, advice: String) {
            self.subject = subject
            self.sentence = sentence
            self.advice = advice
        }
    }

    public private(set) var runs = 0
    public private(set) var records = 0
    public private(set) var bodies = 0
    public private(set) var checkpoints = 0
    /// Runs of which retention removed something.
    public private(set) var pruned = 0
    public private(set) var problems: [Problem] = []
    /// Problems beyond those that are listed.
    public private(set) var more = 0

    private let store: any JournalStore
    private let keys: Set<String>
    private var known: [String: Known] = [:]

    /// What the checkpoints say of a run.
    private struct Known {
        var head: ChainTip
        var rowDigest: String
        var ended: Int
        var removed: Checkpoint.Kind?
        var isSeen = false
    }

    /// - Parameter keys: The fingerprints of the keys that may have signed.
    public static func of(
        _ store: any JournalStore, keys: Set<String>, streams: [String]
    ) async throws(JournalError) -> Inspection {
        var inspection = Inspection(store, keys)
        try await inspection.lookAtCheckpoints()
        try await inspection.lookAtRuns()
        for (run, known) in inspection.known.sorted(by: { $0.key < $1.key }) where !known.isSeen {
            inspection.note(
                "run \(run)",
                "checkpoint \(known.ended) holds its end, and the journal has no such run: it was dropped.",
                Self.compare)
        }
        for stream in streams { try await inspection.lookAt(stream: stream) }
        return inspection
    }

    private static let compare =
        "Compare with a backup or an exported bundle of the run; keep this journal as it is for who looks into it."

    private init(_ store: any JournalStore, _ keys: Set<String>) {
        self.store = store
        self.keys = keys
    }

    private mutating func note(_ subject: String, _ sentence: String, _ advice: String) {
        guard problems.count < EvidenceLimits.problems else { return more += 1 }
        problems.append(Problem(subject, sentence, advice: advice))
    }

    private mutating func lookAtCheckpoints() async throws(JournalError) {
        var chain = CheckpointChain()
        var strangers: Set<String> = []
        while true {
            let page = try await store.checkpoints(
                CheckpointFilter(from: (chain.last?.number ?? 0) + 1, limit: EvidenceLimits.listing))
            for checkpoint in page {
                checkpoints += 1
                do throws(BrokenLink) { try chain.follow(checkpoint) } catch {
                    note(error.link, error.sentence + ".", Self.compare)
                }
                let key = PublicKey(hexadecimal: checkpoint.key)?.fingerprint ?? "no key"
                if !keys.contains(key), strangers.insert(key).inserted {
                    note(
                        "checkpoint \(checkpoint.number)",
                        "it and perhaps later ones are signed by \(key), not by "
                            + "\(keys.sorted().joined(separator: " or ")).",
                        "Where that was your key at the time, say so with --key; else somebody else wrote them.")
                }
                take(checkpoint)
            }
            if page.count < EvidenceLimits.listing { return }
        }
    }

    private mutating func take(_ checkpoint: Checkpoint) {
        switch checkpoint.kind {
        case .ended:
            known[checkpoint.run] = Known(
                head: checkpoint.head, rowDigest: checkpoint.rowDigest, ended: checkpoint.number)
        case .erased, .pruned: known[checkpoint.run]?.removed = checkpoint.kind
        }
    }

    private mutating func lookAtRuns() async throws(JournalError) {
        var filter = RunFilter(limit: EvidenceLimits.listing)
        var seen: Set<String> = []
        while true {
            let page = try await store.rows(filter)
            let rows = page.filter { !seen.contains($0.id) }
            for start in stride(from: 0, to: rows.count, by: EvidenceLimits.page) {
                let part = Array(rows[start..<min(rows.count, start + EvidenceLimits.page)])
                let records = try await store.records(ofEach: part.map(\.id))
                for row in part { try await lookAt(row, records[row.id] ?? []) }
            }
            guard page.count == EvidenceLimits.listing, let last = page.last else { return }
            // Runs of one instant may be split between two pages: that instant is asked for again.
            seen = Set(page.filter { $0.startedAt == last.startedAt }.map(\.id))
            filter.startedBefore = last.startedAt + .microseconds(rows.isEmpty ? 0 : 1)
        }
    }

    private mutating func lookAt(_ row: RunRow, _ records: [Record]) async throws(JournalError) {
        runs += 1
        self.records += records.count
        let subject = "run \(row.id)"
        let known = known[row.id]
        self.known[row.id]?.isSeen = true
        if known?.removed != nil { pruned += 1 }
        do throws(JournalError) { try Record.verifyChain(records) } catch {
            note(subject, error.sentence, Self.compare)
        }
        if let known {
            if row.digest != known.rowDigest {
                note(
                    subject,
                    "its row says something else than when it ended (checkpoint \(known.ended)): its verdict, "
                        + "its times or its name were altered.", Self.compare)
            }
            if known.removed != .pruned, (records.last.map { ChainTip($0) } ?? .none) != known.head {
                note(
                    subject,
                    "its chain ends at record \(records.last?.sequence ?? 0), and checkpoint \(known.ended) holds "
                        + "\(known.head.sequence) records: some were dropped or others added.", Self.compare)
            }
        } else if row.state == .ended {
            note(
                subject, "it has ended and no checkpoint holds its end.",
                "The next writing start of Millwright adds one, if the run ended under an older version; else compare "
                    + "with a backup.")
        }
        if records.isEmpty, known == nil {
            note(subject, "it has no records.", Self.compare)
        }
        try await lookAtBodies(of: records, subject, areErased: known?.removed != nil)
    }

    private mutating func lookAtBodies(
        of records: [Record], _ subject: String, areErased: Bool
    ) async throws(JournalError) {
        let digests = Set(records.flatMap(References.attachments)).sorted()
        for start in stride(from: 0, to: digests.count, by: EvidenceLimits.bodyPage) {
            let page = Array(digests[start..<min(digests.count, start + EvidenceLimits.bodyPage)])
            let found = try await store.bodies(page)
            bodies += found.count
            for digest in page {
                if let bytes = found[digest] {
                    if sha256Hex(bytes) != digest { note(subject, "the evidence \(digest) was altered.", Self.compare) }
                } else if !areErased {
                    note(subject, "the evidence \(digest) is gone, and retention did not remove it.", Self.compare)
                }
            }
        }
    }

    /// A chain that is not a run's, such as the dispatcher's: from its last picture on, as a start reads it.
    private mutating func lookAt(stream: String) async throws(JournalError) {
        let found = try await store.records(of: stream, fromLast: "picture")
        records += found.count
        do throws(JournalError) { try Record.verifyChain(found, isTail: true) } catch {
            note("the stream \(stream)", error.sentence, Self.compare)
        }
    }
}
