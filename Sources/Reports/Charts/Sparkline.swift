import Maintenance

/// A measurement over the last runs, as large as a word.
enum Sparkline {
    private static let (width, height) = (128.0, 30.0)

    static func svg(_ history: [DailyReport.Point], label: String) -> String {
        let known = history.compactMap(\.value)
        guard known.count > 1 else { return "" }
        let scale = SVG.Scale(known, from: height - 5, to: 5)
        let step = history.count > 1 ? (width - 8) / Double(history.count - 1) : 0
        let points = history.enumerated().map { index, point in
            (x: 4 + Double(index) * step, y: point.value.map { scale($0) })
        }
        var dots = ""
        for (place, (point, run)) in zip(points, history).enumerated() {
            guard let y = point.y, place == history.count - 1 || run.verdict != .pass && run.verdict != nil else {
                // Not known then: a ring on the ground, no point on the line.
                if run.value == nil {
                    dots += "<circle class=\"gap\" cx=\"\(SVG.at(point.x))\" cy=\"\(SVG.at(height - 3))\" r=\"2\"/>"
                }
                continue
            }
            let size = place == history.count - 1 ? "3" : "2"
            dots +=
                "<circle class=\"dot \(HTMLText.word(run.verdict))\" cx=\"\(SVG.at(point.x))\" cy=\"\(SVG.at(y))\" r=\"\(size)\"/>"
        }
        return """
            <svg width="128" height="30" viewBox="0 0 128 30" role="img" aria-label="\(HTMLText.escaped(label))">\
            \(SVG.lines(points))\(dots)</svg>
            """
    }

    /// `▂▃▅▇`; what is not known is a `·`.
    static func text(_ history: [DailyReport.Point]) -> String {
        let known = history.compactMap(\.value)
        guard let low = known.min(), let high = known.max(), known.count > 1 else { return "" }
        let blocks = Array("▁▂▃▄▅▆▇█")
        return String(
            history.suffix(14).map { point in
                guard let value = point.value else { return "·" }
                let share = high > low ? (value - low) / (high - low) : 0.5
                return blocks[share.isFinite ? min(7, max(0, Int(share * 7.99))) : 3]
            })
    }
}
