/// A number with its unit as people write it: `15%`, `1s`, `2 million`, `30 days`, `1.5 GiB`.
public struct Quantity: Hashable, Sendable {
    public enum Kind: String, Sendable { case number, share, time, bytes, growth, relativeGrowth, moment }

    /// In the kind's base unit: 1, a share of 1, seconds, bytes, bytes a day, percent a day.
    public let value: Double
    public let kind: Kind
    /// The number as it was given, in the unit in which it was given.
    let inOwnUnit: Double

    /// A number of units, each `factor` of the kind's base unit.
    init(_ number: Double, kind: Kind, factor: Double) {
        // Dividing by 100 is exact where multiplying by 0.01 is not: 57% is then the same as a ratio of 0.57.
        value = factor < 1 ? number / (1 / factor).rounded() : number * factor
        self.kind = kind
        inOwnUnit = number
    }

    public init?(_ text: String) {
        let figures = text.prefix { $0.isNumber || ".,_+- ".contains($0) }
        guard let number = Self.number(figures) else { return nil }
        self.init(number, unit: String(text.dropFirst(figures.count).reversed().drop { $0 == " " }.reversed()))
    }

    init?(_ number: Double, unit: String) {
        guard let (kind, factor) = Self.units[unit] ?? Self.units[unit.lowercased()] else { return nil }
        self.init(number, kind: kind, factor: factor)
    }

    /// Thousands may be set apart by one kind of sign, in groups of three: `1,5` is no number, and surely not 15.
    private static func number(_ text: Substring) -> Double? {
        let words = text.split(separator: " ")
        let parts = words.joined(separator: " ").split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard var whole = parts.first else { return nil }
        let sign = whole.first == "-" || whole.first == "+" ? String(whole.removeFirst()) : ""
        let separators = Set(whole.filter { ",_ ".contains($0) })
        if let separator = separators.first {
            let groups = whole.split(separator: separator, omittingEmptySubsequences: false)
            guard separators.count == 1, (1...3).contains(groups[0].count),
                groups.dropFirst().allSatisfy({ $0.count == 3 })
            else { return nil }
        }
        let fraction = parts.count == 2 ? "." + parts[1] : ""
        let figures = whole.filter { !separators.contains($0) } + fraction
        guard figures.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }),
            let number = Double(sign + figures), number.isFinite
        else { return nil }
        return number
    }

    /// Every unit that can be written, with what one of it is in the base unit. Bytes: `kB` is 1000 and `KiB` 1024.
    static let units: [String: (Kind, Double)] = {
        var units: [String: (Kind, Double)] = [
            "": (.number, 1), "k": (.number, 1e3), "thousand": (.number, 1e3), "million": (.number, 1e6),
            "M": (.number, 1e6), "billion": (.number, 1e9), "%": (.share, 0.01), "percent": (.share, 0.01),
            "ms": (.time, 0.001), "B": (.bytes, 1), "bytes": (.bytes, 1), "B/d": (.growth, 1),
            "%/d": (.relativeGrowth, 1),
        ]
        let times: [(Double, [String])] = [
            (1, ["s", "sec", "second", "seconds"]), (60, ["m", "min", "minute", "minutes"]),
            (3600, ["h", "hour", "hours"]), (86_400, ["d", "day", "days"]), (604_800, ["w", "week", "weeks"]),
        ]
        for (factor, names) in times { for name in names { units[name] = (.time, factor) } }
        for (power, letter) in ["k", "M", "G", "T", "P"].enumerated() {
            let exponent = Double(power + 1)
            units[letter + "B"] = (.bytes, pow10(3 * exponent))
            units[letter.uppercased() + "iB"] = (.bytes, pow1024(exponent))
            units[letter + "B/d"] = (.growth, pow10(3 * exponent))
            units[letter.uppercased() + "iB/d"] = (.growth, pow1024(exponent))
        }
        return units
    }()

    private static func pow10(_ exponent: Double) -> Double {
        (0..<Int(exponent)).reduce(1) { value, _ in value * 10 }
    }

    private static func pow1024(_ exponent: Double) -> Double {
        (0..<Int(exponent)).reduce(1) { value, _ in value * 1024 }
    }
}

/// A share of a whole, written as a percentage; growth may be more than the whole.
public struct Share: ParameterValue, Hashable {
    public let percent: Double

    public init(percent: Double) { self.percent = percent }

    /// 0.15 of 15%.
    public var value: Double { percent / 100 }
    public static var typeName: String { "a percentage such as 15%" }
    public static func read(_ value: PlanValue) throws(ValueError) -> Share {
        let text = try scalar(value)
        guard let quantity = Quantity(text), quantity.kind == .share, quantity.value >= 0 else { throw mismatch(text) }
        return Share(percent: quantity.inOwnUnit)
    }
    public var written: String { "\(percent.written)%" }
}

/// An amount of bytes.
public struct ByteCount: ParameterValue, Hashable {
    public let bytes: Int64

    public init(_ bytes: Int64) { self.bytes = bytes }

    public static var typeName: String { "an amount of bytes such as 512 MiB" }
    public static func read(_ value: PlanValue) throws(ValueError) -> ByteCount {
        let text = try scalar(value)
        guard let quantity = Quantity(text), quantity.kind == .bytes || quantity.kind == .number,
            let bytes = Int64(exactly: quantity.value.rounded()), bytes >= 0
        else { throw mismatch(text) }
        return ByteCount(bytes)
    }
    public var written: String { ByteCount.text(Double(bytes)) }

    /// `1.4 GiB`, for people.
    public static func text(_ bytes: Double) -> String {
        var value = bytes
        var unit = "B"
        for next in ["KiB", "MiB", "GiB", "TiB"] where abs(value) >= 1024 {
            value /= 1024
            unit = next
        }
        let rounded = (value * 10).rounded() / 10
        return "\(rounded.written) \(unit)"
    }
}

/// A span of the calendar, such as 2 years: months are not days, so the target's own calendar subtracts it.
public struct Age: ParameterValue, Hashable {
    public enum Unit: String, Sendable, CaseIterable { case minute, hour, day, week, month, year }

    public let count: Int
    public let unit: Unit

    public init(_ count: Int, _ unit: Unit) {
        self.count = count
        self.unit = unit
    }

    public static var typeName: String { "an age such as 90 days or 2 years" }
    public static func read(_ value: PlanValue) throws(ValueError) -> Age {
        let text = try scalar(value)
        let figures = text.prefix { $0.isNumber }
        let word = text.dropFirst(figures.count).drop { $0 == " " }
        guard let count = Int(figures), count > 0, count < 100_000,
            let unit = Unit.allCases.first(where: { word == $0.rawValue || word == $0.rawValue + "s" })
        else { throw mismatch(text) }
        return Age(count, unit)
    }
    /// Also how PostgreSQL writes the interval.
    public var written: String { "\(count) \(unit.rawValue)\(count == 1 ? "" : "s")" }
}
