import Engine
import Evidence
import FoundationEssentials
import Host
import Journal
import Maintenance

extension Composition {
    /// Marks and checkpoints around a journal that was opened for writing. One that is not as new as its mark says is
    /// held: what ran since then is not in it.
    func guarded(
        _ store: any JournalStore, _ options: StoreOptions
    ) async throws(JournalError) -> CheckpointedJournal {
        let files = try stateFiles(options)
        let key = try files.key()
        let mark = try files.mark()
        // A node that comes to a shared journal has no mark yet, and that says nothing.
        let place = try options.place(host)
        let isNewNode = mark == nil && place != .file(files.journal)
        if !isNewNode, let suspicion = try await JournalMark.suspicion(of: store, mark) {
            let reason =
                "the journal may have been put back from a backup: \(suspicion). Runs since then are not in it: look at "
                + "what they left"
            try hold(options, because: reason)
            try await note("restored", suspicion, in: store)
            Output.diagnostic("Everything is held: \(reason), then `millwright release --all`.")
        }
        files.write(JournalMark(try await store.checkpoints(.newest).first, at: host.now()))
        return try await CheckpointedJournal(store, key: key, host: host) { [host] newest in
            await OffPool.finish { files.write(JournalMark(newest, at: host.now())) }
        }
    }

    /// The journal of a server: where a damaged one was set aside, a new one, in which nothing runs before a person
    /// releases it.
    func journalOrNew(_ options: StoreOptions) async throws(JournalError) -> CheckpointedJournal {
        do throws(JournalError) {
            return try await journal(options)
        } catch {
            guard let name = error.setAside else { throw error }
            Output.diagnostic(error.sentence)
            let store = try await journal(options)
            try await note("set-aside", name, in: store)
            Output.diagnostic("A new journal was begun. Everything is held until `millwright release --all`.")
            return store
        }
    }

    /// Holds everything, unless it is held already.
    func hold(_ options: StoreOptions, because reason: String) throws(JournalError) {
        let hold = Hold(scope: .all, reason: reason, by: "millwright", at: host.now())
        do {
            try HoldFile.change(options, self) { holds in holds.contains { $0.scope == .all } ? holds : holds + [hold] }
        } catch {
            throw JournalError(
                .unreadable, "The journal must be held, and the file of holds could not be written: \(reason).")
        }
    }

    func stateFiles(_ options: StoreOptions) throws(JournalError) -> StateFiles {
        StateFiles(journal: try options.path(host), host: host)
    }

    /// What became of the journal itself, in a chain of its own.
    private func note(_ kind: String, _ what: String, in store: any JournalStore) async throws(JournalError) {
        let write = { @Sendable [host] () async throws in
            let last = try await store.records(of: Self.journalStream).last
            let body = (try? encodeJSON(["what": what])) ?? []
            let record = Record.next(after: last, run: Self.journalStream, at: host.now(), kind: kind, body: body)
            try await store.append(Batch(records: [record]))
        }
        do {
            try await store.whileTaken(Claim(Self.journalStream), write)
        } catch {
            throw error as? JournalError ?? JournalError(.unreachable, "The journal was given up while it was opened.")
        }
    }

    static let journalStream = "journal"
}
