import Crypto
import Maintenance
import Synchronization

/// Counts and hashes bytes on their way.
final class Received: Sendable {
    private struct State {
        var hasBegun = false
        var count: Int64 = 0
        var hash = SHA256()
    }

    private let state = Mutex(State())

    /// A body begins: from now on somebody has seen a part of it.
    func begin() { state.withLock { $0.hasBegun = true } }

    var hasBegun: Bool { state.withLock { $0.hasBegun } }

    func add(_ bytes: [UInt8]) {
        state.withLock { state in
            state.count += Int64(bytes.count)
            state.hash.update(data: bytes)
        }
    }

    var result: (count: Int64, sha256: String) { state.withLock { ($0.count, hex($0.hash.finalize())) } }
}
