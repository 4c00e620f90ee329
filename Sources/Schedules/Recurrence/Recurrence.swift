import Host

/// An RRULE with the time it starts at: the times that it gives (RFC 5545, 3.3.10), by the clock.
///
/// Years are those of the calendar, also with BYWEEKNO: of every second year's weeks, those days count that lie in such a
/// year. What BYWEEKNO leaves open is taken from DTSTART as everything else: its day of the week.
/// BYSETPOS counts within the whole of a period, also where DTSTART lies in its middle.
struct Recurrence: Hashable, Sendable {
    let rule: RecurrenceRule
    let start: ICalendarTime
    private let pattern: Pattern
    /// No time by the clock after it belongs; with COUNT the last, where each time exists on the clocks.
    private(set) var end: Int64

    /// How the times are found.
    private enum Pattern: Hashable {
        case calendar(CalendarRule)
        case positions(RecurrencePositions)
        case clock(RecurrenceClock)
    }

    /// Without a start the rule is counted from 1970-01-01T00:00, a Thursday.
    init(_ rule: RecurrenceRule, start: ICalendarTime?) throws(ScheduleError) {
        let start = start ?? .local(0)
        self.rule = rule
        self.start = start
        if rule.frequency.isWithinDay {
            pattern = .clock(try RecurrenceClock(rule, start: start.seconds))
        } else {
            let base = try rule.calendar(start: start.seconds)
            pattern =
                rule.positions.isEmpty || rule.frequency == .daily
                ? .calendar(base) : .positions(RecurrencePositions(rule, base))
        }
        end = (ScheduleLimits.days.upperBound + 1) * 86_400 - 1
        switch rule.until {
        case .date(let day): end = min(end, day * 86_400 + 86_399)
        case .local(let seconds): end = min(end, seconds)
        // The instant itself decides; clocks never show a time further from it.
        case .utc(let seconds): end = min(end, start.isUTC ? seconds : seconds + ClockChange.reach)
        case nil: break
        }
        guard let first else {
            throw ScheduleError(
                start.seconds > end
                    ? "UNTIL lies before DTSTART" : "this RRULE never happens in the years up to 2199")
        }
        guard let count = rule.count else { return }
        guard start.seconds >= 0 else {
            throw ScheduleError("COUNT needs a DTSTART from 1970 on; schedules know no earlier years")
        }
        var last = first
        for _ in 1..<max(count, 1) {
            guard let next = next(atOrAfter: last + 1) else { return }
            last = next
        }
        end = last
    }

    /// The first time, by the clock.
    var first: Int64? { next(atOrAfter: start.seconds) }

    func contains(_ local: Int64) -> Bool { next(atOrAfter: local) == local }

    /// The same with another end, or none but that of the years.
    func ending(_ end: Int64?) -> Recurrence {
        var copy = self
        copy.end = end ?? (ScheduleLimits.days.upperBound + 1) * 86_400 - 1
        return copy
    }
}

extension Recurrence: LocalTimes {
    func next(atOrAfter local: Int64) -> Int64? {
        let from = max(local, start.seconds)
        guard from <= end else { return nil }
        let found =
            switch pattern {
            case .calendar(let rule): rule.next(atOrAfter: from)
            case .positions(let rule): rule.next(atOrAfter: from, until: end)
            case .clock(let rule): rule.next(atOrAfter: from, until: end)
            }
        guard let found, found <= end else { return nil }
        return found
    }

    func previous(atOrBefore local: Int64) -> Int64? {
        let from = min(local, end)
        guard from >= start.seconds else { return nil }
        let found =
            switch pattern {
            case .calendar(let rule): rule.previous(atOrBefore: from)
            case .positions(let rule): rule.previous(atOrBefore: from, from: start.seconds)
            case .clock(let rule): rule.previous(atOrBefore: from, from: start.seconds)
            }
        guard let found, found >= start.seconds else { return nil }
        return found
    }
}
