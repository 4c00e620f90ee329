import Dispatching
import Synchronization

/// The occurrences whose runs this process has in hand, and the notices: none is begun beside itself, whatever the
/// dispatcher says anew after the journal failed.
final class Hand: Sendable {
    private let occurrences = Mutex<Set<Occurrence>>([])
    private let notices = Mutex<Set<String>>([])
    private let stopping = Mutex(false)

    /// False where it is in hand already.
    func insert(_ occurrence: Occurrence) -> Bool { occurrences.withLock { $0.insert(occurrence).inserted } }

    func remove(_ occurrence: Occurrence) { _ = occurrences.withLock { $0.remove(occurrence) } }

    /// False where it is being told already.
    func insert(notice: String) -> Bool { notices.withLock { $0.insert(notice).inserted } }

    func remove(notice: String) { _ = notices.withLock { $0.remove(notice) } }

    /// Nothing is tried again from now on.
    func stop() { stopping.withLock { $0 = true } }

    var isStopping: Bool { stopping.withLock { $0 } }

    var all: Set<Occurrence> { occurrences.withLock { $0 } }
}
