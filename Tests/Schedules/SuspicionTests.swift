import Host
import Schedules
import Testing

/// What a schedule does that was most likely not meant.
@Suite struct SuspicionTests {
    static let found: [(text: String, kind: Suspicion.Kind, isRefused: Bool, parts: [String])] = [
        (
            "* 4 * * *", .unsetMinute, true,
            ["every minute from 04:00 to 04:59", "for once write `0 4 * * *`", "`0-59 4 * * *`"]
        ),
        ("* */2 * * *", .unsetMinute, true, ["`0 */2 * * *`"]), ("* * 1 * *", .unsetMinute, true, ["`0 0 1 * *`"]),
        ("* 9-17 * * MON-FRI", .unsetMinute, false, ["every minute from 09:00 to 17:59"]),
        ("* 0 2 * * *", .unsetSecond, true, ["its first is the second", "`0 0 2 * * *`"]),
        ("* * * * * *", .unsetSecond, true, ["runs every second", "`0 * * * * *`"]),
        (
            "0 2 1-7 * 0", .eitherDay, true,
            [
                "on day 1 to 7 of the month and also on every Sunday at 02:00",
                "first Sunday of the month write `0 2 * * SUN#1`",
                "`0 2 1-7 * *; 0 2 * * 0`",
            ]
        ),
        ("0 2 8-14 * TUE", .eitherDay, true, ["for the second Tuesday of the month write `0 2 * * TUE#2`"]),
        ("0 2 25-31 * FRI", .eitherDay, true, ["for the last Friday of the month write `0 2 * * FRI#L`"]),
        ("0 0 13 * FRI", .eitherDay, true, ["for days that are both write `0 0 13 * +FRI`"]),
        ("*/7 * * * *", .unevenStep, false, ["0, 7 … 56, and then 0 again, 4 minutes later", "10, 12"]),
        ("*/45 * * * *", .unevenStep, true, ["15 minutes later; `every 45 minutes` counts evenly"]),
        ("*/90 * * * *", .unevenStep, true, ["`every 90 minutes` counts evenly"]),
        ("0 */5 * * *", .unevenStep, false, ["4 hours later"]),
        ("0 0 */2 * *", .unevenStep, false, ["counted from a date"]),
        ("0 0 2 ? * 1", .weekdayNumber, true, ["which is Monday here", "`0 0 2 ? * MON`"]),
        ("0 0 2 * * 1#1", .weekdayNumber, false, ["`0 0 2 * * MON#1`"]),
        ("0 0 31 2 *", .never, true, ["never runs", "February has no day 31"]),
        ("daily 09:00 except daily 09:00", .never, true, ["never runs"]),
        ("2024-04-01 09:00", .past, false, ["its last time was 2024-04-01 09:00"]),
        ("0 0 12 * * * 2020-2024", .past, false, ["its last time was 2024-12-31 12:00"]),
        ("0 0 31 * *", .missingDay, false, ["February, April, June, September and November"]),
        ("29 February 06:00", .missingDay, false, ["in leap years only"]),
        ("30 2 * * *", .clockChange, false, ["On 2026-03-08", "over 02:30: it does not run then"]),
        ("daily 02:30", .clockChange, false, ["it runs at 03:00, the first instant after"]),
        ("daily 09:00; * 4 * * *", .unsetMinute, true, ["`* 4 * * *`"]),
    ]

    @Test(arguments: found)
    func itSaysWhatItDoesAndWhatWasMeant(text: String, kind: Suspicion.Kind, isRefused: Bool, parts: [String]) throws {
        let zone = try ZoneFixtures.zone("America/New_York")
        let all = try Schedule(text).suspicions(in: zone, from: try instant("2026-01-01T00:00:00Z"))
        let suspicion = try #require(all.first { $0.kind == kind }, "\(all)")
        #expect(suspicion.isRefused == isRefused)
        for part in parts { #expect(suspicion.message.contains(part), "\(suspicion.message)") }
        // What is suggested is read, and is not refused in its turn.
        for suggested in suspicion.message.split(separator: "`").filter({ CronText.isPattern($0) && $0 != text }) {
            let schedule = try Schedule(String(suggested))
            let refused = schedule.suspicions(in: zone, from: try instant("2026-01-01T00:00:00Z")).filter(\.isRefused)
            #expect(refused.isEmpty || text.contains(suggested), "\(suggested)")
        }
    }

    private enum CronText {
        static func isPattern(_ text: Substring) -> Bool {
            (5...7).contains(text.split(separator: " ").count) && !text.contains(";")
                && (text.first == "*" || text.first == "0")
        }
    }

    /// No alarm on a healthy schedule: neither on the examples nor on patterns as they are commonly written.
    @Test(
        arguments: Schedule.examples + [
            "0 3 * * *", "*/5 * * * *", "*/15 * * * *", "0 */6 * * *", "0 9-17 * * MON-FRI", "@daily", "0 2 * * SUN#1",
            "0 0 L * *", "0 0 13 * +FRI", "0 30 4 * * SUN", "15,45 * * * *", "* * * * *", "0 0 1 */3 *", "5 4 * * 0",
            "RRULE:FREQ=WEEKLY;BYDAY=SU;BYHOUR=4;BYMINUTE=0;BYSECOND=0",
        ])
    func nothingIsFoundOnAnOrdinaryOne(text: String) throws {
        #expect(try Schedule(text).suspicions(in: .utc, from: try instant("2026-01-01T00:00:00Z")).isEmpty)
    }

    @Test func aProcedureThatLastsLongerThanUntilItComesAgain() throws {
        let from = try instant("2026-01-01T00:00:00Z")
        func found(_ text: String, _ seconds: Int64) throws -> Suspicion? {
            try Schedule(text).suspicions(in: .utc, from: from, lasting: .seconds(seconds)).first {
                $0.kind == .tooOften
            }
        }
        let suspicion = try #require(try found("every 5 minutes", 301))
        #expect(suspicion.isRefused)
        #expect(suspicion.message.contains("comes again after 5 minutes, and its procedure may take 301 seconds"))
        #expect(try found("every 5 minutes", 300) == nil)
        #expect(try found("Saturday 23:00; Sunday 01:00", 7201) != nil)
        #expect(try found("Saturday 23:00; Sunday 01:00", 7200) == nil)
        // Neither what comes once nor what clock changes bring together.
        #expect(try found("2026-01-26 09:00", 1_000_000) == nil)
    }
}

/// Schedules in full words.
@Suite struct ExplanationTests {
    static let words: [(text: String, words: String)] = [
        ("0 2 1-7 * 0", "on day 1 to 7 of the month and also on every Sunday at 02:00"),
        ("0 0 13 * +FRI", "on day 13 of the month, where it is also every Friday at 00:00"),
        ("*/7 * * * *", "every day at minute 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour"),
        ("*/5 8-17 * * 1-5", "every 5 minutes from 08:00 to 17:55, every Monday to Friday"),
        ("*/5 * * * *", "every 5 minutes by the clock"),
        ("0 0 LW * *", "the last Monday to Friday of every month at 00:00"),
        ("0 0 15W * *", "the Monday to Friday nearest to day 15 of the month at 00:00"),
        ("0 0 12 * * * 2026-2030", "every day at 12:00 in the years 2026 to 2030"),
        ("0 0 12 * * * 2026", "every day at 12:00 in 2026"),
        (
            "0 0 * * FRI#L,MON#2",
            "on the last Friday of every month and also on the second Monday of every month at 00:00"
        ),
        ("*/20 30 4 * * *", "every day at 04:30, 04:30:20 and 04:30:40"),
        ("every 15 minutes from 00:05", "every 15 minutes by the clock, from 00:05 on"),
        (
            "2 business days after the second Tuesday 20:00",
            "2 business days (Monday to Friday) after the second Tuesday of every month at 20:00"
        ),
        ("3 days before the last day of the month 12:00", "3 days before the last day of every month at 12:00"),
        ("weeks 1 and 3 on Sunday 02:00", "the first and third Sunday of every month at 02:00"),
        ("every 2 weeks on Sunday 02:00 from 2026-01-04", "every second Sunday from 2026-01-04 on at 02:00"),
        ("1 January and 1 July 00:00", "on 1 January and 1 July at 00:00"),
        ("2026-01-26 09:00", "once, on 2026-01-26 at 09:00"),
        ("semi-annually on the first day 02:00", "the first day of every half-year (January and July) at 02:00"),
        (
            "daily 12:00 except weekends and 1 January",
            "every day at 12:00, but not on any Saturday or Sunday and not on 1 January"
        ),
        ("Monday 09:00; 0 3 4 1 *", "every Monday at 09:00; and also on 4 January at 03:00"),
        (
            "DTSTART:20260104T020000 RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=5",
            "every 2 weeks, from 2026-01-04 02:00 on, 5 times in all; what it does not name is as at its start"
        ),
    ]

    @Test(arguments: words)
    func itSaysWhatItDoes(text: String, words: String) throws {
        #expect(try Schedule(text).explanation == words)
    }

    @Test func itSaysWhatClockChangesDo() throws {
        let newYork = try ZoneFixtures.zone("America/New_York")
        let from = try instant("2026-01-01T00:00:00Z")
        func words(_ text: String, _ zone: Zone, _ policy: ClockChangeChoice? = nil) throws -> String {
            let schedule = try Schedule(text, policy: policy)
            let all = schedule.explanation(in: zone, from: from)
            #expect(all.hasPrefix(schedule.explanation))
            return String(all.dropFirst(schedule.explanation.count))
        }
        let gap = ". On 2026-03-08 clocks in America/New_York are put forward from 02:00 to 03:00, over 02:30: "
        #expect(try words("daily 02:30", newYork) == gap + "it runs at 03:00, the first instant after")
        #expect(try words("30 2 * * *", newYork) == gap + "it does not run then")
        let before = ClockChangeChoice(gap: .before)
        #expect(
            try words("daily 02:30", newYork, before) == gap + "it runs at 2026-03-08 01:59:59, the last second before")
        let overlap = ". On 2026-11-01 they are put back from 02:00 to 01:00 and show 01:30 twice: "
        #expect(try words("daily 01:30", newYork) == overlap + "it runs the first time only")
        #expect(
            try words("daily 01:30", newYork, ClockChangeChoice(overlap: .last)) == overlap
                + "it runs the second time only")
        #expect(try words("30 * * * *", newYork) == gap + "it does not run then" + overlap + "it runs both times")
        #expect(
            try words("daily 12:00", newYork)
                == ". No clock change in America/New_York meets its times in the 10 years from then on")
        #expect(
            try words("every 5 minutes", newYork)
                == ". It does not go by the clocks, so that their changes do not touch it")
        // Clocks do show 03:00 on that day.
        #expect(try words("daily 03:00", newYork).hasPrefix(". No clock change"))
        #expect(try words("daily 02:30", .utc).isEmpty)
        #expect(try words("daily 02:30", try ZoneFixtures.zone("Asia/Kathmandu")).isEmpty)
    }
}
