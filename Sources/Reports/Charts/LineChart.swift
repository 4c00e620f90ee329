import Host
import Maintenance

/// A measurement through a period, with the numbers at which its verdict changes.
enum LineChart {
    private static let (left, right, top, bottom) = (60.0, 354.0, 14.0, 118.0)

    static func svg(_ trend: WeeklyReport.Trend) -> String {
        let values = trend.points.compactMap(\.value)
        guard let low = values.min(), let high = values.max(), let first = trend.points.first?.at,
            let last = trend.points.last?.at
        else { return "" }
        // A bound far away would press the line flat; the caption still names it.
        let reach = max(high - low, max(abs(high), abs(low)) * 0.1) * 1.5
        let bounds = trend.bounds.filter { $0.value >= low - reach && $0.value <= high + reach }
        let scale = SVG.Scale(values + bounds.map(\.value), from: bottom, to: top)
        let span = max(1, (last - first).inSeconds)
        let points = trend.points.map { point in
            (x: left + (right - left) * (point.at - first).inSeconds / span, y: point.value.map { scale($0) })
        }
        let unit = UnitOfMeasure(rawValue: trend.unit) ?? .count
        let lines = bounds.map { bound in
            """
            <g class="\(bound.severity.rawValue)"><line class="bound" x1="\(SVG.at(left))" x2="\(SVG.at(right))" \
            y1="\(SVG.at(scale(bound.value)))" y2="\(SVG.at(scale(bound.value)))"/><text class="bound-text" \
            x="\(SVG.at(right))" y="\(SVG.at(scale(bound.value) - 3))" text-anchor="end">\
            \(bound.severity.rawValue) \(HTMLText.escaped(Words.sign(bound.sign))) \
            \(HTMLText.escaped(NumberText.text(bound.value, unit)))</text></g>
            """
        }
        let dots = zip(points, trend.points).compactMap { point, run -> String? in
            guard let y = point.y else { return nil }
            return """
                <circle class="dot \(HTMLText.word(run.verdict))" cx="\(SVG.at(point.x))" cy="\(SVG.at(y))" r="2.2">\
                <title>\(HTMLText.escaped("\(run.at): \(NumberText.text(run.value ?? 0, unit)), run \(run.run)"))</title></circle>
                """
        }
        let lowest = min(low, bounds.map(\.value).min() ?? low)
        let highest = max(high, bounds.map(\.value).max() ?? high)
        let label = "\(trend.measurement) of \(trend.step): \(trend.first.text) to \(trend.last.text)"
        return """
            <svg viewBox="0 0 360 144" role="img" aria-label="\(HTMLText.escaped(label))">\
            \(axis([lowest, highest], scale, unit))\
            \(lines.joined())\(SVG.lines(points))\(dots.joined())\
            <text x="60" y="141">\(first.description.prefix(10))</text>\
            <text x="354" y="141" text-anchor="end">\(last.description.prefix(10))</text></svg>
            """
    }

    /// The ends of what is drawn, named at the left.
    private static func axis(_ values: [Double], _ scale: SVG.Scale, _ unit: UnitOfMeasure) -> String {
        Set(values).sorted().map { value in
            let y = scale(value)
            return """
                <line class="grid" x1="\(SVG.at(left))" x2="\(SVG.at(right))" y1="\(SVG.at(y))" y2="\(SVG.at(y))"/>\
                <text x="\(SVG.at(left - 6))" y="\(SVG.at(y + 4))" text-anchor="end">\
                \(HTMLText.escaped(NumberText.text(value, unit)))</text>
                """
        }.joined()
    }
}
