/// When a zone's clocks changed, as its TZif file lists it. Read anew here, so that nothing is shared with what is proved.
public struct TransitionTable: Sendable {
    public struct Change: Sendable {
        public let at: Int64
        public let before: Int64
        public let after: Int64
    }

    public let name: String
    /// Those of the offset alone, ascending.
    public let changes: [Change]
    private let initial: Int64

    /// `nil` for what is no such file, or one whose list ends before 2037 although the clocks go on changing: Debian's
    /// lists reach that far.
    public init?(name: String, tzif: [UInt8]) {
        func number(_ place: Int, _ width: Int) -> Int64 {
            tzif[place..<(place + width)].reduce(0) { $0 << 8 | Int64($1) }
        }
        guard tzif.count > 88, tzif.starts(with: "TZif".utf8), tzif[4] >= UInt8(ascii: "2") else { return nil }
        let old = (0..<6).map { Int(number(20 + $0 * 4, 4)) }
        // UTC flags, standard flags, leap seconds, times, kinds, letters: 32-bit times first, then all over in 64 bits.
        let header = 44 + old[3] * 5 + old[4] * 6 + old[5] + old[2] * 8 + old[1] + old[0]
        let count = (0..<6).map { Int(number(header + 20 + $0 * 4, 4)) }
        let times = header + 44
        let kinds = times + count[3] * 9
        let offsets = (0..<count[4]).map { Int64(Int32(truncatingIfNeeded: number(kinds + $0 * 6, 4))) }
        var changes: [Change] = []
        var offset = offsets[0]
        for place in 0..<count[3] {
            let next = offsets[Int(tzif[times + count[3] * 8 + place])]
            if next != offset { changes.append(Change(at: number(times + place * 8, 8), before: offset, after: next)) }
            offset = next
        }
        let footer = tzif.dropLast().split(separator: UInt8(ascii: "\n")).last ?? []
        if footer.contains(UInt8(ascii: ",")), (changes.last?.at ?? 0) < 2_114_380_800 { return nil }
        self.name = name
        self.changes = changes
        initial = offsets[0]
    }

    public func offset(at instant: Int64) -> Int64 {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= instant { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? initial : changes[low - 1].after
    }

    public func changes(from start: Int64, to end: Int64) -> [Change] {
        changes.filter { $0.at >= start && $0.at <= end }
    }

    /// The instants at which clocks show a local time, by trying every offset that was in force around it.
    public func instants(showing local: Int64) -> [Int64] {
        let near = changes(from: local - 3 * 86_400, to: local + 3 * 86_400)
        let offsets = Set([offset(at: local - 3 * 86_400)] + near.map(\.after))
        return offsets.map { local - $0 }.filter { offset(at: $0) + $0 == local }.sorted()
    }
}
