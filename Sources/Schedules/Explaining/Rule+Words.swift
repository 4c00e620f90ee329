import Host

extension Rule {
    /// What it means, in words.
    var words: String {
        switch self {
        case .interval(let seconds, _): return "\(DayTimes.every(Int(seconds))), counted from 00:00 UTC"
        case .calendar(let rule, _): return rule.words
        case .listed(let times, _):
            let shown = times.times.prefix(10).map { local in
                let time = LocalTime(seconds: local)
                return "\(time.date) at \(TimeOfDay.text(time.secondOfDay))"
            }
            return Self.once(shown, of: times.times.count)
        case .instants(let instants):
            let shown = instants.prefix(10).map { Instant(secondsSinceEpoch: $0).description }
            return Self.once(shown, of: instants.count)
        case .recurrence(let recurrence, _): return recurrence.words
        case .joined(let rules): return rules.map(\.words).joined(separator: "; and also ")
        case .shifted(let rule, let seconds):
            let length = Offset.words(seconds: abs(seconds))
            return "\(length) \(seconds < 0 ? "before" : "after") each time of: \(rule.words)"
        case .moved(let rule, let offset, _):
            return "\(offset.words) each time of: \(rule.words), at the same time of the day"
        case .except(let rule, .rule(let other)): return "\(rule.words), but not at the times of: \(other.words)"
        case .except(let rule, .days(let days)): return "\(rule.words), but not on \(days.excludedWords)"
        }
    }

    private static func once(_ shown: [String], of count: Int) -> String {
        let rest = count > shown.count ? ", and \(count - shown.count) more" : ""
        return (count == 1 ? "once, on " : "\(count) times, on ") + Schedule.list(shown) + rest
    }
}

extension CalendarRule {
    var words: String {
        let isEveryMonth = months & Self.everyMonth == Self.everyMonth
        let on = days.onWords(in: isEveryMonth ? nil : months)
        let isDaily = if case .all = days { isEveryMonth } else { false }
        let times = times.words
        let years = years.map { " in " + Self.words(of: $0.years) } ?? ""
        guard times.hasPrefix("at ") else { return times + (isDaily ? "" : ", \(on)") + years }
        return "\(on) \(times)\(years)"
    }

    /// `2026`, `2026 to 2030`, `2026, 2028 and 2030`.
    private static func words(of years: [Int64]) -> String {
        guard years.count > 3, let first = years.first, let last = years.last else {
            return years.isEmpty ? "no year" : Schedule.list(years.map(String.init))
        }
        let step = years[1] - first
        guard years == Array(stride(from: first, through: last, by: Int(step))) else {
            return Schedule.list(years.map(String.init))
        }
        return step == 1 ? "the years \(first) to \(last)" : "every \(step) years from \(first) to \(last)"
    }
}
