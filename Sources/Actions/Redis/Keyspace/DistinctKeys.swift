/// Tells a key that came before from a new one, by 64 bits of a keyed hash: 12 bytes a key or less, whatever its length.
///
/// A new key is taken for one that came before with a probability of n²/2⁶⁵ for n keys: 3 in 100 million for a million.
struct DistinctKeys {
    private var slots: [UInt64]
    private(set) var count = 0
    private let most: Int

    /// - Parameter most: How many are remembered; of those beyond nothing is known.
    init(most: Int) {
        self.most = most
        slots = Array(repeating: 0, count: 1024)
    }

    /// True as long as every key was remembered.
    var isComplete: Bool { count < most }

    /// True where the key is new, or there is no room to remember it.
    mutating func insert(_ key: [UInt8]) -> Bool {
        guard count < most else { return true }
        var hasher = Hasher()
        key.withUnsafeBytes { hasher.combine(bytes: $0) }
        // 0 marks a free slot.
        let hash = max(1, UInt64(bitPattern: Int64(hasher.finalize())))
        guard Self.place(hash, in: &slots) else { return false }
        count += 1
        if 4 * count > 3 * slots.count { grow() }
        return true
    }

    private mutating func grow() {
        var larger = [UInt64](repeating: 0, count: 2 * slots.count)
        for hash in slots where hash != 0 { _ = Self.place(hash, in: &larger) }
        slots = larger
    }

    /// False where it is there already. The number of slots is a power of two, and never are all taken.
    private static func place(_ hash: UInt64, in slots: inout [UInt64]) -> Bool {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index] != 0 {
            if slots[index] == hash { return false }
            index = (index + 1) & mask
        }
        slots[index] = hash
        return true
    }
}
