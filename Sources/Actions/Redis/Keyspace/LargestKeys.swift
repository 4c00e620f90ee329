/// The largest keys of a pass: so many, however many there are.
struct LargestKeys {
    struct Entry: Hashable {
        let key: [UInt8]
        let type: String
        let bytes: Int64
    }

    /// The smallest first.
    private var kept: [Entry] = []
    private let most: Int

    init(_ most: Int) { self.most = most }

    /// What a key must be larger than to be kept.
    private var least: Int64 { kept.count < most ? -1 : kept.first?.bytes ?? .max }

    /// The type is asked for only of a key that is kept.
    mutating func add(_ key: [UInt8], _ bytes: Int64, type: @autoclosure () -> String) {
        guard bytes > least else { return }
        if kept.count == most { kept.removeFirst() }
        let place = kept.firstIndex { $0.bytes > bytes } ?? kept.endIndex
        kept.insert(Entry(key: key, type: type(), bytes: bytes), at: place)
    }

    /// The largest first.
    var all: [Entry] { kept.reversed() }
}
