import Host

/// The days of a rule and the times on them, for frequencies from DAILY up.
extension RecurrenceRule {
    func calendar(start: Int64) throws(ScheduleError) -> CalendarRule {
        let day = start.dayOfSeconds
        let date = CivilDate(daysSinceEpoch: day)
        var rule = CalendarRule(
            months: months ?? CalendarRule.everyMonth, days: .all,
            times: try times(second: Int(start - day * 86_400)))
        // Cheap and telling conditions first: where one is not met, those after it are not asked.
        var sets: [DaySet] = []
        switch frequency {
        case .yearly:
            if interval > 1 {
                var years = YearSet()
                for year in ScheduleLimits.years where (year - date.year) % interval == 0 { years.insert(year) }
                rule.years = years
            }
            if !namesDays, months == nil { rule.months = 1 << UInt16(date.month) }
        case .monthly:
            if interval > 1 { sets.append(.everyMonths(interval, anchor: Month(of: date).count)) }
        case .weekly:
            let weekdays = weekdays.isEmpty ? 1 << UInt8(date.weekday) : everyWeekday
            let week = DaySet.startOfWeek(of: day, weekStart: weekStart)
            sets.append(
                interval == 1 ? .weekdays(weekdays) : .weeks(every: interval, anchor: week, weekdays: weekdays))
        default:
            if interval > 1 { sets.append(.stride(every: interval, anchor: day)) }
        }
        sets += days
        // What the rule leaves open is the start's.
        if !namesDays, frequency == .yearly || frequency == .monthly {
            sets.append(.daysOfMonth(1 << UInt32(date.day - 1)))
        }
        if !weekNumbers.isEmpty, weekdays.isEmpty, monthDays.isEmpty, yearDays.isEmpty {
            sets.append(.weekdays(1 << UInt8(date.weekday)))
        }
        rule.days = sets.count > 1 ? .intersection(sets) : sets.first ?? .all
        return rule
    }

    /// The conditions that the parts set which name days; a day meets all of them. RFC 5545 has a table of which expand and
    /// which limit, and in every cell of it that is the same.
    var days: [DaySet] {
        var sets: [DaySet] = []
        if !monthDays.isEmpty {
            let ahead = monthDays.filter { $0 > 0 }.reduce(into: UInt32(0)) { $0 |= 1 << UInt32($1 - 1) }
            let back = monthDays.filter { $0 < 0 }.reduce(into: UInt32(0)) { $0 |= 1 << UInt32(-$1 - 1) }
            sets.append(
                back == 0
                    ? .daysOfMonth(ahead)
                    : ahead == 0 ? .daysFromEnd(back) : .union([.daysOfMonth(ahead), .daysFromEnd(back)]))
        }
        if !yearDays.isEmpty { sets.append(.daysOfYear(yearDays)) }
        if !weekNumbers.isEmpty { sets.append(.weeksOfYear(weekNumbers, weekStart: weekStart)) }
        if !weekdays.isEmpty, frequency != .weekly {
            let span: DaySet.Span = frequency == .yearly && months == nil ? .year : .month
            var days = weekdays.compactMap { day in
                day.number.map { DaySet.nth(number: $0, weekday: day.weekday, of: span) }
            }
            if everyWeekday != 0 { days.append(.weekdays(everyWeekday)) }
            sets.append(days.count == 1 ? days[0] : .union(days))
        }
        return sets
    }

    /// With FREQ=DAILY positions count the times of a day.
    private func times(second: Int) throws(ScheduleError) -> DayTimes {
        let grid = DayTimes.grid(
            hours: hours ?? 1 << UInt32(second / 3600), minutes: minutes ?? 1 << UInt64(second / 60 % 60),
            seconds: seconds ?? 1 << UInt64(second % 60))
        guard frequency == .daily, !positions.isEmpty else { return grid }
        return .listed(try picked(from: grid.count).map(grid.nth))
    }

    /// The places that BYSETPOS picks from so many, ascending.
    func picked(from count: Int) throws(ScheduleError) -> [Int] {
        let places = places(in: count)
        guard !places.isEmpty else {
            throw ScheduleError("BYSETPOS picks from \(count) here, so that this RRULE never happens")
        }
        return places
    }

    /// The places that BYSETPOS picks from so many, ascending; none where there are too few.
    func places(in count: Int) -> [Int] {
        Set(positions.map { $0 > 0 ? $0 - 1 : count + $0 }.filter { (0..<count).contains($0) }).sorted()
    }
}

extension Int64 {
    /// The number of the day of local seconds.
    var dayOfSeconds: Int64 { self >= 0 ? self / 86_400 : (self - 86_399) / 86_400 }

    /// Rounded down.
    func quotient(by divisor: Int64) -> Int64 { self >= 0 ? self / divisor : (self - divisor + 1) / divisor }

    /// Never negative.
    func remainder(by divisor: Int64) -> Int64 {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}

extension DayTimes {
    /// The time at a place in their order.
    func nth(_ place: Int) -> Int {
        switch self {
        case .listed(let times): return times[place]
        case .grid(let hours, let minutes, let seconds):
            let perMinute = seconds.nonzeroBitCount
            let perHour = minutes.nonzeroBitCount * perMinute
            return UInt64(hours).bit(at: place / perHour) * 3600 + minutes.bit(at: place % perHour / perMinute) * 60
                + seconds.bit(at: place % perMinute)
        }
    }
}

extension UInt64 {
    /// Which bit is the so manieth that is set.
    func bit(at place: Int) -> Int {
        var rest = self
        for _ in 0..<place { rest &= rest &- 1 }
        return rest.trailingZeroBitCount
    }
}
