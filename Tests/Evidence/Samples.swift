import Evidence
import Host
import Journal
import Maintenance

/// A journal with runs that have ended, as small as it can be.
enum Sample {
    static let start = Instant(secondsSinceEpoch: 1_795_000_000)

    /// The same key and the same moments each time.
    static let host: Host = {
        var host = Host.system
        host.random = { 0x1234_5678_9ABC_DEF0 }
        host.now = { start + .seconds(3600) }
        return host
    }()

    static func key() throws -> SigningKey { try SigningKey(from: host) }

    static func row(_ id: String, state: RunState = .ended, verdict: Verdict? = .pass, ended: Int64 = 60) -> RunRow {
        RunRow(
            id: id, service: "steam", environment: "production", procedure: "weekly",
            nominal: start + .seconds(nominal(id)), startedAt: start + .seconds(nominal(id)),
            endedAt: state == .ended ? start + .seconds(nominal(id) + ended) : nil, state: state,
            verdict: state == .ended ? verdict : nil)
    }

    /// `r3` is the third second.
    private static func nominal(_ id: String) -> Int64 { Int64(id.dropFirst()) ?? 0 }

    static func evidence(_ run: String) -> Body { Body(Array("rows of \(run): 42".utf8)) }

    /// The batch in which a run begins, looks and ends; what it saw lies beside it.
    static func run(_ id: String, state: RunState = .ended, verdict: Verdict = .pass, bodies: [Body]? = nil) -> Batch {
        let bodies = bodies ?? [evidence(id)]
        var records: [Record] = []
        func add(_ kind: String, _ body: String) {
            records.append(
                Record.next(after: records.last, run: id, at: start, kind: kind, body: Array(body.utf8)))
        }
        add("started", #"{"started":{}}"#)
        for body in bodies { add("observed", #"{"observed":{"_0":{"attachment":"\#(body.digest)"}}}"#) }
        if state == .ended { add("ended", #"{"ended":{"_0":"\#(verdict.rawValue)"}}"#) }
        return Batch(records: records, bodies: bodies, rows: [row(id, state: state, verdict: verdict)])
    }

    /// A store with these runs, each with its checkpoint, and the store that holds it.
    static func journal(_ runs: [String]) async throws -> (CheckpointedJournal, MemoryJournal) {
        let store = MemoryJournal()
        let journal = try await CheckpointedJournal(store, key: try key(), host: host)
        for id in runs { try await journal.append(run(id)) }
        return (journal, store)
    }

    static func bundle(_ id: String = "r1", key: SigningKey? = nil) async throws -> [UInt8] {
        let (journal, _) = try await journal(["r1", "r2"])
        var contents = try await BundleContents.read(row(id), from: journal)
        contents.documents = [("report.md", Array("# Weekly\n".utf8))]
        return try contents.signed(by: try key ?? self.key(), at: host.now())
    }
}

/// Why a bundle is broken; `nil` where it is whole.
func brokenLink(_ bundle: [UInt8], pinned: String? = nil) -> BrokenLink? {
    do throws(BrokenLink) {
        _ = try VerifiedBundle(bundle, pinned: pinned)
        return nil
    } catch {
        return error
    }
}
