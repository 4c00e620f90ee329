import ClientPostgreSQL
public import Maintenance

/// Indexes as a plan selects them: `orders_day`, `public.orders_day`, `public.*`.
public struct IndexPattern: ParameterValue, Hashable {
    let pattern: TablePattern

    public static var typeName: String { "an index or a pattern such as public.*" }
    public var written: String { pattern.text }

    public static func read(_ value: PlanValue) throws(ValueError) -> IndexPattern {
        let text = try scalar(value)
        guard let pattern = try? TablePattern.read(value) else { throw ValueError("`\(text)` is not \(typeName)") }
        return IndexPattern(pattern: pattern)
    }

    /// As an anchored regular expression.
    var expression: String { pattern.expression }
}

/// The exact name of an index or of a method, without quotes and schema.
public struct IndexName: ParameterValue, Hashable {
    public let text: String

    var quoted: String { quotedIdentifier(text) }

    public static var typeName: String { "a name" }
    public var written: String { text }
    public static func read(_ value: PlanValue) throws(ValueError) -> IndexName {
        let text = try scalar(value)
        guard !text.isEmpty, text.utf8.count < 64, !text.utf8.contains(0) else {
            throw ValueError("`\(text)` is not \(typeName) of at most 63 bytes")
        }
        return IndexName(text: text)
    }
}
