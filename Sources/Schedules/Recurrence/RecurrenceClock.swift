import Host

/// Every so many hours, minutes or seconds by the clock, under conditions.
struct RecurrenceClock: Hashable, Sendable {
    private let frequency: RecurrenceRule.Frequency
    private var interval: Int64
    /// The hour, minute or second of the start, counted from 1970-01-01T00:00.
    private let anchor: Int64
    /// The days that meet the conditions, each at its midnight.
    private let days: CalendarRule
    private let hours: UInt32
    private let minutes: UInt64
    private let seconds: UInt64
    /// The bits of 0 and of every interval after it, below 64.
    private var comb: UInt64
    /// With FREQ=HOURLY and positions, the seconds of each minute that are picked.
    private let picked: [UInt64]

    init(_ rule: RecurrenceRule, start: Int64) throws(ScheduleError) {
        frequency = rule.frequency
        interval = rule.interval
        comb = Self.comb(rule.interval)
        let sets = rule.days
        days = CalendarRule(
            months: rule.months ?? CalendarRule.everyMonth,
            days: sets.count > 1 ? .intersection(sets) : sets.first ?? .all, times: .at(0))
        hours = rule.hours ?? 0xFF_FFFF
        let second = start - start.dayOfSeconds * 86_400
        let minutes = rule.minutes ?? (rule.frequency == .hourly ? 1 << UInt64(second / 60 % 60) : Self.sixty)
        let seconds = rule.seconds ?? (rule.frequency == .secondly ? Self.sixty : 1 << UInt64(second % 60))
        switch rule.frequency {
        case .hourly:
            anchor = start.quotient(by: 3600)
            picked = rule.positions.isEmpty ? [] : try Self.picked(rule, minutes, seconds)
            self.minutes = minutes
            self.seconds = seconds
        case .minutely:
            anchor = start.quotient(by: 60)
            picked = []
            self.minutes = minutes
            self.seconds =
                rule.positions.isEmpty
                ? seconds
                : try rule.picked(from: seconds.nonzeroBitCount).reduce(0) { $0 | 1 << UInt64(seconds.bit(at: $1)) }
        default:
            anchor = start
            picked = []
            self.minutes = minutes
            self.seconds = seconds
            // A second is alone in its set.
            if !rule.positions.isEmpty { _ = try rule.picked(from: 1) }
        }
        try checkTimes()
    }

    /// Over the days, an interval falls on all that its common divisor with the day does: times that this misses are never
    /// met, and would be searched for on every day.
    private func checkTimes() throws(ScheduleError) {
        var (divisor, rest) = (interval, 86_400 / (step / interval))
        while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
        var evenly = self
        evenly.interval = divisor
        evenly.comb = Self.comb(divisor)
        guard evenly.next(onDay: 0, atOrAfter: 0) == nil else { return }
        throw ScheduleError(
            "this RRULE never happens: counted from its start, INTERVAL=\(interval) misses all of its times")
    }

    private static func comb(_ interval: Int64) -> UInt64 {
        var bits: UInt64 = 1
        if interval < 64 { for bit in stride(from: interval, to: 64, by: Int(interval)) { bits |= 1 << UInt64(bit) } }
        return bits
    }

    private static func picked(
        _ rule: RecurrenceRule, _ minutes: UInt64, _ seconds: UInt64
    ) throws(ScheduleError) -> [UInt64] {
        let grid = DayTimes.grid(hours: 1, minutes: minutes, seconds: seconds)
        var picked = [UInt64](repeating: 0, count: 60)
        for place in try rule.picked(from: grid.count) {
            let time = grid.nth(place)
            picked[time / 60] |= 1 << UInt64(time % 60)
        }
        return picked
    }

    // MARK: - What is in an hour and in a minute

    /// Minutes of an hour since the epoch that may have one.
    private func minutes(ofHour hour: Int64) -> UInt64 {
        switch frequency {
        case .hourly: (hour - anchor) % interval == 0 ? minutes : 0
        case .minutely: minutes & every((anchor - hour * 60).remainder(by: interval))
        default: (anchor - hour * 3600).remainder(by: interval) < 3600 ? minutes : 0
        }
    }

    /// Seconds of a minute since the epoch, whose hour and minute have been looked at.
    private func seconds(ofMinute minute: Int64) -> UInt64 {
        if frequency == .secondly { return seconds & every((anchor - minute * 60).remainder(by: interval)) }
        return picked.isEmpty ? seconds : picked[Int(minute.remainder(by: 60))]
    }

    /// The bits below 60 from one on, an interval apart.
    private func every(_ first: Int64) -> UInt64 { first < 60 ? comb << UInt64(first) & Self.sixty : 0 }

    private static let sixty = UInt64.max >> 4

    // MARK: - Search

    /// Seconds from one of its instances to the next, at least.
    private var step: Int64 {
        switch frequency {
        case .hourly: interval * 3600
        case .minutely: interval * 60
        default: interval
        }
    }

    /// The start of the unit that holds the anchor.
    private var origin: Int64 { step / interval * anchor }

    func next(atOrAfter local: Int64, until end: Int64) -> Int64? {
        var from = local
        while from <= end, let midnight = days.next(atOrAfter: from.dayOfSeconds * 86_400) {
            from = max(from, midnight)
            if step > 86_400 {
                // At most one unit in a day: go to it, even if it is that of many days later.
                let unit = step / interval
                let begun = from - (from - origin).remainder(by: step)
                if begun + unit <= from {
                    from = begun + step
                    if from >= midnight + 86_400 { continue }
                }
            }
            if let found = next(onDay: midnight, atOrAfter: from) { return found }
            from = midnight + 86_400
        }
        return nil
    }

    private func next(onDay midnight: Int64, atOrAfter from: Int64) -> Int64? {
        let (firstHour, firstMinute) = (from / 3600, from / 60)
        for hour in firstHour..<(midnight / 3600 + 24) where hours >> UInt32(hour % 24) & 1 == 1 {
            var left = minutes(ofHour: hour)
            if hour == firstHour { left &= UInt64.max << UInt64(firstMinute % 60) }
            while left != 0 {
                let minute = hour * 60 + Int64(left.trailingZeroBitCount)
                var seconds = seconds(ofMinute: minute)
                if minute == firstMinute { seconds &= UInt64.max << UInt64(from % 60) }
                if seconds != 0 { return minute * 60 + Int64(seconds.trailingZeroBitCount) }
                left &= left - 1
            }
        }
        return nil
    }

    func previous(atOrBefore local: Int64, from start: Int64) -> Int64? {
        var from = local
        while from >= start, let midnight = days.previous(atOrBefore: from) {
            from = min(from, midnight + 86_399)
            if step > 86_400 {
                let begun = from - (from - origin).remainder(by: step)
                from = min(from, begun + step / interval - 1)
                if from < midnight { continue }
            }
            if let found = previous(onDay: midnight, atOrBefore: from) { return found }
            from = midnight - 1
        }
        return nil
    }

    private func previous(onDay midnight: Int64, atOrBefore from: Int64) -> Int64? {
        let (lastHour, lastMinute) = (from / 3600, from / 60)
        for hour in ((midnight / 3600)...lastHour).reversed() where hours >> UInt32(hour % 24) & 1 == 1 {
            var left = minutes(ofHour: hour)
            if hour == lastHour { left &= UInt64.max >> UInt64(63 - lastMinute % 60) }
            while left != 0 {
                let place = 63 - left.leadingZeroBitCount
                let minute = hour * 60 + Int64(place)
                var seconds = seconds(ofMinute: minute)
                if minute == lastMinute { seconds &= UInt64.max >> UInt64(63 - from % 60) }
                if seconds != 0 { return minute * 60 + Int64(63 - seconds.leadingZeroBitCount) }
                left &= ~(1 << UInt64(place))
            }
        }
        return nil
    }
}
