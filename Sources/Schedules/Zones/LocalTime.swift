public import Host

/// What a clock on the wall shows: a day and a time, without saying where.
public struct LocalTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let date: CivilDate
    /// 0 to 86 399.
    public let secondOfDay: Int

    public init(_ date: CivilDate, secondOfDay: Int) {
        self.date = date
        self.secondOfDay = secondOfDay
    }

    /// The time that a clock shows which counts seconds since 1970-01-01T00:00 of its own.
    init(seconds: Int64) {
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        self.init(CivilDate(daysSinceEpoch: day), secondOfDay: Int(seconds - day * 86_400))
    }

    var seconds: Int64 { date.daysSinceEpoch * 86_400 + Int64(secondOfDay) }

    /// `2026-11-22 02:00`; with seconds only where there are some.
    public var description: String { "\(date) \(TimeOfDay.text(secondOfDay))" }

    public static func < (left: LocalTime, right: LocalTime) -> Bool { left.seconds < right.seconds }
}
