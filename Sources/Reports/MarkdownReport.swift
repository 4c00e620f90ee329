import Engine
import Host
import Maintenance

/// A run as Markdown: verdict first, then what was found, then every step with its numbers and evidence.
public enum MarkdownReport {
    public static func text(_ run: RunDocument) -> String {
        var lines = [
            "# \(cell(run.service)): \(cell(run.procedure))",
            "",
            "**\(Words.title(run))**",
            "",
            "| | |",
            "| --- | --- |",
        ]
        lines += Words.facts(run).map { "| \($0.0) | \(cell($0.1)) |" }
        let findings = run.steps.flatMap { step in step.findings.map { (step.id, $0) } }
        if !findings.isEmpty {
            lines += [
                "", "## Found", "", "| step | severity | subject | cause | advice |", "| --- | --- | --- | --- | --- |",
            ]
            lines += findings.prefix(ReportLimits.findings).map { id, finding in
                "| \(cell(id)) | \(finding.severity.rawValue) | \(cell(finding.subject)) | \(cell(finding.cause.sentence)) | "
                    + "\(cell(finding.advice ?? "")) |"
            }
        }
        lines += ["", "## Steps", "", "| step | verdict | what was seen | took |", "| --- | --- | --- | --- |"]
        lines += run.steps.map { step in
            "| \(cell(step.id)) | \(step.verdict?.rawValue ?? step.state) | \(cell(Words.seen(step))) | \(Words.took(step)) |"
        }
        if !run.deliveries.isEmpty {
            lines += ["", "## Told", "", "| what | outcome |", "| --- | --- |"]
            lines += run.deliveries.map { "| \(cell(Words.deliveryTitle($0))) | \(cell(Words.delivery($0))) |" }
        }
        for step in run.steps where !step.evidence.isEmpty || !step.measurements.isEmpty { lines += section(step) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func section(_ step: RunDocument.Step) -> [String] {
        var lines = [
            "", "### \(cell(step.id))", "",
            "`\(step.action)` on \(cell(step.targets.values.sorted().joined(separator: ", ")))",
        ]
        if let cause = step.cause { lines += ["", "\(step.verdict?.rawValue ?? step.state): \(cell(cause.sentence))"] }
        lines += Words.agreed(step).flatMap { ["", cell($0)] }
        if !step.measurements.isEmpty {
            lines += ["", "| measurement | value |", "| --- | --- |"]
            lines += Words.measurements(step).map { "| \(cell($0.0)) | \(cell($0.1)) |" }
        }
        if !step.evidence.isEmpty {
            lines += ["", "| evidence | observed at | SHA-256 |", "| --- | --- | --- |"]
            lines += step.evidence.prefix(ReportLimits.evidence).map {
                "| \(MarkdownText.code(Words.oneLine($0.statement))) | \($0.observedAt) | `\($0.digest.prefix(16))` |"
            }
            let left = step.evidence.count - ReportLimits.evidence
            if left > 0 { lines.append("| … and \(left) more, in the journal | | |") }
        }
        return lines
    }

    private static func cell(_ text: String) -> String { MarkdownText.cell(text) }
}
