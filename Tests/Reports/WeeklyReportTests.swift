import Host
import Journal
import Maintenance
import Plans
import Schedules
import Testing

@testable import Reports

@Suite struct WeeklyReportTests {
    private func step(_ value: Double, _ findings: [Finding] = [], id: String = "a") -> ReportBench.Step {
        ReportBench.Step(
            id: id, thresholds: Thresholds(warn: "n >= 10"), observation: .number("n", value, .count, findings))
    }

    private static var scheduled: ReportBench {
        ReportBench(schedules: ["daily": "daily 09:00", "never": "daily 03:00"])
    }

    @Test func theWeekHasItsFirstMomentAndNotItsLast() async throws {
        let bench = ReportBench()
        try await bench.run("daily", "2026-11-14T23:59:59Z", [step(1)])
        try await bench.run("daily", "2026-11-15T00:00:00Z", [step(1)])
        try await bench.run("daily", "2026-11-21T23:59:59Z", [step(11)])
        try await bench.run("daily", "2026-11-22T00:00:00Z", [step(1)])
        let row = try await bench.run("weekly", "2026-11-22T02:00:00Z", [step(1)])
        let report = try await bench.weekly(row)
        #expect(report.period.from == ReportBench.at("2026-11-15T00:00:00Z"))
        #expect(report.period.to == ReportBench.at("2026-11-22T00:00:00Z"))
        #expect(report.runs == 2)
        #expect(report.counts.pass == 1 && report.counts.warn == 1)
        let days = try #require(report.procedures.first { $0.procedure == "daily" }).days
        #expect(days.map(\.runsInAll) == [1, 0, 0, 0, 0, 0, 1, 1])
        #expect(days.map(\.isToday) == [false, false, false, false, false, false, false, true])
        #expect(days[6].verdict == .warn)
    }

    @Test func aWeekInAZoneHasTheDaysOfTheZone() throws {
        let path = "/usr/share/zoneinfo/Europe/Paris"
        let zone = try Zone(name: "Europe/Paris", tzif: Host.system.readFile(path, 1 << 20))
        // Clocks went back on 25 October 2026: that day had 25 hours.
        let period = ReportPeriod(days: 7, before: ReportBench.at("2026-10-27T08:00:00Z"), in: zone)
        #expect(period.from == ReportBench.at("2026-10-19T22:00:00Z"))
        #expect(period.to == ReportBench.at("2026-10-26T23:00:00Z"))
        #expect(period.days.first == "2026-10-20" && period.days.count == 7)
        #expect(period.timezone == "Europe/Paris")
    }

    @Test func whatWasDueAndDidNotRunIsMissed() async throws {
        let bench = Self.scheduled
        try await bench.run("daily", "2026-11-10T09:00:00Z", [step(1)])
        try await bench.run("daily", "2026-11-17T11:00:00Z", [step(1)])
        for day in [15, 16, 18, 19, 20] { try await bench.run("daily", "2026-11-\(day)T09:00:01Z", [step(1)]) }
        // A moment too early keeps it, two hours late does not.
        try await bench.run("daily", "2026-11-21T08:59:58Z", [step(1)])
        let row = try await bench.run("weekly", "2026-11-22T02:00:00Z", [step(1)])
        let report = try await bench.weekly(row)
        let daily = try #require(report.procedures.first { $0.procedure == "daily" })
        #expect(daily.due == 7)
        #expect(daily.missed == [ReportBench.at("2026-11-17T09:00:00Z")])
        #expect(daily.days.map(\.missed) == [0, 0, 1, 0, 0, 0, 0, 0])
        // A procedure that never ran is not silently missing.
        let never = try #require(report.procedures.first { $0.procedure == "never" })
        #expect(never.runs == 0 && never.missedInAll == 7)
        let html = WeeklyHTML.text(report)
        #expect(html.contains("7 runs: 7 pass; 8 due runs were missed."))
        #expect(WeeklyMarkdown.text(report).contains("- daily missed: 2026-11-17 09:00 UTC"))
    }

    @Test func beforeTheFirstRunNothingWasDue() async throws {
        let bench = Self.scheduled
        for day in [20, 21] { try await bench.run("daily", "2026-11-\(day)T09:00:01Z", [step(1)]) }
        let row = try await bench.run("weekly", "2026-11-22T02:00:00Z", [step(1)])
        let daily = try #require(try await bench.weekly(row).procedures.first { $0.procedure == "daily" })
        #expect(daily.missedInAll == 0)
        #expect(daily.days.map(\.isBeforeTheFirstRun) == [true, true, true, true, true, false, false, false])
    }

    @Test func anIssueIsOneLineHoweverOftenItWasSeen() async throws {
        let bench = ReportBench()
        func old(_ percent: Int) -> [Finding] {
            [Finding("/var", .warn, Cause(.threshold, "It is \(percent) % full."), advice: "Free space.")]
        }
        try await bench.run("daily", "2026-11-15T09:00:00Z", [step(1)])
        try await bench.run("daily", "2026-11-16T09:00:00Z", [step(1, old(70)), step(12, id: "b")])
        try await bench.run("daily", "2026-11-17T09:00:00Z", [step(1, old(71)), step(1, id: "b")])
        try await bench.run("daily", "2026-11-18T09:00:00Z", [step(1, old(72)), step(1, id: "b")])
        let row = try await bench.run("weekly", "2026-11-22T02:00:00Z", [step(1)])
        let report = try await bench.weekly(row)
        #expect(report.issues.map(\.subject) == ["/var", "b"])
        let full = report.issues[0]
        #expect(full.seenIn == 3 && full.of == 4)
        #expect(full.sentence == "It is 72 % full.")
        #expect(full.first == ReportBench.at("2026-11-16T09:00:00Z") && !full.isAtLeast)
        #expect(full.state == .stillThere)
        #expect(report.issues[1].state == .gone)
        #expect(report.actions.map(\.what) == ["Free space."])
        #expect(report.actions[0].owner == "platform")
        #expect(!WeeklyHTML.text(report).contains("Due Date"))
    }

    @Test func whatCouldNotBeLookedAtIsNotGone() async throws {
        let bench = ReportBench()
        let finding = Finding("/var", .fail, Cause(.threshold, "It is full."))
        try await bench.run("daily", "2026-11-16T09:00:00Z", [step(1, [finding])])
        try await bench.run(
            "daily", "2026-11-17T09:00:00Z",
            [ReportBench.Step(id: "a", couldNotLook: Cause(.refused, "Nobody listens."))])
        let row = try await bench.run("weekly", "2026-11-22T02:00:00Z", [step(1)])
        let report = try await bench.weekly(row)
        #expect(report.issues.first { $0.subject == "/var" }?.state == .notKnown)
        #expect(report.actions.map(\.severity) == [.fail, .unknown])
        #expect(report.actions[0].isAtLeast)
    }

    @Test func changesAreAddedUp() async throws {
        let bench = ReportBench()
        let window = RunWindow(name: "night", opens: "Sunday 02:00", lastsMicroseconds: 3_600_000_000)
        let archive = { (rows: Double) in [ReportBench.Step(id: "archive", changed: rows)] }
        try await bench.run("weekly", "2026-11-15T02:00:00Z", window: window, seconds: 600, archive(1200))
        let row = try await bench.run("weekly", "2026-11-22T02:00:00Z", window: window, seconds: 1800, archive(300))
        let report = try await bench.weekly(row)
        let change = try #require(report.changes.first)
        #expect(change.runs == 2 && change.unitsDone == 2 && change.units == 2)
        #expect(change.sums.first?.value == 1500)
        #expect(report.maintenance.map(\.tookSeconds) == [600, 1800])
        #expect(report.maintenance.map(\.isThisRun) == [false, true])
        #expect(report.trends.isEmpty)
    }

    @Test func aTrendKeepsItsGapsAndItsPeaks() async throws {
        let bench = ReportBench()
        for hour in 0..<144 {
            let hourText = hour % 24 < 10 ? "0\(hour % 24)" : "\(hour % 24)"
            let day = 15 + hour / 24
            let blind = ReportBench.Step(
                id: "a", thresholds: Thresholds(warn: "n >= 10"), couldNotLook: Cause(.refused, "Nobody listens."))
            try await bench.run(
                "daily", "2026-11-\(day)T\(hourText):00:00Z", [hour == 143 ? blind : step(hour == 77 ? 99 : 5)])
        }
        let row = try await bench.run("weekly", "2026-11-22T02:00:00Z", [ReportBench.Step(id: "only", changed: 1)])
        let trend = try #require(try await bench.weekly(row).trends.first)
        #expect(trend.pointsInAll == 144)
        #expect(trend.points.count == ReportLimits.points)
        #expect(trend.points.contains { $0.value == 99 })
        #expect(trend.crossings == 1)
        #expect(trend.last.value == nil && trend.last.why == "Nobody listens.")
        #expect(trend.change == "not known now")
    }

    @Test func figuresOfTheWeekAreShownOrSaidToBeUnknown() async throws {
        let bench = ReportBench()
        let weekly = try await bench.run(
            "weekly", "2026-11-22T02:00:00Z",
            [
                ReportBench.Step(
                    id: "figures", action: "postgresql.figures",
                    observation: Observation(summary: "3 figures", details: Gallery.figures)),
                ReportBench.Step(
                    id: "more", action: "postgresql.figures",
                    couldNotLook: Cause(.noPermission, "No right to read sites.")),
            ])
        let report = try await bench.weekly(weekly)
        #expect(report.figures.map(\.name) == ["overview", "days", "sites", "more"])
        let html = WeeklyHTML.text(report)
        #expect(html.contains("No right to read sites."))
        #expect(html.contains("8,411") && html.contains("97.53 %"))
        // The mean of a day without rows is not known, and so is the overview's.
        #expect(report.figures[0].text(0, 3) == "n/a")
        #expect(report.figures[1].text(3, 1) == "0" && report.figures[1].text(3, 2) == "n/a")
        let markdown = WeeklyMarkdown.text(report)
        #expect(markdown.contains("| 2026-11-18 | 0 | n/a |"))
        #expect(markdown.contains("1 of 7 days have no row"))
    }

    @Test func anEmptyWeekIsNoPass() async throws {
        let bench = ReportBench()
        let row = try await bench.run(
            "weekly", "2026-11-22T02:00:00Z", ends: false, [ReportBench.Step(id: "a", isLeft: true)])
        let report = try await bench.weekly(row)
        #expect(report.runs == 0 && report.counts.pass == 0)
        let html = WeeklyHTML.text(report)
        #expect(html.contains("No run in seven days."))
        #expect(html.contains("<b>unknown</b>"))
        #expect(html.contains("n/a: no run was read."))
        #expect(WeeklyMarkdown.text(report).contains("n/a: there are no runs to tell from."))
    }

    @Test func anotherEnvironmentIsAnotherWeek() async throws {
        let bench = ReportBench()
        try await bench.run("daily", "2026-11-20T09:00:00Z", environment: "staging", [step(99)])
        let row = try await bench.run("weekly", "2026-11-22T02:00:00Z", environment: "production", [step(1)])
        let report = try await bench.weekly(row)
        #expect(report.runs == 0 && report.issues.isEmpty)
        #expect(
            WrittenReport.fileName(.weekly, .html, of: row, in: .utc) == "shop-production-weekly-2026-11-22.html")
    }
}

@Suite struct DueTimesTests {
    @Test func whatMayStillComeIsNotMissed() throws {
        let schedule = try Schedule("every 5 minutes")
        let from = ReportBench.at("2026-11-22T00:00:00Z")
        let due = DueTimes(
            schedule, from: from, until: ReportBench.at("2026-11-22T00:21:00Z"), in: .utc,
            runs: [0, 300, 901].map { from + .seconds($0) })
        #expect(due.due.count == 4)
        #expect(due.missed == [ReportBench.at("2026-11-22T00:10:00Z")])
    }

    @Test func oneRunKeepsOneOccurrence() throws {
        let schedule = try Schedule("daily 09:00")
        let due = DueTimes(
            schedule, from: ReportBench.at("2026-11-15T00:00:00Z"), until: ReportBench.at("2026-11-18T12:00:00Z"),
            in: .utc, runs: [ReportBench.at("2026-11-16T08:00:00Z")])
        // Eight on the 16th is too late for the 15th, and too early for the 16th.
        #expect(
            due.missed.map { $0.description.prefix(10) } == ["2026-11-15", "2026-11-16", "2026-11-17", "2026-11-18"])
        let window = DueTimes(
            schedule, from: ReportBench.at("2026-11-15T00:00:00Z"), until: ReportBench.at("2026-11-18T12:00:00Z"),
            in: .utc, runs: [ReportBench.at("2026-11-16T11:00:00Z")], lateness: .seconds(7200))
        #expect(window.due.count == 4 && window.missed.count == 3)
    }
}
