import Engine
import Host
import Maintenance

/// A run as one HTML file without outside parts: readable in a mail, on paper, and years later.
public enum HTMLReport {
    public static func text(_ run: RunDocument) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(escaped("\(run.service) \(run.procedure) \(run.run)"))</title>
        <style>\(style)</style></head><body>
        <header><h1>\(escaped(run.service)) <small>\(escaped(run.procedure))</small></h1>
        <p class="verdict \(run.verdict?.rawValue ?? "none")">\(escaped(Words.title(run)))</p></header>
        <dl>\(Words.facts(run).map { "<div><dt>\(escaped($0.0))</dt><dd>\(escaped($0.1))</dd></div>" }.joined())</dl>
        \(findings(run))
        <h2>Steps</h2>
        \(Timeline.svg(run))
        <table><thead><tr><th>step</th><th>verdict</th><th>what was seen</th><th>took</th></tr></thead><tbody>
        \(run.steps.map(row).joined(separator: "\n"))
        </tbody></table>
        \(run.steps.filter { !$0.measurements.isEmpty || !$0.evidence.isEmpty }.map(section).joined(separator: "\n"))
        </body></html>

        """
    }

    private static func findings(_ run: RunDocument) -> String {
        let found = run.steps.flatMap { step in step.findings.map { (step.id, $0) } }
        guard !found.isEmpty else { return "" }
        let rows = found.prefix(ReportLimits.findings).map { id, finding in
            """
            <tr><td><span class="\(finding.severity.rawValue)">\(finding.severity.rawValue)</span></td>\
            <td>\(escaped(finding.subject))</td><td>\(escaped(finding.cause.sentence))</td>\
            <td>\(escaped(finding.advice ?? ""))</td><td><a href="#\(escaped(id))">\(escaped(id))</a></td></tr>
            """
        }
        return """
            <h2>Found</h2><table><thead><tr><th>severity</th><th>subject</th><th>cause</th><th>advice</th><th>step</th></tr>\
            </thead><tbody>\(rows.joined(separator: "\n"))</tbody></table>
            """
    }

    private static func row(_ step: RunDocument.Step) -> String {
        let word = step.verdict?.rawValue ?? step.state
        return """
            <tr><td><a href="#\(escaped(step.id))">\(escaped(step.id))</a></td><td><span class="\(word)">\(word)</span></td>\
            <td>\(escaped(Words.seen(step)))</td><td class="number">\(Words.took(step))</td></tr>
            """
    }

    private static func section(_ step: RunDocument.Step) -> String {
        let on = step.targets.values.sorted().joined(separator: ", ")
        let measurements = Words.measurements(step).map {
            "<tr><td>\(escaped($0.0))</td><td class=\"number\">\(escaped($0.1))</td></tr>"
        }
        let evidence = step.evidence.prefix(ReportLimits.evidence).map {
            """
            <tr><td><code>\(escaped(Words.oneLine($0.statement)))</code></td><td>\($0.observedAt)</td>\
            <td><code>\($0.digest.prefix(16))</code></td></tr>
            """
        }
        let left = step.evidence.count - ReportLimits.evidence
        return """
            <section id="\(escaped(step.id))"><h3>\(escaped(step.id))</h3>
            <p><code>\(escaped(step.action))</code> on \(escaped(on))</p>
            <table class="narrow"><tbody>\(measurements.joined())</tbody></table>
            <details><summary>\(step.evidence.count) pieces of evidence</summary>
            <table><tbody>\(evidence.joined())\(left > 0 ? "<tr><td>… and \(left) more, in the journal</td></tr>" : "")
            </tbody></table></details></section>
            """
    }

    /// What was read from a target must not become markup.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case _ where Words.isSteering(character): result += " "
            default: result.append(character)
            }
        }
        return result
    }

    private static let style = """
        :root{--pass:#1a7f37;--warn:#9a6700;--fail:#cf222e;--unknown:#6639ba;--line:#d0d7de;--soft:#f6f8fa}
        body{font:15px/1.5 system-ui,sans-serif;color:#1f2328;max-width:60rem;margin:2rem auto;padding:0 1rem}
        h1{margin:0}h1 small{font-weight:400;color:#57606a}h2{margin-top:2rem}
        .verdict{font-size:1.2rem;font-weight:600;border-left:6px solid;padding:.4rem .8rem;background:var(--soft)}
        .pass{color:var(--pass)}.warn{color:var(--warn)}.fail{color:var(--fail)}.unknown{color:var(--unknown)}
        .skipped,.pending,.none{color:#57606a}
        dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr));gap:.5rem}
        dt{font-size:.8rem;color:#57606a}dd{margin:0}
        table{border-collapse:collapse;width:100%;margin:.5rem 0}.narrow{width:auto}
        th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
        th{font-size:.8rem;color:#57606a}td span{font-weight:600}.number{white-space:nowrap;text-align:right}
        code{font-size:.85em;overflow-wrap:anywhere}a{color:inherit}svg{width:100%;height:auto}
        """
}
