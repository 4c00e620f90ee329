import Host
import Maintenance

extension WeeklyReport {
    /// What crossed a threshold first, then what moved most; of equal ones what the thresholds are about.
    static func trends(_ input: WeeklyInput, _ book: inout NoteBook) -> [Trend] {
        let ranked = input.tally.series.filter { $0.value.values.count >= 3 }
            .map { (key: $0.key, series: $0.value, crossings: crossings($0.value), move: move($0.value)) }
            .filter { $0.crossings > 0 || $0.move > 0.02 }
            .sorted { left, right in
                if (left.crossings > 0) != (right.crossings > 0) { return left.crossings > 0 }
                if left.series.isMain != right.series.isMain { return left.series.isMain }
                if left.move != right.move { return left.move > right.move }
                return (left.key.procedure, left.key.step, left.key.measurement)
                    < (right.key.procedure, right.key.step, right.key.measurement)
            }
        return ranked.prefix(ReportLimits.trends).compactMap { one -> Trend? in
            let points = input.tally.points(of: one.key)
            let unit = one.series.unit
            let values = points.compactMap(\.value)
            guard let first = values.first, let lowest = values.min(), let highest = values.max() else { return nil }
            func number(_ value: Double) -> ReportNumber { ReportNumber(Measurement(one.key.measurement, value, unit)) }
            let latest = input.tally.latest[one.key.procedure]
            let last =
                points.last?.value.map { number($0) }
                ?? latest?.step(one.key.step)?.number(one.key.measurement)
                ?? ReportNumber(one.key.measurement, notKnown: nil)
            let note = latest?.step(one.key.step).flatMap { step in latest.flatMap { book.note($0.id, step) } }
            return Trend(
                procedure: one.key.procedure, step: one.key.step, measurement: one.key.measurement,
                unit: unit.rawValue, first: number(first), last: last, lowest: number(lowest),
                highest: number(highest),
                change: last.value.map { NumberText.change(from: first, to: $0, unit) } ?? "not known now",
                crossings: one.crossings, bounds: one.series.bounds,
                points: thinned(points, lowIsBad: one.series.bounds.first?.sign.hasPrefix("<") ?? false),
                pointsInAll: points.count, note: note)
        }
    }

    private static func crossings(_ series: WeeklyTally.SeriesPoints) -> Int {
        series.values.values.count { value in series.bounds.contains { $0.isCrossed(by: value) } }
    }

    /// How far it went, as a share of its largest value.
    private static func move(_ series: WeeklyTally.SeriesPoints) -> Double {
        let values = series.values.values
        guard let low = values.min(), let high = values.max() else { return 0 }
        let scale = max(abs(low), abs(high))
        return scale > 0 ? (high - low) / scale : 0
    }

    /// Of each span the worst point stays: thinning must not hide a peak.
    private static func thinned(_ points: [DailyReport.Point], lowIsBad: Bool) -> [DailyReport.Point] {
        guard points.count > ReportLimits.points else { return points }
        return (0..<ReportLimits.points).compactMap { place in
            let start = place * points.count / ReportLimits.points
            let end = max(start + 1, (place + 1) * points.count / ReportLimits.points)
            let known = points[start..<end].filter { $0.value != nil }
            let worst = known.max { left, right in
                let (a, b) = (left.value ?? 0, right.value ?? 0)
                return lowIsBad ? a > b : a < b
            }
            return worst ?? points[start..<end].first
        }
    }
}
