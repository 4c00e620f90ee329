extension Schedule {
    /// One of each form that is understood.
    public static let examples = [
        "daily 09:00", "weekdays 08:00", "weekends 10:00", "Sunday 02:00", "Monday and Thursday 03:30",
        "first Sunday of the month 02:00", "last Friday of the month 22:00", "first Sunday of the quarter 02:00",
        "every 5 minutes", "every 2 hours",
    ]

    /// The schedule in full words, as it is understood.
    public var explanation: String {
        switch rule {
        case .interval(let seconds):
            let unit: IntervalUnit = seconds.isMultiple(of: 3600) ? .hour : .minute
            return "\(unit.text(Int(seconds) / unit.seconds)), counted from 00:00 UTC"
        case .calendar(let days, let times):
            return "\(Self.words(days)) at \(Self.list(times.map(TimeOfDay.text)))"
        }
    }

    private static func words(_ days: Rule.Days) -> String {
        switch days {
        case .all: return "every day"
        case .weekdays([1, 2, 3, 4, 5]): return "every Monday to Friday"
        case .weekdays(let numbers):
            // A week begins on Monday.
            return "every " + list(numbers.sorted { ($0 + 6) % 7 < ($1 + 6) % 7 }.map { Phrase.weekdays[$0] })
        case .nth(let number, let weekday, let span):
            let ordinal = Phrase.ordinals.first { $0.number == number }?.word ?? "\(number)."
            let months: String
            switch (span, number < 0) {
            case (.quarter, false): months = " (January, April, July and October)"
            case (.quarter, true): months = " (March, June, September and December)"
            default: months = ""
            }
            return "the \(ordinal) \(Phrase.weekdays[weekday]) of every \(span.rawValue)\(months)"
        }
    }

    /// `a, b and c`.
    static func list(_ items: [String]) -> String {
        guard items.count > 1, let last = items.last else { return items.first ?? "" }
        return items.dropLast().joined(separator: ", ") + " and " + last
    }
}
