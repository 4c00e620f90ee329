import Maintenance

/// A number of an evaluation and the least that is accepted: `{ at: accuracy, at-least: 0.90 }`.
struct AcceptedMetric: ParameterValue {
    var at: JSONPlace?
    var atLeast = 0.0

    static let typeName = "a map with `at` and `at-least`"

    static var parameters: [Parameter<AcceptedMetric>] {
        [
            .required("at", \.at, "Where it stands: a key, or a path such as /a/b."),
            .required("at-least", \.atLeast, "The least that is accepted."),
        ]
    }

    static var schema: JSONValue {
        .object([
            "type": "object", "additionalProperties": false, "required": ["at", "at-least"],
            "properties": .object(["at": JSONPlace.schema, "at-least": Double.schema]),
        ])
    }

    static func read(_ value: PlanValue) throws(ValueError) -> AcceptedMetric {
        do { return try parameters.decode(value, of: "a metric", into: AcceptedMetric()) } catch {
            throw error.errors.first ?? ValueError("not \(typeName)")
        }
    }

    var written: String { at?.written ?? "" }

    /// Throws where there is no number from 0 to `largest`.
    func number(in document: JSONValue, atMost largest: Double) throws(CouldNotLook) -> Double {
        guard let at, let found = at.find(in: document), found != .null else {
            throw CouldNotLook(.noData, "The evaluation has no `\(written)`.")
        }
        guard case .number(let number) = found else {
            throw CouldNotLook(.malformed, "`\(written)` is no number in the evaluation.")
        }
        guard number >= 0, number <= largest else {
            throw CouldNotLook(
                .outOfRange,
                "`\(written)` is not between 0 and \(largest == 1 ? "1" : "the largest number"): the scale is another.")
        }
        return number
    }
}
