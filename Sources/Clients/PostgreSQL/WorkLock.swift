import Maintenance

/// The advisory lock by which a piece of work is found in the server after a crash: a session that still works on it
/// holds it, and everybody may see that in `pg_locks`.
struct WorkLock: Sendable, Hashable {
    /// "MLWR": the first of the lock's two keys.
    static let space: Int32 = 0x4D4C_5752
    let key: Int32

    init(_ label: WorkLabel) { key = Self.hash(label.description) }

    /// FNV-1a, folded to 32 bits: the same on every machine and in every release.
    static func hash(_ text: String) -> Int32 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 {
            hash ^= UInt64(byte)
            hash = hash &* 0x100_0000_01b3
        }
        return Int32(bitPattern: UInt32(truncatingIfNeeded: hash ^ (hash >> 32)))
    }
}

extension ChangeSession {
    /// The first key of the advisory lock that every session of a change holds: by it they are told from everybody
    /// else's.
    public static let lockSpace = WorkLock.space
}
