/// A day of the proleptic Gregorian calendar, without a zone.
///
/// The conversions are Howard Hinnant's `days_from_civil` and `civil_from_days`
/// (https://howardhinnant.github.io/date_algorithms.html), exact over the whole range of years.
public struct CivilDate: Hashable, Comparable, Sendable, CustomStringConvertible, LosslessStringConvertible {
    public let year: Int64
    /// 1 to 12.
    public let month: Int64
    /// 1 to 31.
    public let day: Int64

    public init(daysSinceEpoch: Int64) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `nil` when there is no such day.
    public init?(year: Int64, month: Int64, day: Int64) {
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        self.init(daysSinceEpoch: Self.days(year, month, day))
        guard self.month == month, self.day == day else { return nil }
    }

    /// Reads `2026-11-22`; beyond four figures a year has a sign and six, as ISO 8601 has it: `-000001-12-31`.
    public init?(_ description: String) {
        var rest = Array(description.utf8)[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        let isExpanded = isNegative || rest.first == UInt8(ascii: "+")
        let width = isExpanded ? 6 : 4
        if isExpanded { rest.removeFirst() }
        let parts = rest.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == width, parts[1].count == 2, parts[2].count == 2,
            let year = figures(parts[0]), let month = figures(parts[1]), let day = figures(parts[2])
        else { return nil }
        self.init(year: isNegative ? -year : year, month: month, day: day)
    }

    public var daysSinceEpoch: Int64 { Self.days(year, month, day) }

    /// 0 is Sunday, as in cron.
    public var weekday: Int {
        let remainder = (daysSinceEpoch + 4) % 7
        return Int(remainder < 0 ? remainder + 7 : remainder)
    }

    public var description: String {
        let year =
            (0...9999).contains(year) ? padded(year, to: 4) : (year < 0 ? "-" : "+") + padded(abs(year), to: 6)
        return "\(year)-\(padded(month))-\(padded(day))"
    }

    public static func < (left: CivilDate, right: CivilDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

/// The value of ASCII figures; `nil` where there is anything else, also a sign.
func figures(_ bytes: some Collection<UInt8>) -> Int64? {
    guard (1...18).contains(bytes.count) else { return nil }
    var value: Int64 = 0
    for byte in bytes {
        guard (48...57).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - 48)
    }
    return value
}
