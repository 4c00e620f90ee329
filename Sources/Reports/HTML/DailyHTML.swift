import Host
import Maintenance

/// A daily report as HTML: the checks on one screen, then what they rest on.
enum DailyHTML {
    static func text(_ report: DailyReport) -> String {
        var facts = [("run", report.run), ("environment", report.environment)]
        facts.append(("started", Words.time(report.startedAt)))
        if let ended = report.endedAt { facts.append(("took", Words.took(ended - report.startedAt))) }
        if let owner = report.owner { facts.append(("owner", owner)) }
        facts.append(("asked for by", report.requestedBy))
        let sentence =
            report.state == "ended"
            ? Words.headline(report.counts, of: report.steps)
            : "The run is \(report.state). " + Words.headline(report.counts, of: report.steps)
        let body = [
            HTMLPage.header(
                report.service, "\(report.procedure), \(Words.day(report.date))", verdict: report.verdict, sentence,
                facts: facts),
            tiles(report.counts, "not run"), ShareBar.svg(report.counts),
            HTMLPage.section("Checks", id: "checks", checks(report), lead: report.comparison), others(report),
            FigureHTML.section(report.figures), HTMLPage.notes(report.notes), gaps(report.unread),
        ]
        return HTMLPage.page(
            title: "\(report.service) \(report.procedure) \(report.date)", body: body.joined(separator: "\n"))
    }

    static func tiles(_ counts: RunDocument.Counts, _ without: String) -> String {
        let tiles = [
            (counts.pass, "pass", "pass"), (counts.warn, "warn", "warn"), (counts.fail, "fail", "fail"),
            (counts.unknown, "unknown", "unknown"), (counts.skipped, without, "none"),
        ].filter { $0.2 != "none" || $0.0 > 0 }.map { count, title, word in
            "<div class=\"tile \(word)\(count > 0 ? " some" : "")\"><b>\(count)</b><span>\(title)</span></div>"
        }
        return "<div class=\"tiles\">\(tiles.joined())</div>"
    }

    private static func checks(_ report: DailyReport) -> String {
        guard !report.checks.isEmpty else { return "<p class=\"soft\">The run has no step yet.</p>" }
        let names = report.before.map { $0.isYesterday ? "yesterday" : String($0.startedAt.description.prefix(10)) }
        let rows = report.checks.map { row($0, names ?? "before") }
        return "<ol class=\"card checks\">\(rows.joined(separator: "\n"))</ol>"
    }

    private static func row(_ check: DailyReport.Check, _ before: String) -> String {
        let limits = Words.thresholds(check).map { verdict, text in
            "<span class=\"sub\">\(verdict.rawValue) \(HTMLText.escaped(text))</span>"
        }
        let measured = check.measured.map { number in
            "<b>\(HTMLText.number(number, note: check.note))</b><span class=\"sub\">\(HTMLText.escaped(number.name))</span>"
        }
        return """
            <li class="check"><div class="what">\(HTMLText.pill(check.verdict, check.verdict == nil ? check.state : nil))\
            <div><h3>\(HTMLText.escaped(check.id))\(check.measured == nil ? HTMLText.note(check.note) : "")</h3>\
            <span class="sub">\(HTMLText.escaped(check.purpose ?? check.action))</span></div></div>
            <div class="n">\(measured ?? "<span class=\"sub\">\(HTMLText.escaped(check.isChange ? "a change" : "no number"))</span>")</div>
            <div class="limits">\(limits.isEmpty ? "<span class=\"sub\">no threshold</span>" : limits.joined())</div>
            <div class="change">\(change(check, before))</div>
            <div class="spark">\(spark(check))</div>\(why(check))</li>
            """
    }

    private static func change(_ check: DailyReport.Check, _ before: String) -> String {
        guard let earlier = check.before else { return "<span class=\"sub\">nothing to compare</span>" }
        let verdict = earlier.verdict?.rawValue ?? "not run"
        let then = earlier.measured.map { "\($0.text), \(verdict)" } ?? verdict
        let line =
            check.change.map { HTMLText.escaped($0) } ?? (check.measured == nil ? "" : "<span class=\"na\">n/a</span>")
        return "\(line)<span class=\"sub\">\(HTMLText.escaped("\(before): \(then)"))</span>"
    }

    private static func spark(_ check: DailyReport.Check) -> String {
        Sparkline.svg(check.history, label: "\(check.measured?.name ?? "") over the last \(check.history.count) runs")
    }

    /// What is wrong and what to do, in the row itself.
    private static func why(_ check: DailyReport.Check) -> String {
        let problems = check.problems
        guard check.verdict != .pass || !problems.isEmpty else { return "" }
        var items = problems.map { finding in
            let subject =
                finding.subject == check.id ? "" : "<b>\(HTMLText.escaped(Words.bounded(finding.subject)))</b>: "
            let advice = finding.advice.map { " <span class=\"advice\">\(HTMLText.escaped(Words.bounded($0)))</span>" }
            let pill = finding.severity == check.verdict ? "" : "\(HTMLText.pill(finding.severity)) "
            return "<li>\(pill)\(subject)\(HTMLText.escaped(Words.bounded(finding.cause.sentence)))\(advice ?? "")</li>"
        }
        if items.isEmpty { items = ["<li>\(HTMLText.escaped(check.seen))</li>"] }
        if check.findingsLeft > 0 { items.append("<li class=\"advice\">and \(check.findingsLeft) more</li>") }
        return "<ul class=\"why \(HTMLText.word(check.verdict ?? nil))\">\(items.joined())</ul>"
    }

    /// What was seen besides the number of each row.
    private static func others(_ report: DailyReport) -> String {
        var table = HTMLTable(columns: [
            .wide("check"), .wide("what was seen"), .wide("measured besides"), .number("took"),
        ])
        table.rows = report.checks.map { check in
            let others = check.others.prefix(12).map { "\(HTMLText.escaped($0.name))&nbsp;\(HTMLText.number($0))" }
            let left = check.others.count - 12
            return [
                "<b>\(HTMLText.escaped(check.id))</b>\(HTMLText.note(check.note))", HTMLText.escaped(check.seen),
                "<span>\(others.joined(separator: ", "))\(left > 0 ? " and \(left) more" : "")</span>",
                check.tookSeconds.map { Words.took(.milliseconds(Int64(min($0 * 1000, 9e15)))) } ?? "",
            ]
        }
        guard !table.rows.isEmpty else { return "" }
        return HTMLPage.section("What was seen", id: "seen", "<div class=\"card\">\(table.text)</div>")
    }

    static func gaps(_ gaps: [String]) -> String {
        guard !gaps.isEmpty else { return "" }
        return HTMLPage.section(
            "Not in this report", id: "gaps", "<ul>\(gaps.map { "<li>\(HTMLText.escaped($0))</li>" }.joined())</ul>")
    }
}
