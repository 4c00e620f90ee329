import Maintenance

/// A figure's days as columns. A day without a value is an empty frame, not a column of no height.
enum BarChart {
    private static let (width, top, bottom) = (360.0, 18.0, 112.0)

    static func svg(_ figure: ReportFigure, column: Int) -> String {
        let values = figure.rows.indices.map { figure.number($0, column) }
        guard values.contains(where: { $0 != nil }), let day = figure.columns.firstIndex(of: figure.byDay ?? "") else {
            return ""
        }
        let scale = SVG.Scale(values.compactMap { $0 }, from: bottom, to: top, withZero: true)
        let step = width / Double(values.count)
        let wide = min(44, step * 0.7)
        let few = values.count <= 8
        let every = max(1, (values.count + 6) / 7)
        var parts: [String] = []
        for (index, value) in values.enumerated() {
            let center = step * (Double(index) + 0.5)
            let left = SVG.at(center - wide / 2)
            if let value {
                let (y, zero) = (scale(value), scale(0))
                parts.append(
                    "<rect class=\"column\" x=\"\(left)\" width=\"\(SVG.at(wide))\" y=\"\(SVG.at(min(y, zero)))\" "
                        + "height=\"\(SVG.at(max(abs(zero - y), value == 0 ? 1 : 0.5)))\" rx=\"1.5\"/>")
            } else {
                parts.append(
                    "<rect class=\"hole\" x=\"\(left)\" width=\"\(SVG.at(wide))\" y=\"\(SVG.at(bottom - 16))\" height=\"16\"/>"
                )
            }
            if few {
                parts.append(
                    "<text class=\"value\" x=\"\(SVG.at(center))\" y=\"\(SVG.at((value.map { min(scale($0), scale(0)) } ?? bottom - 16) - 4))\" "
                        + "text-anchor=\"middle\">\(HTMLText.escaped(short(value, figure.unit(column))))</text>")
            }
            if index % every == 0 {
                let name = few ? Words.shortDay(figure.text(index, day)) : String(figure.text(index, day).suffix(5))
                parts.append(
                    "<text x=\"\(SVG.at(center))\" y=\"128\" text-anchor=\"middle\">\(HTMLText.escaped(name))</text>")
            }
        }
        let label = "\(figure.columns[column]) by \(figure.byDay ?? "day")"
        return """
            <svg viewBox="0 0 360 134" role="img" aria-label="\(HTMLText.escaped(label))">\
            <line class="grid" x1="0" x2="360" y1="\(SVG.at(scale(0)))" y2="\(SVG.at(scale(0)))"/>\(parts.joined())</svg>
            """
    }

    /// As wide as a column: `12.3k`.
    private static func short(_ value: Double?, _ unit: UnitOfMeasure) -> String {
        guard let value else { return NumberText.notKnown }
        if unit == .bytes { return ByteCount.text(value) }
        for (size, letter) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where abs(value) >= size * 10 {
            return NumberText.number((value / size * 10).rounded() / 10) + letter
        }
        return NumberText.number(abs(value) >= 100 ? value.rounded() : (value * 10).rounded() / 10)
    }
}

/// Verdicts as parts of one bar.
enum ShareBar {
    static func svg(_ counts: RunDocument.Counts) -> String {
        let parts = [
            (counts.pass, "pass"), (counts.warn, "warn"), (counts.unknown, "unknown"), (counts.fail, "fail"),
            (counts.skipped, "none"),
        ]
        let total = parts.map(\.0).reduce(0, +)
        guard total > 0 else { return "" }
        var left = 0.0
        let bars = parts.filter { $0.0 > 0 }.map { count, word in
            let share = 100 * Double(count) / Double(total)
            defer { left += share }
            return "<rect class=\"area \(word)\" x=\"\(SVG.at(left))\" width=\"\(SVG.at(share))\" height=\"8\"/>"
        }
        return """
            <svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" \
            aria-label="\(HTMLText.escaped(Words.counts(counts)))">\(bars.joined())</svg>
            """
    }
}
