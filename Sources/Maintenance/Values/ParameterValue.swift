import Host

/// A type that a parameter can have: how a plan writes it, how it is read, how the schema and the docs show it.
public protocol ParameterValue: Sendable {
    /// The name of the type in messages and docs: "an age such as 90 days".
    static var typeName: String { get }
    /// Its JSON Schema.
    static var schema: JSONValue { get }
    /// Reads what stands in the plan.
    static func read(_ value: PlanValue) throws(ValueError) -> Self
    /// How a plan would write this value; shown as the default.
    var written: String { get }
}

extension ParameterValue {
    public static var schema: JSONValue { .object(["type": "string", "description": .text(typeName)]) }

    /// The text of a scalar, or an error that names the type.
    public static func scalar(_ value: PlanValue) throws(ValueError) -> String {
        guard case .text(let text) = value else { throw ValueError("\(value.kindName) where \(typeName) is expected") }
        return text
    }

    static func mismatch(_ text: String) -> ValueError { ValueError("`\(text)` is not \(typeName)") }
}

extension String: ParameterValue {
    public static var typeName: String { "a text" }
    public static func read(_ value: PlanValue) throws(ValueError) -> String { try scalar(value) }
    public var written: String { self }
}

extension Bool: ParameterValue {
    public static var typeName: String { "`true` or `false`" }
    public static var schema: JSONValue { ["type": "boolean"] }
    public static func read(_ value: PlanValue) throws(ValueError) -> Bool {
        let text = try scalar(value)
        switch text {
        case "true": return true
        case "false": return false
        default: throw mismatch(text)
        }
    }
    public var written: String { self ? "true" : "false" }
}

extension Int: ParameterValue {
    public static var typeName: String { "a whole number such as 200 or 2 million" }
    public static var schema: JSONValue { ["type": ["integer", "string"]] }
    public static func read(_ value: PlanValue) throws(ValueError) -> Int {
        let text = try scalar(value)
        guard let quantity = Quantity(text), quantity.kind == .number,
            let number = Int(exactly: quantity.value)
        else { throw mismatch(text) }
        return number
    }
    public var written: String { String(self) }
}

extension Double: ParameterValue {
    public static var typeName: String { "a number such as 0.15" }
    public static var schema: JSONValue { ["type": ["number", "string"]] }
    public static func read(_ value: PlanValue) throws(ValueError) -> Double {
        let text = try scalar(value)
        guard let quantity = Quantity(text), quantity.kind == .number else { throw mismatch(text) }
        return quantity.value
    }
    public var written: String { Int64(exactly: self).map(String.init) ?? String(self) }
}

extension Duration: ParameterValue {
    public static var typeName: String { "a duration such as 30s, 5m or 1h" }
    public static func read(_ value: PlanValue) throws(ValueError) -> Duration {
        let text = try scalar(value)
        guard let quantity = Quantity(text), quantity.kind == .time, (0..<1e9).contains(quantity.value)
        else { throw mismatch(text) }
        return .microseconds(Int64((quantity.value * 1e6).rounded()))
    }
    public var written: String { shortText }

    /// `1h`, `90s`, `250ms`: the shortest exact form, for people.
    public var shortText: String {
        let milliseconds = microseconds / 1000
        for (unit, size) in [("d", Int64(86_400_000)), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        where milliseconds >= size && milliseconds % size == 0 {
            return "\(milliseconds / size)\(unit)"
        }
        return "\(milliseconds)ms"
    }
}

extension Array: ParameterValue where Element: ParameterValue {
    public static var typeName: String { "a list, each item \(Element.typeName)" }
    public static var schema: JSONValue {
        .object(["anyOf": .list([.object(["type": "array", "items": Element.schema]), Element.schema])])
    }
    /// A lone item stands for a list of one.
    public static func read(_ value: PlanValue) throws(ValueError) -> [Element] {
        guard case .list(let items) = value else { return [try Element.read(value)] }
        var result: [Element] = []
        for (index, item) in items.enumerated() {
            do { result.append(try Element.read(item)) } catch { throw error.under(String(index)) }
        }
        return result
    }
    public var written: String { "[\(map(\.written).joined(separator: ", "))]" }
}

extension Optional: ParameterValue where Wrapped: ParameterValue {
    public static var typeName: String { Wrapped.typeName }
    public static var schema: JSONValue { Wrapped.schema }
    public static func read(_ value: PlanValue) throws(ValueError) -> Wrapped? { try Wrapped.read(value) }
    public var written: String { self?.written ?? "none" }
}

extension Dictionary: ParameterValue where Key == String, Value: ParameterValue {
    public static var typeName: String { "a map, each value \(Value.typeName)" }
    public static var schema: JSONValue { .object(["type": "object", "additionalProperties": Value.schema]) }
    public static func read(_ value: PlanValue) throws(ValueError) -> [String: Value] {
        guard case .map(let entries) = value else {
            throw ValueError("\(value.kindName) where \(typeName) is expected")
        }
        var result: [String: Value] = [:]
        for entry in entries {
            do { result[entry.key] = try Value.read(entry.value) } catch { throw error.under(entry.key) }
        }
        return result
    }
    public var written: String {
        "{\(sorted { $0.key < $1.key }.map { " \($0.key): \($0.value.written)" }.joined(separator: ","))}"
    }
}

/// A fixed set of words: an enumeration whose raw values are what a plan writes.
public protocol WordValue: ParameterValue, RawRepresentable<String>, CaseIterable {}

extension WordValue {
    public static var typeName: String { "one of \(allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))" }
    public static var schema: JSONValue {
        .object(["type": "string", "enum": .list(allCases.map { .text($0.rawValue) })])
    }
    public static func read(_ value: PlanValue) throws(ValueError) -> Self {
        let text = try scalar(value)
        guard let word = Self(rawValue: text) else { throw mismatch(text) }
        return word
    }
    public var written: String { rawValue }
}
