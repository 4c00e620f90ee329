public import Host

/// The unit of a measurement, by its usual sign. Units of one dimension convert into each other.
public enum UnitOfMeasure: String, Codable, Sendable, CaseIterable {
    case count = ""
    case percent = "%"
    case ratio
    case milliseconds = "ms"
    case seconds = "s"
    case minutes = "min"
    case hours = "h"
    case days = "d"
    case bytes = "B"
    case bytesPerDay = "B/d"
    case percentPerDay = "%/d"
    /// An instant, in seconds since 1970-01-01T00:00:00Z: a fact that a schedule may hang on, under the measurement's name.
    case timestamp

    /// What it measures, and how many of the dimension's base unit one of it is.
    var base: (dimension: Dimension, factor: Double) {
        switch self {
        case .count: (.count, 1)
        case .percent: (.share, 0.01)
        case .ratio: (.share, 1)
        case .milliseconds: (.time, 0.001)
        case .seconds: (.time, 1)
        case .minutes: (.time, 60)
        case .hours: (.time, 3600)
        case .days: (.time, 86_400)
        case .bytes: (.bytes, 1)
        case .bytesPerDay: (.growth, 1)
        case .percentPerDay: (.relativeGrowth, 1)
        case .timestamp: (.moment, 1)
        }
    }

    enum Dimension { case count, share, time, bytes, growth, relativeGrowth, moment }
}

/// A named number with its unit of measure.
public struct Measurement: Codable, Hashable, Sendable {
    public let name: String
    public let value: Double
    public let unit: UnitOfMeasure

    public init(_ name: String, _ value: Double, _ unit: UnitOfMeasure = .count) {
        self.name = name
        self.value = value
        self.unit = unit
    }

    public init(_ name: String, _ value: Int, _ unit: UnitOfMeasure = .count) {
        self.init(name, Double(value), unit)
    }

    public init(_ name: String, _ instant: Instant) {
        self.init(name, Double(instant.microsecondsSinceEpoch) / 1e6, .timestamp)
    }

    /// The instant that a value of the unit `timestamp` is; `nil` for what lies in no year from 1970 to 2199.
    public static func instant(_ value: Double) -> Instant? {
        guard value >= 0, value < 7_258_118_400 else { return nil }
        return Instant(microsecondsSinceEpoch: Int64((value * 1e6).rounded()))
    }
}

/// What an action says of a measurement before it makes one.
public struct MeasurementDeclaration: Sendable {
    /// How the values of a change's units become the step's.
    public enum Aggregate: String, Sendable { case sum, largest, last }

    public let name: String
    public let unit: UnitOfMeasure
    public let summary: String
    public let aggregate: Aggregate

    /// A count, which has no unit.
    public init(_ name: String, _ summary: String, aggregate: Aggregate = .sum) {
        self.init(name, .count, summary, aggregate: aggregate)
    }

    public init(_ name: String, _ unit: UnitOfMeasure, _ summary: String, aggregate: Aggregate = .sum) {
        self.name = name
        self.unit = unit
        self.summary = summary
        self.aggregate = aggregate
    }
}
