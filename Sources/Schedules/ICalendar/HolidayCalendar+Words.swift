extension HolidayCalendar {
    /// From days in plain words, as exceptions of a schedule name them: `2026-12-24`, `24 December`, `last Friday of
    /// November`.
    public init(name: String, days words: [String]) throws(ScheduleError) {
        var sets: [DaySet] = []
        for text in words {
            for exclusion in try Phrase.exclusions(in: text, [:]) {
                guard case .days(let days) = exclusion else {
                    throw ScheduleError("`\(text)` is a time of the day; a calendar has whole days")
                }
                sets.append(days)
            }
        }
        guard !sets.isEmpty else { throw ScheduleError("the calendar has no day") }
        self.init(name: name, days: sets.count == 1 ? sets[0] : .union(sets))
    }
}
