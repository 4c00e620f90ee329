import Host
import Schedules
import Testing

/// Which instants a schedule names.
@Suite struct ScheduleTests {
    /// From an instant on, the next three of 2026.
    static let next: [(text: String, zone: String, after: String, expected: [String])] = [
        ("daily 09:00", "UTC", "2026-02-28T09:00:00Z", ["03-01T09:00", "03-02T09:00", "03-03T09:00"]),
        ("daily 09:00", "UTC", "2026-02-28T08:59:59.999999Z", ["02-28T09:00", "03-01T09:00", "03-02T09:00"]),
        ("weekdays 08:00", "UTC", "2026-11-20T08:00:00Z", ["11-23T08:00", "11-24T08:00", "11-25T08:00"]),
        ("weekends 10:00", "UTC", "2026-11-20T08:00:00Z", ["11-21T10:00", "11-22T10:00", "11-28T10:00"]),
        ("Sunday 02:00", "UTC", "2026-11-22T02:00:00Z", ["11-29T02:00", "12-06T02:00", "12-13T02:00"]),
        ("Monday and Thursday 03:30", "UTC", "2026-11-20T00:00:00Z", ["11-23T03:30", "11-26T03:30", "11-30T03:30"]),
        (
            "Monday, Wednesday and Friday 00:00", "UTC", "2026-11-20T00:00:00Z",
            ["11-23T00:00", "11-25T00:00", "11-27T00:00"]
        ),
        (
            "first Sunday of the month 02:00", "UTC", "2026-01-01T00:00:00Z",
            ["01-04T02:00", "02-01T02:00", "03-01T02:00"]
        ),
        (
            "second Tuesday of the month 20:00", "UTC", "2026-08-01T00:00:00Z",
            ["08-11T20:00", "09-08T20:00", "10-13T20:00"]
        ),
        (
            "last Friday of the month 22:00", "UTC", "2026-01-01T00:00:00Z",
            ["01-30T22:00", "02-27T22:00", "03-27T22:00"]
        ),
        (
            "first Sunday of the quarter 02:00", "UTC", "2026-02-01T00:00:00Z",
            ["04-05T02:00", "07-05T02:00", "10-04T02:00"]
        ),
        (
            "last Sunday of the quarter 02:00", "UTC", "2026-01-01T00:00:00Z",
            ["03-29T02:00", "06-28T02:00", "09-27T02:00"]
        ),
        ("every 5 minutes", "UTC", "2026-01-01T00:00:00Z", ["01-01T00:05", "01-01T00:10", "01-01T00:15"]),
        ("every 2 hours", "Asia/Kathmandu", "2026-01-01T01:59:59Z", ["01-01T02:00", "01-01T04:00", "01-01T06:00"]),
        ("daily 09:00", "Asia/Kathmandu", "2026-01-01T03:15:00Z", ["01-02T03:15", "01-03T03:15", "01-04T03:15"]),
        // Across the date line's neighbours: Sunday there is Saturday in UTC.
        ("Sunday 02:00", "Pacific/Apia", "2026-11-20T00:00:00Z", ["11-21T13:00", "11-28T13:00", "12-05T13:00"]),
        // New York: put forward over 02:30 on 8 March, put back over 01:30 on 1 November.
        ("daily 02:30", "America/New_York", "2026-03-07T00:00:00Z", ["03-07T07:30", "03-08T07:00", "03-09T06:30"]),
        ("daily 01:30", "America/New_York", "2026-10-31T00:00:00Z", ["10-31T05:30", "11-01T05:30", "11-02T06:30"]),
        ("Sunday 02:30", "Europe/Berlin", "2026-03-23T00:00:00Z", ["03-29T01:00", "04-05T00:30", "04-12T00:30"]),
        ("Sunday 02:30", "Europe/Berlin", "2026-10-19T00:00:00Z", ["10-25T00:30", "11-01T01:30", "11-08T01:30"]),
        // Lord Howe moves its clocks by half an hour.
        ("daily 02:15", "Australia/Lord_Howe", "2026-10-02T12:00:00Z", ["10-02T15:45", "10-03T15:30", "10-04T15:15"]),
        ("daily 01:45", "Australia/Lord_Howe", "2026-04-03T12:00:00Z", ["04-03T14:45", "04-04T14:45", "04-05T15:15"]),
    ]

    @Test(arguments: next)
    func theNextThree(text: String, zone: String, after: String, expected: [String]) throws {
        let schedule = try Schedule(text)
        let zone = try zone == "UTC" ? Zone.utc : ZoneFixtures.zone(zone)
        var at = try instant(after)
        for expected in expected {
            at = try #require(schedule.next(after: at, in: zone))
            #expect(at == (try instant("2026-\(expected):00Z")))
        }
    }

    /// Samoa had no 30 December 2011: clocks went from the 29th, midnight, to the 31st.
    @Test func aDayThatWasSkipped() throws {
        let apia = try ZoneFixtures.zone("Pacific/Apia")
        let daily = try Schedule("daily 09:00")
        let before = try instant("2011-12-29T19:00:00Z")
        #expect(daily.next(after: before, in: apia) == (try instant("2011-12-30T10:00:00Z")))
        #expect(
            daily.next(after: try instant("2011-12-30T10:00:00Z"), in: apia) == (try instant("2011-12-30T19:00:00Z")))
        let skipping = try Schedule("daily 09:00", policy: ClockChangeChoice(gap: .skip))
        #expect(skipping.next(after: before, in: apia) == (try instant("2011-12-30T19:00:00Z")))
        #expect(skipping.previous(atOrBefore: try instant("2011-12-30T18:59:59Z"), in: apia) == before)
    }

    @Test func thePolicyOfClockChangesIsAValue() throws {
        let berlin = try ZoneFixtures.zone("Europe/Berlin")
        let skipping = try Schedule("daily 02:30", policy: ClockChangeChoice(gap: .skip, overlap: .last))
        #expect(
            skipping.next(after: try instant("2026-03-28T12:00:00Z"), in: berlin)
                == (try instant("2026-03-30T00:30:00Z")))
        #expect(
            skipping.next(after: try instant("2026-10-24T12:00:00Z"), in: berlin)
                == (try instant("2026-10-25T01:30:00Z")))
        #expect(ClockChangePolicy() == ClockChangePolicy(gap: .after, overlap: .first))
    }

    /// The half that is not said is as the notation has it: words at the end of a gap, cron and RRULE not at all.
    @Test(arguments: [
        ("daily 02:30", "2026-03-29T01:00:00Z"), ("30 2 * * *", "2026-03-30T00:30:00Z"),
        ("RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0", "2026-03-30T00:30:00Z"),
    ])
    func halfAPolicyLeavesTheOtherHalfToTheNotation(text: String, expected: String) throws {
        let berlin = try ZoneFixtures.zone("Europe/Berlin")
        let schedule = try Schedule(text, policy: ClockChangeChoice(overlap: .last))
        #expect(
            schedule.next(after: try instant("2026-03-28T12:00:00Z"), in: berlin) == (try instant(expected)))
        #expect(
            schedule.next(after: try instant("2026-10-24T12:00:00Z"), in: berlin)
                == (try instant("2026-10-25T01:30:00Z")))
    }

    /// A walk of three years: strictly forward, and back over the same instants; a day's schedule misses no day.
    @Test(arguments: ZoneFixtures.names)
    func backIsTheSameWay(zoneName: String) throws {
        let zone = try ZoneFixtures.zone(zoneName)
        for text in [
            "daily 02:30", "Sunday 01:45", "first Sunday of the month 02:00", "last Sunday of the quarter 03:00",
        ] {
            let schedule = try Schedule(text)
            var at = try #require(zone.instants(of: try local("2010-12-02 00:00")).first) - .seconds(1)
            let end = try #require(zone.instants(of: try local("2013-12-02 00:00")).first)
            var count = 0
            while let next = schedule.next(after: at, in: zone), next < end {
                #expect(next > at)
                #expect(schedule.previous(atOrBefore: next, in: zone) == next)
                if count > 0 { #expect(schedule.previous(atOrBefore: next - .microseconds(1), in: zone) == at) }
                at = next
                count += 1
            }
            switch text {
            case "daily 02:30": #expect(count == 1096)
            case "Sunday 01:45": #expect((156...157).contains(count))
            case "first Sunday of the month 02:00": #expect(count == 37)
            default: #expect(count == 12)
            }
        }
    }

    @Test func intervalsCountElapsedTimeAlsoBeforeTheEpoch() throws {
        let schedule = try Schedule("every 2 hours")
        let berlin = try ZoneFixtures.zone("Europe/Berlin")
        #expect(schedule.next(after: Instant(microsecondsSinceEpoch: -1), in: berlin) == Instant(secondsSinceEpoch: 0))
        #expect(
            schedule.previous(atOrBefore: Instant(microsecondsSinceEpoch: -1), in: berlin)
                == Instant(secondsSinceEpoch: -7200))
        #expect(
            schedule.previous(atOrBefore: Instant(secondsSinceEpoch: 0), in: berlin) == Instant(secondsSinceEpoch: 0))
    }

    @Test func everyExampleIsUnderstoodAndExplained() throws {
        let explanations = try Schedule.examples.prefix(10).map { try Schedule($0).explanation }
        #expect(
            explanations == [
                "every day at 09:00", "every Monday to Friday at 08:00", "every Saturday and Sunday at 10:00",
                "every Sunday at 02:00", "every Monday and Thursday at 03:30",
                "the first Sunday of every month at 02:00", "the last Friday of every month at 22:00",
                "the first Sunday of every quarter (January, April, July and October) at 02:00",
                "every 5 minutes, counted from 00:00 UTC", "every 2 hours, counted from 00:00 UTC",
            ])
        #expect(try Schedule("sunday and MONDAY at 9:05").explanation == "every Monday and Sunday at 09:05")
        #expect(try Schedule("every minute").explanation == "every minute, counted from 00:00 UTC")
    }
}

/// What is no schedule, and what was probably meant.
@Suite struct PhraseTests {
    static let meant: [(text: String, meant: String)] = [
        ("daily 9", "daily 09:00"), ("daily 9am", "daily 09:00"), ("daily 9:30 PM", "daily 21:30"),
        ("daily 12 AM", "daily 00:00"), ("daily 0900", "daily 09:00"), ("daily 09.00", "daily 09:00"),
        ("daily 24:00", "daily 00:00"), ("daily midnight", "daily 00:00"), ("dayly 09:00", "daily 09:00"),
        ("Sundy 02:00", "Sunday 02:00"), ("Sundays 02:00", "Sunday 02:00"), ("Sun 02:00", "Sunday 02:00"),
        ("02:00 Sunday", "Sunday 02:00"), ("Sunday 02:00 UTC", "Sunday 02:00"), ("Sunday 02:00-03:00", "Sunday 02:00"),
        ("Monday Thursday 03:30", "Monday and Thursday 03:30"),
        ("Monday and Monday 03:30", "Monday 03:30"), ("Mon, Wed, Fri 03:30", "Monday, Wednesday and Friday 03:30"),
        ("first Sunday 02:00", "first Sunday of the month 02:00"),
        ("1st Sunday of month 02:00", "first Sunday of the month 02:00"),
        ("first sunday of each quater 2am", "first Sunday of the quarter 02:00"),
        ("fifth Sunday of the month 02:00", "last Sunday of the month 02:00"), ("weekday 08:00", "weekdays 08:00"),
        ("every 5 min", "every 5 minutes"), ("every 5m", "every 5 minutes"), ("every 2 hrs", "every 2 hours"),
        ("hourly", "every hour"), ("evry 5 minutes", "every 5 minutes"),
    ]

    @Test(arguments: meant)
    func whatWasProbablyMeantIsSaid(text: String, meant: String) throws {
        let error = #expect(throws: ScheduleError.self) { try Schedule(text) }
        #expect(error?.message == "`\(text)` is no schedule, did you mean `\(meant)`?")
        #expect(throws: Never.self) { try Schedule(meant) }
    }

    static let refused: [(text: String, part: String)] = [
        ("every 7 minutes", "did you mean `every 6 minutes` or `every 8 minutes`?"),
        ("every 5 hours", "did you mean `every 4 hours` or `every 6 hours`?"),
        ("every 24 hours", "is a day or more; write it like `daily 09:00`"),
        ("every 0 minutes", "did you mean `every minute`?"), ("every 999999999999 hours", "is a day or more"),
        ("every -5 minutes", "did you mean `every minute`?"),
        ("daily", "`daily` has no time of day; write it like `daily 02:00`"),
        ("first Sunday of the month", "write it like `first Sunday of the month 02:00`"),
        ("", "is no schedule"), ("   ", "is no schedule"), ("at 09:00", "is no schedule"),
        ("daily 25:00", "is no schedule"),
        ("2 business dais after the secund Tuesday 20:00", "`2 business days after the second Tuesday 20:00`?"),
        ("quux 09:00", "is no schedule; one is written like `daily 09:00`"), ("daily 09:00 09:30", "is no schedule"),
        ("first Sunday and Monday of the month 02:00", "is no schedule"), ("every 5 minutes 02:00", "is no schedule"),
        ("daily ٠٩:٠٠", "is no schedule"), ("Sunday of the month 02:00", "is no schedule"),
        ("daily 13pm", "is no schedule"),
    ]

    @Test(arguments: refused)
    func theRestSaysWhatIsUnderstood(text: String, part: String) {
        let error = #expect(throws: ScheduleError.self) { try Schedule(text) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test func aLongTextIsRefusedWithoutRepeatingIt() {
        let error = #expect(throws: ScheduleError.self) { try Schedule(String(repeating: "Sunday ", count: 1000)) }
        #expect((error?.message.utf8.count ?? 0) < 100)
    }
}
