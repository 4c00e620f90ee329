import Host
import Testing

@Suite struct CivilDateTests {
    /// Known days, with their number since the epoch and their weekday (0 is Sunday).
    @Test(arguments: [
        ("1970-01-01", 0, 4), ("1969-12-31", -1, 3), ("2000-02-29", 11_016, 2), ("2026-11-22", 20_779, 0),
        ("1582-10-15", -141_427, 5), ("0001-01-01", -719_162, 1), ("0000-02-29", -719_469, 2),
        ("9999-12-31", 2_932_896, 5), ("+010000-01-01", 2_932_897, 6), ("-000001-12-31", -719_529, 5),
    ])
    func knownDays(text: String, days: Int64, weekday: Int) throws {
        let date = try #require(CivilDate(text))
        #expect(date.daysSinceEpoch == days)
        #expect(date.weekday == weekday)
        #expect(date.description == text)
        #expect(CivilDate(daysSinceEpoch: days) == date)
    }

    /// Day by day over 800 years: each follows the one before, and comes back from its text.
    @Test func everyDayFollowsTheOneBefore() {
        var before = CivilDate(daysSinceEpoch: -146_098)
        for number in Int64(-146_097)...146_097 {
            let date = CivilDate(daysSinceEpoch: number)
            let follows =
                date.day == before.day + 1 && date.month == before.month && date.year == before.year
                || date.day == 1 && date.month == before.month + 1 && date.year == before.year
                || date.day == 1 && date.month == 1 && before.month == 12 && date.year == before.year + 1
            if !follows || !(before < date) || date.daysSinceEpoch != number
                || date.weekday != (before.weekday + 1) % 7
                || CivilDate(year: date.year, month: date.month, day: date.day) != date
            {
                Issue.record("\(date) after \(before)")
            }
            before = date
        }
    }

    @Test func centuriesAreLeapYearsOnlyEveryFour() {
        #expect(CivilDate(year: 2000, month: 2, day: 29) != nil)
        for year in [Int64(1900), 2100, 2026] { #expect(CivilDate(year: year, month: 2, day: 29) == nil) }
    }

    @Test(arguments: [
        "", "2026-11", "2026-11-22-01", "26-11-22", "2026-1-22", "2026-11-2", "2026-13-01", "2026-00-01", "2026-11-31",
        "2026-11-00", "2026-+1-01", "2026-11-+1", "+202-01-01", "-202-01-01", "2026-11-2x", "٢٠٢٦-11-22", " 2026-11-22",
        "2026/11/22", "+0002026-01-01", "+2026-01-01", "2026--1-01",
    ])
    func whatIsNoDayIsRefused(text: String) { #expect(CivilDate(text) == nil) }
}
