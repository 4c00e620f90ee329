import Host
import Journal
import Synchronization

/// Keeps the newest checkpoint outside of the journal, a little after it is durable: a mark that lags says less than it
/// could, and never more than is true.
final class NewestMark: Sendable {
    private let host: Host
    private let mark: @Sendable (Checkpoint) async -> Void
    private let state = Mutex(State())
    private let turns = Turns()

    private struct State {
        /// Not marked yet.
        var newest: Checkpoint?
        /// Tells the keeper, where there is one.
        var news: AsyncStream<Void>.Continuation?
    }

    init(on host: Host, _ mark: @escaping @Sendable (Checkpoint) async -> Void) {
        self.host = host
        self.mark = mark
    }

    func note(_ checkpoint: Checkpoint) {
        let news = state.withLock { state in
            state.newest = checkpoint
            return state.news
        }
        news?.yield()
    }

    /// Marks what is new, at most so often, until the task is cancelled; what is new then as well.
    func keep() async {
        let (stream, news) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.news = news }
        news.yield()
        for await _ in stream {
            await write()
            try? await host.sleep(EvidenceLimits.markPause)
        }
        await write()
    }

    /// Marks what is new now.
    func write() async {
        await turns.take()
        defer { turns.pass() }
        let new = state.withLock { state in
            defer { state.newest = nil }
            return state.newest
        }
        if let new { await mark(new) }
    }
}
