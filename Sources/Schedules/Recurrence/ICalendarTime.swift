import Host

/// A DATE or a DATE-TIME of iCalendar (RFC 5545, 3.3.4 and 3.3.5).
enum ICalendarTime: Hashable, Sendable {
    /// The number of the day since the epoch.
    case date(Int64)
    /// Seconds by the clock, from 1970-01-01T00:00 of its own.
    case local(Int64)
    /// Seconds since the epoch.
    case utc(Int64)

    /// Reads `20260104`, `20260104T020000` and `20260104T020000Z`; second 60 is 59.
    init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8.prefix(17))
        guard text.utf8.count <= 16, bytes.count == 8 || bytes.count == 15 || bytes.count == 16,
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[4..<6]),
            let day = Self.number(bytes[6..<8]), let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        if bytes.count == 8 {
            self = .date(date.daysSinceEpoch)
            return
        }
        guard bytes[8] | 32 == UInt8(ascii: "t"), let hour = Self.number(bytes[9..<11]), hour < 24,
            let minute = Self.number(bytes[11..<13]), minute < 60, let second = Self.number(bytes[13..<15]),
            second <= 60
        else { return nil }
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + min(second, 59)
        if bytes.count == 15 {
            self = .local(seconds)
        } else if bytes[15] | 32 == UInt8(ascii: "z") {
            self = .utc(seconds)
        } else {
            return nil
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
        bytes.reduce(0) { value, byte in
            value.flatMap { (48...57).contains(byte) ? $0 * 10 + Int64(byte - 48) : nil }
        }
    }

    /// By its own clock, a date from its midnight on.
    var seconds: Int64 {
        switch self {
        case .date(let day): day * 86_400
        case .local(let seconds), .utc(let seconds): seconds
        }
    }

    var isDate: Bool { if case .date = self { true } else { false } }
    var isUTC: Bool { if case .utc = self { true } else { false } }

    /// As iCalendar writes it.
    var text: String {
        let shown = LocalTime(seconds: seconds)
        let date = "\(shown.date)".filter { $0 != "-" }
        if isDate { return date }
        return "\(date)T\(TimeOfDay.figures(shown.secondOfDay))\(isUTC ? "Z" : "")"
    }

    /// The other kinds of the same time, for advice.
    func text(asUTC: Bool) -> String {
        (asUTC ? ICalendarTime.utc(seconds) : .local(seconds)).text
    }
}

extension TimeOfDay {
    /// `020000`.
    static func figures(_ second: Int) -> String {
        [second / 3600, second / 60 % 60, second % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined()
    }
}
