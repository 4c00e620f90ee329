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
        while (try? await host.sleep(EngineLimits.inboxLook)) != nil {
            let mine = Set(driven())
            for run in inbox.runs.subtracting(mine) { await forward(run) }
            if !mine.isEmpty { await fetch(mine) }
        }
    }

    /// Only for runs that go on: what was left for no run is nobody's, and stays where it is.
    private func forward(_ run: String) async {
        guard let row = try? await store.row(run), row.id == run, row.state != .ended else { return }
        for received in inbox.letters(for: run) where await carry(received.letter, by: received.by, received.id) {
            inbox.discard([received.id])
        }
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
        guard let found = try? await store.records(ofEach: runs.map(Self.chain)) else { return }
        for run in runs {
            guard let records = found[Self.chain(of: run)] else { continue }
            inbox.take(
                records.compactMap { try? decodeJSON(Carried.self, $0.body) }.map {
                    Inbox.Received(id: $0.id, by: $0.by, letter: $0.letter)
                }, for: run)
        }
    }
}
