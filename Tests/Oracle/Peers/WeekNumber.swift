import ClockWalk

/// The week of a day as RFC 5545 counts it (3.3.10): from WKST on, the first with at least four days of the year.
enum WeekNumber {
    /// Whether BYWEEKNO of a rule has the day's week; `nil` for a rule without it.
    static func isListed(_ day: CivilDay, in rule: String) -> Bool? {
        let parts = rule.split { $0 == ";" || $0 == " " }
        func values(_ name: String) -> [Substring]? {
            parts.first { $0.hasPrefix(name) }?.dropFirst(name.count).split(separator: ",")
        }
        guard let numbers = values("BYWEEKNO=")?.compactMap({ Int($0) }) else { return nil }
        let start = values("WKST=").flatMap { ["SU", "MO", "TU", "WE", "TH", "FR", "SA"].firstIndex(of: $0[0]) } ?? 1
        // The week is of the year that its fourth day lies in.
        let back = (day.weekday - start + 7) % 7
        let fourth = CivilDay(number: day.number - Int64(back) + 3)
        let number = week(of: fourth)
        var last = fourth
        while last.month != 12 || last.day < 25 { last = CivilDay(number: last.number + 7) }
        let next = CivilDay(number: last.number + 7)
        let count = week(of: next.year == last.year ? next : last)
        return numbers.contains(number) || numbers.contains(number - count - 1)
    }

    /// Of the fourth day of a week: how many of them the year has had.
    private static func week(of fourth: CivilDay) -> Int {
        var number = 1
        var day = fourth
        while CivilDay(number: day.number - 7).year == fourth.year {
            day = CivilDay(number: day.number - 7)
            number += 1
        }
        return number
    }
}
