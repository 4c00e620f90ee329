import Maintenance

/// A number of a document that becomes a measurement: `p95_latency_ms`, or with unit and range
/// `{ at: /p95/value, unit: ms, min: 0 }`.
struct ReadValue: ParameterValue {
    /// A known shape of number, by which a wrong scale is noticed.
    enum Shape: String, WordValue {
        /// 0 to 100; a value above 0 and up to 1 is probably a fraction.
        case percent
    }

    var at: JSONPlace?
    var unit: UnitWord?
    var min: Double?
    var max: Double?
    var scale = 1.0
    var expect: Shape?

    static let typeName = "a key, or a map with `at`, `unit`, `min`, `max`, `scale`, `expect`"

    static var parameters: [Parameter<ReadValue>] {
        [
            .required("at", \.at, "Where it stands: a key, or a path such as /a/b."),
            .optional("unit", \.unit, default: nil, "Its unit of measure."),
            .optional("min", \.min, default: nil, "The least value that can be true, after scaling."),
            .optional("max", \.max, default: nil, "The largest value that can be true, after scaling."),
            .optional("scale", \.scale, default: 1, "What to multiply it with, such as 100 for a fraction."),
            .optional("expect", \.expect, default: nil, "`percent`: 0 to 100, and a fraction is noticed."),
        ]
    }

    static var schema: JSONValue {
        let fields = parameters.map { ($0.description.name, $0.description.schema) }
        return .object([
            "anyOf": .list([
                JSONPlace.schema,
                .object([
                    "type": "object", "additionalProperties": false, "required": ["at"],
                    "properties": .object(Dictionary(uniqueKeysWithValues: fields)),
                ]),
            ])
        ])
    }

    static func read(_ value: PlanValue) throws(ValueError) -> ReadValue {
        var result = ReadValue()
        if case .text = value {
            result.at = try JSONPlace.read(value)
            return result
        }
        do { result = try parameters.decode(value, of: "a value", into: result) } catch {
            throw error.errors.first ?? ValueError("not \(typeName)")
        }
        guard result.scale.isFinite, result.scale != 0 else { throw ValueError("the scale is 0", path: ["scale"]) }
        if let min = result.min, let max = result.max, min > max {
            throw ValueError("the least value is above the largest", path: ["min"])
        }
        return result
    }

    var written: String { at?.written ?? "" }

    var unitOfMeasure: UnitOfMeasure { unit?.unit ?? (expect == .percent ? .percent : .count) }

    /// The number in the document, or why there is none.
    func number(in document: JSONValue) -> Result<Double, CouldNotLook> {
        guard let at, let found = at.find(in: document) else {
            return .failure(CouldNotLook(.noData, "The document has no `\(written)`."))
        }
        let number: Double
        switch found {
        case .number(let value): number = value
        case .null: return .failure(CouldNotLook(.noData, "`\(written)` is null in the document."))
        case .text(let text):
            guard let value = JSONNumber.parse(text.utf8) else {
                return .failure(CouldNotLook(.malformed, "`\(written)` is a text that is not a number."))
            }
            number = value
        case .bool:
            return .failure(CouldNotLook(.malformed, "`\(written)` is true or false, where a number is expected."))
        case .list: return .failure(CouldNotLook(.malformed, "`\(written)` is a list, where a number is expected."))
        case .object:
            return .failure(CouldNotLook(.malformed, "`\(written)` is an object, where a number is expected."))
        }
        return plausible(number * scale)
    }

    private func plausible(_ number: Double) -> Result<Double, CouldNotLook> {
        let least = min ?? (expect == .percent ? 0 : -Double.infinity)
        let largest = max ?? (expect == .percent ? 100 : Double.infinity)
        guard number.isFinite, number >= least, number <= largest else {
            let range = [
                least.isFinite ? "at least \(least.written)" : nil,
                largest.isFinite ? "at most \(largest.written)" : nil,
            ]
            let text = range.compactMap { $0 }.joined(separator: " and ")
            return .failure(
                CouldNotLook(
                    .outOfRange, "`\(written)` is out of its range\(text.isEmpty ? "" : ", which is \(text)")."))
        }
        if expect == .percent, number > 0, number <= 1 {
            return .failure(
                CouldNotLook(
                    .outOfRange,
                    "`\(written)` is above 0 and not above 1: probably a fraction where a percentage is expected; "
                        + "if it is one, say `scale: 100`."))
        }
        return .success(number)
    }
}

/// A number that is computed from the read ones: `100 * offline / (online + offline)`, or with its unit
/// `{ formula: …, unit: "%" }`.
struct ComputedValue: ParameterValue {
    var formula: Formula?
    var unit: UnitWord?

    static let typeName = "a formula, or a map with `formula` and `unit`"

    static var parameters: [Parameter<ComputedValue>] {
        [
            .required("formula", \.formula, "Arithmetic over the names in `values`, such as 100 * a / (a + b)."),
            .optional("unit", \.unit, default: nil, "Its unit of measure."),
        ]
    }

    static var schema: JSONValue {
        .object([
            "anyOf": .list([
                Formula.schema,
                .object([
                    "type": "object", "additionalProperties": false, "required": ["formula"],
                    "properties": .object(["formula": Formula.schema, "unit": UnitWord.schema]),
                ]),
            ])
        ])
    }

    static func read(_ value: PlanValue) throws(ValueError) -> ComputedValue {
        var result = ComputedValue()
        if case .text = value {
            result.formula = try Formula.read(value)
            return result
        }
        do { result = try parameters.decode(value, of: "a computed value", into: result) } catch {
            throw error.errors.first ?? ValueError("not \(typeName)")
        }
        return result
    }

    var written: String { formula?.written ?? "" }
}

/// A unit of measure as a plan writes it: its sign, or its name.
struct UnitWord: ParameterValue, Hashable {
    let unit: UnitOfMeasure

    static var typeName: String {
        "a unit: \(UnitOfMeasure.allCases.map { "`\(name(of: $0))`" }.joined(separator: ", "))"
    }
    static var schema: JSONValue {
        .object(["type": "string", "enum": .list(UnitOfMeasure.allCases.map { .text(name(of: $0)) })])
    }
    static func read(_ value: PlanValue) throws(ValueError) -> UnitWord {
        let text = try scalar(value)
        let unit = UnitOfMeasure.allCases.first { name(of: $0) == text || text == "\($0)" }
        guard let unit else { throw ValueError("`\(text)` is not \(typeName)") }
        return UnitWord(unit: unit)
    }
    var written: String { Self.name(of: unit) }

    private static func name(of unit: UnitOfMeasure) -> String { unit == .count ? "count" : unit.rawValue }
}
