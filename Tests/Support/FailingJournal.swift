package import Journal
import Synchronization

/// A journal whose appends fail when the test says so: before the batch is stored, or after.
package final class FailingJournal: JournalAround {
    package enum Failure: CaseIterable, Sendable { case before, after }

    private struct State {
        var appends = 0
        var plan: @Sendable (Int) -> Failure? = { _ in nil }
    }

    package let inner: any JournalStore
    private let state = Mutex(State())

    package init(_ inner: any JournalStore = MemoryJournal()) { self.inner = inner }

    /// From the n-th append on all fail, that one before or after it is stored: the process is as good as dead.
    package convenience init(_ inner: any JournalStore, dyingAt append: Int, _ moment: Failure) {
        self.init(inner)
        fail { $0 < append ? nil : $0 == append ? moment : .before }
    }

    package var appends: Int { state.withLock { $0.appends } }
    package func fail(_ plan: @escaping @Sendable (Int) -> Failure?) { state.withLock { $0.plan = plan } }

    package func append(_ batch: Batch) async throws(JournalError) {
        let failure = state.withLock { state in
            state.appends += 1
            return state.plan(state.appends)
        }
        if failure == .before { throw JournalError(.full, "The disk is full.") }
        try await inner.append(batch)
        if failure == .after { throw JournalError(.unreadable, "Nobody knows whether it was stored.") }
    }
}
