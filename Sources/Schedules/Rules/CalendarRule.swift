import Host

/// Times of the day on days of the calendar, by a clock that is named elsewhere.
struct CalendarRule: Hashable, Sendable, LocalTimes {
    /// `nil` for all that schedules know.
    var years: YearSet?
    /// Bit 1 is January.
    var months: UInt16 = Self.everyMonth
    var days: DaySet = .all
    var times: DayTimes

    static let everyMonth: UInt16 = 0b1_1111_1111_1110

    private var isDaily: Bool {
        guard case .all = days else { return false }
        return years == nil && months == Self.everyMonth
    }

    @inline(__always)
    func next(atOrAfter local: Int64) -> Int64? {
        var day = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        let second = Int(local - day * 86_400)
        if isDaily {
            guard ScheduleLimits.days.contains(day) else { return day < 0 ? Int64(times.first) : nil }
            if let time = times.next(atOrAfter: second) { return day * 86_400 + Int64(time) }
            return day == ScheduleLimits.days.upperBound ? nil : (day + 1) * 86_400 + Int64(times.first)
        }
        if let time = times.next(atOrAfter: second) {
            guard let found = nextDay(atOrAfter: day) else { return nil }
            return found * 86_400 + Int64(found == day ? time : times.first)
        }
        day += 1
        return nextDay(atOrAfter: day).map { $0 * 86_400 + Int64(times.first) }
    }

    func previous(atOrBefore local: Int64) -> Int64? {
        let day = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        if let time = times.previous(atOrBefore: Int(local - day * 86_400)) {
            guard let found = previousDay(atOrBefore: day) else { return nil }
            return found * 86_400 + Int64(found == day ? time : times.last)
        }
        return previousDay(atOrBefore: day - 1).map { $0 * 86_400 + Int64(times.last) }
    }

    private func nextDay(atOrAfter day: Int64) -> Int64? {
        let date = CivilDate(daysSinceEpoch: max(day, ScheduleLimits.days.lowerBound))
        var (year, month) = (date.year, UInt16(date.month))
        var from = UInt32(date.day - 1)
        while year <= ScheduleLimits.years.upperBound {
            if years?.contains(year) ?? true {
                while let next = Self.first(of: months, from: month) {
                    if next != month { from = 0 }
                    month = next
                    let span = Month(year, Int64(month))
                    let mask = (days.mask(of: span) &>> from) &<< from
                    if mask != 0 { return span.firstDay + Int64(mask.trailingZeroBitCount) }
                    month += 1
                    from = 0
                }
            }
            (year, month, from) = (year + 1, 1, 0)
        }
        return nil
    }

    private static func first(of months: UInt16, from month: UInt16) -> UInt16? {
        let rest = months >> month
        return rest == 0 ? nil : month + UInt16(rest.trailingZeroBitCount)
    }

    private func previousDay(atOrBefore day: Int64) -> Int64? {
        let date = CivilDate(daysSinceEpoch: min(day, ScheduleLimits.days.upperBound))
        var month = Month(of: date)
        var last = UInt32(date.day - 1)
        while month.year >= ScheduleLimits.years.lowerBound {
            if months >> UInt16(month.number) & 1 == 1, years?.contains(month.year) ?? true {
                let mask = days.mask(of: month) & UInt32.max >> (31 - last)
                if mask != 0 { return month.firstDay + Int64(31 - mask.leadingZeroBitCount) }
            }
            month = month.preceding
            last = 31
        }
        return nil
    }
}

/// Some of the years that schedules know.
struct YearSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    mutating func insert(_ year: Int64) {
        guard ScheduleLimits.years.contains(year) else { return }
        let place = year - ScheduleLimits.years.lowerBound
        let bit = UInt64(1) << UInt64(place % 64)
        switch place / 64 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    func contains(_ year: Int64) -> Bool {
        guard ScheduleLimits.years.contains(year) else { return false }
        let place = year - ScheduleLimits.years.lowerBound
        let word: UInt64
        switch place / 64 {
        case 0: word = words.0
        case 1: word = words.1
        case 2: word = words.2
        default: word = words.3
        }
        return word >> UInt64(place % 64) & 1 == 1
    }

    /// Ascending.
    var years: [Int64] { ScheduleLimits.years.filter(contains) }

    static func == (left: YearSet, right: YearSet) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
