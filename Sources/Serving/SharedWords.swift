public import Engine
public import Host
public import Journal
import Maintenance

/// The word of people on runs that another node drives: each node puts what is left in its inbox into the journal, in a
/// chain beside the run, and reads what others put there for the runs that it drives. The speaker is the one whom the
/// kernel of the first node knows.
public struct SharedWords: Sendable {
    private let store: any JournalStore
    private let inbox: Inbox
    private let host: Host
    private let log: @Sendable (String) -> Void

    public init(store: any JournalStore, inbox: Inbox, host: Host, log: @escaping @Sendable (String) -> Void) {
        self.store = store
        self.inbox = inbox
        self.host = host
        self.log = log
    }

    private struct Carried: Codable {
        let id: String
        let by: String
        let letter: Inbox.Letter
    }

    private static func chain(of run: String) -> String { "inbox/\(run)" }

    /// Carries words to and fro until its task is cancelled.
    ///
    /// - Parameter driven: The runs that this process drives.
    public func carry(driven: @Sendable () -> [String]) async {
        // What was left for no run is nobody's, and stays where it is; it is asked about once.
        var strangers: Set<String> = []
        while (try? await host.sleep(EngineLimits.inboxLook)) != nil {
            let mine = Set(driven())
            let present = inbox.runs.subtracting(mine)
            strangers.formIntersection(present)
            for run in present.subtracting(strangers).prefix(EngineLimits.decisions) where await !forward(run) {
                strangers.insert(run)
            }
            await fetch(mine)
        }
    }

    /// Carries the words for a run on; false where there is no such run. What came after a run's end is discarded.
    private func forward(_ run: String) async -> Bool {
        let found: RunRow?
        do throws(JournalError) { found = try await store.row(run) } catch { return error.code != .ambiguous }
        guard let row = found, row.id == run else { return false }
        if row.state == .ended { inbox.empty(for: run) }
        for received in inbox.letters(for: run) where await carry(received.letter, by: received.by, received.id) {
            inbox.discard([received.id])
        }
        return true
    }

    /// Puts one word beside its run; false where that was not possible now.
    @discardableResult
    func carry(_ letter: Inbox.Letter, by speaker: String, _ id: String) async -> Bool {
        let chain = Self.chain(of: letter.run)
        do {
            try await store.whileTaken(Claim(chain)) { [store, host] in
                let records = try await store.records(of: chain)
                for record in records where try decodeJSON(Carried.self, record.body).id == id { return }
                let body = try encodeJSON(Carried(id: id, by: speaker, letter: letter))
                let record = Record.next(after: records.last, run: chain, at: host.now(), kind: "word", body: body)
                try await store.append(Batch(records: [record]))
            }
            return true
        } catch {
            log("The word of \(speaker) on run \(letter.run) could not be carried on yet: \(Cause(error).sentence)")
            return false
        }
    }

    private func fetch(_ runs: Set<String>) async {
        guard !runs.isEmpty else { return inbox.take([:]) }
        guard let found = try? await store.records(ofEach: runs.map(Self.chain)) else { return }
        var letters: [String: [Inbox.Received]] = [:]
        for run in runs {
            letters[run] = found[Self.chain(of: run)]?.compactMap { try? decodeJSON(Carried.self, $0.body) }.map {
                Inbox.Received(id: $0.id, by: $0.by, letter: $0.letter)
            }
        }
        inbox.take(letters)
    }
}
