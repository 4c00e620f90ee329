import Synchronization

/// One clock for everything that takes time in the cluster. It runs `speed` times as fast as the wall, so that a
/// progress deadline of ten minutes passes in seconds; what is written into objects is the wall's time all the same.
final class ClusterClock: Sendable {
    private struct Pace {
        var speed: Double
        var since: ContinuousClock.Instant
        var before: Duration = .zero
    }

    private let clock = ContinuousClock()
    private let pace: Mutex<Pace>

    init(speed: Double) {
        pace = Mutex(Pace(speed: max(speed, 0.001), since: clock.now))
    }

    /// From now on, so many times as fast as the wall.
    var speed: Double {
        get { pace.withLock { $0.speed } }
        set {
            let now = clock.now
            pace.withLock { pace in
                pace.before += (now - pace.since) * pace.speed
                pace.since = now
                pace.speed = max(newValue, 0.001)
            }
        }
    }

    /// The cluster's time since its start.
    var elapsed: Duration {
        let now = clock.now
        return pace.withLock { $0.before + (now - $0.since) * $0.speed }
    }

    /// The wall's time that a span of the cluster's takes.
    func real(_ span: Duration) -> Duration { span / speed }
}
