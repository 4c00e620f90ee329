import Host

/// BYSETPOS within weeks, months and years: of the times in each, those at some places.
struct RecurrencePositions: Hashable, Sendable {
    private let rule: RecurrenceRule
    private let base: CalendarRule

    init(_ rule: RecurrenceRule, _ base: CalendarRule) {
        self.rule = rule
        self.base = base
    }

    func next(atOrAfter local: Int64, until end: Int64) -> Int64? {
        var from = period(of: local.dayOfSeconds).lowerBound * 86_400
        while from <= end, let found = base.next(atOrAfter: from) {
            let period = period(of: found.dayOfSeconds)
            if let picked = times(in: period).first(where: { $0 >= local }) { return picked }
            from = (period.upperBound + 1) * 86_400
        }
        return nil
    }

    func previous(atOrBefore local: Int64, from start: Int64) -> Int64? {
        var from = (period(of: local.dayOfSeconds).upperBound + 1) * 86_400 - 1
        while from >= start, let found = base.previous(atOrBefore: from) {
            let period = period(of: found.dayOfSeconds)
            if let picked = times(in: period).last(where: { $0 <= local }) { return picked }
            from = period.lowerBound * 86_400 - 1
        }
        return nil
    }

    /// The days of the week, the month or the year.
    private func period(of day: Int64) -> ClosedRange<Int64> {
        switch rule.frequency {
        case .weekly:
            let start = DaySet.startOfWeek(of: day, weekStart: rule.weekStart)
            return start...(start + 6)
        case .monthly: return Month(ofDay: day).days
        default:
            let year = Month(ofDay: day).year
            return Month.firstDay(of: year, month: 1)...(Month.firstDay(of: year + 1, month: 1) - 1)
        }
    }

    /// Those that are picked, ascending.
    private func times(in period: ClosedRange<Int64>) -> [Int64] {
        var days: [Int64] = []
        var month = Month(ofDay: period.lowerBound)
        while month.firstDay <= period.upperBound {
            // Days before 1970 are counted too: the period is a whole one, whatever is asked for.
            var mask = base.months >> UInt16(month.number) & 1 == 1 ? base.days.mask(of: month) : 0
            while mask != 0 {
                let day = month.firstDay + Int64(mask.trailingZeroBitCount)
                if period.contains(day) { days.append(day) }
                mask &= mask - 1
            }
            month = month.following
        }
        let perDay = base.times.count
        return rule.places(in: days.count * perDay).map {
            days[$0 / perDay] * 86_400 + Int64(base.times.nth($0 % perDay))
        }
    }
}
