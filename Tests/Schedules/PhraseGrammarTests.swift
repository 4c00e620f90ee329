import Host
import Schedules
import Testing

/// The plain words beyond a weekday and a time; the days are worked out by hand from a calendar of 2026, which begins on
/// a Thursday.
@Suite struct PhraseGrammarTests {
    /// The next three from 2026-01-01T00:00Z, itself excluded, in UTC.
    static let next: [(text: String, expected: [String])] = [
        ("daily at 09:00 and 17:30", ["01-01T09:00", "01-01T17:30", "01-02T09:00"]),
        ("daily 06:00, 12:00 and 18:00:30", ["01-01T06:00", "01-01T12:00", "01-01T18:00:30"]),
        ("every 30 seconds", ["01-01T00:00:30", "01-01T00:01", "01-01T00:01:30"]),
        ("every 15 minutes from 00:05", ["01-01T00:05", "01-01T00:20", "01-01T00:35"]),
        ("every 6 hours from 20:00", ["01-01T02:00", "01-01T08:00", "01-01T14:00"]),
        ("every 10 minutes between 08:00 and 18:00 on weekdays", ["01-01T08:00", "01-01T08:10", "01-01T08:20"]),
        ("every 5 hours between 08:00 and 18:00 on weekends", ["01-03T08:00", "01-03T13:00", "01-03T18:00"]),
        ("every 4 hours between 22:00 and 06:00", ["01-01T02:00", "01-01T06:00", "01-01T22:00"]),
        ("weekends every 12 hours", ["01-03T00:00", "01-03T12:00", "01-04T00:00"]),
        ("first and third Sunday of the month 02:00", ["01-04T02:00", "01-18T02:00", "02-01T02:00"]),
        ("second last Friday of the month 22:00", ["01-23T22:00", "02-20T22:00", "03-20T22:00"]),
        ("first Sunday of January, April, July and October 02:00", ["01-04T02:00", "04-05T02:00", "07-05T02:00"]),
        ("weeks 1 and 3 on Sunday 02:00", ["01-04T02:00", "01-18T02:00", "02-01T02:00"]),
        ("week 4 of the month on Sunday 02:00", ["01-25T02:00", "02-22T02:00", "03-22T02:00"]),
        ("last business day of the month 18:00", ["01-30T18:00", "02-27T18:00", "03-31T18:00"]),
        ("third business day of the month 08:00", ["01-05T08:00", "02-04T08:00", "03-04T08:00"]),
        ("business day 20 of the month 08:00", ["01-28T08:00", "02-27T08:00", "03-27T08:00"]),
        ("day 15 of the month 02:00", ["01-15T02:00", "02-15T02:00", "03-15T02:00"]),
        ("days 1, 10 and 20 to 21 of the month 02:00", ["01-01T02:00", "01-10T02:00", "01-20T02:00"]),
        ("day 31 of March and May 02:00", ["03-31T02:00", "05-31T02:00", "2027-03-31T02:00"]),
        ("last day of the month 23:00", ["01-31T23:00", "02-28T23:00", "03-31T23:00"]),
        ("last day of the quarter 23:00", ["03-31T23:00", "06-30T23:00", "09-30T23:00"]),
        ("first business day of the quarter 09:00", ["01-01T09:00", "04-01T09:00", "07-01T09:00"]),
        ("semi-annually on the first Sunday 02:00", ["01-04T02:00", "07-05T02:00", "2027-01-03T02:00"]),
        ("last day of the half-year 02:00", ["06-30T02:00", "12-31T02:00", "2027-06-30T02:00"]),
        ("monthly on day 15 02:00", ["01-15T02:00", "02-15T02:00", "03-15T02:00"]),
        ("quarterly on the second Tuesday 02:00", ["01-13T02:00", "04-14T02:00", "07-14T02:00"]),
        ("yearly on 24 December 12:00", ["12-24T12:00", "2027-12-24T12:00", "2028-12-24T12:00"]),
        ("yearly on the last Friday of November 12:00", ["11-27T12:00", "2027-11-26T12:00", "2028-11-24T12:00"]),
        ("1 January and 1 July 00:00", ["07-01T00:00", "2027-01-01T00:00", "2027-07-01T00:00"]),
        ("24 December and 2 January 06:00", ["01-02T06:00", "12-24T06:00", "2027-01-02T06:00"]),
        ("29 February 06:00", ["2028-02-29T06:00", "2032-02-29T06:00", "2036-02-29T06:00"]),
        ("every 2 weeks on Sunday 02:00 from 2026-01-04", ["01-04T02:00", "01-18T02:00", "02-01T02:00"]),
        ("every 2 weeks on Sunday from 2026-03-01 02:00", ["03-01T02:00", "03-15T02:00", "03-29T02:00"]),
        // Weeks of seven days counted from a Sunday: the Monday belongs to the Sunday before it.
        ("every 2 weeks on Sunday and Monday 02:00 from 2026-01-04", ["01-04T02:00", "01-05T02:00", "01-18T02:00"]),
        ("every other week on Monday 02:00 from 2026-01-04", ["01-05T02:00", "01-19T02:00", "02-02T02:00"]),
        ("every 2 days 02:00 from 2026-02-27", ["02-27T02:00", "03-01T02:00", "03-03T02:00"]),
        ("every 10 days from 2025-12-25 at 02:00", ["01-04T02:00", "01-14T02:00", "01-24T02:00"]),
        ("2 business days after the second Tuesday 20:00", ["01-15T20:00", "02-12T20:00", "03-12T20:00"]),
        ("the day after the second Tuesday 20:00", ["01-14T20:00", "02-11T20:00", "03-11T20:00"]),
        ("the business day before day 1 of the month 20:00", ["01-30T20:00", "02-27T20:00", "03-31T20:00"]),
        ("3 days before the last day of the month 12:00", ["01-28T12:00", "02-25T12:00", "03-28T12:00"]),
        ("2 weeks before 24 December 12:00", ["12-10T12:00", "2027-12-10T12:00", "2028-12-10T12:00"]),
        ("day 1 of the month or the next business day 09:00", ["01-01T09:00", "02-02T09:00", "03-02T09:00"]),
        ("every business day 09:00", ["01-01T09:00", "01-02T09:00", "01-05T09:00"]),
        ("2026-02-26 09:00, 2026-01-26 10:00 and 2026-03-26 11:00", ["01-26T10:00", "02-26T09:00", "03-26T11:00"]),
        ("2026-01-26 and 2026-02-26 at 09:00 and 10:00", ["01-26T09:00", "01-26T10:00", "02-26T09:00"]),
        ("2026-01-26T09:00:00+02:00", ["01-26T07:00"]),
        ("daily 12:00 except 2 January", ["01-01T12:00", "01-03T12:00", "01-04T12:00"]),
        (
            "daily 12:00 except 2026-01-02 to 2026-01-10, 12 January and Tuesday",
            ["01-01T12:00", "01-11T12:00", "01-14T12:00"]
        ),
        ("daily 12:00 except 20 December to 3 January", ["01-04T12:00", "01-05T12:00", "01-06T12:00"]),
        ("Sunday 02:00 except first Sunday of the month", ["01-11T02:00", "01-18T02:00", "01-25T02:00"]),
        ("every 2 hours except daily 04:00 and 06:00", ["01-01T02:00", "01-01T08:00", "01-01T10:00"]),
        ("0 12 * * * except weekends except 1 January", ["01-02T12:00", "01-05T12:00", "01-06T12:00"]),
        ("Saturday 09:00; Thursday 17:00 except 1 January; 0 3 4 1 *", ["01-03T09:00", "01-04T03:00", "01-08T17:00"]),
    ]

    @Test(arguments: next)
    func theNextThree(text: String, expected: [String]) throws {
        try Self.expect(try Schedule(text), expected)
    }

    static func expect(_ schedule: Schedule, _ expected: [String]) throws {
        var at = try instant("2026-01-01T00:00:00Z")
        for text in expected {
            at = try #require(schedule.next(after: at, in: .utc), "\(schedule)")
            let date = text.hasPrefix("20") ? text : "2026-\(text)"
            #expect(at == (try instant(date + (date.count == 16 ? ":00Z" : "Z"))), "\(schedule)")
            #expect(schedule.previous(atOrBefore: at, in: .utc) == at)
        }
    }

    static let file = """
        BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r
        BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20250101T000000Z\r\nDTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r
        BEGIN:VEVENT\r\nUID:b\r\nDTSTAMP:20250101T000000Z\r\nDTSTART;VALUE=DATE:20260114\r\nEND:VEVENT\r
        BEGIN:VEVENT\r\nUID:c\r\nDTSTAMP:20250101T000000Z\r\nDTSTART;VALUE=DATE:20260130\r\nEND:VEVENT\r
        END:VCALENDAR\r\n
        """

    static func calendar(_ name: String) throws -> HolidayCalendar {
        try HolidayCalendar(name: name, file: Array(file.utf8))
    }

    /// 1, 14 and 30 January 2026 are holidays.
    static let withHolidays: [(text: String, expected: [String])] = [
        ("third business day of the month 08:00", ["01-06T08:00", "02-04T08:00"]),
        ("last business day of the month 18:00", ["01-29T18:00", "02-27T18:00"]),
        ("2 business days after the second Tuesday 20:00", ["01-16T20:00", "02-12T20:00"]),
        ("day 1 of the month or the next business day 09:00", ["01-02T09:00", "02-02T09:00"]),
        ("on holidays 10:00", ["01-01T10:00", "01-14T10:00", "01-30T10:00"]),
        ("on holidays of berlin 10:00", ["01-01T10:00", "01-14T10:00"]),
        ("the day before holidays 10:00", ["01-13T10:00", "01-29T10:00"]),
        ("weekdays 08:00 except holidays", ["01-02T08:00", "01-05T08:00"]),
        ("weekdays 08:00 except holidays of berlin and 2 January", ["01-05T08:00", "01-06T08:00"]),
    ]

    @Test(arguments: withHolidays)
    func holidaysAreNoBusinessDays(text: String, expected: [String]) throws {
        try Self.expect(try Schedule(text, calendars: ["berlin": try Self.calendar("berlin")]), expected)
        guard !text.contains("berlin") else { return }
        try Self.expect(try Schedule(text, calendars: ["": try Self.calendar("")]), expected)
    }

    static let wrong: [(text: String, part: String)] = [
        (
            "every 2 weeks on Sunday 02:00",
            "needs a date to count from, as in `every 2 weeks on Sunday 02:00 from 2026-01-04`"
        ),
        ("every 2 days 02:00", "as in `every 2 days 02:00 from 2026-01-01`"),
        ("every 3 months 02:00", "months are named and not counted"),
        ("on holidays 10:00", "needs a holiday calendar, and the plan names none"),
        ("daily 09:00 except holidays of berln", "there is no holiday calendar `berln`; did you mean `berlin`?"),
        ("weeks 1 and 5 on Sunday 02:00", "write `last Sunday of the month`"),
        ("31 April 02:00", "April has no day 31"),
        ("day 32 of the month 02:00", "from 1 to at most 31"), ("daily 09:00 except", "nothing that can be taken out"),
        ("daily 09:00 except pigs", "nothing that can be taken out of a schedule"),
        ("daily 09:00;", "there is none at its side"), ("except holidays", "there is none at its side"),
        ("every 10 minutes between 08:00 and 08:00", "nothing lies between a time and itself"),
        ("every 10 seconds on Monday", "more than 1440 times a day"),
        ("daily 09:00 except 2026-02-01 to 2026-01-01", "begins with the earlier one"),
        ("day 15 of the month", "has no time of day; write it like `day 15 of the month 02:00`"),
        ("last bussiness day of the month 18:00", "did you mean `last business day of the month 18:00`?"),
        ("December 24 9am", "did you mean `24 December 09:00`?"),
        ("15th of the month 02:00", "did you mean `day 15 of the month 02:00`?"),
        ("first sunday of febuary and march 2 pm", "did you mean `first Sunday of February and March 14:00`?"),
        ("last workday of each month 18:00", "did you mean `last business day of the month 18:00`?"),
        ("first Sunday of the quux 02:00", "`quux` is not understood there"),
        // Other schedulers' writing.
        ("cron(0 2 ? * SUN#1 *)", "is how AWS writes it; here it is `0 2 * * SUN#1`"),
        ("cron(0 2 ? * 1 2026)", "here it is `0 0 2 * * SUN 2026`"),
        ("rate(5 minutes)", "is how AWS writes it; here it is `every 5 minutes`"),
        ("rate(1 day)", "here it is `daily 00:00`"),
        ("at(2026-11-20T13:00:00)", "here it is `2026-11-20 13:00:00`"),
        ("Sun *-*-* 02:00", "is how a systemd timer writes it; here it is `Sunday 02:00`"),
        ("Sun *-*-1..7 02:00:00", "here it is `first Sunday of the month 02:00`"),
        ("*-*-01 02:00", "here it is `day 1 of the month 02:00`"), ("Mon..Fri 08:00", "here it is `weekdays 08:00`"),
        ("@every 1h30m", "is how Go cron writes it; here it is `every 90 minutes`"),
        ("H 2 * * *", "Jenkins"), ("CRON_TZ=Europe/Berlin 0 2 * * *", "the service has one"),
        ("0 2 * * * /usr/local/bin/backup --all", "the pattern is alone here: `0 2 * * *`"),
        ("0 0 L2 * *", "`2 days before the last day of the month 02:00`"), ("0 2 * * SUN#6", "followed by 1 to 5"),
        ("R/2026-01-04T02:00:00Z/P2W", "ISO 8601"),
    ]

    @Test(arguments: wrong)
    func whatIsWrongSaysWhatWouldBeRight(text: String, part: String) throws {
        let calendars = text.contains("berln") ? ["berlin": try Self.calendar("berlin")] : [:]
        let error = #expect(throws: ScheduleError.self) { try Schedule(text, calendars: calendars) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    /// Words put together at random: understood or not, and what is suggested is understood.
    @Test func whatIsSuggestedIsUnderstood() throws {
        let words = [
            "first", "last", "Sunday", "sundy", "of", "the", "month", "quarter", "day", "15", "2", "business", "days",
            "after",
            "before", "every", "weeks", "on", "and", ",", "02:00", "9am", "from", "2026-01-04", "except", "December",
            "24",
            "holidays", "between", "minutes", "daily", ";", "to", "week",
        ]
        var generator = SeededGenerator(seed: 4)
        var suggested = 0
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 1...9, using: &generator)).compactMap { _ in
                words.randomElement(using: &generator)
            }
            .joined(separator: " ")
            do {
                _ = try Schedule(text)
            } catch {
                guard let meant = error.message.split(separator: "did you mean `").dropFirst().first else { continue }
                suggested += 1
                let first = String(meant.prefix { $0 != "`" })
                #expect(throws: Never.self, "\(text)") { try Schedule(first) }
            }
        }
        #expect(suggested > 20)
    }
}
