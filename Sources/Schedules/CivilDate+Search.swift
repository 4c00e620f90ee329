import Host

extension CivilDate {
    /// The day's number since the epoch; the month may be 13, which is the next January.
    static func firstDay(of year: Int64, month: Int64) -> Int64 {
        let (year, month) = month > 12 ? (year + 1, month - 12) : (year, month)
        return CivilDate(year: year, month: month, day: 1)?.daysSinceEpoch ?? 0
    }

    /// The number'th weekday of a span of months, as the day's number since the epoch; from the end where negative.
    static func day(of year: Int64, month: Int64, months: Int64 = 1, number: Int, weekday: Int) -> Int64 {
        if number < 0 {
            let last = firstDay(of: year, month: month + months) - 1
            let back = (CivilDate(daysSinceEpoch: last).weekday - weekday + 7) % 7
            return last - Int64(back) - Int64(-number - 1) * 7
        }
        let first = firstDay(of: year, month: month)
        let ahead = (weekday - CivilDate(daysSinceEpoch: first).weekday + 7) % 7
        return first + Int64(ahead) + Int64(number - 1) * 7
    }
}
