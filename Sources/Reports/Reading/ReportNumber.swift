import Engine
import Maintenance

/// A measurement as reports show it. What is not known has no value and says why; it is never 0.
public struct ReportNumber: Codable, Hashable, Sendable {
    public let name: String
    public let value: Double?
    public let unit: String
    /// `20.4 %`, or `n/a`.
    public let text: String
    public let why: String?

    init(_ measurement: Measurement) {
        name = measurement.name
        value = measurement.value
        unit = measurement.unit.rawValue
        text = NumberText.text(measurement.value, measurement.unit)
        why = nil
    }

    /// The unit is the one it had before, where that is known.
    init(_ name: String, notKnown cause: Cause?, _ unit: UnitOfMeasure = .count) {
        self.name = name
        value = nil
        self.unit = unit.rawValue
        text = NumberText.notKnown
        why = Words.bounded(cause?.sentence ?? "It was not measured.")
    }
}

/// Numbers for people: thousands set apart, few decimals, and no small number written as 0.
enum NumberText {
    static let notKnown = "n/a"

    static func text(_ value: Double, _ unit: UnitOfMeasure) -> String {
        switch unit {
        case .bytes, .bytesPerDay, .timestamp:
            return MeasurementText.text(Measurement("", value, unit))
        case .seconds where value >= 120 && value < 1e9: return Words.seconds(value)
        case .count, .ratio: return number(value)
        default: return "\(number(value)) \(unit.rawValue)"
        }
    }

    static func number(_ value: Double) -> String {
        if abs(value) >= 0.01 || value == 0 { return MeasurementText.number(value) }
        // Two figures that count: 0.0042.
        var scale = 100.0
        while abs(value) * scale < 10, scale < 1e12 { scale *= 10 }
        return String((value * scale).rounded() / scale)
    }

    /// `+0.4 points`, `−12 MiB (−0.8 %)`, `no change`.
    static func change(from old: Double, to new: Double, _ unit: UnitOfMeasure) -> String {
        let delta = new - old
        guard delta != 0 else { return "no change" }
        let sign = delta > 0 ? "+" : "−"
        if unit == .percent { return "\(sign)\(number(abs(delta))) points" }
        let absolute = "\(sign)\(text(abs(delta), unit))"
        guard old != 0 else { return absolute }
        let share = abs(100 * delta / old)
        guard share >= 0.05, share < 100_000 else { return absolute }
        return "\(absolute) (\(sign)\(number(share >= 10 ? share.rounded() : (share * 10).rounded() / 10)) %)"
    }
}
