public import Host

extension Schedule {
    /// Some of the forms that are understood.
    public static let examples = [
        "daily 09:00", "weekdays 08:00", "weekends 10:00", "Sunday 02:00", "Monday and Thursday 03:30",
        "first Sunday of the month 02:00", "last Friday of the month 22:00", "first Sunday of the quarter 02:00",
        "every 5 minutes", "every 2 hours", "daily 09:00 and 17:30", "every 15 minutes from 00:05",
        "every 10 minutes between 08:00 and 18:00 on weekdays", "first and third Sunday of the month 02:00",
        "first Sunday of January, April, July and October 02:00", "weeks 1 and 3 on Sunday 02:00",
        "last business day of the month 18:00", "last day of the month 23:00", "day 15 of the month 02:00",
        "every 2 weeks on Sunday 02:00 from 2026-01-04", "every 2 days 02:00 from 2026-01-04",
        "2 business days after the second Tuesday 20:00", "3 days before the last day of the month 12:00",
        "1 January and 1 July 00:00", "yearly on 24 December 12:00", "semi-annually on the first Sunday 02:00",
        "2026-01-26 09:00", "daily 09:00 except 24 December", "Monday 09:00; Thursday 17:00",
    ]

    /// The schedule in full words, as it is understood.
    public var explanation: String { rule.words }

    /// Likewise, with what the next changes of a zone's clocks do to it.
    public func explanation(in zone: Zone, from instant: Instant) -> String {
        let changes = ClockChangeWords(rule, zone, from: instant).sentences
        return ([rule.words] + changes).joined(separator: ". ")
    }

    /// `a, b and c`.
    static func list(_ items: [String]) -> String {
        guard items.count > 1, let last = items.last else { return items.first ?? "" }
        return items.dropLast().joined(separator: ", ") + " and " + last
    }
}
