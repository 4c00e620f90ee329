extension PhraseReader {
    /// `holidays, 24 December and first Sunday of the month`; with a time, only those instants.
    mutating func exclusions() throws(ScheduleError) -> [Rule.Exclusion]? {
        try list { (reader) throws(ScheduleError) in try reader.exclusion() }
    }

    private mutating func exclusion() throws(ScheduleError) -> Rule.Exclusion? {
        guard let days = try excludedDays() else { return nil }
        let times = try attempt { (reader) throws(ScheduleError) in
            _ = reader.skip("at")
            return try reader.times()
        }
        guard let times else { return .days(days) }
        return .rule(.calendar(CalendarRule(days: days, times: times.times), ClockChangePolicy()))
    }

    private mutating func excludedDays() throws(ScheduleError) -> DaySet? {
        if let days = try datesOrRange() { return days }
        if let days = try rangeOfYear() { return days }
        return try days()
    }

    /// `2026-12-24`, `2026-12-20 to 2027-01-03`.
    private mutating func datesOrRange() throws(ScheduleError) -> DaySet? {
        try attempt { (reader) throws(ScheduleError) in
            guard let first = reader.date() else { return nil }
            guard reader.skip("to") else { return .dates([first]) }
            guard let last = reader.date() else { return nil }
            guard first <= last else { throw ScheduleError("a range of dates begins with the earlier one") }
            return .range(first...last)
        }
    }

    /// `20 December to 3 January`, each year.
    private mutating func rangeOfYear() throws(ScheduleError) -> DaySet? {
        try attempt { (reader) throws(ScheduleError) in
            guard let first = try reader.dayOfYear(), reader.skip("to"), let last = try reader.dayOfYear() else {
                return nil
            }
            let isWithinYear = (first.month, first.day) <= (last.month, last.day)
            let months =
                isWithinYear ? Array(first.month...last.month) : Array(first.month...12) + Array(1...last.month)
            var sets: [DaySet] = []
            for (index, month) in months.enumerated() {
                var mask = UInt32.max >> 1
                if index == 0 { mask &= UInt32.max << UInt32(first.day - 1) }
                if index == months.count - 1 { mask &= UInt32.max >> UInt32(32 - last.day) }
                sets.append(.intersection([.months(1 << UInt16(month)), .daysOfMonth(mask)]))
            }
            return sets.count == 1 ? sets[0] : .union(sets)
        }
    }
}
