import Dispatching
public import Host
public import Journal
import Maintenance
import Synchronization

/// What a node does for all that share a journal: it takes runs that were left or whose node died, and drives them to
/// their end. Who has the least in hand is the first to take one.
public final class NodeRuns: Sendable {
    private let host: Host
    private let store: any JournalStore
    private let keeper: LeaseKeeper
    private let runs: DrivenRuns
    private let places: Set<String>
    private let log: @Sendable (String) -> Void
    private let stopping = Mutex(false)
    private let inHand = Mutex(0)

    /// - Parameter places: The places from which this node can work.
    public init(
        host: Host, store: any JournalStore, keeper: LeaseKeeper, runs: DrivenRuns, places: Set<String>,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.host = host
        self.store = store
        self.keeper = keeper
        self.runs = runs
        self.places = places
        self.log = log
    }

    /// Takes no more, and asks what is in hand to stop at its next safe point.
    public func stop() {
        stopping.withLock { $0 = true }
        keeper.ring()
    }

    private var isStopping: Bool { stopping.withLock { $0 } }

    /// Takes and drives runs until it is stopped and all in hand have stopped, or its task is cancelled.
    public func work() async {
        await withDiscardingTaskGroup { group in
            for await _ in keeper.changes() {
                await take(in: &group)
                if isStopping { break }
            }
            // Asked again and again: a run that is only just being taken does not hear the first time. After a while its
            // work is ended, and another node looks what became of it.
            let end = host.steady() + ServingLimits.graceful
            while inHand.withLock({ $0 }) > 0, host.steady() < end {
                runs.stopAll()
                guard (try? await host.sleep(ServingLimits.askAgain)) != nil else { break }
            }
            group.cancelAll()
        }
    }

    /// Takes what there is.
    private func take(in group: inout DiscardingTaskGroup) async {
        while !isStopping, !Task.isCancelled {
            let pause = min(ServingLimits.modesty * inHand.withLock { $0 }, ServingLimits.longestModesty)
            if pause > .zero { try? await host.sleep(pause) }
            let taken = (try? await keeper.takeOver(at: places, limit: ServingLimits.runsAtOnce)) ?? []
            if taken.isEmpty { return }
            inHand.withLock { $0 += taken.count }
            for run in taken {
                group.addTask { [self] in
                    await carry(run)
                    inHand.withLock { $0 -= 1 }
                }
            }
        }
    }

    private func carry(_ run: String) async {
        do {
            // One hand for all attempts: what is tried again is not left to the next node each time.
            try await store.whileTaken(Claim(run)) { [self] in
                var wait = ServingLimits.retry
                for attempt in 1... {
                    do {
                        guard let row = try await store.row(run), row.state != .ended else { return }
                        return try await runs.finish(row, of: Dispatching.Occurrence(row))
                    } catch  where attempt < ServingLimits.attemptsOfANode && !isStopping {
                        log("The run \(run) is interrupted: \(Cause(error).sentence)")
                        try await host.sleep(wait)
                        wait = min(wait * 2, ServingLimits.longestRetry)
                    }
                }
            }
        } catch {
            log("The run \(run) is left to another node: \(Cause(error).sentence)")
        }
    }
}
