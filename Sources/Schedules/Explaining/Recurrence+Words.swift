extension Recurrence {
    /// The parts of the RRULE in words, in the order in which they are applied.
    var words: String {
        var parts = [rule.frequencyWords]
        if let months = rule.months { parts.append("in \(DaySet.names(months))") }
        if !rule.weekNumbers.isEmpty { parts.append("in week \(Self.signed(rule.weekNumbers)) of the year") }
        if !rule.yearDays.isEmpty { parts.append("on day \(Self.signed(rule.yearDays)) of the year") }
        if !rule.monthDays.isEmpty { parts.append("on day \(Self.signed(rule.monthDays)) of the month") }
        if !rule.weekdays.isEmpty { parts.append("on \(rule.weekdayWords)") }
        for (name, bits) in [("hour", rule.hours.map(UInt64.init)), ("minute", rule.minutes), ("second", rule.seconds)]
        {
            if let bits { parts.append("at \(name) \(NumberWords.ranges(in: bits))") }
        }
        if !rule.positions.isEmpty {
            parts.append("of these the \(Schedule.list(rule.positions.map(DaySet.ordinal)))")
        }
        parts.append("from \(start.words) on")
        if let count = rule.count { parts.append(count == 1 ? "once" : "\(count) times in all") }
        if let until = rule.until { parts.append("until \(until.words)") }
        return parts.joined(separator: ", ") + (rule.namesOwnDays ? "" : "; what it does not name is as at its start")
    }

    private static func signed(_ numbers: [Int]) -> String {
        Schedule.list(numbers.map { $0 < 0 ? "\(-$0) from the end" : "\($0)" })
    }
}

extension RecurrenceRule {
    fileprivate var frequencyWords: String {
        let unit =
            switch frequency {
            case .secondly: "second"
            case .minutely: "minute"
            case .hourly: "hour"
            case .daily: "day"
            case .weekly: "week"
            case .monthly: "month"
            case .yearly: "year"
            }
        return interval == 1 ? "every \(unit)" : "every \(interval) \(unit)s"
    }

    fileprivate var weekdayWords: String {
        Schedule.list(
            weekdays.map { day in
                day.number.map { "the \(DaySet.ordinal($0)) \(Phrase.weekdays[day.weekday])" }
                    ?? Phrase.weekdays[day.weekday]
            })
    }

    /// Whether days and hours are all named.
    fileprivate var namesOwnDays: Bool {
        (namesDays || frequency == .daily || frequency.isWithinDay) && (hours != nil || frequency.isWithinDay)
    }
}

extension ICalendarTime {
    fileprivate var words: String {
        switch self {
        case .date(let day): DaySet.date(day)
        case .local(let seconds): LocalTime(seconds: seconds).description
        case .utc(let seconds): "\(LocalTime(seconds: seconds)) UTC"
        }
    }
}
