/// The plain words of a schedule.
enum Phrase {
    static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let ordinals = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    ]
    /// What is understood beside names, numbers, dates and times.
    static let vocabulary =
        weekdays + months + ordinals + DaySet.Span.allCases.map(\.rawValue)
        + [
            "last", "daily", "weekdays", "weekends", "weekly", "monthly", "quarterly", "semi-annually", "yearly",
            "every",
            "other", "seconds", "minutes", "hours", "minute", "hour", "day", "days", "week", "weeks", "business",
            "holidays", "after", "before", "from", "between", "except", "next",
        ]

    static func rule(
        of text: String, _ policy: ClockChangeChoice?, _ calendars: [String: HolidayCalendar]
    ) throws(ScheduleError) -> Rule {
        var reader = PhraseReader(text, policy, calendars)
        if let rule = try reader.wholeRule() { return rule }
        throw ScheduleError(LenientPhrase.complaint(about: text, furthest: reader.furthest, calendars))
    }

    /// What is taken out by the words behind `except`.
    static func exclusions(
        in text: String, _ calendars: [String: HolidayCalendar]
    ) throws(ScheduleError) -> [Rule.Exclusion] {
        var reader = PhraseReader(text, nil, calendars)
        if let exclusions = try reader.exclusions(), reader.isAtEnd { return exclusions }
        throw ScheduleError(
            "`\(text)` is nothing that can be taken out of a schedule; write it like `except holidays`, "
                + "`except 24 December` or `except 2026-12-20 to 2027-01-03`")
    }

    static func weekday(_ word: String) -> Int? { weekdays.firstIndex { $0.lowercased() == word } }
    /// 1 is January.
    static func month(_ word: String) -> Int? { months.firstIndex { $0.lowercased() == word }.map { $0 + 1 } }
}
