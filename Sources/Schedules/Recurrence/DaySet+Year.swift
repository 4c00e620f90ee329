/// Days by their place in a year, as RRULE's BYYEARDAY and BYWEEKNO name them.
extension DaySet {
    /// Days counted in the year from 1, from its end where negative.
    static func daysOfYear(_ numbers: [Int], _ month: Month) -> UInt32 {
        let january = Month.firstDay(of: month.year, month: 1)
        let length = Month.isLeap(month.year) ? 366 : 365
        var mask: UInt32 = 0
        for number in numbers where abs(number) <= length {
            mask |= month.bit(of: january + Int64(number > 0 ? number - 1 : length + number))
        }
        return mask
    }

    /// Weeks counted in their year from 1, from its end where negative. The first is the first with four days in the year
    /// (ISO 8601 where weeks start on Monday), so its first days may lie in the year before.
    static func weeksOfYear(_ numbers: [Int], weekStart: Int, _ month: Month) -> UInt32 {
        var mask: UInt32 = 0
        var week = startOfWeek(of: month.firstDay, weekStart: weekStart)
        while week < month.firstDay + Int64(month.length) {
            let (number, count) = weekOfYear(from: week)
            if numbers.contains(number) || numbers.contains(number - count - 1) {
                for day in week..<(week + 7) { mask |= month.bit(of: day) }
            }
            week += 7
        }
        return mask
    }

    /// The number of the week that starts on a day, and how many weeks its year has.
    private static func weekOfYear(from start: Int64) -> (number: Int, count: Int) {
        let middle = start + 3
        let year = Month(ofDay: middle).year
        let january = Month.firstDay(of: year, month: 1)
        let first = january + (middle - january) % 7
        let next = Month.firstDay(of: year + 1, month: 1)
        return (Int(middle - first) / 7 + 1, Int(next - 1 - first) / 7 + 1)
    }

    static func startOfWeek(of day: Int64, weekStart: Int) -> Int64 {
        day - Int64((Month.weekday(of: day) - weekStart + 7) % 7)
    }
}
