import Host

/// A set of days of the calendar, asked month by month: 32 bits hold the answer.
indirect enum DaySet: Hashable, Sendable {
    case all
    /// Bit 0 is Sunday.
    case weekdays(UInt8)
    /// Bit 0 is the month's first day.
    case daysOfMonth(UInt32)
    /// Counted from the month's end; bit 0 is its last day.
    case daysFromEnd(UInt32)
    /// The number'th of a weekday in each span; from the end where negative.
    case nth(number: Int, weekday: Int, of: Span)
    /// The number'th day of each span that is one of these; from the end where negative.
    case position(number: Int, of: DaySet, in: Span)
    /// Monday to Friday nearest to a day of the month, within the month (Quartz's and OCPS's `15W`); the last for 0.
    case nearestWorkday(to: Int)
    /// These weekdays of every so many weeks; weeks begin on the weekday of the anchor's week start.
    case weeks(every: Int64, anchor: Int64, weekdays: UInt8)
    /// Every so many days from a day on, both ways.
    case stride(every: Int64, anchor: Int64)
    /// Bit 1 is January.
    case months(UInt16)
    /// The days of every so many months; the anchor is one of them, as `Month.count` counts.
    case everyMonths(Int64, anchor: Int64)
    /// Counted in the year from 1; from its end where negative.
    case daysOfYear([Int])
    /// The days of these weeks of the year; from its end where negative. Weeks start on this weekday, 0 for Sunday.
    case weeksOfYear([Int], weekStart: Int)
    /// Ascending numbers of days since the epoch.
    case dates([Int64])
    case range(ClosedRange<Int64>)
    case union([DaySet])
    case intersection([DaySet])
    case excluding(DaySet, DaySet)
    /// Each of the days moved by so many days.
    case shifted(DaySet, days: Int64)
    /// Each of the days moved by so many of the others, later or earlier; with 0 it moves only where it is none of them,
    /// to the next.
    case moved(DaySet, by: Int, along: DaySet)
    /// Days that have a name: holidays.
    case named(String, DaySet)

    /// Divides the year evenly, from January on.
    enum Span: String, Hashable, Sendable, CaseIterable {
        case month, quarter, half = "half-year", year

        var months: Int64 {
            switch self {
            case .month: 1
            case .quarter: 3
            case .half: 6
            case .year: 12
            }
        }
    }

    /// Monday to Friday.
    static let workdays = DaySet.weekdays(0b0111110)
}

extension DaySet {
    /// The days of a month that belong to it.
    func mask(of month: Month) -> UInt32 {
        switch self {
        case .all: return month.allDays
        case .weekdays(let weekdays): return Self.weekly(weekdays, month)
        case .daysOfMonth(let days): return days & month.allDays
        case .daysFromEnd(let days): return Self.reversed(days, month)
        case .nth(let number, let weekday, let span): return Self.nth(number, weekday, span, month)
        case .position(let number, let days, let span): return Self.position(number, days, span, month)
        case .nearestWorkday(let day): return Self.nearestWorkday(day, month)
        case .weeks(let every, let anchor, let weekdays): return Self.weeks(every, anchor, weekdays, month)
        case .stride(let every, let anchor):
            return month.days.reduce(0) { (($1 - anchor) % every == 0 ? month.bit(of: $1) : 0) | $0 }
        case .months(let months): return months >> UInt16(month.number) & 1 == 1 ? month.allDays : 0
        case .everyMonths(let every, let anchor): return (month.count - anchor) % every == 0 ? month.allDays : 0
        case .daysOfYear(let numbers): return Self.daysOfYear(numbers, month)
        case .weeksOfYear(let numbers, let weekStart): return Self.weeksOfYear(numbers, weekStart: weekStart, month)
        case .dates(let dates): return Self.dates(dates, month)
        case .range(let range):
            guard range.overlaps(month.days) else { return 0 }
            return range.clamped(to: month.days).reduce(0) { $0 | month.bit(of: $1) }
        case .union(let sets): return sets.reduce(0) { $0 | $1.mask(of: month) }
        case .intersection(let sets): return sets.reduce(month.allDays) { $0 == 0 ? 0 : $0 & $1.mask(of: month) }
        case .excluding(let days, let others):
            let mask = days.mask(of: month)
            return mask == 0 ? 0 : mask & ~others.mask(of: month)
        case .shifted(let days, let count): return Self.shifted(days, count, month)
        case .moved(let days, let count, let others): return Self.moved(days, count, others, month)
        case .named(_, let days): return days.mask(of: month)
        }
    }

    func contains(_ day: Int64) -> Bool {
        let month = Month(of: CivilDate(daysSinceEpoch: day))
        return mask(of: month) & month.bit(of: day) != 0
    }

    /// The first of the days at or after one; `nil` where none comes in the years that schedules know.
    func next(atOrAfter day: Int64) -> Int64? {
        var month = Month(of: CivilDate(daysSinceEpoch: day))
        var from = UInt32(day - month.firstDay)
        while month.year <= ScheduleLimits.years.upperBound {
            let mask = (mask(of: month) >> from) << from
            if mask != 0 { return month.firstDay + Int64(mask.trailingZeroBitCount) }
            month = month.following
            from = 0
        }
        return nil
    }

    /// The last of the days at or before one.
    func previous(atOrBefore day: Int64) -> Int64? {
        var month = Month(of: CivilDate(daysSinceEpoch: day))
        var last = UInt32(day - month.firstDay)
        while month.year >= ScheduleLimits.years.lowerBound {
            let mask = mask(of: month) & UInt32.max >> (31 - last)
            if mask != 0 { return month.firstDay + Int64(31 - mask.leadingZeroBitCount) }
            month = month.preceding
            last = 31
        }
        return nil
    }
}

extension DaySet {
    private static func weekly(_ weekdays: UInt8, _ month: Month) -> UInt32 {
        // The week turned so that the month's first day is bit 0, five times over.
        let turned = UInt64(weekdays) << 7 | UInt64(weekdays)
        let week = turned >> UInt64(month.firstWeekday) & 0x7F
        return UInt32(truncatingIfNeeded: week * 0x1020_4081) & month.allDays
    }

    private static func reversed(_ days: UInt32, _ month: Month) -> UInt32 {
        var result: UInt32 = 0
        for back in 0..<month.length where days >> UInt32(back) & 1 == 1 {
            result |= 1 << UInt32(month.length - 1 - back)
        }
        return result
    }

    private static func nth(_ number: Int, _ weekday: Int, _ span: Span, _ month: Month) -> UInt32 {
        let first = (month.number - 1) / span.months * span.months + 1
        // A weekday that a span does not have five or fourteen times lies outside it.
        let day = Month.day(of: month.year, month: first, months: span.months, number: number, weekday: weekday)
        return month.bit(of: day)
    }

    private static func position(_ number: Int, _ days: DaySet, _ span: Span, _ month: Month) -> UInt32 {
        let start = (month.number - 1) / span.months * span.months + 1
        let months = (start..<(start + span.months)).map { Month(month.year, $0) }
        var left = abs(number)
        for candidate in number > 0 ? months : months.reversed() {
            var mask = days.mask(of: candidate)
            guard left > mask.nonzeroBitCount else {
                guard candidate.number == month.number else { return 0 }
                for _ in 1..<left {
                    mask &= number > 0 ? mask - 1 : ~(UInt32(1) << UInt32(31 - mask.leadingZeroBitCount))
                }
                let place = number > 0 ? mask.trailingZeroBitCount : 31 - mask.leadingZeroBitCount
                return 1 << UInt32(place)
            }
            left -= mask.nonzeroBitCount
        }
        return 0
    }

    private static func nearestWorkday(_ day: Int, _ month: Month) -> UInt32 {
        let wanted = day == 0 ? month.length : day
        guard wanted <= month.length else { return 0 }
        let place: Int
        switch Month.weekday(of: month.firstDay + Int64(wanted) - 1) {
        case 6: place = wanted == 1 ? 3 : wanted - 1
        case 0: place = wanted == month.length ? wanted - 2 : wanted + 1
        default: place = wanted
        }
        return 1 << UInt32(place - 1)
    }

    private static func weeks(_ every: Int64, _ anchor: Int64, _ weekdays: UInt8, _ month: Month) -> UInt32 {
        var mask: UInt32 = 0
        for day in month.days where weekdays >> UInt8(Month.weekday(of: day)) & 1 == 1 {
            let week = day >= anchor ? (day - anchor) / 7 : (day - anchor - 6) / 7
            if week % every == 0 { mask |= month.bit(of: day) }
        }
        return mask
    }

    private static func dates(_ dates: [Int64], _ month: Month) -> UInt32 {
        var (low, high) = (0, dates.count)
        while low < high {
            let middle = (low + high) / 2
            if dates[middle] < month.firstDay { low = middle + 1 } else { high = middle }
        }
        var mask: UInt32 = 0
        while low < dates.count, month.days.contains(dates[low]) {
            mask |= month.bit(of: dates[low])
            low += 1
        }
        return mask
    }

    private static func shifted(_ days: DaySet, _ count: Int64, _ month: Month) -> UInt32 {
        month.days.reduce(0) { $0 | (days.contains($1 - count) ? month.bit(of: $1) : 0) }
    }

    private static func moved(_ days: DaySet, _ count: Int, _ others: DaySet, _ month: Month) -> UInt32 {
        // A day comes from as far away as so many of the others lie apart; holidays make that longer.
        let reach = Int64(abs(count) * 3 + ScheduleLimits.idleDays)
        var mask: UInt32 = 0
        var day = month.firstDay - (count >= 0 ? reach : 0)
        let end = month.firstDay + Int64(month.length) + (count < 0 ? reach : 0)
        while let base = days.next(atOrAfter: day), base < end {
            if let target = target(base, count, others) { mask |= month.bit(of: target) }
            day = base + 1
        }
        return mask
    }

    static func target(_ base: Int64, _ count: Int, _ others: DaySet) -> Int64? {
        guard count != 0 else { return others.next(atOrAfter: base) }
        var day = base
        for _ in 0..<abs(count) {
            guard let next = count > 0 ? others.next(atOrAfter: day + 1) : others.previous(atOrBefore: day - 1) else {
                return nil
            }
            day = next
        }
        return day
    }
}
