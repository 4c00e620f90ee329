import Host
import Maintenance

/// A weekly report as HTML.
enum WeeklyHTML {
    static func text(_ report: WeeklyReport) -> String {
        let from = String(report.period.from.description.prefix(16)).replacing("T", with: " ")
        let to = String(report.period.to.description.prefix(16)).replacing("T", with: " ")
        let facts =
            [
                ("period", "\(from) up to \(to) UTC, not included"), ("days of", report.period.timezone),
                ("environment", report.environment), ("made for run", report.run),
            ] + (report.owner.map { [("owner", $0)] } ?? [])
        let title = "The week before \(Words.day(report.date))"
        let body = [
            HTMLPage.header(
                report.service, title, verdict: Self.verdict(report), Words.week(report), facts: facts),
            DailyHTML.tiles(report.counts, "no verdict"), ShareBar.svg(report.counts),
            HTMLPage.section("To do", id: "todo", actions(report)),
            HTMLPage.section("Runs by day", id: "days", calendar(report)), maintenance(report), changes(report),
            trends(report), FigureHTML.section(report.figures),
            HTMLPage.section("Issues", id: "issues", issues(report)), DailyHTML.gaps(report.gaps),
            HTMLPage.notes(report.notes),
        ]
        return HTMLPage.page(title: "\(report.service) week \(report.date)", body: body.joined(separator: "\n"))
    }

    /// Of the period's runs; without one nothing was seen.
    private static func verdict(_ report: WeeklyReport) -> Verdict? {
        let words: [(Int, Verdict)] = [
            (report.counts.fail, .fail), (report.counts.unknown, .unknown), (report.counts.warn, .warn),
            (report.counts.pass, .pass),
        ]
        return words.first { $0.0 > 0 }?.1 ?? .unknown
    }

    private static func actions(_ report: WeeklyReport) -> String {
        guard !report.actions.isEmpty else {
            return report.runs == 0 && report.runsRead == 0
                ? "<p class=\"soft\">n/a: there are no runs to tell from.</p>"
                : "<p class=\"soft\">Nothing: no issue is left.</p>"
        }
        var table = HTMLTable(columns: [
            .number(""), .text("severity"), .wide("what"), .text("owner"), .text("since"),
        ])
        table.rows = report.actions.map { item in
            [
                "<span class=\"rank\">\(item.rank)</span>", HTMLText.pill(item.severity),
                "<b>\(HTMLText.escaped(item.subject))</b>\(HTMLText.note(item.note)) \(HTMLText.escaped(item.what))"
                    + "<span class=\"sub\">"
                    + HTMLText.escaped("\(item.because) (\(item.procedure), \(item.step))") + "</span>",
                HTMLText.escaped(item.owner ?? "none in the plan"), HTMLText.escaped(since(item.since, item.isAtLeast)),
            ]
        }
        let left = report.actionsLeft > 0 ? "<p class=\"sub\">and \(report.actionsLeft) more, in the JSON</p>" : ""
        return "<div class=\"card\">\(table.text)</div>\(left)"
    }

    static func since(_ instant: Instant, _ isAtLeast: Bool) -> String {
        (isAtLeast ? "before " : "") + instant.description.prefix(10)
    }

    // MARK: The calendar

    private static func calendar(_ report: WeeklyReport) -> String {
        guard !report.procedures.isEmpty else { return "<p class=\"soft\">The journal has no run of this service.</p>" }
        return "<div class=\"card\">\(report.procedures.map(strip).joined(separator: "\n"))</div>"
    }

    private static func strip(_ procedure: WeeklyReport.ProcedureDays) -> String {
        let days = procedure.days.map(day)
        let missed =
            procedure.missed.isEmpty
            ? ""
            : "<span class=\"sub\">missed: \(HTMLText.escaped(Words.missedTimes(procedure)))</span>"
        return """
            <div class="strip"><h3>\(HTMLText.escaped(procedure.procedure))\
            <small>\(HTMLText.escaped(Words.due(procedure)))</small></h3>
            <ol class="days">\(days.joined())</ol>\(missed)</div>
            """
    }

    private static func day(_ day: WeeklyReport.Day) -> String {
        let label = Words.day(day)
        var classes = "day"
        if day.runs.isEmpty { classes += " empty" } else { classes += " \(HTMLText.word(day.verdict))" }
        if day.missed > 0 { classes += " missed" }
        if day.isToday { classes += " today" }
        let sign = day.runs.isEmpty ? (day.missed > 0 ? "✗" : "–") : HTMLText.sign(day.verdict)
        let count = day.runsInAll > 1 ? " \(day.runsInAll)" : ""
        let below = day.runs.isEmpty ? Words.without(day) : day.verdict?.rawValue ?? "open"
        return """
            <li class="\(classes)" title="\(HTMLText.escaped(label))"><span class="sub">\
            <b>\(HTMLText.escaped(String(Words.shortDay(day.date).prefix(3))))</b>\
            \(HTMLText.escaped(String(Words.shortDay(day.date).dropFirst(3))))</span><span aria-hidden="true">\(sign)\(count)</span>\
            <span class="sub">\(below)</span></li>
            """
    }

    // MARK: What was done

    private static func maintenance(_ report: WeeklyReport) -> String {
        guard !report.maintenance.isEmpty else { return "" }
        var table = HTMLTable(
            columns: [.wide("run"), .text("verdict"), .number("took"), .number("window"), .number("used")])
        table.rows = report.maintenance.map { one in
            let share = one.tookSeconds.map { 100 * $0 / max(one.windowSeconds, 1) }
            let extra = one.overridden.map { " (window overridden: \($0))" } ?? ""
            return [
                "<span>\(HTMLText.escaped(one.procedure)) \(one.startedAt.description.prefix(10))<span class=\"sub\">"
                    + HTMLText.escaped("\(one.run)\(one.isThisRun ? ", this run" : "")\(extra)") + "</span></span>",
                HTMLText.pill(one.verdict, one.verdict == nil ? "no verdict" : nil),
                one.tookSeconds.map { HTMLText.escaped(Words.seconds($0)) } ?? "<span class=\"na\">n/a</span>",
                HTMLText.escaped("\(one.window), \(Words.seconds(one.windowSeconds))"),
                share.map { HTMLText.escaped("\(NumberText.number(($0 * 10).rounded() / 10)) %") }
                    ?? "<span class=\"na\">n/a</span>",
            ]
        }
        return HTMLPage.section(
            "Maintenance and its window", id: "maintenance", "<div class=\"card\">\(table.text)</div>")
    }

    private static func changes(_ report: WeeklyReport) -> String {
        guard !report.changes.isEmpty else { return "" }
        var table = HTMLTable(
            columns: [
                .wide("change"), .text("last verdict"), .number("runs"), .number("units done"), .wide("in all"),
            ])
        table.rows = report.changes.map { change in
            [
                "<span><b>\(HTMLText.escaped(change.step))</b>\(HTMLText.note(change.note))<span class=\"sub\">"
                    + HTMLText.escaped("\(change.procedure), \(change.action): \(change.seen)") + "</span></span>",
                HTMLText.pill(change.verdict, change.verdict == nil ? "no verdict" : nil), "\(change.runs)",
                "\(change.unitsDone) of \(change.units)",
                "<span>\(change.sums.map { "\(HTMLText.escaped($0.name))&nbsp;\(HTMLText.number($0))" }.joined(separator: ", "))</span>",
            ]
        }
        return HTMLPage.section(
            "What the changes did", id: "changes", "<div class=\"card\">\(table.text)</div>",
            lead: "Over all runs of the period and of the day of the report.")
    }

    private static func trends(_ report: WeeklyReport) -> String {
        guard !report.trends.isEmpty else { return "" }
        let charts = report.trends.map { trend in
            let crossed =
                trend.crossings > 0 ? ", beyond a threshold \(trend.crossings) of \(trend.pointsInAll) times" : ""
            let thinned = trend.points.count < trend.pointsInAll ? "; the worst of each span is drawn" : ""
            return """
                <figure class="card chart"><figcaption><b>\(HTMLText.escaped(trend.step))</b> \
                \(HTMLText.escaped(trend.measurement))\(HTMLText.note(trend.note))<span class="sub">\
                \(HTMLText.escaped("\(trend.procedure): \(trend.first.text) to \(trend.last.text), \(trend.change)\(crossed)\(thinned)"))\
                </span></figcaption>\(LineChart.svg(trend))</figure>
                """
        }
        return HTMLPage.section(
            "What moved", id: "trends", "<div class=\"charts\">\(charts.joined(separator: "\n"))</div>",
            lead: "Measurements that crossed a threshold, then those that moved most.")
    }

    private static func issues(_ report: WeeklyReport) -> String {
        guard !report.issues.isEmpty else {
            return report.runsRead == 0
                ? "<p class=\"soft\">n/a: no run was read.</p>"
                : "<p class=\"soft\">None was found in \(report.runsRead == 1 ? "1 run" : "\(report.runsRead) runs").</p>"
        }
        var table = HTMLTable(
            columns: [.text("severity"), .wide("issue"), .number("seen"), .text("since"), .text("now")])
        table.rows = report.issues.map { issue in
            let advice = issue.advice.map { " \($0)" } ?? ""
            return [
                HTMLText.pill(issue.severity),
                "<span><b>\(HTMLText.escaped(issue.subject))</b>\(HTMLText.note(issue.note)) \(HTMLText.escaped(issue.sentence))"
                    + "<span class=\"sub\">\(HTMLText.escaped("\(issue.procedure), \(issue.step).\(advice)"))</span></span>",
                "\(issue.seenIn) of \(issue.of)", HTMLText.escaped(since(issue.first, issue.isAtLeast)),
                HTMLText.escaped(issue.state.rawValue),
            ]
        }
        let left = report.issuesLeft > 0 ? "<p class=\"sub\">and \(report.issuesLeft) more</p>" : ""
        return "<div class=\"card\">\(table.text)</div>\(left)"
    }
}
