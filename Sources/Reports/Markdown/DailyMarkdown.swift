import Host
import Maintenance

/// A daily report as Markdown.
enum DailyMarkdown {
    static func text(_ report: DailyReport) -> String {
        let cell = MarkdownText.cell
        var lines = head(report)
        let rows = report.checks.map { check in
            [
                "\(MarkdownText.verdict(check.verdict, check.state))", cell(check.id) + MarkdownText.note(check.note),
                check.measured.map { "\(cell($0.name)) \(MarkdownText.number($0))" } ?? "",
                cell(Words.thresholds(check).map { "\($0.verdict.rawValue) \($0.text)" }.joined(separator: ", ")),
                change(check), Sparkline.text(check.history),
            ]
        }
        lines += MarkdownText.table(["verdict", "check", "measured", "threshold", "before", "last runs"], rows)
        let wrong = report.checks.filter { $0.verdict != .pass || !$0.problems.isEmpty }
        if !wrong.isEmpty {
            lines += ["", "## Needs attention", ""]
            for check in wrong { lines += problems(check) }
        }
        let seen = report.checks.map { check in
            [
                cell(check.id) + MarkdownText.note(check.note), cell(check.seen),
                check.others.prefix(12).map { "\(cell($0.name)) \(MarkdownText.number($0))" }.joined(separator: ", "),
                check.tookSeconds.map { Words.seconds($0) } ?? "",
            ]
        }
        if !seen.isEmpty {
            lines += ["", "## What was seen"]
            lines += MarkdownText.table(["check", "what was seen", "measured besides", "took"], seen)
        }
        lines += MarkdownText.figures(report.figures)
        lines += MarkdownText.gaps(report.unread.map { "Run \($0) could not be read." })
        lines += MarkdownText.notes(report.notes)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func head(_ report: DailyReport) -> [String] {
        let cell = MarkdownText.cell
        let counts = report.counts
        let added =
            "\(counts.pass) pass, \(counts.warn) warn, \(counts.fail) fail, \(counts.unknown) unknown, "
            + "\(counts.skipped) not run: \(report.steps) in all. "
        var run = "Run \(cell(report.run)) in \(cell(report.environment)), started \(Words.time(report.startedAt))"
        if let ended = report.endedAt { run += ", took \(Words.took(ended - report.startedAt))" }
        if let owner = report.owner { run += ", owner \(cell(owner))" }
        return [
            "# \(cell(report.service)): \(cell(report.procedure)), \(Words.day(report.date))", "",
            "**\(MarkdownText.verdict(report.verdict, report.state))**: \(Words.headline(counts, of: report.steps))",
            "",
            added + cell(report.comparison), "", run + ".",
        ]
    }

    private static func change(_ check: DailyReport.Check) -> String {
        guard let before = check.before else { return "" }
        let verdict = before.verdict?.rawValue ?? "not run"
        let then = before.measured.map { "\($0.text), \(verdict)" } ?? verdict
        return MarkdownText.cell(check.change.map { "\(then); \($0)" } ?? then)
    }

    private static func problems(_ check: DailyReport.Check) -> [String] {
        let cell = MarkdownText.cell
        guard !check.problems.isEmpty else {
            return ["- **\(cell(check.id))** (\(check.verdict?.rawValue ?? check.state)): \(cell(check.seen))"]
        }
        let lines = check.problems.map { finding in
            let subject = finding.subject == check.id ? "" : "\(cell(Words.bounded(finding.subject))): "
            let advice = finding.advice.map { " *\(cell(Words.bounded($0)))*" } ?? ""
            return "- **\(cell(check.id))** (\(finding.severity.rawValue)): \(subject)"
                + "\(cell(Words.bounded(finding.cause.sentence)))\(advice)\(MarkdownText.note(check.note))"
        }
        return lines + (check.findingsLeft > 0 ? ["- **\(cell(check.id))**: and \(check.findingsLeft) more"] : [])
    }
}
