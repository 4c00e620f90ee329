import Foundation
import Host
import Schedules
import Testing

/// The schedules of five maintenance guides, as they are written here, with their next times worked out by hand: 1 January
/// 2026 is a Thursday. docs/schedules.md is made of the table; RECORD=1 writes it anew.
@Suite struct GuideSchedulesTests {
    struct Row: Sendable {
        let id: String
        let guide: String
        let notation: String
        /// The next three from 2026-01-01T00:00Z, itself included, in UTC; or why there are none.
        let next: Next

        enum Next: Sendable {
            case times([String])
            /// Of the schedule that it comes to beside `weekly`, `monthly` or `quarterly`.
            case beside([String])
            /// From the instant of the fact or the event.
            case from(String, String)
            case none(String)
        }
    }

    private static func row(_ id: String, _ guide: String, _ notation: String, _ times: String...) -> Row {
        Row(id: id, guide: guide, notation: notation, next: .times(times))
    }

    private static func beside(_ id: String, _ guide: String, _ notation: String, _ times: String...) -> Row {
        Row(id: id, guide: guide, notation: notation, next: .beside(times))
    }

    private static func fact(_ id: String, _ guide: String, _ notation: String, _ from: String, _ to: String) -> Row {
        Row(id: id, guide: guide, notation: notation, next: .from(from, to))
    }

    private static func none(_ id: String, _ guide: String, _ notation: String, _ why: String) -> Row {
        Row(id: id, guide: guide, notation: notation, next: .none(why))
    }

    static let rows: [Row] = [
        row("S-01", "Sunday 02:00-02:30 UTC, weekly", "Sunday 02:00", "01-04T02:00", "01-11T02:00", "01-18T02:00"),
        row(
            "S-02", "Bi-weekly Sunday 02:00-03:00 UTC", "every 2 weeks on Sunday 02:00 from 2026-01-11", "01-11T02:00",
            "01-25T02:00", "02-08T02:00"),
        row(
            "S-03", "First Sunday 02:00-04:00 UTC, monthly", "first Sunday of the month 02:00", "01-04T02:00",
            "02-01T02:00", "03-01T02:00"),
        row("S-04", "Weekly Sunday 03:00-03:30 UTC", "0 3 * * 0", "01-04T03:00", "01-11T03:00", "01-18T03:00"),
        row("S-05", "Daily 00:00 UTC", "daily 00:00", "01-01T00:00", "01-02T00:00", "01-03T00:00"),
        row("S-06", "Daily 04:00 UTC", "daily 04:00", "01-01T04:00", "01-02T04:00", "01-03T04:00"),
        row(
            "S-07", "Weeks 1 and 3 of the calendar", "weeks 1 and 3 on Sunday 02:00", "01-04T02:00", "01-18T02:00",
            "02-01T02:00"),
        row("S-07", "Week 2 of the calendar", "week 2 on Sunday 02:00", "01-11T02:00", "02-08T02:00", "03-08T02:00"),
        row("S-07", "Week 4 of the calendar", "week 4 on Sunday 02:00", "01-25T02:00", "02-22T02:00", "03-22T02:00"),
        beside("S-08", "24 hours in advance", "24 hours before weekly", "01-03T02:00", "01-10T02:00", "01-17T02:00"),
        row(
            "S-09", "Monthly recovery drill, no day stated", "week 4 on Sunday 06:00", "01-25T06:00", "02-22T06:00",
            "03-22T06:00"),
        row("S-10", "Daily continuous", "every 5 minutes", "01-01T00:00", "01-01T00:05", "01-01T00:10"),
        row("S-11", "`0 0 * * *`", "0 0 * * *", "01-01T00:00", "01-02T00:00", "01-03T00:00"),
        row("S-12", "`0 1 * * *`", "0 1 * * *", "01-01T01:00", "01-02T01:00", "01-03T01:00"),
        row(
            "S-13", "Manual daily checks, 10 minutes, no time stated", "daily 09:00", "01-01T09:00", "01-02T09:00",
            "01-03T09:00"),
        row("S-14", "Sundays 02:00-04:00 UTC", "Sunday 02:00", "01-04T02:00", "01-11T02:00", "01-18T02:00"),
        row(
            "S-15", "First Sunday of month 02:00-06:00 UTC", "0 2 * * SUN#1", "01-04T02:00", "02-01T02:00",
            "03-01T02:00"),
        row(
            "S-16", "First Sunday of quarter 02:00-08:00 UTC", "first Sunday of the quarter 02:00", "01-04T02:00",
            "04-05T02:00", "07-05T02:00"),
        fact("S-17", "Emergency: immediate", "after detection", "2026-01-05T10:20:30Z", "2026-01-05T10:20:30Z"),
        fact(
            "S-17", "Emergency: within 24 h", "within 24 hours of detection", "2026-01-05T10:20:30Z",
            "2026-01-06T10:20:30Z"),
        fact(
            "S-17", "Emergency: within 48 h", "within 48 hours of detection", "2026-01-05T10:20:30Z",
            "2026-01-07T10:20:30Z"),
        row(
            "S-18", "Monthly vacuum, in the window of S-15", "first Sunday of the month 02:00", "01-04T02:00",
            "02-01T02:00", "03-01T02:00"),
        row(
            "S-19", "Quarterly partitions and secrets, in the window of S-16",
            "first Sunday of January, April, July and October 02:00", "01-04T02:00", "04-05T02:00", "07-05T02:00"),
        none("S-20", "Daily backup verification, no time stated", "after backup", "when the backup has run"),
        row(
            "S-21", "Monthly recovery test, no day stated", "second Saturday of the month 06:00", "01-10T06:00",
            "02-14T06:00", "03-14T06:00"),
        fact(
            "S-22", "Staging for 24 hours after its update", "24 hours after updated of staging",
            "2026-01-05T10:00:00Z", "2026-01-06T10:00:00Z"),
        fact(
            "S-23", "Canary pauses of 10 minutes", "10 minutes after promoted of canary", "2026-01-05T10:00:00Z",
            "2026-01-05T10:10:00Z"),
        fact(
            "S-24", "renewBefore 720h", "30 days before expiry of api", "2026-03-31T12:00:00Z", "2026-03-01T12:00:00Z"),
        row("S-25", "Next review 2026-01-26", "2026-01-26 09:00", "01-26T09:00"),
        row("S-26", "Daily 03:00 UTC", "daily 03:00", "01-01T03:00", "01-02T03:00", "01-03T03:00"),
        row("S-27", "Sunday 04:00 UTC", "Sunday 04:00", "01-04T04:00", "01-11T04:00", "01-18T04:00"),
        row(
            "S-28", "First Sunday of month 02:00 UTC", "RRULE:FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2;BYMINUTE=0;BYSECOND=0",
            "01-04T02:00", "02-01T02:00", "03-01T02:00"),
        row("S-29", "`0 0 * * *`, log rotation", "@daily", "01-01T00:00", "01-02T00:00", "01-03T00:00"),
        row("S-30", "`0 2 * * *`, certificate check", "0 2 * * *", "01-01T02:00", "01-02T02:00", "01-03T02:00"),
        row("S-31", "02:30 UTC daily, certbot", "daily 02:30", "01-01T02:30", "01-02T02:30", "01-03T02:30"),
        row("S-32", "Every 5 minutes", "*/5 * * * *", "01-01T00:00", "01-01T00:05", "01-01T00:10"),
        row("S-33", "Window Sunday 03:00-04:00 UTC", "Sunday 03:00", "01-04T03:00", "01-11T03:00", "01-18T03:00"),
        row(
            "S-34", "Window first Sunday 02:00-05:00 UTC", "monthly on the first Sunday 02:00", "01-04T02:00",
            "02-01T02:00", "03-01T02:00"),
        none(
            "S-35", "Quarterly, announced 2 weeks in advance", "by agreement, at least every 3 months",
            "when people agree"),
        beside("S-36", "T-24 hours", "24 hours before monthly", "01-03T02:00", "01-31T02:00", "02-28T02:00"),
        beside(
            "S-37", "Monitor for 1 h after the window", "1 hour after weekly ends", "01-04T05:00", "01-11T05:00",
            "01-18T05:00"),
        row(
            "S-38", "Matrix: semi-annual", "semi-annually on the first day 00:00", "01-01T00:00", "07-01T00:00",
            "2027-01-01T00:00"),
        row(
            "S-39", "Daily, weekly, monthly and quarterly task lists, no times", "Monday 09:00", "01-05T09:00",
            "01-12T09:00", "01-19T09:00"),
        row("S-40", "Daily error report, no time", "weekdays 08:00", "01-01T08:00", "01-02T08:00", "01-05T08:00"),
        row("S-41", "Next review April 2024", "2024-04-01 09:00"),
        row("S-42", "Daily 9 AM UTC", "daily 09:00", "01-01T09:00", "01-02T09:00", "01-03T09:00"),
        row(
            "S-43", "Manual daily review, 5 min, no time stated", "daily 08:30", "01-01T08:30", "01-02T08:30",
            "01-03T08:30"),
        row("S-44", "Sunday 2-3 AM UTC", "Sunday 02:00", "01-04T02:00", "01-11T02:00", "01-18T02:00"),
        row(
            "S-45", "First Sunday 2-4 AM UTC", "first Sunday of the month 02:00", "01-04T02:00", "02-01T02:00",
            "03-01T02:00"),
        none(
            "S-46", "To be agreed with customers, 4 h quarterly", "by agreement, at least every 3 months",
            "when people agree"),
        row("S-47", "`0 2 1 * *`", "day 1 of the month 02:00", "01-01T02:00", "02-01T02:00", "03-01T02:00"),
        row("S-48", "`0 3 * * *`", "0 3 * * *", "01-01T03:00", "01-02T03:00", "01-03T03:00"),
        none(
            "S-49", "Weekly report, after the weekly maintenance", "after weekly", "when the weekly procedure has run"),
        row(
            "S-50", "Monthly metrics of the month before", "first day of the month 04:00", "01-01T04:00", "02-01T04:00",
            "03-01T04:00"),
        fact(
            "S-51", "Calibration after 90 days", "90 days after calibrated of sensor", "2026-01-01T12:00:00Z",
            "2026-04-01T12:00:00Z"),
        fact(
            "S-51", "Orders after 7 days", "1 week after placed of order", "2026-01-29T12:00:00Z",
            "2026-02-05T12:00:00Z"),
        fact(
            "S-51", "Wait of 60 s", "60 seconds after restarted of service", "2026-01-01T12:00:00Z",
            "2026-01-01T12:01:00Z"),
        fact(
            "S-52", "Production monitored for 2 h", "2 hours after updated of production", "2026-01-01T23:00:00Z",
            "2026-01-02T01:00:00Z"),
        row(
            "S-53", "Monthly slow-query optimisation, in the window of S-45", "first Sunday of the month 02:00",
            "01-04T02:00", "02-01T02:00", "03-01T02:00"),
        row("S-54", "Next review 2026-02-26", "2026-02-26 09:00", "02-26T09:00"),
        row("S-55", "Daily 00:00 UTC, 15 min", "daily 00:00", "01-01T00:00", "01-02T00:00", "01-03T00:00"),
        row("S-56", "Sunday 02:00 UTC, 2 h", "Sunday 02:00", "01-04T02:00", "01-11T02:00", "01-18T02:00"),
        row(
            "S-57", "First Saturday of month 06:00 UTC, 4 h", "first Saturday of the month 06:00", "01-03T06:00",
            "02-07T06:00", "03-07T06:00"),
        row(
            "S-58", "Patch weekly, minor monthly, no times", "first Saturday of the month 06:00", "01-03T06:00",
            "02-07T06:00", "03-07T06:00"),
        beside(
            "S-59", "2 weeks before (major)", "2 weeks before quarterly", "03-22T02:00", "06-21T02:00", "09-20T02:00"),
        beside("S-59", "1 hour before (major)", "1 hour before quarterly", "01-04T01:00", "04-05T01:00", "07-05T01:00"),
        beside("S-60", "1 week before", "1 week before monthly", "01-25T02:00", "02-22T02:00", "03-29T02:00"),
        beside("S-60", "1 day before", "1 day before monthly", "01-03T02:00", "01-31T02:00", "02-28T02:00"),
        beside(
            "S-61", "Monitor for 30 min", "30 minutes after weekly ends", "01-04T04:30", "01-11T04:30", "01-18T04:30"),
        row(
            "S-62", "Backup tiers, no times; a loss of 1 h at most needs hourly", "every hour", "01-01T00:00",
            "01-01T01:00", "01-01T02:00"),
        row(
            "S-63", "Monthly capacity, in the window of S-57", "first Saturday of the month 06:00", "01-03T06:00",
            "02-07T06:00", "03-07T06:00"),
        none("S-64", "Quarterly full recovery test", "by agreement, at least every 3 months", "when people agree"),
        row(
            "S-65", "Training, yearly", "yearly on the first Monday of March 09:00", "03-02T09:00", "2027-03-01T09:00",
            "2028-03-06T09:00"),
    ]

    /// Minutes that a guide states, of a window or of a check.
    static let lasts: [String: Int64] = [
        "S-01": 30, "S-02": 60, "S-03": 120, "S-04": 30, "S-13": 10, "S-14": 120, "S-15": 240, "S-16": 360, "S-33": 60,
        "S-34": 180, "S-42": 15, "S-43": 5, "S-44": 60, "S-45": 120, "S-55": 15, "S-56": 120, "S-57": 240,
    ]

    /// `weekly` is a window of two hours.
    private static func anchor(_ name: String) -> RelativeOccasion.Anchor? {
        let texts = [
            "weekly": "Sunday 02:00", "monthly": "first Sunday of the month 02:00",
            "quarterly": "first Sunday of the quarter 02:00",
        ]
        guard let schedule = texts[name].flatMap({ try? Schedule($0) }) else { return nil }
        return RelativeOccasion.Anchor(schedule: schedule, lasts: .seconds(7200))
    }

    private static func full(_ text: String) -> String { (text.hasPrefix("20") ? text : "2026-" + text) + ":00Z" }

    @Test func allAreThere() {
        let ids = Set(Self.rows.map(\.id))
        #expect(ids == Set((1...65).map { $0 < 10 ? "S-0\($0)" : "S-\($0)" }))
    }

    @Test(arguments: rows)
    func theNextTimesAreThoseWorkedOutByHand(row: Row) throws {
        let occasion = try Occasion(row.notation)
        switch (occasion, row.next) {
        case (.schedule(let schedule), .times(let times)):
            try Self.expect(schedule, times)
            guard let minutes = Self.lasts[row.id] else { return }
            let window = try Window(opens: schedule, lasts: .seconds(minutes * 60))
            let opening = try #require(window.next(after: try instant("2025-12-31T23:59:59Z"), in: .utc))
            let opens = try instant(Self.full(times[0]))
            #expect(opening.opens == opens)
            #expect(opening.closes == opens + .seconds(minutes * 60))
        case (.relative(let relative), .beside(let times)):
            try Self.expect(try #require(try relative.schedule(Self.anchor)), times)
        case (.relative(let relative), .from(let from, let to)):
            #expect(relative.instant(from: try instant(from), in: .utc) == (try instant(to)))
            #expect(try relative.schedule(Self.anchor) == nil)
        case (.relative(let relative), .none): #expect(try relative.schedule(Self.anchor) == nil)
        default: Issue.record("\(row.id) is of another kind than expected")
        }
    }

    private static func expect(_ schedule: Schedule, _ times: [String]) throws {
        var at = try instant("2025-12-31T23:59:59Z")
        for text in times {
            at = try #require(schedule.next(after: at, in: .utc))
            #expect(at == (try instant(full(text))), "\(schedule)")
        }
        if times.count < 3 { #expect(schedule.next(after: at, in: .utc) == nil) }
        let suspicions = schedule.suspicions(in: .utc, from: try instant("2026-01-01T00:00:00Z"))
        #expect(suspicions.filter(\.isRefused).isEmpty, "\(schedule)")
    }

    @Test func thePageSaysTheSame() throws {
        let file = ZoneFixtures.folder.deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
            .appendingPathComponent("docs/schedules.md")
        let page = try Self.page()
        if ProcessInfo.processInfo.environment["RECORD"] == "1" {
            try page.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(
            (try? String(contentsOf: file, encoding: .utf8)) == page,
            "docs/schedules.md is old: run again with RECORD=1")
    }

    private static func page() throws -> String {
        var lines = [
            "# Schedules of five maintenance guides, as they are written here", "",
            "Made by Tests/Schedules/GuideSchedulesTests.swift, which also works out the next times from 2026-01-01T00:00Z on.",
            "Beside `weekly` (Sunday 02:00, two hours), `monthly` (first Sunday) and `quarterly` (first Sunday of the quarter).",
            "Where a guide states no time, the time here is one that a plan configures.", "",
            "What hangs on a fact, such as `expiry of api`, comes when a run has seen it: a step that works on the target `api`",
            "and measures `expiry` in the unit `timestamp`. `updated`, `calibrated` and others are measured so by `http.json` and",
            "`postgresql.query`. What is done by agreement has no run of its own: it is told once when it is overdue. An event, such",
            "as `detection`, is told by people with `millwright tell`. See serve.md.", "",
            "| | In the guide | Here | Lasts | In full words | Next, UTC |", "|---|---|---|---|---|---|",
        ]
        for row in rows {
            let next =
                switch row.next {
                case .times(let times), .beside(let times):
                    times.isEmpty
                        ? "none any more"
                        : times.map { String(full($0).dropLast(4)).replacing("T", with: " ") }.joined(separator: ", ")
                case .from(let from, let to): "\(to), where that is \(from)"
                case .none(let why): "n/a: \(why)"
                }
            let words = try Occasion(row.notation).explanation
            let lasts = lasts[row.id].map { "\($0) min" } ?? ""
            lines.append("| \(row.id) | \(row.guide) | `\(row.notation)` | \(lasts) | \(words) | \(next) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
