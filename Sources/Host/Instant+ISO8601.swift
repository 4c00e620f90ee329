/// ISO 8601 in UTC is the only form in which a moment is written or read: records know neither locale nor zone.
extension Instant: CustomStringConvertible, LosslessStringConvertible, Codable {
    /// `2026-11-22T02:00:00Z`; with a fraction only where there is one.
    public var description: String {
        let seconds = secondsSinceEpoch
        let remainder = microsecondsSinceEpoch % 1_000_000
        let microseconds = remainder < 0 ? remainder + 1_000_000 : remainder
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let date = CivilDate(daysSinceEpoch: day)
        let second = seconds - day * 86_400
        var text = "\(date)T\(padded(second / 3600)):\(padded(second / 60 % 60)):\(padded(second % 60))"
        if microseconds != 0 {
            var fraction = padded(microseconds, to: 6)
            while fraction.hasSuffix("0") { fraction.removeLast() }
            text += "." + fraction
        }
        return text + "Z"
    }

    /// Reads `2026-11-22T02:00:00[.5]Z`, an offset such as `+02:00` in the place of `Z`, and a space for the `T`.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let end = bytes.firstIndex(where: { $0 == UInt8(ascii: "T") || $0 == UInt8(ascii: " ") }),
            let date = CivilDate(String(decoding: bytes[..<end], as: UTF8.self))
        else { return nil }
        let time = bytes[(end + 1)...]
        guard time.count >= 9, let second = Self.secondOfDay(Array(time.prefix(8))),
            let (microseconds, rest) = Self.fraction(time.dropFirst(8)), let offset = Self.offset(Array(rest))
        else { return nil }
        let seconds = date.daysSinceEpoch * 86_400 + second - offset
        let (whole, isTooFar) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isBeyond) = whole.addingReportingOverflow(microseconds)
        guard !isTooFar, !isBeyond else { return nil }
        self.init(microsecondsSinceEpoch: sum)
    }

    /// `02:00:00`; a leap second is the first of the next minute.
    private static func secondOfDay(_ bytes: [UInt8]) -> Int64? {
        guard bytes[2] == UInt8(ascii: ":"), bytes[5] == UInt8(ascii: ":"), let hour = figures(bytes[..<2]), hour < 24,
            let minute = figures(bytes[3..<5]), minute < 60, let second = figures(bytes[6...]), second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    /// Microseconds, and what follows them; finer figures are left out.
    private static func fraction(_ bytes: ArraySlice<UInt8>) -> (Int64, ArraySlice<UInt8>)? {
        guard bytes.first == UInt8(ascii: ".") else { return (0, bytes) }
        let fraction = bytes.dropFirst().prefix { (48...57).contains($0) }
        guard !fraction.isEmpty else { return nil }
        let six = Array(fraction.prefix(6)) + [UInt8](repeating: 48, count: max(0, 6 - fraction.count))
        return figures(six).map { ($0, bytes.dropFirst(1 + fraction.count)) }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let instant = Instant(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an ISO 8601 instant")
        }
        self = instant
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Seconds east of Greenwich of `Z`, `+02`, `+02:00` or `+0200`.
    private static func offset(_ bytes: [UInt8]) -> Int64? {
        if bytes == [UInt8(ascii: "Z")] { return 0 }
        guard let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        let (hours, rest) = (bytes.dropFirst().prefix(2), bytes.dropFirst(3))
        let minutes = rest.first == UInt8(ascii: ":") ? rest.dropFirst() : rest
        guard hours.count == 2, rest.isEmpty || minutes.count == 2, let hour = figures(hours), hour < 24,
            let minute = rest.isEmpty ? 0 : figures(minutes), minute < 60
        else { return nil }
        return (hour * 3600 + minute * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }
}

func padded(_ value: Int64, to width: Int = 2) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
}
