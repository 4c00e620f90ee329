import Engine
import Host
import Maintenance

/// When each step ran, as bars on the run's own time: where it went is seen, not read.
enum Timeline {
    static func svg(_ run: RunDocument) -> String {
        guard let start = run.startedAt, let end = run.endedAt, end > start else { return "" }
        let total = (end - start).inSeconds
        let bars = run.steps.filter { $0.state == "done" }.map { bar($0, from: start, total: total) }
        guard !bars.isEmpty else { return "" }
        return """
            <ol class="timeline" aria-label="When each step ran">\(bars.joined(separator: "\n"))
            <li><span></span><div class="ends"><span>0</span><span>\(Words.took(end - start))</span></div></li></ol>
            """
    }

    /// Percentages of the width: the names beside it keep their size on any screen.
    private static func bar(_ step: RunDocument.Step, from start: Instant, total: Double) -> String {
        guard let began = step.startedAt, let ended = step.endedAt else { return "" }
        let left = min(99.5, max(0, 100 * (began - start).inSeconds / total))
        let width = min(100 - left, max(0.5, 100 * (ended - began).inSeconds / total))
        return """
            <li><span>\(HTMLText.escaped(step.id))</span><svg class="\(HTMLText.word(step.verdict))" role="img" \
            aria-label="\(HTMLText.escaped("\(step.id): \(Words.took(ended - began))"))"><rect x="\(SVG.at(left))%" y="1" \
            width="\(SVG.at(width))%" height="12" rx="2"/></svg></li>
            """
    }
}
