import Evidence
import Host
import Journal
import Plans

/// Takes from the journal what need not be kept any longer: a few runs at a time, so that nobody waits for it.
struct Pruner {
    let journal: CheckpointedJournal
    let host: Host

    /// Runs of one transaction.
    private static let batch = 20
    private static let pause = Duration.milliseconds(200)
    private static let period = Duration.seconds(3600)
    /// Who has just started has more urgent things to do.
    private static let settling = Duration.seconds(1)

    /// Prunes again and again what the estate no longer wants kept, until its task is cancelled.
    func keep(_ retention: @Sendable () -> Estate.Retention, log: @Sendable (String) -> Void) async {
        var wait = Self.settling
        while (try? await host.sleep(wait)) != nil {
            wait = Self.period
            do throws(JournalError) {
                let count = try await prune(retention())
                if count > 0 {
                    log("retention: pruned \(count) runs")
                    let inHand = try await journal.rows(RunFilter(states: [.running], limit: 1))
                    if inHand.isEmpty { try await journal.compact() }
                }
            } catch {
                log("Retention waits for an hour. \(error.sentence)")
            }
        }
    }

    /// Prunes all that may be; returns of how many runs something was removed. Stops where its task is cancelled.
    func prune(_ retention: Estate.Retention) async throws(JournalError) -> Int {
        var count = 0
        for filter in Self.filters(retention, at: host.now(), limit: Self.batch) {
            while case let runs = try await journal.prune(filter), !runs.isEmpty {
                count += runs.count
                guard (try? await host.sleep(Self.pause)) != nil else { return count }
            }
        }
        return count
    }

    /// Records first: what lies beside them goes with them.
    static func filters(_ retention: Estate.Retention, at now: Instant, limit: Int) -> [PruningFilter] {
        var filters: [PruningFilter] = []
        if let runs = retention.runs { filters.append(PruningFilter(.records, endedBefore: now - runs, limit: limit)) }
        if let evidence = retention.evidence {
            filters.append(PruningFilter(.bodies, endedBefore: now - evidence, limit: limit))
        }
        return filters
    }
}
