public import Dispatching
public import Engine
public import Host
public import Journal
public import Maintenance
import Plans
import Synchronization

/// Runs that the dispatching node begins and leaves to whichever node takes them. Who dispatches only sees that they end.
public final class SharedRuns: RunWork {
    private let store: any JournalStore
    private let keeper: LeaseKeeper
    private let words: SharedWords
    private let driver: @Sendable () -> RunDriver
    private let host: Host
    private let waiting = Mutex<[Dispatching.Occurrence: Waiting]>([:])

    private struct Waiting {
        let run: String
        let end: AsyncStream<Void>.Continuation
    }

    public init(
        host: Host, store: any JournalStore, keeper: LeaseKeeper, words: SharedWords,
        driver: @escaping @Sendable () -> RunDriver
    ) {
        self.host = host
        self.store = store
        self.keeper = keeper
        self.words = words
        self.driver = driver
    }

    public func begin(_ id: String, _ start: RunStart, of occurrence: Dispatching.Occurrence) async throws {
        try await awaitEnd(of: id, occurrence) { [self] in
            try await driver().leave(id, start, under: Scheduler.stream)
        }
    }

    public func finish(_ row: RunRow, of occurrence: Dispatching.Occurrence) async throws {
        try await awaitEnd(of: row.id, occurrence) { [self] in
            guard let first = try await store.records(of: row.id).first,
                case .started(let start) = try decodeJSON(RunEvent.self, first.body)
            else { return }
            // Whoever died may not have come to leaving it; where somebody works on it all is well.
            do {
                try await store.whileTaken(Claim(row.id, place: start.plan.place, isLeft: true)) {}
            } catch let error as JournalError where error.code == .heldByAnother {}
        }
    }

    public func cancel(_ occurrence: Dispatching.Occurrence, _ cause: Cause) async {
        guard let run = waiting.withLock({ $0[occurrence]?.run }) else { return }
        await words.carry(
            Inbox.Letter(run: run, word: .cancel, note: cause.sentence), by: ScheduledRuns.requester, "cancel-\(run)")
    }

    /// The nodes go on with it.
    public func stop(_ occurrence: Dispatching.Occurrence) {
        waiting.withLock { $0.removeValue(forKey: occurrence) }?.end.finish()
    }

    /// Looks which have ended whenever something changed, until its task is cancelled: one question for all.
    public func watch() async {
        for await _ in keeper.changes() {
            let asked = host.steady()
            await look()
            // However many go on: looking takes a fifth of the time at most.
            try? await host.sleep((host.steady() - asked) * 4)
        }
    }

    private func look() async {
        let runs = waiting.withLock { $0 }
        guard !runs.isEmpty,
            let unended = try? await store.rows(RunFilter(states: [.running, .waiting], limit: JournalLimits.listing))
        else { return }
        let ids = Set(unended.map(\.id))
        for (occurrence, one) in runs where !ids.contains(one.run) {
            // One that was only just begun may be missing in an answer from before it.
            guard let row = try? await store.row(one.run), row.state == .ended else { continue }
            waiting.withLock { _ = $0.removeValue(forKey: occurrence) }
            one.end.yield()
            one.end.finish()
        }
    }

    /// Waits from before the beginning on, so that no end is missed.
    private func awaitEnd(
        of run: String, _ occurrence: Dispatching.Occurrence, _ begin: () async throws -> Void
    ) async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        waiting.withLock { $0[occurrence] = Waiting(run: run, end: end) }
        defer { _ = waiting.withLock { $0.removeValue(forKey: occurrence) } }
        try await begin()
        for await _ in ends { return }
        throw CancellationError()
    }
}
