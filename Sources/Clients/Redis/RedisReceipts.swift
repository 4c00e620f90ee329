import Synchronization

/// What the server answered that it did, kept for as long as the client lives: a key that is back after the server said
/// that it deleted it was made anew, and was not left behind. After a crash nothing is kept, and the look decides alone.
public final class RedisReceipts: Sendable {
    private let noted = Mutex<[String: Set<Int>]>([:])

    public init() {}

    /// Adds items of a piece of work, by their place in its list.
    public func note(_ items: some Sequence<Int>, of work: String) {
        noted.withLock { $0[work, default: []].formUnion(items) }
    }

    /// A piece of work was taken back.
    public func forget(_ work: String) { noted.withLock { $0[work] = nil } }

    public func items(of work: String) -> Set<Int> { noted.withLock { $0[work] ?? [] } }
}
