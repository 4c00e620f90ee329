import Host
import Testing

@testable import Schedules

/// What the Open Cron Pattern Specification says in its versions 1.0 to 1.4 with MUST and SHOULD, section by section.
@Suite struct OCPSTests {
    /// Times of 2026 where no year is said; by UTC.
    struct Vector: Sendable, CustomTestStringConvertible {
        let section: String
        let pattern: String
        let has: [String]
        let hasNot: [String]

        init(_ section: String, _ pattern: String, has: [String], hasNot: [String]) {
            (self.section, self.pattern, self.has, self.hasNot) = (section, pattern, has, hasNot)
        }

        var testDescription: String { "\(section): \(pattern)" }
    }

    static let vectors: [Vector] = [
        Vector("1.0 4.1", "\t 15  10\t*   *  * \t", has: ["03-10 10:15"], hasNot: ["03-10 10:16", "03-10 15:10"]),
        Vector("1.0 4.2", "0 8 * jAn-MaR tUe", has: ["02-03 08:00"], hasNot: ["04-07 08:00", "02-04 08:00"]),
        Vector("1.0 4.2", "0 8 * * 0", has: ["11-22 08:00"], hasNot: ["11-21 08:00", "11-23 08:00"]),
        Vector("1.0 4.2", "0 8 * * 7", has: ["11-22 08:00"], hasNot: ["11-21 08:00", "11-23 08:00"]),
        Vector("1.0 4.2", "59 23 31 12 *", has: ["12-31 23:59"], hasNot: ["12-30 23:59"]),
        Vector("1.0 5", "* * * * *", has: ["01-01 00:00", "12-31 23:59"], hasNot: ["01-01 00:00:30"]),
        Vector("1.0 5", "7,11,59 3 * * *", has: ["05-01 03:07", "05-01 03:59"], hasNot: ["05-01 03:08"]),
        Vector("1.0 5", "30 9-17 * * *", has: ["05-01 09:30", "05-01 17:30"], hasNot: ["05-01 08:30", "05-01 18:30"]),
        Vector(
            "1.0 5", "3-40/12 * * * *", has: ["05-01 09:03", "05-01 09:39"], hasNot: ["05-01 09:00", "05-01 09:51"]),
        Vector("1.0 5.1", "*/25 * * * *", has: ["05-01 09:50"], hasNot: ["05-01 09:15"]),
        Vector(
            "1.0 5.1", "0-10/5,30,50-59/4 6 * * *", has: ["05-01 06:05", "05-01 06:30", "05-01 06:58"],
            hasNot: ["05-01 06:15", "05-01 06:59"]),
        Vector("1.0 5.1", "0 0 * 1-12/5 *", has: ["06-01 00:00", "11-01 00:00"], hasNot: ["05-01 00:00"]),
        Vector("1.0 5.1", "0 0 * * mon-wed,5", has: ["11-20 00:00", "11-25 00:00"], hasNot: ["11-26 00:00"]),
        Vector("1.0 6.1", "0 12 13 * FRI", has: ["10-13 12:00", "10-16 12:00"], hasNot: ["10-14 12:00"]),
        Vector("1.0 6.1", "0 12 * * FRI", has: ["10-16 12:00"], hasNot: ["10-13 12:00"]),
        Vector("1.0 6.1", "0 12 1-31 * FRI", has: ["10-13 12:00", "10-16 12:00"], hasNot: ["10-13 13:00"]),
        Vector("1.0 6.1", "0 12 13 * 0-6", has: ["10-14 12:00"], hasNot: ["10-14 11:00"]),
        Vector("1.0 6.1", "0 12 */10 * FRI", has: ["10-11 12:00", "10-16 12:00"], hasNot: ["10-12 12:00"]),
        Vector("1.2 4.1", "45 15 10 * * *", has: ["03-10 10:15:45"], hasNot: ["03-10 10:15", "03-10 10:15:44"]),
        Vector("1.2 4.1", "*/20 0 0 1 1 *", has: ["01-01 00:00:40"], hasNot: ["01-01 00:00:50"]),
        Vector("1.2 4.1", "15 10 * * *", has: ["03-10 10:15"], hasNot: ["03-10 10:15:01"]),
        Vector(
            "1.2 4.2", "0 15 10 * * * 2027", has: ["2027-03-10 10:15"],
            hasNot: ["2026-03-10 10:15", "2028-03-10 10:15"]),
        Vector(
            "1.2 4.2", "0 0 0 1 1 * 2027-2029", has: ["2027-01-01 00:00", "2029-01-01 00:00"], hasNot: ["01-01 00:00"]),
        Vector("1.2 4.2", "0 0 0 1 1 * 2027,2031", has: ["2031-01-01 00:00"], hasNot: ["2029-01-01 00:00"]),
        Vector(
            "1.2 4.2", "0 0 0 1 1 * */2", has: ["2026-01-01 00:00", "2198-01-01 00:00"], hasNot: ["2027-01-01 00:00"]),
        Vector("1.2 4.2", "0 0 0 1 1 * 1971-2199/2", has: ["2027-01-01 00:00"], hasNot: ["2026-01-01 00:00"]),
        Vector("1.2 4.2", "0 0 0 1 1 * 1970-2199/3", has: ["2027-01-01 00:00"], hasNot: ["2026-01-01 00:00"]),
        Vector(
            "1.3 4.1", "0 0 L * *", has: ["02-28 00:00", "2028-02-29 00:00", "04-30 00:00"], hasNot: ["04-29 00:00"]),
        Vector("1.3 4.1", "0 0 L 2 *", has: ["2028-02-29 00:00"], hasNot: ["2028-02-28 00:00"]),
        Vector("1.3 4.1", "0 0 * * 5L", has: ["02-27 00:00"], hasNot: ["02-20 00:00", "02-26 00:00"]),
        Vector("1.3 4.1", "0 0 * * 5#L", has: ["02-27 00:00"], hasNot: ["02-20 00:00"]),
        Vector("1.3 4.1", "0 0 * * fri#L", has: ["02-27 00:00"], hasNot: ["02-20 00:00"]),
        Vector("1.3 4.2", "0 0 * * 2#3", has: ["06-16 00:00"], hasNot: ["06-09 00:00", "06-23 00:00"]),
        Vector("1.3 4.2", "0 0 * * MON#1", has: ["06-01 00:00"], hasNot: ["06-08 00:00"]),
        Vector("1.3 4.2", "0 0 * * 7#5", has: ["05-31 00:00"], hasNot: ["05-24 00:00", "06-28 00:00"]),
        Vector("1.3 4.2", "0 0 * * 0#5", has: ["05-31 00:00"], hasNot: ["05-24 00:00"]),
        Vector("1.3 4.2", "0 0 * * MON#1,WED#2", has: ["06-01 00:00", "06-10 00:00"], hasNot: ["06-03 00:00"]),
        // A Wednesday, a Saturday, a Sunday.
        Vector("1.3 4.3", "0 12 15W * *", has: ["04-15 12:00"], hasNot: ["04-14 12:00", "04-16 12:00"]),
        Vector("1.3 4.3", "0 12 15W * *", has: ["08-14 12:00"], hasNot: ["08-15 12:00", "08-17 12:00"]),
        Vector("1.3 4.3", "0 12 15W * *", has: ["11-16 12:00"], hasNot: ["11-15 12:00", "11-13 12:00"]),
        // At the month's ends it stays in the month.
        Vector("1.3 4.3", "0 12 1W * *", has: ["08-03 12:00"], hasNot: ["08-01 12:00", "07-31 12:00"]),
        Vector("1.3 4.3", "0 12 31W * *", has: ["05-29 12:00"], hasNot: ["05-31 12:00", "06-01 12:00", "04-30 12:00"]),
        Vector(
            "1.4 4.1.1", "0 12 1 * MON", has: ["06-01 12:00", "06-08 12:00", "07-01 12:00"], hasNot: ["06-02 12:00"]),
        Vector("1.4 4.1.2", "0 12 1 * +MON", has: ["06-01 12:00"], hasNot: ["06-08 12:00", "07-01 12:00"]),
        Vector("1.4 4.1.2", "0 12 1-7 * +SUN", has: ["06-07 12:00"], hasNot: ["06-14 12:00", "06-01 12:00"]),
        Vector("1.4 4.1.2", "0 12 L * +FRI#L", has: ["07-31 12:00"], hasNot: ["06-26 12:00", "06-30 12:00"]),
        Vector("1.4 4.1.2", "0 12 * * +MON", has: ["06-08 12:00"], hasNot: ["06-09 12:00"]),
        Vector("1.4 4.2", "0 12 ? * MON", has: ["06-08 12:00"], hasNot: ["06-09 12:00"]),
        Vector("1.4 4.2", "0 12 9 * ?", has: ["06-09 12:00"], hasNot: ["06-08 12:00"]),
    ]

    @Test(arguments: vectors)
    func aPatternHasItsTimes(vector: Vector) throws {
        let schedule = try Schedule(vector.pattern)
        func isTime(_ text: String) throws -> Bool {
            let shown = try local(
                text.count < 16 || text.count < 19 && text.contains(":") && text.split(separator: "-").count == 2
                    ? "2026-" + text : text)
            let at = try #require(Zone.utc.instants(of: shown).first)
            return schedule.next(after: at - .seconds(1), in: .utc) == at
        }
        for time in vector.has { #expect(try isTime(time), "\(time)") }
        for time in vector.hasNot { #expect(try !isTime(time), "\(time)") }
    }

    static let rejected: [(section: String, patterns: [String])] = [
        (
            "1.0 4.1",
            ["", "* * * *", "* * * * * * * *", "0;5 * * * *", "0 0 * * mon!", "0 0 1 .", "0\n0 * * *", "0 0 * * *\n"]
        ),
        ("1.0 4.2", ["0 0 * janu *", "0 0 * ja *", "0 0 * * sunday", "0 0 mon * *", "jan 0 * * *", "0 0 * * jan"]),
        ("1.0 4.3", ["0 0 1;2 * *", "0 0 1_2 * *", "a 0 * * *", "0 0 ١ * *", "0 0 * * -1", "1.5 0 * * *"]),
        (
            "1.0 5.1",
            ["0 0 1, * *", "0 0 ,1 * *", "0 0 1,,2 * *", "0 0 1- * *", "0 0 -5 * *", "0 0 1-2-3 * *", "0 0 ** * *"]
        ),
        (
            "1.0 6.2 out of range",
            [
                "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *", "* * * * 8",
                "0-60 * * * *",
            ]
        ),
        ("1.0 6.2 ranges", ["30-10 * * * *", "* 22-2 * * *", "* * 31-1 * *", "* * * dec-jan *", "* * * * sat-mon"]),
        (
            "1.0 6.2 steps",
            [
                "*/0 * * * *", "0-9/0 * * * *", "/30 * * * *", "0/15 * * * *", "10/10 * * * *", "*/ * * * *",
                "*/-5 * * * *", "*/5/5 * * * *",
            ]
        ),
        ("1.1 4.1", ["@Daily", "@DAILY", "@REBOOT", "@daily 0 0 * * *", "0 0 * * * @daily", "@dayly", "@"]),
        ("1.2", ["60 0 0 * * *", "-1 0 0 * * *", "0 0 0 1 1 * 1969", "0 0 0 1 1 * 2200", "0 0 0 1 1 * 2030-2020"]),
        ("1.3 4", ["0 0 l * *", "0 0 * * 5l", "0 0 * * 5#l", "0 12 15w * *", "0 0 * * FRI#l"]),
        ("1.3 4.1", ["L * * * *", "0 L * * *", "0 0 * L *", "0 0 1-L * *", "0 0 LL * *"]),
        (
            "1.3 4.2",
            ["0 0 * * 2#0", "0 0 * * 2#6", "0 0 * * 8#1", "0 0 * * #2", "0 0 * * 2#", "0 0 2#3 * *", "0 0 * * 1-5#2"]
        ),
        (
            "1.3 4.3",
            [
                "0 12 1-15W * *", "0 12 1,15W * *", "0 12 15W,20 * *", "0 12 W * *", "0 12 0W * *", "0 12 32W * *",
                "0 12 * * 5W",
            ]
        ),
        (
            "1.4 4.1.2",
            [
                "+0 12 * * *", "0 +12 * * *", "0 12 +1 * MON", "0 12 * +1 *", "0 12 1 * MON+", "0 12 1 * MON,+TUE",
                "0 12 1 * ++MON", "0 12 1 * +",
            ]
        ),
        ("1.4 4.2", ["? * * * *", "* ? * * *", "* * * ? *", "? * * * * *", "0 0 * * * * ?"]),
    ]

    @Test(arguments: rejected)
    func whatMustBeRejectedIs(section: String, patterns: [String]) {
        for pattern in patterns {
            let error = #expect(throws: ScheduleError.self, "\(section): `\(pattern)`") { try CronPattern(pattern) }
            #expect((error?.message.count ?? 0) > 10)
        }
    }

    /// 1.0, 6.2: an impossible date is valid, and it is said that it never comes.
    @Test(arguments: ["* * 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 1 * +MON#2"])
    func anImpossibleDateIsValid(pattern: String) throws {
        let schedule = try Schedule(pattern)
        #expect(schedule.next(after: try instant("2026-01-01T00:00:00Z"), in: .utc) == nil)
        #expect(schedule.previous(atOrBefore: try instant("2026-01-01T00:00:00Z"), in: .utc) == nil)
    }

    /// 1.1, 4.1 and 1.2, 4.1: nicknames are their patterns, at the second 0.
    @Test(arguments: [
        ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@hourly", "0 * * * *"), ("  @daily\t", "0 0 * * *"),
    ])
    func aNicknameIsItsPattern(name: String, pattern: String) throws {
        #expect(try CronPattern(name) == (try CronPattern(pattern)))
        #expect(try CronPattern(name) == (try CronPattern("0 " + pattern)))
    }

    /// 1.1, 4.2: no syntax error, and refused clearly where there is no such event.
    @Test func rebootIsValidAndNoTime() throws {
        #expect(try CronPattern("@reboot").isStartup)
        let error = #expect(throws: ScheduleError.self) { try Schedule("@reboot") }
        #expect(error?.message.hasPrefix("`@reboot` is an event and no time") == true)
    }

    /// 1.0, 6.4: a pattern is read by the zone's clocks.
    @Test func patternsAreOfTheLocalTime() throws {
        let schedule = try Schedule("30 9 * * *")
        let start = try instant("2026-11-20T00:00:00Z")
        #expect(schedule.next(after: start, in: .utc) == (try instant("2026-11-20T09:30:00Z")))
        let kathmandu = try ZoneFixtures.zone("Asia/Kathmandu")
        #expect(schedule.next(after: start, in: kathmandu) == (try instant("2026-11-20T03:45:00Z")))
    }

    /// 1.4, 4.3.1: skipped in the gap, once and first where clocks are put back.
    @Test func clockChangesAreAsRecommended() throws {
        let berlin = try ZoneFixtures.zone("Europe/Berlin")
        let schedule = try Schedule("30 2 * * *")
        let march = try instant("2026-03-28T12:00:00Z")
        #expect(schedule.next(after: march, in: berlin) == (try instant("2026-03-30T00:30:00Z")))
        let first = try instant("2026-10-25T00:30:00Z")
        #expect(schedule.next(after: first - .seconds(1), in: berlin) == first)
        #expect(schedule.next(after: first, in: berlin) == (try instant("2026-10-26T01:30:00Z")))
    }

    /// 1.4, 4.3.2: the documented range is 1970 to 2199; beyond it there is nothing.
    @Test func theRangeEnds() throws {
        let schedule = try Schedule("0 0 1 1 *")
        #expect(ScheduleLimits.years == 1970...2199)
        #expect(
            schedule.next(after: try instant("2198-06-01T00:00:00Z"), in: .utc) == (try instant("2199-01-01T00:00:00Z"))
        )
        #expect(schedule.next(after: try instant("2199-01-01T00:00:00Z"), in: .utc) == nil)
        #expect(
            schedule.previous(atOrBefore: try instant("1970-01-01T00:00:00Z"), in: .utc)
                == Instant(secondsSinceEpoch: 0))
        #expect(schedule.previous(atOrBefore: Instant(secondsSinceEpoch: -1), in: .utc) == nil)
        // The proleptic Gregorian calendar: 2100 has no 29 February.
        #expect(
            try Schedule("0 0 29 2 *").next(after: try instant("2096-03-01T00:00:00Z"), in: .utc)
                == (try instant("2104-02-29T00:00:00Z")))
    }
}
