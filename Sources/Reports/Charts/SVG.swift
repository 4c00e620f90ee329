import Maintenance

/// The little arithmetic that charts share.
enum SVG {
    /// A coordinate with one decimal.
    static func at(_ value: Double) -> String {
        let rounded = (value * 10).rounded() / 10
        return Int64(exactly: rounded).map(String.init) ?? String(rounded)
    }

    /// Where values lie between two coordinates.
    struct Scale {
        let low: Double
        let high: Double
        let from: Double
        let to: Double

        /// All values and the room around them; a flat line lies in the middle.
        init(_ values: [Double], from: Double, to: Double, withZero: Bool = false) {
            var low = values.min() ?? 0
            var high = values.max() ?? 1
            if withZero {
                low = min(0, low)
                high = max(0, high)
            }
            if low == high {
                let room = low == 0 ? 1 : abs(low) * 0.05
                if !withZero || low == 0 { high += room }
                if !withZero { low -= room }
            }
            self.low = low
            self.high = high
            self.from = from
            self.to = to
        }

        func callAsFunction(_ value: Double) -> Double {
            // A range that no number can hold is drawn as a flat line.
            let share = (value - low) / (high - low)
            return share.isFinite ? from + (to - from) * share : (from + to) / 2
        }
    }

    /// The lines between known points; what is not known is a gap.
    static func lines(_ points: [(x: Double, y: Double?)]) -> String {
        var result = ""
        var line: [String] = []
        func end() {
            if line.count > 1 { result += "<polyline class=\"line\" points=\"\(line.joined(separator: " "))\"/>" }
            line = []
        }
        for point in points {
            if let y = point.y { line.append("\(at(point.x)),\(at(y))") } else { end() }
        }
        end()
        return result
    }
}
