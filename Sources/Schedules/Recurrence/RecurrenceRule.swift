/// What an RRULE says (RFC 5545, 3.3.10), before it is known from when on.
struct RecurrenceRule: Hashable, Sendable {
    enum Frequency: String, Hashable, Sendable, CaseIterable {
        case secondly = "SECONDLY"
        case minutely = "MINUTELY"
        case hourly = "HOURLY"
        case daily = "DAILY"
        case weekly = "WEEKLY"
        case monthly = "MONTHLY"
        case yearly = "YEARLY"

        /// Its instances differ within a day.
        var isWithinDay: Bool { self == .secondly || self == .minutely || self == .hourly }
    }

    /// `TU`, and `2TU` or `-1FR` with the number.
    struct Weekday: Hashable, Sendable {
        /// From the end where negative; `nil` for each.
        let number: Int?
        /// 0 is Sunday.
        let weekday: Int
    }

    let frequency: Frequency
    var interval: Int64 = 1
    var count: Int?
    var until: ICalendarTime?
    /// A bit each; `nil` where the rule does not name them. Second 60 is 59: clocks here know no leap seconds, and 3.3.12
    /// has such programs take it so.
    var seconds: UInt64?
    var minutes: UInt64?
    var hours: UInt32?
    /// Bit 1 is January.
    var months: UInt16?
    var weekdays: [Weekday] = []
    var monthDays: [Int] = []
    var yearDays: [Int] = []
    var weekNumbers: [Int] = []
    var positions: [Int] = []
    /// 0 is Sunday.
    var weekStart = 1

    init(_ frequency: Frequency) { self.frequency = frequency }

    /// A bit for each weekday that is named without a number, 0 is Sunday.
    var everyWeekday: UInt8 { weekdays.reduce(0) { $1.number == nil ? $0 | 1 << UInt8($1.weekday) : $0 } }

    /// Parts that name days, other than months.
    var namesDays: Bool { !(weekdays.isEmpty && monthDays.isEmpty && yearDays.isEmpty && weekNumbers.isEmpty) }

    static let weekdayNames = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"]
}
