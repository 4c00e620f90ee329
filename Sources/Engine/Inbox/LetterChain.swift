import Host
import Journal
import Maintenance

/// A chain of the journal that is made of letters in the inbox, each once, by whoever reads that.
struct LetterChain: Sendable {
    let stream: String
    let store: any JournalStore
    let inbox: Inbox
    let host: Host
    /// What is written of letters, after the records that are there.
    let batch: @Sendable (_ letters: [Inbox.Received], _ records: [Record]) throws -> Batch

    /// Records the letters that wait. True where there was one to record.
    @discardableResult
    func record() async throws -> Bool {
        let letters = inbox.letters(for: stream)
        guard !letters.isEmpty else { return false }
        let isNews = try await store.whileTaken(Claim(stream)) { [self] in
            let batch = try batch(letters, try await store.records(of: stream))
            if !batch.isEmpty { try await store.append(batch) }
            return !batch.isEmpty
        }
        inbox.discard(letters.map(\.id))
        return isNews
    }

    /// Records what comes, until the task is cancelled.
    ///
    /// - Parameter what: The beginning of the sentence that says that it cannot be recorded.
    func keep(_ what: String, _ log: @Sendable (String) -> Void, recorded: @Sendable () -> Void = {}) async {
        var wasTold = false
        while !Task.isCancelled {
            do {
                if try await record() { recorded() }
                wasTold = false
            } catch let error as JournalError where error.code == .conflict || error.code == .heldByAnother {
                // Another reader was first.
            } catch {
                if !wasTold, !Task.isCancelled { log("\(what) cannot be recorded: \(Cause(error).sentence)") }
                wasTold = true
            }
            try? await host.sleep(EngineLimits.chainLook)
        }
    }
}
