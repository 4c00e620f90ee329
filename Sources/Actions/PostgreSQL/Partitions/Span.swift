public import Maintenance

/// How far a partition reaches, or how much is kept: a span of the calendar, or so many values of a whole number.
public enum Span: ParameterValue, Hashable {
    case calendar(Age)
    case values(Int64)

    public static var typeName: String { "a span such as 1 month, 90 days, or 1 million for a key of whole numbers" }

    public static func read(_ value: PlanValue) throws(ValueError) -> Span {
        if let age = try? Age.read(value) { return .calendar(age) }
        let text = try scalar(value)
        guard let number = try? Int.read(value), number > 0 else { throw ValueError("`\(text)` is not \(typeName)") }
        return .values(Int64(number))
    }

    public var written: String {
        switch self {
        case .calendar(let age): age.written
        case .values(let number): String(number)
        }
    }

    /// True where it measures what the key holds: time, or numbers.
    func fits(_ key: PartitionKey) -> Bool {
        switch self {
        case .calendar: key.isTime
        case .values: !key.isTime
        }
    }
}

/// A time zone by the name that the server's own list has.
public struct ZoneName: ParameterValue, Hashable {
    public let text: String

    static let utc = ZoneName(text: "UTC")

    public static var typeName: String { "a time zone such as UTC or Europe/Helsinki" }
    public var written: String { text }
    public static func read(_ value: PlanValue) throws(ValueError) -> ZoneName {
        let text = try scalar(value)
        guard text.first?.isLetter == true, text.utf8.count < 64,
            text.utf8.allSatisfy({ $0 < 128 }), text.allSatisfy({ $0.isLetter || $0.isNumber || "_/+-".contains($0) })
        else { throw ValueError("`\(text)` is not \(typeName)") }
        return ZoneName(text: text)
    }
}
