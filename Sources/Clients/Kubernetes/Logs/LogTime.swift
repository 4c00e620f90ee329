public import Host

/// When a line was written, by the node's clock, to the nanosecond: lines are told from each other by more than an
/// `Instant` holds.
public struct LogTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let secondsSinceEpoch: Int64
    public let nanoseconds: Int32

    public init(secondsSinceEpoch: Int64, nanoseconds: Int32) {
        self.secondsSinceEpoch = secondsSinceEpoch
        self.nanoseconds = nanoseconds
    }

    public init(_ instant: Instant) {
        secondsSinceEpoch = instant.secondsSinceEpoch
        nanoseconds = Int32(instant.microsecondsSinceEpoch - instant.secondsSinceEpoch * 1_000_000) * 1000
    }

    /// Reads RFC 3339 with as many figures of a fraction as there are, such as `2026-11-22T02:00:00.123456789+02:00`.
    init?(_ bytes: ArraySlice<UInt8>) {
        let start = bytes.startIndex
        guard bytes.count >= 20, bytes[start + 10] == UInt8(ascii: "T"),
            let date = Self.date(bytes[start..<start + 10]), let second = Self.second(bytes[start + 11..<start + 19])
        else { return nil }
        var rest = bytes[(start + 19)...]
        var nanoseconds: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let figures = rest.dropFirst().prefix { (48...57).contains($0) }
            guard (1...9).contains(figures.count), let value = Self.number(figures) else { return nil }
            nanoseconds = (figures.count..<9).reduce(value) { value, _ in value * 10 }
            rest = rest.dropFirst(1 + figures.count)
        }
        guard let offset = Self.offset(rest) else { return nil }
        self.init(
            secondsSinceEpoch: date.daysSinceEpoch * 86_400 + second - offset, nanoseconds: Int32(nanoseconds))
    }

    /// To the microsecond, rounded down.
    public var instant: Instant {
        Instant(microsecondsSinceEpoch: secondsSinceEpoch * 1_000_000 + Int64(nanoseconds) / 1000)
    }

    /// RFC 3339 in UTC, always with nine figures, so that texts sort as times do.
    public var description: String {
        let second = Instant(secondsSinceEpoch: secondsSinceEpoch).description.dropLast()
        let figures = String(nanoseconds)
        return "\(second).\(String(repeating: "0", count: 9 - figures.count))\(figures)Z"
    }

    public static func < (left: LogTime, right: LogTime) -> Bool {
        (left.secondsSinceEpoch, left.nanoseconds) < (right.secondsSinceEpoch, right.nanoseconds)
    }

    private static func date(_ bytes: ArraySlice<UInt8>) -> CivilDate? {
        let start = bytes.startIndex
        guard bytes[start + 4] == UInt8(ascii: "-"), bytes[start + 7] == UInt8(ascii: "-"),
            let year = number(bytes[start..<start + 4]), let month = number(bytes[start + 5..<start + 7]),
            let day = number(bytes[(start + 8)...])
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    private static func second(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let start = bytes.startIndex
        guard bytes[start + 2] == UInt8(ascii: ":"), bytes[start + 5] == UInt8(ascii: ":"),
            let hour = number(bytes[start..<start + 2]), hour < 24,
            let minute = number(bytes[start + 3..<start + 5]), minute < 60,
            let second = number(bytes[(start + 6)...]), second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int64? {
        if bytes.elementsEqual([UInt8(ascii: "Z")]) { return 0 }
        let start = bytes.startIndex
        guard bytes.count == 6, let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            bytes[start + 3] == UInt8(ascii: ":"), let hours = number(bytes[start + 1..<start + 3]), hours < 24,
            let minutes = number(bytes[(start + 4)...]), minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for byte in bytes {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        return value
    }
}
