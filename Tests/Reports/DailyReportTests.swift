import Host
import Journal
import Maintenance
import Plans
import Schedules
import Testing

@testable import Reports

@Suite struct DailyReportTests {
    private func step(_ id: String, _ value: Double, fail: String = "n >= 10", _ findings: [Finding] = [])
        -> ReportBench.Step
    {
        ReportBench.Step(id: id, thresholds: Thresholds(fail: fail), observation: .number("n", value, .count, findings))
    }

    @Test func theCountsAddUpAndEveryStepIsThere() async throws {
        let bench = ReportBench()
        let row = try await bench.run(
            "daily", "2026-11-22T09:00:00Z",
            [
                step("well", 1), step("bad", 11), step("late", 2, [Finding("x", .warn, Cause(.threshold, "Late."))]),
                ReportBench.Step(id: "blind", couldNotLook: Cause(.refused, "Nobody listens.")),
                ReportBench.Step(id: "left", isLeft: true),
            ])
        let report = try await bench.daily(row)
        let counts = report.counts
        #expect((counts.pass, counts.warn, counts.fail, counts.unknown, counts.skipped) == (1, 1, 1, 1, 1))
        #expect(report.checks.map(\.id) == ["well", "bad", "late", "blind", "left"])
        #expect(report.steps == 5)
        let markdown = DailyMarkdown.text(report)
        #expect(markdown.contains("1 pass, 1 warn, 1 fail, 1 unknown, 1 not run: 5 in all."))
        let html = DailyHTML.text(report)
        for id in report.checks.map(\.id) { #expect(html.contains("<h3>\(id)")) }
        #expect(
            html.contains("Of 5 checks: 1 fails, 1 could not be known, 1 needs attention, 1 was not run, 1 passes."))
    }

    @Test func itIsComparedWithTheDayBefore() async throws {
        let bench = ReportBench()
        try await bench.run("daily", "2026-11-20T09:00:00Z", [step("a", 3)])
        try await bench.run("daily", "2026-11-21T09:00:00Z", [step("a", 4)])
        try await bench.run("daily", "2026-11-21T23:59:59Z", [step("a", 5)])
        try await bench.run("daily", "2026-11-22T00:00:00Z", [step("a", 7)])
        let row = try await bench.run("daily", "2026-11-22T09:00:00Z", [step("a", 12)])
        let report = try await bench.daily(row)
        #expect(report.before?.run == "daily-20261121235959")
        #expect(report.before?.isYesterday == true)
        let check = try #require(report.checks.first)
        #expect(check.before?.measured?.value == 5)
        #expect(check.change == "+7 (+140 %)")
        #expect(check.history.map(\.value) == [3, 4, 5, 7, 12])
        #expect(report.comparison == "Compared with yesterday's run of 2026-11-21 23:59 UTC.")
    }

    @Test func withoutYesterdayItSaysSo() async throws {
        let bench = ReportBench()
        let first = try await bench.run("daily", "2026-11-18T09:00:00Z", [step("a", 3)])
        #expect(try await bench.daily(first).comparison == "No earlier run of this procedure is in the journal.")
        let row = try await bench.run("daily", "2026-11-22T09:00:00Z", [step("a", 3)])
        let report = try await bench.daily(row)
        #expect(report.before?.isYesterday == false)
        #expect(report.comparison.hasSuffix("4 days before: yesterday had none."))
        #expect(report.checks.first?.change == "no change")
    }

    @Test func manyRunsOfTodayDoNotHideYesterday() async throws {
        let bench = ReportBench()
        try await bench.run("daily", "2026-11-21T09:00:00Z", [step("a", 1)])
        for minute in 10..<50 { try await bench.run("daily", "2026-11-22T08:\(minute):00Z", [step("a", 2)]) }
        let row = try await bench.run("daily", "2026-11-22T09:00:00Z", [step("a", 3)])
        let report = try await bench.daily(row)
        #expect(report.before?.run == "daily-20261121090000")
        #expect(report.checks.first?.history.count == ReportLimits.sparkline + 1)
    }

    @Test func whatIsNotKnownIsNeverANumber() async throws {
        let bench = ReportBench()
        try await bench.run("daily", "2026-11-21T09:00:00Z", [step("a", 4), step("b", 4)])
        var missing = Observation(summary: "half seen")
        missing.missing["n"] = Cause(.noData, "The answer had no n.")
        let row = try await bench.run(
            "daily", "2026-11-22T09:00:00Z",
            [
                ReportBench.Step(
                    id: "a", thresholds: Thresholds(fail: "n >= 10"),
                    couldNotLook: Cause(.timedOut, "It did not answer.")),
                ReportBench.Step(id: "b", thresholds: Thresholds(fail: "n >= 10"), observation: missing),
            ])
        let report = try await bench.daily(row)
        #expect(report.verdict == .unknown)
        for check in report.checks {
            #expect(check.measured?.value == nil && check.measured?.text == "n/a")
            #expect(check.change == nil)
        }
        #expect(report.checks[0].measured?.why == "It did not answer.")
        #expect(report.checks[1].measured?.why == "The answer had no n.")
        let html = DailyHTML.text(report)
        #expect(html.contains("<span class=\"na\" title=\"It did not answer.\">n/a</span>"))
        #expect(!html.contains("<b>0</b><span class=\"sub\">n</span>"))
        #expect(DailyMarkdown.text(report).contains("n n/a (It did not answer.)"))
    }

    @Test func everyNumberLeadsToItsEvidence() async throws {
        let bench = ReportBench()
        let row = try await bench.run("daily", "2026-11-22T09:00:00Z", [step("a", 1), step("b", 2)])
        let report = try await bench.daily(row)
        #expect(report.checks.map(\.note) == [1, 2])
        let look = try #require(report.notes.first?.looks.first)
        #expect(look.source == "shop at db.example.com:5432" && look.statement == "SELECT 1")
        #expect(look.digest.count == 64)
        let html = DailyHTML.text(report)
        #expect(html.contains("href=\"#n1\"") && html.contains("id=\"n1\"") && html.contains(look.digest))
        let markdown = DailyMarkdown.text(report)
        #expect(markdown.contains("a[^1]") && markdown.contains("[^1]: a, run"))
        #expect(markdown.contains(String(look.digest.prefix(16))))
    }

    @Test func aRunThatIsNotOverSaysSo() async throws {
        let bench = ReportBench()
        let row = try await bench.run(
            "daily", "2026-11-22T09:00:00Z", ends: false, [step("a", 1), ReportBench.Step(id: "b", isLeft: true)])
        let report = try await bench.daily(row)
        #expect(report.state == "interrupted" && report.verdict == nil)
        #expect(DailyHTML.text(report).contains("The run is interrupted."))
    }

    @Test func thresholdsAreSaidInTheUnitOfTheMeasurement() async throws {
        let bench = ReportBench()
        let row = try await bench.run(
            "daily", "2026-11-22T09:00:00Z",
            [
                ReportBench.Step(
                    id: "a", thresholds: Thresholds(warn: "p95 >= 1s", fail: "2s <= p95"),
                    observation: .number("p95", 712, .milliseconds)),
                ReportBench.Step(
                    id: "b", thresholds: Thresholds(fail: "rate <= 90% or n < 3"),
                    observation: Observation(
                        summary: "", measurements: [Measurement("rate", 97, .percent), Measurement("n", 4)])),
            ])
        let report = try await bench.daily(row)
        #expect(Words.thresholds(report.checks[0]).map(\.text) == ["≥ 1,000 ms", "≥ 2,000 ms"])
        #expect(Words.thresholds(report.checks[1]).map(\.text) == ["rate <= 90% or n < 3"])
        #expect(report.checks[1].bounds == [ReportBound(severity: .fail, sign: "<=", value: 90)])
    }

    @Test func aRecordThatWasAlteredIsNotReportedOn() async throws {
        let bench = ReportBench()
        let row = try await bench.run("daily", "2026-11-22T09:00:00Z", [step("a", 1)])
        let lone = RunRow(
            id: "other", service: row.service, environment: row.environment, procedure: row.procedure,
            nominal: ReportBench.at("2026-11-21T09:00:00Z"), startedAt: ReportBench.at("2026-11-21T09:00:00Z"),
            state: .ended, verdict: .pass)
        try await bench.store.append(Batch(rows: [lone]))
        let report = try await bench.daily(row)
        #expect(report.unread == ["other"])
        #expect(DailyMarkdown.text(report).contains("Run other could not be read."))
        await #expect(throws: JournalError.self) { try await bench.daily(lone) }
    }
}
