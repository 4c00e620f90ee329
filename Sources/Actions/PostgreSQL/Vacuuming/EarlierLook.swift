import Host
import Maintenance

/// What is autovacuum's to do within minutes is wrong only when it still is so later: whether an earlier run saw some.
enum EarlierLook {
    case none, well, same

    /// The newest one that is at least an hour ago, and not more than eight days.
    init(_ past: [PastMeasurement], at now: Instant) {
        let span = PostgreSQLActionLimits.growthSpan...Duration.seconds(8 * 86_400)
        guard let earlier = past.filter({ span.contains(now - $0.at) }).max(by: { $0.at < $1.at }) else {
            self = .none
            return
        }
        self = earlier.value >= 1 ? .same : .well
    }
}
