import Engine
import Host
import Maintenance

/// A run as one HTML file without outside parts: readable in a mail, on paper, and years later.
public enum HTMLReport {
    public static func text(_ run: RunDocument) -> String {
        let sentence =
            run.state == "ended" ? Words.counts(run.counts) : "The run is \(run.state): \(Words.counts(run.counts))"
        let anchors = Dictionary(run.steps.enumerated().map { ($1.id, "s\($0 + 1)") }) { first, _ in first }
        let seen = run.steps.filter { !$0.measurements.isEmpty || !$0.evidence.isEmpty }
        let body = [
            HTMLPage.header(
                run.service, run.procedure, verdict: run.verdict, sentence + ".", facts: Words.facts(run)),
            DailyHTML.tiles(run.counts, "not run"), ShareBar.svg(run.counts), findings(run, anchors),
            HTMLPage.section("Steps", id: "steps", Timeline.svg(run) + steps(run, anchors)), told(run),
            seen.isEmpty
                ? ""
                : HTMLPage.section(
                    "Measurements and evidence", id: "evidence",
                    seen.map { section($0, anchors) }.joined(separator: "\n")),
        ]
        return HTMLPage.page(
            title: "\(run.service) \(run.procedure) \(run.run)", body: body.joined(separator: "\n"))
    }

    private static func link(_ step: String, _ anchors: [String: String]) -> String {
        "<a href=\"#\(anchors[step] ?? "steps")\">\(HTMLText.escaped(step))</a>"
    }

    private static func findings(_ run: RunDocument, _ anchors: [String: String]) -> String {
        let found = run.steps.flatMap { step in step.findings.map { (step.id, $0) } }
        guard !found.isEmpty else { return "" }
        var table = HTMLTable(columns: [.text("severity"), .wide("finding"), .wide("advice"), .text("step")])
        table.rows = found.prefix(ReportLimits.findings).map { id, finding in
            [
                HTMLText.pill(finding.severity),
                "<b>\(HTMLText.escaped(Words.bounded(finding.subject)))</b> "
                    + HTMLText.escaped(Words.bounded(finding.cause.sentence)),
                HTMLText.escaped(Words.bounded(finding.advice ?? "")), link(id, anchors),
            ]
        }
        let left = found.count - table.rows.count
        let more = left > 0 ? "<p class=\"sub\">and \(left) more, in the journal</p>" : ""
        return HTMLPage.section("Found", id: "found", "<div class=\"card\">\(table.text)</div>\(more)")
    }

    private static func steps(_ run: RunDocument, _ anchors: [String: String]) -> String {
        var table = HTMLTable(
            columns: [.wide("step"), .text("verdict"), .wide("what was seen"), .number("took")])
        table.rows = run.steps.map { step in
            [
                "<b>\(link(step.id, anchors))</b><span class=\"sub\">\(HTMLText.escaped(step.action))</span>",
                HTMLText.pill(step.verdict, step.verdict == nil ? step.state : nil),
                HTMLText.escaped(Words.bounded(Words.seen(step))), Words.took(step),
            ]
        }
        return "<div class=\"card\">\(table.text)</div>"
    }

    private static func told(_ run: RunDocument) -> String {
        guard !run.deliveries.isEmpty else { return "" }
        var table = HTMLTable(columns: [.text("notice"), .wide("what came of it")])
        table.rows = run.deliveries.map { delivery in
            [
                HTMLText.escaped(Words.deliveryTitle(delivery)),
                "\(HTMLText.pill(delivery.verdict, delivery.state)) \(HTMLText.escaped(Words.delivery(delivery)))",
            ]
        }
        return HTMLPage.section("Told", id: "told", "<div class=\"card\">\(table.text)</div>")
    }

    private static func section(_ step: RunDocument.Step, _ anchors: [String: String]) -> String {
        let on = step.targets.values.sorted().joined(separator: ", ")
        let measurements = Words.measurements(step).map {
            "<div><b>\(HTMLText.escaped($0.1))</b><span class=\"sub\">\(HTMLText.escaped($0.0))</span></div>"
        }
        let looks = step.evidence.prefix(ReportLimits.evidence).map {
            """
            <li><code>\(HTMLText.escaped(Words.oneLine($0.statement)))</code> <span class="soft">\($0.observedAt), SHA-256 \
            <code title="\(HTMLText.escaped($0.digest))">\(HTMLText.escaped(String($0.digest.prefix(16))))</code></span></li>
            """
        }
        let left = step.evidence.count - looks.count
        return """
            <div class="card figure" id="\(anchors[step.id] ?? "")"><h3>\(HTMLText.escaped(step.id))</h3>
            <span class="sub"><code>\(HTMLText.escaped(step.action))</code> on \(HTMLText.escaped(on))</span>
            \(Words.agreed(step).map { "<p>\(HTMLText.escaped($0))</p>" }.joined())
            \(measurements.isEmpty ? "" : "<div class=\"stats small\">\(measurements.joined())</div>")
            <ul class="looks">\(looks.joined())\(left > 0 ? "<li class=\"soft\">and \(left) more, in the journal</li>" : "")</ul>
            </div>
            """
    }
}
