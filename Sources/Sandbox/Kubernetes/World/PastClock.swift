import Host
import Synchronization

/// A wall clock that can be put back while a world is built, so that what is built is old when it is looked at.
final class PastClock: Sendable {
    private let ago = Mutex(Duration.zero)

    /// From now on it is so long ago.
    func set(ago span: Duration) { ago.withLock { $0 = span } }

    var clock: KubernetesClock {
        KubernetesClock(
            now: { [self] in Host.system.now() - ago.withLock { $0 } }, sleep: { try await Host.system.sleep($0) })
    }
}
