import Host
import Journal
import Maintenance
import Plans
import Schedules
import Testing

@testable import Reports

/// What targets and plans say may be anything: it never becomes markup, and never makes a report endless.
@Suite struct HostileReportTests {
    private static let nasty =
        "\"><script>alert(1)</script>|`` ` [x](javascript:1) <!-- \u{202E}\n# h\r\n*b* & ~~s~~ $x$ @all"

    private func reports(_ bench: ReportBench, _ row: RunRow) async throws -> [(ReportTemplate, ReportFormat, String)] {
        var all: [(ReportTemplate, ReportFormat, String)] = []
        for template in ReportTemplate.allCases {
            let texts = try await WrittenReport.texts(
                template, ReportFormat.allCases, of: row, from: bench.store, in: .utc, isAlive: false)
            all += texts.map { (template, $0.format, $0.text) }
        }
        return all
    }

    @Test func nothingThatATargetSaysIsMarkup() async throws {
        var bench = ReportBench()
        bench.service = Self.nasty
        bench.owner = Self.nasty
        bench.schedules = [Self.nasty: Self.nasty]
        let finding = Finding(
            Self.nasty, .fail, Cause(Cause.Code(rawValue: Self.nasty), Self.nasty), advice: Self.nasty)
        let figure: [String: JSONValue] = [
            "figure": .text(Self.nasty), "title": .text(Self.nasty), "columns": [.text(Self.nasty), "day"],
            "numeric": [.text(Self.nasty)], "byDay": "day", "timezone": .text(Self.nasty), "from": .text(Self.nasty),
            "to": .text(Self.nasty), "units": .object([Self.nasty: .text(Self.nasty)]),
            "rows": [[5, .text(Self.nasty)], ["too few"], .null, [.object(["a": 1]), .list([])]],
        ]
        var observation = Observation(
            summary: Self.nasty, measurements: [Measurement(Self.nasty, 1)], findings: [finding], details: [figure])
        observation.missing[Self.nasty + "2"] = Cause(.noData, Self.nasty)
        let step = ReportBench.Step(
            id: Self.nasty, action: "x.figures", purpose: Self.nasty, thresholds: Thresholds(warn: Self.nasty),
            observation: observation, statement: Self.nasty)
        try await bench.run(Self.nasty, "2026-11-21T09:00:00Z", [step])
        let row = try await bench.run(Self.nasty, "2026-11-22T09:00:00Z", [step])
        for (template, format, text) in try await reports(bench, row) where format != .json {
            #expect(!text.contains("\u{202E}"), "\(template) \(format)")
            if format == .html {
                #expect(!text.contains("<script") && !text.contains("<!--"), "\(template)")
                // Every tag is one of ours, and every attribute is closed.
                let tags = Set(text.matches(of: /<\/?([A-Za-z!][A-Za-z0-9]*)/).map { String($0.1) })
                #expect(tags.isSubset(of: Self.ours), "\(template): \(tags.subtracting(Self.ours))")
            } else {
                for line in text.split(separator: "\n") {
                    #expect(!line.hasPrefix("# h"), "\(template): \(line)")
                }
                let lines = text.split(separator: "\n").filter { $0.contains("alert(1)") && !$0.contains("``") }
                #expect(!lines.isEmpty)
                for line in lines where !line.hasPrefix("[^") {
                    #expect(!line.replacing("\\<", with: "").contains("<script"), "\(template): \(line)")
                    #expect(!line.replacing("\\[", with: "").contains("[x]"), "\(template): \(line)")
                }
            }
        }
    }

    private static let ours: Set<String> = [
        "!doctype", "html", "head", "meta", "title", "style", "body", "main", "header", "section", "h1", "h2", "h3",
        "p",
        "dl", "div", "dt", "dd", "span", "b", "sup", "a", "ol", "ul", "li", "code", "table", "thead", "tbody", "tr",
        "th",
        "td", "small", "svg", "line", "polyline", "circle", "rect", "text", "g", "path", "figure", "figcaption",
    ]

    @Test func codeStaysInItsFence() {
        #expect(MarkdownText.code("a`b") == "`` a`b ``")
        #expect(MarkdownText.code("``") == "``` `` ```")
        #expect(MarkdownText.code("a|b\nc") == "`a\\|b c`")
    }

    @Test func tenThousandFindingsStayReadable() async throws {
        let bench = ReportBench()
        let steps = (0..<10).map { number in
            ReportBench.Step(
                id: "s\(number)",
                observation: Observation(
                    summary: "many",
                    findings: (0..<1000).map {
                        Finding(
                            "subject \(number)-\($0)", .warn, Cause(.threshold, String(repeating: "x", count: 700)))
                    }))
        }
        try await bench.run("daily", "2026-11-21T09:00:00Z", steps)
        let row = try await bench.run("daily", "2026-11-22T09:00:00Z", steps)
        for (template, format, text) in try await reports(bench, row) where template != .run || format != .json {
            #expect(text.utf8.count < 1_500_000, "\(template) \(format): \(text.utf8.count)")
        }
        let weekly = try await bench.weekly(row)
        #expect(weekly.issues.count == ReportLimits.issues)
        #expect(weekly.issuesLeft > 4000)
        #expect(weekly.gaps.contains("There are more findings than were told apart."))
        #expect(WeeklyMarkdown.text(weekly).contains("and \(weekly.issuesLeft) more"))
        let daily = try await bench.daily(row)
        #expect(
            daily.checks.allSatisfy { $0.findings.count == ReportLimits.findingsPerCheck && $0.findingsLeft == 992 })
    }

    @Test func moreRunsThanAreReadAreCountedAndSaid() async throws {
        let bench = ReportBench()
        let step = ReportBench.Step(id: "a", observation: .number("n", 1))
        for minute in 0..<(ReportLimits.runs + 100) {
            let start = ReportBench.at("2026-11-19T00:00:00Z") + .seconds(Int64(minute) * 60)
            try await bench.run("often", start.description, [step])
        }
        try await bench.run("seldom", "2026-11-15T09:00:00Z", [step])
        let row = try await bench.run("weekly", "2026-11-22T02:00:00Z", [step])
        let report = try await bench.weekly(row)
        #expect(report.runs == ReportLimits.runs + 101)
        #expect(report.counts.pass == report.runs)
        #expect(report.runsRead < ReportLimits.runs)
        #expect(report.gaps.count == 1)
        #expect(report.procedures.map(\.procedure) == ["often", "seldom", "weekly"])
        let busy = try #require(report.procedures.first?.days.first { $0.date == "2026-11-19" })
        #expect(busy.runsInAll == 1440 && busy.runs.count == ReportLimits.runsPerDay)
    }

    @Test func oneStepAndUnknownEverywhere() async throws {
        let bench = ReportBench()
        let blind = ReportBench.Step(id: "only", couldNotLook: Cause(.refused, "Nobody listens on db:5432."))
        let row = try await bench.run("daily", "2026-11-22T09:00:00Z", [blind])
        for (template, format, text) in try await reports(bench, row) {
            #expect(text.contains("unknown"), "\(template) \(format)")
            #expect(text.contains("Nobody listens on db:5432."), "\(template) \(format)")
        }
        let none = try await bench.run("daily", "2026-11-22T10:00:00Z", [])
        for (template, format, text) in try await reports(bench, none) {
            #expect(!text.contains("All 0"), "\(template) \(format)")
        }
    }

    @Test func numbersWithoutEndAreDrawnAndSaid() async throws {
        let bench = ReportBench()
        let values = [1e308, -1e308, 0, 1e-9, 5]
        for (day, value) in values.enumerated() {
            try await bench.run(
                "daily", "2026-11-\(15 + day)T09:00:00Z", [ReportBench.Step(id: "a", observation: .number("n", value))])
        }
        let row = try await bench.run(
            "daily", "2026-11-21T09:00:00Z", [ReportBench.Step(id: "a", observation: .number("n", -1e308, .seconds))])
        for (template, format, text) in try await reports(bench, row) where format == .html {
            #expect(!text.contains("nan") && !text.contains("inf\""), "\(template)")
        }
    }
}
