import Maintenance

/// Users or applications as a plan selects them: `reporting`, `batch-*`, `worker-?`.
struct NamePattern: ParameterValue, Hashable {
    let text: String

    static var typeName: String { "a name or a pattern such as batch-*" }
    var written: String { text }

    static func read(_ value: PlanValue) throws(ValueError) -> NamePattern {
        let text = try scalar(value)
        guard (1...PostgreSQLActionLimits.sessionPattern).contains(text.utf8.count), !text.utf8.contains(0) else {
            throw ValueError("a pattern has between 1 and \(PostgreSQLActionLimits.sessionPattern) bytes")
        }
        return NamePattern(text: text)
    }

    /// As an anchored regular expression of PostgreSQL, for the whole of a text.
    var expression: String {
        var result = "^"
        for scalar in text.unicodeScalars {
            switch scalar {
            case "*": result += ".*"
            case "?": result += "."
            case _ where scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_":
                result.unicodeScalars.append(scalar)
            case _ where scalar.isASCII: result += "\\" + String(scalar)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "$"
    }
}
