import Host
import Schedules
import Testing

/// Times that hang on something else.
@Suite struct OccasionTests {
    private func relative(_ text: String, _ policy: ClockChangeChoice? = nil) throws -> RelativeOccasion {
        guard case .relative(let relative) = try Occasion(text, policy: policy) else {
            throw ScheduleError("`\(text)` is a schedule")
        }
        return relative
    }

    private func beside(_ text: String, _ schedule: String, lasts: Duration? = nil) throws -> Schedule {
        let anchor = RelativeOccasion.Anchor(schedule: try Schedule(schedule), lasts: lasts)
        return try #require(try relative(text).schedule { $0 == "weekly" ? anchor : nil })
    }

    @Test func whatIsRead() throws {
        for (text, words) in [
            ("after: backup", "each time that `backup` has run to its end"),
            ("24 hours before weekly", "24 hours before each start of `weekly`"),
            ("1 week before weekly", "1 week before each start of `weekly`, at the same time of the day"),
            ("30 minutes after weekly ends", "30 minutes after each end of `weekly`"),
            ("30 days before expiry of api", "30 days before the `expiry` of `api`, at the same time of the day"),
            ("by agreement", "at a time that people agree on"),
            (
                "by agreement, at least every 3 months",
                "at a time that people agree on; overdue 3 months after the last one"
            ),
            (
                "within 24 hours of detection",
                "as soon as `detection` is told, at the latest 24 hours after it"
            ),
        ] {
            #expect(try relative(text).explanation == words)
        }
        for text in [
            "daily 09:00", "2 business days after the second Tuesday 20:00", "the day before 24 December 09:00",
        ] {
            guard case .schedule = try Occasion(text) else { throw ScheduleError("`\(text)` is no schedule") }
        }
    }

    static let wrong: [(text: String, part: String)] = [
        ("after", "it is written like `after backup`"), ("by agreement, sometimes", "at least every 3 months"),
        ("within a while", "within 24 hours of detection"), ("3 months before weekly", "write it in days or weeks"),
        ("0 days before weekly", "1 to 10000"), ("1 day before holidays", "needs a holiday calendar"),
        ("1 day before the last Sunday", "has no time of day"), ("2 hours before the last Sunday", "is no schedule"),
    ]

    @Test(arguments: wrong)
    func whatIsWrongSaysWhatWouldBeRight(text: String, part: String) {
        let error = #expect(throws: ScheduleError.self) { try Occasion(text) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    /// Hours are elapsed time, days keep the time of the day: Berlin's clocks are put forward on 29 March 2026.
    @Test func hoursAndDaysBeforeASchedule() throws {
        let berlin = try ZoneFixtures.zone("Europe/Berlin")
        let from = try instant("2026-03-24T00:00:00Z")
        let hours = try beside("24 hours before weekly", "Sunday 12:00")
        let day = try beside("1 day before weekly", "Sunday 12:00")
        // Sunday 12:00 is 10:00 UTC by then.
        #expect(hours.next(after: from, in: berlin) == (try instant("2026-03-28T10:00:00Z")))
        #expect(day.next(after: from, in: berlin) == (try instant("2026-03-28T11:00:00Z")))
        #expect(day.explanation == "the day before each time of: every Sunday at 12:00, at the same time of the day")
        #expect(hours.explanation == "24 hours before each time of: every Sunday at 12:00")
        // A time that the other day does not have is taken by the policy.
        let skipped = try beside("1 day before weekly", "Monday 02:30")
        #expect(skipped.next(after: from, in: berlin) == (try instant("2026-03-29T01:00:00Z")))
        let ends = try beside("30 minutes after weekly ends", "Sunday 02:00", lasts: .seconds(7200))
        #expect(ends.next(after: from, in: .utc) == (try instant("2026-03-29T04:30:00Z")))
        #expect(try relative("30 minutes after weekly ends").schedule { _ in .init(schedule: hours) } == nil)
        #expect(throws: ScheduleError.self) { try relative("24 hours before weekli").schedule { _ in nil } }
    }

    @Test func businessDaysBeforeASchedule() throws {
        let schedule = try beside("2 business days before weekly", "Sunday 12:00")
        #expect(
            schedule.next(after: try instant("2026-01-01T13:00:00Z"), in: .utc) == (try instant("2026-01-08T12:00:00Z"))
        )
        #expect(
            schedule.previous(atOrBefore: try instant("2026-01-08T11:59:59Z"), in: .utc)
                == (try instant("2026-01-01T12:00:00Z")))
    }

    /// Whatever it stands beside: forward and back over the same instants.
    @Test(arguments: [
        "Sunday 02:30", "0 */6 * * *", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=1;BYMINUTE=30;BYSECOND=0", "every 8 hours",
        "daily 01:30 except Sunday", "2026-03-20 02:30 and 2026-10-20 02:30",
    ])
    func backIsTheSameWay(text: String) throws {
        let berlin = try ZoneFixtures.zone("Europe/Berlin")
        for offset in [
            "1 day before weekly", "1 week after weekly", "3 business days before weekly", "5 hours before weekly",
        ] {
            let schedule = try beside(offset, text)
            var at = try instant("2026-01-01T00:00:00Z")
            var count = 0
            while let next = schedule.next(after: at, in: berlin), next < (try instant("2027-01-01T00:00:00Z")) {
                #expect(next > at)
                #expect(schedule.previous(atOrBefore: next, in: berlin) == next)
                if count > 0 {
                    #expect(schedule.previous(atOrBefore: next - .seconds(1), in: berlin) == at, "\(offset)")
                }
                at = next
                count += 1
            }
            #expect(count >= 2)
        }
    }

    @Test func factsAgreementsAndDeadlines() throws {
        let berlin = try ZoneFixtures.zone("Europe/Berlin")
        for (text, from, to) in [
            ("30 days before expiry of api", "2026-04-10T10:00:00Z", "2026-03-11T11:00:00Z"),
            ("720 hours before expiry of api", "2026-04-10T10:00:00Z", "2026-03-11T10:00:00Z"),
            ("by agreement, at least every 3 months", "2025-11-30T11:00:00Z", "2026-02-28T11:00:00Z"),
            ("by agreement, at least every 1 year", "2024-02-29T11:00:00Z", "2025-02-28T11:00:00Z"),
            ("within 2 business days of detection", "2026-01-02T11:00:00Z", "2026-01-06T11:00:00Z"),
            ("after backup", "2026-01-02T11:00:00Z", "2026-01-02T11:00:00Z"),
        ] {
            #expect(try relative(text).instant(from: try instant(from), in: berlin) == (try instant(to)), "\(text)")
        }
        // 02:30 on 29 March is a time that clocks skip there, and what comes once is not lost over it.
        let skipping = try relative("30 days before expiry of api", ClockChangeChoice(gap: .skip))
        #expect(
            skipping.instant(from: try instant("2026-04-28T00:30:00Z"), in: berlin)
                == (try instant("2026-03-29T01:00:00Z")))
        #expect(try relative("by agreement").instant(from: try instant("2026-01-02T11:00:00Z"), in: berlin) == nil)
    }
}
