import Host

/// A month of the calendar, with what a set of days asks of it.
struct Month: Hashable {
    let year: Int64
    /// 1 to 12.
    let number: Int64
    /// The day's number since the epoch.
    let firstDay: Int64
    let length: Int

    init(_ year: Int64, _ number: Int64) {
        self.year = year
        self.number = number
        firstDay = Self.firstDay(of: year, month: number)
        length = Self.length(of: year, month: number)
    }

    init(of date: CivilDate) { self.init(date.year, date.month) }

    init(ofDay day: Int64) { self.init(of: CivilDate(daysSinceEpoch: day)) }

    /// Months since that of the year 0.
    var count: Int64 { year * 12 + number - 1 }

    /// 0 is Sunday.
    var firstWeekday: Int { Self.weekday(of: firstDay) }
    /// One bit for each of its days, the lowest for the first.
    var allDays: UInt32 { UInt32.max >> UInt32(32 - length) }
    var days: ClosedRange<Int64> { firstDay...(firstDay + Int64(length) - 1) }
    var following: Month { number == 12 ? Month(year + 1, 1) : Month(year, number + 1) }
    var preceding: Month { number == 1 ? Month(year - 1, 12) : Month(year, number - 1) }

    /// The bit of a day since the epoch, where it is one of the month's.
    func bit(of day: Int64) -> UInt32 { days.contains(day) ? 1 << UInt32(day - firstDay) : 0 }

    static func weekday(of day: Int64) -> Int {
        let remainder = Int((day + 4) % 7)
        return remainder < 0 ? remainder + 7 : remainder
    }

    static func length(of year: Int64, month: Int64) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func isLeap(_ year: Int64) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    /// The day's number since the epoch.
    static func firstDay(of year: Int64, month: Int64) -> Int64 {
        // Years begin on 1 March here, so that a leap day is a year's last.
        let shifted = month > 2 ? year : year - 1
        let leaps = floor(shifted, 4) - floor(shifted, 100) + floor(shifted, 400)
        let days = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        return shifted * 365 + leaps + days - 719_468
    }

    private static func floor(_ value: Int64, _ size: Int64) -> Int64 {
        value >= 0 ? value / size : (value - size + 1) / size
    }

    /// The number'th weekday of a span of months, as the day's number since the epoch; from the end where negative.
    static func day(of year: Int64, month: Int64, months: Int64 = 1, number: Int, weekday: Int) -> Int64 {
        if number < 0 {
            let last = firstDay(of: month + months > 12 ? year + 1 : year, month: (month + months - 1) % 12 + 1) - 1
            let back = (Self.weekday(of: last) - weekday + 7) % 7
            return last - Int64(back) - Int64(-number - 1) * 7
        }
        let first = firstDay(of: year, month: month)
        let ahead = (weekday - Self.weekday(of: first) + 7) % 7
        return first + Int64(ahead) + Int64(number - 1) * 7
    }
}
