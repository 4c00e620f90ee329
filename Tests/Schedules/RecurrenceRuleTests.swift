import Host
import Schedules
import Testing

/// Parts of rules, beyond the examples of the RFC.
@Suite struct RecurrenceRuleTests {
    static let rules: [(text: String, after: String, expected: [String])] = [
        // Without a DTSTART.
        ("rrule: FREQ=MONTHLY;BYDAY=2TU;BYHOUR=20", "2026-01-01", ["2026-01-13 20:00", "2026-02-10 20:00"]),
        ("RRULE:FREQ=DAILY", "2026-01-01", ["2026-01-02 00:00", "2026-01-03 00:00"]),
        ("RRULE:FREQ=HOURLY;INTERVAL=6;BYMINUTE=15", "2026-01-01", ["2026-01-01 00:15", "2026-01-01 06:15"]),
        ("rrule:freq=weekly; byday=su, mo;byhour=2", "2026-01-01", ["2026-01-04 02:00", "2026-01-05 02:00"]),
        // Leap days: 2100 has none.
        ("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2096-01-01", ["2096-02-29 00:00", "2104-02-29 00:00"]),
        ("DTSTART:20240229T000000 RRULE:FREQ=YEARLY", "2024-03-01", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("RRULE:FREQ=YEARLY;BYYEARDAY=366", "2024-06-01", ["2024-12-31 00:00", "2028-12-31 00:00"]),
        ("RRULE:FREQ=YEARLY;BYYEARDAY=-366", "2024-06-01", ["2028-01-01 00:00", "2032-01-01 00:00"]),
        ("DTSTART:20260131T000000 RRULE:FREQ=MONTHLY", "2026-02-01", ["2026-03-31 00:00", "2026-05-31 00:00"]),
        // Weeks: 2026 has 53, and the first of 2025 and 2026 begin in December.
        ("RRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "2026-01-05", ["2026-12-28 00:00", "2032-12-27 00:00"]),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR", "2026-01-05", ["2027-01-01 00:00", "2032-12-31 00:00"]),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "2024-06-01", ["2024-12-30 00:00", "2025-12-29 00:00"]),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU", "2025-06-01", ["2025-12-28 00:00", "2027-01-03 00:00"]),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU;WKST=SU", "2025-06-01", ["2026-01-04 00:00", "2027-01-03 00:00"]),
        // What BYWEEKNO leaves open is the day of DTSTART, a Wednesday.
        (
            "DTSTART:20260513T000000 RRULE:FREQ=YEARLY;BYWEEKNO=20", "2026-01-01",
            ["2026-05-13 00:00", "2027-05-19 00:00"]
        ),
        // Numbers in the year without BYMONTH, in the month with it.
        ("RRULE:FREQ=YEARLY;BYDAY=-1SU", "2026-01-01", ["2026-12-27 00:00", "2027-12-26 00:00"]),
        ("RRULE:FREQ=YEARLY;BYDAY=53TH", "2025-01-01", ["2026-12-31 00:00", "2032-12-30 00:00"]),
        ("RRULE:FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU", "2026-01-01", ["2026-03-29 00:00", "2026-10-25 00:00"]),
        (
            "RRULE:FREQ=MONTHLY;BYDAY=1MO,FR", "2026-03-01",
            ["2026-03-02 00:00", "2026-03-06 00:00", "2026-03-13 00:00"]
        ),
        // Positions: of days with several times, of a day, of an hour; week and year.
        (
            "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9,17;BYSETPOS=2,-1", "2026-02-01",
            ["2026-02-02 17:00", "2026-02-27 17:00", "2026-03-02 17:00", "2026-03-31 17:00"]
        ),
        ("RRULE:FREQ=DAILY;BYHOUR=9,13,17;BYSETPOS=-1", "2026-01-01", ["2026-01-01 17:00", "2026-01-02 17:00"]),
        ("RRULE:FREQ=HOURLY;BYMINUTE=0,20,40;BYSETPOS=2", "2026-01-01", ["2026-01-01 00:20", "2026-01-01 01:20"]),
        (
            "RRULE:FREQ=MINUTELY;BYSECOND=5,10;BYSETPOS=-1", "2026-01-01",
            ["2026-01-01 00:00:10", "2026-01-01 00:01:10"]
        ),
        (
            "RRULE:FREQ=WEEKLY;BYDAY=TU,TH,SU;BYSETPOS=-1;WKST=SU", "2026-01-04",
            ["2026-01-08 00:00", "2026-01-15 00:00"]
        ),
        (
            "RRULE:FREQ=WEEKLY;BYDAY=TU,TH,SU;BYSETPOS=-1;WKST=MO", "2026-01-05",
            ["2026-01-11 00:00", "2026-01-18 00:00"]
        ),
        ("RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-01", ["2026-12-31 00:00", "2027-12-31 00:00"]),
        // Second 60 is 59.
        ("RRULE:FREQ=MINUTELY;BYSECOND=60", "2026-01-01", ["2026-01-01 00:00:59", "2026-01-01 00:01:59"]),
        // Far from DTSTART, and with intervals that no unit divides.
        (
            "DTSTART:19700101T000001 RRULE:FREQ=SECONDLY;INTERVAL=7", "2199-12-31",
            ["2199-12-31 00:00:06", "2199-12-31 00:00:13"]
        ),
        (
            "DTSTART:20260101T000000 RRULE:FREQ=SECONDLY;INTERVAL=1000000000", "2026-06-01",
            ["2057-09-09 01:46:40", "2089-05-18 03:33:20"]
        ),
        (
            "DTSTART:20260101T000000 RRULE:FREQ=HOURLY;INTERVAL=25", "2026-01-01",
            ["2026-01-02 01:00", "2026-01-03 02:00"]
        ),
        (
            "DTSTART:20260105T000000 RRULE:FREQ=MINUTELY;INTERVAL=1441;BYDAY=MO", "2026-01-05",
            ["2026-01-12 00:07", "2026-01-19 00:14"]
        ),
        // A DTSTART before the years of schedules is counted from all the same.
        (
            "DTSTART;VALUE=DATE:19510101 RRULE:FREQ=YEARLY;INTERVAL=10", "2026-01-01",
            ["2031-01-01 00:00", "2041-01-01 00:00"]
        ),
        // Several rules, times that are added and that are taken out.
        (
            "DTSTART:20260101T020000\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=15\nRDATE:20260120T030000,20260101T020000\nEXDATE:20260201T020000",
            "2025-12-31",
            ["2026-01-01 02:00", "2026-01-15 02:00", "2026-01-20 03:00", "2026-02-15 02:00"]
        ),
        (
            "DTSTART:20260101T000000 RDATE;VALUE=PERIOD:20260103T000000/PT1H RRULE:FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",
            "2025-12-31", ["2026-01-01 00:00", "2026-01-03 00:00", "2027-01-01 00:00"]
        ),
    ]

    @Test(arguments: rules)
    func theNext(text: String, after: String, expected: [String]) throws {
        let found = try Recurring.times(text, expected.count, after: "\(after)T00:00:00Z")
        #expect(found == expected, "\(text)")
    }

    @Test func aListOfTimesHasAnEnd() throws {
        #expect(try Recurring.times("DTSTART:20260104T020000", 5) == ["2026-01-04 02:00"])
        #expect(
            try Recurring.times("RDATE:20260104T020000,20250104T020000 EXDATE:20260104T020000", 5)
                == ["2025-01-04 02:00"])
        #expect(try Recurring.times("DTSTART;VALUE=DATE:20260104 RRULE:FREQ=DAILY;UNTIL=20260105", 5).count == 2)
    }

    @Test func theZoneOfTheTextIsKnown() throws {
        #expect(try Schedule("DTSTART;TZID=Europe/Berlin:20260104T020000").timezone == "Europe/Berlin")
        #expect(try Schedule("DTSTART:20260104T020000Z").timezone == nil)
        #expect(try Schedule("daily 09:00").timezone == nil)
    }

    static let refused: [(text: String, part: String)] = [
        ("RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101T000000", "COUNT and UNTIL exclude each other"),
        ("RRULE:BYDAY=MO", "begin it with one, like `FREQ=MONTHLY`"),
        ("FREQ=DAILY", "put `RRULE:` before"),
        ("RRULE:FREQ=MONTLY", "did you mean FREQ=MONTHLY?"),
        ("RRULE:FREQ=DAILY;FREQ=DAILY", "FREQ stands twice"),
        ("RRULE:FREQ=DAILY;", "`` is none"), ("RRULE:FREQ=DAILY;BYHOUR=", "`BYHOUR=` is none"),
        ("RRULE:FREQ=DAILY;BYHOURS=2", "did you mean BYHOUR?"), ("RRULE:FREQ=DAILY;RSCALE=HEBREW", "RFC 7529"),
        ("RRULE:FREQ=DAILY;INTERVAL=0", "INTERVAL has values from 1"),
        ("RRULE:FREQ=DAILY;BYHOUR=24", "BYHOUR has values from 0 to 23; `24` is none"),
        ("RRULE:FREQ=DAILY;BYHOUR=-1", "`-1` is none"), ("RRULE:FREQ=DAILY;BYMINUTE=60", "`60` is none"),
        ("RRULE:FREQ=DAILY;BYSECOND=61", "`61` is none"), ("RRULE:FREQ=YEARLY;BYMONTHDAY=0", "`0` is none"),
        ("RRULE:FREQ=YEARLY;BYYEARDAY=367", "`367` is none"),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=54;BYDAY=MO", "`54` is none"),
        ("RRULE:FREQ=MONTHLY;BYDAY=0MO", "`0` is none"), ("RRULE:FREQ=MONTHLY;BYDAY=MON", "`MON` is none"),
        ("RRULE:FREQ=MONTHLY;BYDAY=6MO", "5 times at most"),
        ("RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=6MO", "5 times at most"),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=0", "`0` is none"),
        ("RRULE:FREQ=DAILY;COUNT=999999999999", "COUNT has values from 1 to 100000"),
        ("RRULE:FREQ=DAILY;WKST=XX", "write it like `WKST=MO`"),
        ("RRULE:FREQ=DAILY;UNTIL=2027", "write it like `UNTIL=20261231T235959`"),
        ("RRULE:FREQ=DAILY;UNTIL=20270230T000000", "UNTIL=20270230T000000 is no time"),
        // What RFC 5545 forbids.
        ("RRULE:FREQ=WEEKLY;BYDAY=1MO", "use FREQ=MONTHLY or FREQ=YEARLY"),
        ("RRULE:FREQ=HOURLY;BYDAY=1MO", "use FREQ=MONTHLY or FREQ=YEARLY"),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "cannot be together with BYWEEKNO"),
        ("RRULE:FREQ=MONTHLY;BYWEEKNO=20;BYDAY=MO", "it belongs to FREQ=YEARLY"),
        ("RRULE:FREQ=DAILY;BYYEARDAY=100", "use it with FREQ=YEARLY"),
        ("RRULE:FREQ=MONTHLY;BYYEARDAY=100", "use it with FREQ=YEARLY"),
        ("RRULE:FREQ=WEEKLY;BYMONTHDAY=1", "use FREQ=MONTHLY, or FREQ=DAILY"),
        ("DTSTART:20260104T020000 RRULE:FREQ=MONTHLY;BYSETPOS=1", "add one like `BYDAY="),
        ("DTSTART;VALUE=DATE:20260104 RRULE:FREQ=DAILY;BYHOUR=2", "`DTSTART:20260104T000000`"),
        ("DTSTART;VALUE=DATE:20260104 RRULE:FREQ=HOURLY", "`DTSTART:20260104T000000`"),
        ("DTSTART;VALUE=DATE:20260104 RRULE:FREQ=DAILY;UNTIL=20270101T000000", "like `UNTIL=20270101`"),
        ("DTSTART:20260104T020000 RRULE:FREQ=DAILY;UNTIL=20270101", "write `UNTIL=20270101T235959`"),
        ("DTSTART:20260104T020000Z RRULE:FREQ=DAILY;UNTIL=20270101T020000", "like `UNTIL=20270101T020000Z`"),
        ("DTSTART;TZID=Europe/Berlin:20260104T020000 RRULE:FREQ=DAILY;UNTIL=20270101T020000", "must be in UTC"),
        // What hangs on a DTSTART that is not there.
        ("RRULE:FREQ=MONTHLY", "add one like `BYDAY=1SU` or `BYMONTHDAY=1`"),
        ("RRULE:FREQ=WEEKLY;BYHOUR=2", "add one like `BYDAY=SU`"), ("RRULE:FREQ=YEARLY", "`BYMONTH=1;BYMONTHDAY=1`"),
        ("RRULE:FREQ=YEARLY;BYMONTH=4", "BYMONTHDAY=1`"), ("RRULE:FREQ=YEARLY;BYWEEKNO=20", "add one like `BYDAY=MO`"),
        ("RRULE:FREQ=DAILY;INTERVAL=2", "INTERVAL=2 counts from DTSTART, which is missing"),
        ("RRULE:FREQ=HOURLY;INTERVAL=5", "counts from DTSTART"),
        ("RRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=1SU", "`BYMONTH=1,4,7,10`"),
        ("RRULE:FREQ=DAILY;COUNT=2", "COUNT counts from DTSTART"), ("RRULE:FREQ=DAILY;BYMINUTE=30", "`BYHOUR=2`"),
        ("RRULE:FREQ=HOURLY;BYSECOND=30", "`BYMINUTE=0`"),
        // What never is, or is not what it seems.
        ("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never happens"),
        ("RRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "never happens"),
        ("DTSTART:20260101T000000 RRULE:FREQ=SECONDLY;INTERVAL=2;BYSECOND=1", "never happens"),
        ("RRULE:FREQ=DAILY;BYHOUR=1,2;BYSETPOS=3", "BYSETPOS picks from 2"),
        ("RRULE:FREQ=SECONDLY;BYMONTH=1;BYSETPOS=2", "BYSETPOS picks from 1"),
        ("DTSTART:20260104T020000 RRULE:FREQ=DAILY;UNTIL=20250101T000000", "UNTIL lies before DTSTART"),
        ("DTSTART:20260101T200000 RRULE:FREQ=MONTHLY;BYDAY=2TU", "the first that is one is 20260113T200000"),
        ("DTSTART:20260101T200000Z RRULE:FREQ=MONTHLY;BYDAY=2TU", "the first that is one is 20260113T200000Z"),
        (
            "DTSTART:20260101T200000 RRULE:FREQ=MONTHLY;BYDAY=2TU;COUNT=2 EXDATE:20260101T200000",
            "begin with 20260113T200000"
        ),
        ("DTSTART:20260104T020000 RRULE:FREQ=DAILY EXDATE:20260105T000000", "did you mean 20260105T020000?"),
        ("DTSTART:20260104T020000 EXDATE:20260104T020000", "nothing is left"), ("EXDATE:20260104T020000", "RRULE:"),
        ("DTSTART:20260104T020000 EXDATE;VALUE=DATE:20260104", "`EXDATE:20260104T020000`"),
        ("DTSTART;VALUE=DATE:20260104 RDATE:20260104T020000", "`RDATE;VALUE=DATE:20260104`"),
        ("DTSTART:20260104T020000,20260105T020000", "DTSTART is one time"),
        ("DTSTART:20260104T020000 DTSTART:20260104T020000", "DTSTART is one time"),
        ("DTSTART:20260104T0200", "is no time"), ("DTSTART;VALUE=DATE:20260104T020000", "VALUE=DATE says"),
        ("DTSTART;TZID=Europe/Berlin:20260104T020000Z", "leave one of the TZID and the Z out"),
        ("DTSTART;TZID=Europe/Berlin:20260104T020000 RDATE;TZID=UTC:20260105T020000", "different zones"),
        ("DTSTART:22000101T000000", "2199"), ("RRULE:FREQ=DAILY DTEND:20260104T020000", "DTEND is no line"),
        ("RRULE:FREQ=DAILY at 02:00", "`at` is none of the lines"),
        ("DTSTART:19500101T000000 RRULE:FREQ=DAILY;COUNT=3", "from 1970 on"),
    ]

    @Test(arguments: refused)
    func theRestSaysWhatWouldBeRight(text: String, part: String) {
        let error = #expect(throws: ScheduleError.self) { try Schedule(text) }
        #expect(error?.message.contains(part) == true, "\(text): \(error?.message ?? "")")
    }

    @Test func aLongTextIsRefusedWithoutRepeatingIt() {
        let error = #expect(throws: ScheduleError.self) { try Schedule("RRULE:" + String(repeating: "A", count: 9000)) }
        #expect((error?.message.utf8.count ?? 0) < 100)
    }
}

/// By the zone's clocks.
@Suite struct RecurrenceZoneTests {
    static let changes: [(text: String, policy: ClockChangeChoice?, after: String, expected: [String])] = [
        // Clocks skip 02:30 on 8 March, and show 01:30 twice on 1 November.
        ("RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=30", nil, "2026-03-07", ["03-07 02:30", "03-09 02:30"]),
        (
            "RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=30", ClockChangeChoice(gap: .after), "2026-03-07",
            ["03-07 02:30", "03-08 03:00", "03-09 02:30"]
        ),
        ("RRULE:FREQ=DAILY;BYHOUR=1;BYMINUTE=30", nil, "2026-10-31T12", ["11-01 01:30", "11-02 01:30"]),
        (
            "RRULE:FREQ=DAILY;BYHOUR=1;BYMINUTE=30", ClockChangeChoice(gap: .skip, overlap: .both), "2026-10-31T12",
            ["11-01 01:30", "11-01 01:30", "11-02 01:30"]
        ),
        ("RRULE:FREQ=HOURLY", nil, "2026-03-08T06", ["03-08 03:00", "03-08 04:00"]),
        // COUNT does not count what clocks skip, and counts what a policy moves.
        (
            "DTSTART:20260307T023000 RRULE:FREQ=DAILY;COUNT=3", nil, "2026-01-01",
            ["03-07 02:30", "03-09 02:30", "03-10 02:30", ""]
        ),
        (
            "DTSTART:20260307T023000 RRULE:FREQ=DAILY;COUNT=3", ClockChangeChoice(gap: .after, overlap: .first),
            "2026-01-01",
            ["03-07 02:30", "03-08 03:00", "03-09 02:30", ""]
        ),
        ("DTSTART:20260307T023000 RRULE:FREQ=DAILY;COUNT=2", nil, "2026-01-01", ["03-07 02:30", "03-09 02:30", ""]),
        (
            "DTSTART:20260308T010000 RRULE:FREQ=MINUTELY;INTERVAL=30;COUNT=4", nil, "2026-01-01",
            ["03-08 01:00", "03-08 01:30", "03-08 03:00", "03-08 03:30", ""]
        ),
        (
            "DTSTART:20261101T003000 RRULE:FREQ=HOURLY;COUNT=3", nil, "2026-01-01",
            ["11-01 00:30", "11-01 01:30", "11-01 02:30", ""]
        ),
        // UNTIL is the last where it is one; its instant decides.
        (
            "DTSTART;TZID=America/New_York:20260101T190000 RRULE:FREQ=DAILY;UNTIL=20260103T000000Z", nil, "2026-01-01",
            ["01-01 19:00", "01-02 19:00", ""]
        ),
        (
            "DTSTART;TZID=America/New_York:20260101T190000 RRULE:FREQ=DAILY;UNTIL=20260102T235959Z", nil, "2026-01-01",
            ["01-01 19:00", ""]
        ),
        (
            "DTSTART:20260101T190000 RRULE:FREQ=DAILY;UNTIL=20260102T190000", nil, "2026-01-01",
            ["01-01 19:00", "01-02 19:00", ""]
        ),
        // A DTSTART in UTC is one of UTC, on both sides of a change.
        (
            "DTSTART:20260307T073000Z RRULE:FREQ=DAILY;UNTIL=20260309T073000Z", nil, "2026-01-01",
            ["03-07 02:30", "03-08 03:30", "03-09 03:30", ""]
        ),
        (
            "DTSTART:20260307T073000Z RRULE:FREQ=DAILY;COUNT=3 EXDATE:20260308T073000Z", nil, "2026-01-01",
            ["03-07 02:30", "03-09 03:30", ""]
        ),
        // What somebody named is not lost in a gap.
        ("RDATE:20260308T023000,20260309T023000", nil, "2026-01-01", ["03-08 03:00", "03-09 02:30", ""]),
    ]

    @Test(arguments: changes)
    func clockChanges(text: String, policy: ClockChangeChoice?, after: String, expected: [String]) throws {
        let after = after.count == 10 ? "\(after)T05:00:00Z" : "\(after):30:00Z"
        let isAll = expected.last == ""
        let wanted = isAll ? expected.dropLast() : expected[...]
        let found = try Recurring.times(
            text, in: "America/New_York", wanted.count + (isAll ? 1 : 0), policy: policy, after: after)
        #expect(found == wanted.map { "2026-\($0)" }, "\(text)")
    }

    /// COUNT of a rule that goes on for decades: the gaps of them all are not counted.
    @Test func countAcrossManyGaps() throws {
        let text = "DTSTART:20000305T023000 RRULE:FREQ=WEEKLY;COUNT=1500"
        let there = try Recurring.times(text, in: "America/New_York", 2000)
        let everywhere = try Recurring.times(text, 2000)
        #expect(there.count == 1500)
        #expect(everywhere.count == 1500)
        // Sundays at 02:30: one is skipped in each of 29 years, and one more in the weeks that come instead.
        #expect(everywhere.last == "2028-11-26 02:30")
        #expect(there.last == "2029-06-24 02:30")
    }
}
