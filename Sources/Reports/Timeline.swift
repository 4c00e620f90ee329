import Engine
import Host
import Maintenance

/// When each step ran, as bars on the run's own time: where it went is seen, not read.
enum Timeline {
    static func svg(_ run: RunDocument) -> String {
        guard let start = run.startedAt, let end = run.endedAt, end > start else { return "" }
        let total = (end - start).inSeconds
        let steps = run.steps.filter { $0.state == "done" }
        let height = steps.count * 22 + 24
        let bars = steps.enumerated().map { index, step in
            bar(step, at: index, from: start, total: total)
        }
        return """
            <svg viewBox="0 0 900 \(height)" role="img" aria-label="When each step ran" font-family="system-ui" font-size="12">
            \(bars.joined(separator: "\n"))
            <text x="250" y="\(height - 4)" fill="#57606a">0</text>
            <text x="890" y="\(height - 4)" fill="#57606a" text-anchor="end">\(Words.took(end - start))</text></svg>
            """
    }

    private static func bar(_ step: RunDocument.Step, at index: Int, from start: Instant, total: Double) -> String {
        guard let began = step.startedAt, let ended = step.endedAt else { return "" }
        let left = 250 + 640 * (began - start).inSeconds / total
        let width = max(2, 640 * (ended - began).inSeconds / total)
        let color =
            switch step.verdict {
            case .pass?: "#1a7f37"
            case .warn?: "#bf8700"
            case .fail?: "#cf222e"
            case .unknown?, nil: "#6639ba"
            }
        let y = index * 22
        let name = step.id.count > 34 ? step.id.prefix(33) + "…" : step.id[...]
        return """
            <text x="240" y="\(y + 15)" text-anchor="end" fill="#1f2328">\(HTMLReport.escaped(String(name)))</text>\
            <rect x="\(rounded(left))" y="\(y + 4)" width="\(rounded(width))" height="14" rx="2" fill="\(color)"/>
            """
    }

    private static func rounded(_ value: Double) -> String { Double((value * 10).rounded() / 10).description }
}
