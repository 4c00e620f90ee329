@preconcurrency import Dispatch
import Engine
import Glibc
import Maintenance
import Synchronization

/// The first SIGINT or SIGTERM asks for the end at the next safe point; the second ends the process, which the next start
/// resolves as it would a crash.
final class StopSignals: Sendable {
    private let sources: [any DispatchSourceSignal]

    init(_ stop: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "millwright.signals")
        let count = SignalCount()
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                guard count.next() > 1 else {
                    Output.diagnostic("Stopping at the next safe point. Once more ends at once.")
                    return stop()
                }
                exit(128 + number)
            }
            source.activate()
            return source
        }
    }

    deinit { for source in sources { source.cancel() } }
}

private final class SignalCount: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
