import Host
import Maintenance

/// A weekly report as Markdown.
enum WeeklyMarkdown {
    private static func cell(_ text: String) -> String { MarkdownText.cell(text) }

    static func text(_ report: WeeklyReport) -> String {
        var lines = [
            "# \(cell(report.service)): the week before \(Words.day(report.date))", "",
            "**\(cell(Words.week(report)))**", "",
            "Period: \(report.period.from) up to \(report.period.to), not included; days of \(cell(report.period.timezone)). "
                + "Environment \(cell(report.environment)); made for run \(cell(report.run))"
                + (report.owner.map { "; owner \(cell($0))" } ?? "") + ".", "", "## To do",
        ]
        lines += actions(report)
        lines += ["", "## Runs by day"] + calendar(report) + maintenance(report) + changes(report) + trends(report)
        lines += MarkdownText.figures(report.figures)
        lines += ["", "## Issues"] + issues(report)
        lines += MarkdownText.gaps(report.gaps) + MarkdownText.notes(report.notes)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func actions(_ report: WeeklyReport) -> [String] {
        guard !report.actions.isEmpty else {
            return ["", report.runsRead == 0 ? "n/a: there are no runs to tell from." : "Nothing: no issue is left."]
        }
        let items = report.actions.map { item in
            "\(item.rank). **\(item.severity.rawValue)** \(cell(item.subject)): \(cell(item.what)) \(cell(item.because))"
                + "\(MarkdownText.note(item.note)) Owner: \(cell(item.owner ?? "none in the plan")); "
                + "since \(WeeklyHTML.since(item.since, item.isAtLeast))."
        }
        return [""] + items + (report.actionsLeft > 0 ? ["", "and \(report.actionsLeft) more"] : [])
    }

    private static func calendar(_ report: WeeklyReport) -> [String] {
        guard let first = report.procedures.first else { return ["", "The journal has no run of this service."] }
        let rows = report.procedures.map { procedure in
            ["\(cell(procedure.procedure))"]
                + procedure.days.map { day in
                    guard day.runs.isEmpty else {
                        return MarkdownText.verdict(day.verdict, "open")
                            + (day.runsInAll > 1 ? " ×\(day.runsInAll)" : "")
                    }
                    return Words.without(day)
                } + [cell(Words.due(procedure))]
        }
        let days = first.days.map { Words.shortDay($0.date) + ($0.isToday ? ", up to the report" : "") }
        let missed = report.procedures.filter { !$0.missed.isEmpty }.map {
            "- \(cell($0.procedure)) missed: \(cell(Words.missedTimes($0)))"
        }
        return MarkdownText.table(["procedure"] + days + ["due"], rows) + (missed.isEmpty ? [] : [""] + missed)
    }

    private static func maintenance(_ report: WeeklyReport) -> [String] {
        let rows = report.maintenance.map { one in
            let share = one.tookSeconds.map { 100 * $0 / max(one.windowSeconds, 1) }
            return [
                "\(cell(one.procedure)) \(one.startedAt.description.prefix(10))\(one.isThisRun ? ", this run" : "")",
                MarkdownText.verdict(one.verdict, "no verdict"), one.tookSeconds.map { Words.seconds($0) } ?? "n/a",
                cell("\(one.window), \(Words.seconds(one.windowSeconds))"),
                share.map { "\(NumberText.number(($0 * 10).rounded() / 10)) %" } ?? "n/a", cell(one.overridden ?? ""),
            ]
        }
        guard !rows.isEmpty else { return [] }
        return ["", "## Maintenance and its window"]
            + MarkdownText.table(["run", "verdict", "took", "window", "used", "overridden because"], rows)
    }

    private static func changes(_ report: WeeklyReport) -> [String] {
        let rows = report.changes.map { change in
            [
                "\(cell("\(change.procedure), \(change.step)"))\(MarkdownText.note(change.note))",
                MarkdownText.verdict(change.verdict, "no verdict"), "\(change.runs)",
                "\(change.unitsDone) of \(change.units)",
                change.sums.map { "\(cell($0.name)) \(MarkdownText.number($0))" }.joined(separator: ", "),
                cell(change.seen),
            ]
        }
        guard !rows.isEmpty else { return [] }
        return ["", "## What the changes did"]
            + MarkdownText.table(["change", "last verdict", "runs", "units done", "in all", "last seen"], rows)
    }

    private static func trends(_ report: WeeklyReport) -> [String] {
        let rows = report.trends.map { trend in
            [
                "\(cell("\(trend.step) \(trend.measurement)"))\(MarkdownText.note(trend.note))",
                Sparkline.text(trend.points), cell(trend.first.text), cell(trend.last.text), cell(trend.change),
                cell("\(trend.lowest.text) to \(trend.highest.text)"),
                trend.bounds.isEmpty ? "" : "\(trend.crossings) of \(trend.pointsInAll)",
            ]
        }
        guard !rows.isEmpty else { return [] }
        return ["", "## What moved"]
            + MarkdownText.table(
                ["measurement", "last points", "first", "last", "change", "range", "beyond a threshold"], rows)
    }

    private static func issues(_ report: WeeklyReport) -> [String] {
        guard !report.issues.isEmpty else {
            return [
                "",
                report.runsRead == 0
                    ? "n/a: no run was read."
                    : "None was found in \(report.runsRead == 1 ? "1 run" : "\(report.runsRead) runs").",
            ]
        }
        let rows = report.issues.map { issue in
            [
                issue.severity.rawValue,
                "\(cell("\(issue.subject): \(issue.sentence)"))\(MarkdownText.note(issue.note))",
                cell("\(issue.procedure), \(issue.step)"), "\(issue.seenIn) of \(issue.of)",
                WeeklyHTML.since(issue.first, issue.isAtLeast), issue.state.rawValue, cell(issue.advice ?? ""),
            ]
        }
        return MarkdownText.table(["severity", "issue", "where", "seen", "since", "now", "advice"], rows)
            + (report.issuesLeft > 0 ? ["", "and \(report.issuesLeft) more"] : [])
    }
}
