import Maintenance

/// Which labels an object must have: as a workload's specification holds it, or as kubectl's `-l` takes it.
struct LabelSelector: Hashable, Sendable, ParameterValue {
    struct Requirement: Hashable, Sendable {
        enum Operator: String, Sendable {
            case isIn = "In"
            case notIn = "NotIn"
            case exists = "Exists"
            case doesNotExist = "DoesNotExist"
        }

        let key: String
        let condition: Operator
        let values: [String]

        func matches(_ labels: [String: String]) -> Bool {
            let value = labels[key]
            switch condition {
            case .exists: return value != nil
            case .doesNotExist: return value == nil
            case .isIn: return value.map { values.contains($0) } ?? false
            case .notIn: return value.map { !values.contains($0) } ?? true
            }
        }

        /// As the API's query takes it.
        var text: String {
            switch condition {
            case .exists: key
            case .doesNotExist: "!\(key)"
            case .isIn where values.count == 1: "\(key)=\(values[0])"
            case .notIn where values.count == 1: "\(key)!=\(values[0])"
            case .isIn: "\(key) in (\(values.joined(separator: ",")))"
            case .notIn: "\(key) notin (\(values.joined(separator: ",")))"
            }
        }
    }

    let requirements: [Requirement]

    /// `spec.selector` of a workload. One without requirements matches nothing, as the controllers have it.
    init(_ selector: JSONValue?) {
        let labels = selector?.texts("matchLabels") ?? [:]
        let expressions = (selector?.items("matchExpressions") ?? []).compactMap { item -> Requirement? in
            guard let key = item.text("key"), let word = item.text("operator"),
                let condition = Requirement.Operator(rawValue: word)
            else { return nil }
            return Requirement(key: key, condition: condition, values: item.items("values").compactMap(\.asText))
        }
        requirements =
            labels.sorted { $0.key < $1.key }.map { Requirement(key: $0.key, condition: .isIn, values: [$0.value]) }
            + expressions
    }

    init(requirements: [Requirement]) { self.requirements = requirements }

    func matches(_ labels: [String: String]) -> Bool {
        !requirements.isEmpty && requirements.allSatisfy { $0.matches(labels) }
    }

    var text: String { requirements.map(\.text).joined(separator: ",") }
    var written: String { text }
    static var typeName: String { "a label selector such as app=worker,tier!=test" }

    static func read(_ value: PlanValue) throws(ValueError) -> LabelSelector {
        let text = try scalar(value)
        var requirements: [Requirement] = []
        for term in terms(text) {
            guard let requirement = requirement(term) else {
                throw ValueError("`\(term)` of `\(text)` is not a requirement such as app=worker or `tier in (a, b)`")
            }
            requirements.append(requirement)
        }
        guard !requirements.isEmpty else { throw ValueError("`\(text)` is not \(typeName)") }
        return LabelSelector(requirements: requirements)
    }

    /// Commas part requirements, but for those in parentheses.
    private static func terms(_ text: String) -> [String] {
        var terms = [""]
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 } else if character == ")" { depth -= 1 }
            if character == ",", depth == 0 { terms.append("") } else { terms[terms.count - 1].append(character) }
        }
        return terms.map { trimmed($0) }
    }

    private static func requirement(_ term: String) -> Requirement? {
        for (sign, condition) in [("!=", Requirement.Operator.notIn), ("==", .isIn), ("=", .isIn)] {
            guard let range = term.firstRange(of: sign) else { continue }
            let (key, value) = (trimmed(term[..<range.lowerBound]), trimmed(term[range.upperBound...]))
            guard isKey(key), isValue(value) else { return nil }
            return Requirement(key: key, condition: condition, values: [value])
        }
        for (word, condition) in [(" notin ", Requirement.Operator.notIn), (" in ", .isIn)] {
            guard let range = term.firstRange(of: word) else { continue }
            let (key, set) = (trimmed(term[..<range.lowerBound]), trimmed(term[range.upperBound...]))
            guard isKey(key), set.hasPrefix("("), set.hasSuffix(")") else { return nil }
            let values = set.dropFirst().dropLast().split(separator: ",").map { trimmed($0) }
            guard !values.isEmpty, values.allSatisfy({ isValue($0) }) else { return nil }
            return Requirement(key: key, condition: condition, values: values)
        }
        let isNegated = term.hasPrefix("!")
        let key = trimmed(isNegated ? term.dropFirst() : term[...])
        return isKey(key) ? Requirement(key: key, condition: isNegated ? .doesNotExist : .exists, values: []) : nil
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        text.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }

    private static func isKey(_ text: String) -> Bool { !text.isEmpty && text.count <= 317 && isWord(text, "-_./") }
    private static func isValue(_ text: String) -> Bool { text.count <= 63 && isWord(text, "-_.") }

    private static func isWord(_ text: String, _ signs: String) -> Bool {
        text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || signs.contains($0)) }
    }
}
