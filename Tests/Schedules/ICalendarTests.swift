import Host
import Schedules
import Testing

/// Calendar files of holidays.
@Suite struct ICalendarReadingTests {
    private static func file(_ events: String...) -> [UInt8] {
        let lines =
            ["BEGIN:VCALENDAR", "VERSION:2.0", "X-WR-CALNAME:Feiertage\\, Bund"]
            + events.flatMap { ["BEGIN:VEVENT", $0, "END:VEVENT"] } + ["END:VCALENDAR", ""]
        return Array(lines.joined(separator: "\n").replacing("\n", with: "\r\n").utf8)
    }

    private static func days(_ calendar: HolidayCalendar, _ years: ClosedRange<Int64> = 2026...2026) throws -> [String]
    {
        let first = try #require(CivilDate(year: years.lowerBound, month: 1, day: 1)).daysSinceEpoch
        let last = try #require(CivilDate(year: years.upperBound, month: 12, day: 31)).daysSinceEpoch
        return (first...last).map(CivilDate.init(daysSinceEpoch:)).filter(calendar.contains).map(\.description)
    }

    static let events: [(event: String, days: [String])] = [
        ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227", ["2026-12-25", "2026-12-26"]),
        ("DTSTART;VALUE=DATE:20261225", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20261225\nDURATION:P2D", ["2026-12-25", "2026-12-26"]),
        ("DTSTART;VALUE=DATE:20261225\nDURATION:PT24H", ["2026-12-25"]),
        // From midnight to midnight; the feeds of some programs have it so.
        ("DTSTART;TZID=Europe/Berlin:20261225T000000\nDTEND;TZID=Europe/Berlin:20261226T000000", ["2026-12-25"]),
        ("DTSTART;VALUE=DATE:20260501\nRRULE:FREQ=YEARLY;UNTIL=20200501", ["2026-05-01"]),
        ("DTSTART;VALUE=DATE:19510501\nRRULE:FREQ=YEARLY", ["2026-05-01"]),
        ("DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["2026-11-26"]),
        ("DTSTART;VALUE=DATE:20240501\nRRULE:FREQ=YEARLY;UNTIL=20260501T000000Z", ["2026-05-01"]),
        ("DTSTART;VALUE=DATE:20240501\nRRULE:FREQ=YEARLY;COUNT=3;BYHOUR=0", ["2026-05-01"]),
        (
            "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;VALUE=DATE:20260112\nRDATE;VALUE=DATE:20260301",
            ["2026-01-05", "2026-01-19", "2026-03-01"]
        ),
        ("DTSTART;VALUE=DATE:20261225\nTRANSP:TRANSPARENT\nSTATUS:TENTATIVE", ["2026-12-25"]),
        // Folded, with quotes and with text that only looks like lines.
        (
            "DTST\n ART;VALUE=DA\n\tTE;X-A=\"a:b;c\":2026\n 1225\nDESCRIPTION:BEGIN:VEVENT\\nDTSTART:20260101\nBEGIN:VALARM\nDTSTART;VALUE=DATE:20260202\nEND:VALARM",
            ["2026-12-25"]
        ),
    ]

    @Test(arguments: events)
    func theDaysOfAnEvent(event: String, days: [String]) throws {
        let calendar = try HolidayCalendar(file: Self.file(event))
        #expect(try Self.days(calendar) == days, "\(event)")
        #expect(calendar.name == "Feiertage, Bund")
        #expect(calendar.leftOut.isEmpty)
    }

    @Test func bareLineEndsAndAMarkAreRead() throws {
        let text = "\u{FEFF}begin:vcalendar\nbegin:vevent\ndtstart;value=date:20261225\nend:vevent\nend:vcalendar"
        let calendar = try HolidayCalendar(name: "mine", file: Array(text.utf8))
        #expect(try Self.days(calendar) == ["2026-12-25"])
        #expect(calendar.name == "mine")
        #expect(calendar.lastDay?.description == "2026-12-25")
    }

    @Test func whatIsNoHolidayIsLeftOutAndCounted() throws {
        let calendar = try HolidayCalendar(
            file: Self.file(
                "DTSTART;VALUE=DATE:20261225", "DTSTART:20261224T120000\nDTEND:20261224T180000",
                "DTSTART:20261231T000000Z\nDTEND:20270101T000000Z", "DTSTART:20261231T000000",
                "DTSTART;VALUE=DATE:20261226\nSTATUS:CANCELLED"))
        #expect(try Self.days(calendar) == ["2026-12-25"])
        #expect(calendar.leftOut == [.timed: 3, .cancelled: 1])
    }

    /// One of a series is moved by another event of its UID, and one is cancelled by such.
    @Test func eventsThatTakeTheirPlace() throws {
        let calendar = try HolidayCalendar(
            file: Self.file(
                "UID:a\nRECURRENCE-ID;VALUE=DATE:20260202\nDTSTART;VALUE=DATE:20260203",
                "UID:a\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=MONTHLY;COUNT=4\nEXDATE;VALUE=DATE:20260301",
                "UID:b\nDTSTART;VALUE=DATE:20260602\nRRULE:FREQ=DAILY;COUNT=3",
                "UID:b\nRECURRENCE-ID;VALUE=DATE:20260603\nSTATUS:CANCELLED",
                "UID:c\nDTSTART;VALUE=DATE:20260202"))
        #expect(
            try Self.days(calendar) == [
                "2026-01-01", "2026-02-01", "2026-02-02", "2026-02-03", "2026-04-01", "2026-06-02", "2026-06-04",
            ])
    }

    static let wrong: [(event: String, part: String)] = [
        ("SUMMARY:x", "line 4 of the calendar file cannot be read: the event has no DTSTART"),
        ("DTSTART;VALUE=DATE:20260230", "is no time"), ("DTSTART;VALUE=DATE:", "is no time"),
        ("DTSTART;VALUE=DATE:20261225\nDTEND:20261226T000000", "one of DTSTART and DTEND is a date"),
        ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261224", "ends before it begins"),
        ("DTSTART;VALUE=DATE:20261225\nDURATION:P", "is none"),
        ("DTSTART;VALUE=DATE:20261225\nDURATION:-P1D", "is none"),
        ("DTSTART;VALUE=DATE:20261225\nDURATION:P9999999999999999999W", "is none"),
        ("DTSTART;VALUE=DATE:20261225\nDURATION:P999999W", "more than 1000000 days"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=SECONDLY", "nothing for whole days"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=FOO", "is no frequency"),
        ("DTSTART;VALUE=DATE:20261225\nRECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261225", "THISANDFUTURE"),
        ("DTSTART;VALUE=DATE:20261225\nno colon", "line 6 of the calendar file"),
        ("END:VALARM", "ends what has not begun"),
        ("DTSTART:20261224T120000", "no event of a whole day"), ("BEGIN:VEVENT\nBEGIN:A\nBEGIN:B", "ends what has not"),
    ]

    @Test(arguments: wrong)
    func whatCannotBeReadIsAnError(event: String, part: String) {
        let error = #expect(throws: ScheduleError.self) { try HolidayCalendar(file: Self.file(event)) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test func aHostileFileIsRefused() {
        let deep = "BEGIN:VCALENDAR\n" + String(repeating: "BEGIN:X\n", count: 100_000)
        let long = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:" + String(repeating: "1", count: 100_000)
        let folded = "BEGIN:VCALENDAR\nX:" + String(repeating: "\n 1", count: 100_000)
        let many = "BEGIN:VCALENDAR\n" + String(repeating: "BEGIN:VEVENT\nEND:VEVENT\n", count: 20_001)
        let daily = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:19700101\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
        let work = "BEGIN:VCALENDAR\n" + String(repeating: daily, count: 20) + "END:VCALENDAR\n"
        for (text, part) in [
            ("", "no calendar file"), ("<html>", "line 1"), ("BEGIN:VCALENDAR", "not whole"), (deep, "too deep"),
            (long, "too long"), (folded, "too long"), (many, "at most 20000 events"), (work, "more than 1000000 days"),
            (String(repeating: " ", count: 5 << 20), "4 MiB"), ("BEGIN:VCALENDAR\nBEGIN:VCALENDAR", "within another"),
        ] {
            let error = #expect(throws: ScheduleError.self) { try HolidayCalendar(file: Array(text.utf8)) }
            #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        }
    }

    /// Any byte altered or the end cut off: an error or other days, and never a crash.
    @Test func aDamagedFileIsNoCrash() {
        let whole = Self.file(
            "UID:a\nDTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260103\nRRULE:FREQ=YEARLY;COUNT=5")
        for count in 0..<(whole.count - 2) {
            #expect(throws: ScheduleError.self) { try HolidayCalendar(file: Array(whole[..<count])) }
        }
        for index in whole.indices {
            for change: UInt8 in [0xFF, 0x01, 0x20] {
                var bytes = whole
                bytes[index] ^= change
                _ = try? HolidayCalendar(file: bytes)
            }
        }
    }
}

/// The feed for calendar programs.
@Suite struct ICalendarWritingTests {
    private static func event(_ summary: String, description: String = "", lasts: Duration = .seconds(3600)) throws
        -> ICalendarWriter.Event
    {
        let opens = try instant("2026-11-22T02:00:00Z")
        return .init(
            series: "steamtrap/weekly", opens: opens, closes: opens + lasts, summary: summary, description: description)
    }

    @Test func aFeedIsWrittenInFull() throws {
        let writer = ICalendarWriter(
            name: "Wartung, Nacht", stamp: try instant("2026-11-21T15:00:00.5Z"), refresh: .seconds(7200))
        let feed = writer.feed([try Self.event("Weekly; all", description: "one\r\ntwo\\three")])
        #expect(
            feed.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init) == [
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Millwright//Schedules//EN", "CALSCALE:GREGORIAN",
                "METHOD:PUBLISH", "NAME:Wartung\\, Nacht", "X-WR-CALNAME:Wartung\\, Nacht",
                "REFRESH-INTERVAL;VALUE=DURATION:PT120M", "X-PUBLISHED-TTL:PT120M", "BEGIN:VEVENT",
                "UID:20261122T020000Z-steamtrap/weekly", "DTSTAMP:20261121T150000Z", "DTSTART:20261122T020000Z",
                "DTEND:20261122T030000Z", "SUMMARY:Weekly\\; all", "DESCRIPTION:one\\ntwo\\\\three", "END:VEVENT",
                "END:VCALENDAR", "",
            ])
    }

    @Test func longLinesAreFoldedBetweenCharacters() throws {
        let writer = ICalendarWriter(name: "n", stamp: try instant("2026-11-21T15:00:00Z"))
        for lead in 0..<4 {
            let summary = String(repeating: "x", count: lead) + String(repeating: "ü€𝄞", count: 40)
            let feed = writer.feed([try Self.event(summary)])
            let lines = feed.split(separator: "\r\n")
            #expect(lines.allSatisfy { $0.utf8.count <= 75 })
            #expect(lines.contains { $0.utf8.count >= 72 })
            #expect(feed.replacing("\r\n ", with: "").contains("SUMMARY:\(summary)\r\n"))
        }
    }

    /// What a plan names cannot begin a line of its own.
    @Test func hostileTextStaysText() throws {
        let writer = ICalendarWriter(name: "n\nEND:VCALENDAR", stamp: try instant("2026-11-21T15:00:00Z"))
        let feed = writer.feed([
            try Self.event("a\r\nATTACH:x\u{0}\u{7}\rB:\u{2028}C:\u{85}D:\u{9b}", description: "\n\n")
        ])
        let names = feed.split(separator: "\r\n").map { $0.prefix { $0 != ":" && $0 != ";" } }
        #expect(!names.contains("ATTACH") && !names.contains("B") && !names.contains("C") && !names.contains("D"))
        #expect(feed.contains("SUMMARY:a\\nATTACH:x\\nB:\\nC:\\nD:\r\n"))
        #expect(feed.unicodeScalars.allSatisfy { $0.value >= 32 || $0 == "\r" || $0 == "\n" })
    }

    @Test func aMomentHasNoEnd() throws {
        let writer = ICalendarWriter(name: "n", stamp: try instant("2026-11-21T15:00:00Z"), refresh: .zero)
        let feed = writer.feed([try Self.event("s", lasts: .zero)])
        #expect(!feed.contains("DTEND"))
        #expect(feed.contains("PT1M"))
    }
}
