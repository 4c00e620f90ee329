import Host
import Synchronization

/// Rings for everybody in this process when something may have changed in the store that nodes share.
final class ChangeBell: Sendable {
    private struct Hearers {
        var byNumber: [Int: AsyncStream<Void>.Continuation] = [:]
        var next = 0
    }

    private let leases: any Leases
    private let host: Host
    private let hearers = Mutex(Hearers())

    init(_ leases: any Leases, on host: Host) {
        self.leases = leases
        self.host = host
    }

    /// Listens to the store until the task is cancelled.
    func listen() async {
        while !Task.isCancelled {
            await leases.awaitChange(within: JournalLimits.longestSilence)
            ring()
            // What changes very often is looked at a little later, and at once.
            try? await host.sleep(JournalLimits.quietAfterChange)
        }
    }

    func ring() {
        // Not while the lock is held: whoever hears may be leaving just now.
        for hearer in hearers.withLock({ Array($0.byNumber.values) }) { hearer.yield() }
    }

    /// Rings from now on; what rings before anybody listens is one ring.
    func rings() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = hearers.withLock { hearers in
            hearers.next += 1
            hearers.byNumber[hearers.next] = continuation
            return hearers.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.hearers.withLock { _ = $0.byNumber.removeValue(forKey: number) }
        }
        return stream
    }
}
