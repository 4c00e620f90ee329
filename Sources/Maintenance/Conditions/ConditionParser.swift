/// Recursive descent over `or` < `and` < `not` < comparison, with parentheses.
struct ConditionParser {
    private var tokens: ArraySlice<String>

    static func parse(_ text: String) throws(ValueError) -> Condition.Node {
        guard text.count <= Limits.conditionLength else {
            throw ValueError("the condition is longer than \(Limits.conditionLength) characters")
        }
        var parser = ConditionParser(tokens: try tokenize(text)[...])
        let node = try parser.disjunction(depth: 0)
        if let extra = parser.tokens.first {
            throw ValueError("`\(extra)` is not expected in `\(text)`; join comparisons with `and` or `or`")
        }
        return node
    }

    private mutating func disjunction(depth: Int) throws(ValueError) -> Condition.Node {
        guard depth < Limits.conditionDepth else { throw ValueError("the condition is nested too deeply") }
        var node = try conjunction(depth: depth)
        while accept("or") { node = .or(node, try conjunction(depth: depth)) }
        return node
    }

    private mutating func conjunction(depth: Int) throws(ValueError) -> Condition.Node {
        var node = try negation(depth: depth)
        while accept("and") { node = .and(node, try negation(depth: depth)) }
        return node
    }

    private mutating func negation(depth: Int) throws(ValueError) -> Condition.Node {
        guard depth < Limits.conditionDepth else { throw ValueError("the condition is nested too deeply") }
        if accept("not") { return .not(try negation(depth: depth + 1)) }
        if accept("(") {
            let node = try disjunction(depth: depth + 1)
            guard accept(")") else { throw ValueError("a `)` is missing in the condition") }
            return node
        }
        let left = try operand()
        guard let word = tokens.first, let comparison = Condition.Comparison(rawValue: word) else {
            throw ValueError(
                "a comparison is expected\(tokens.first.map { " where `\($0)` stands" } ?? " at the end"): "
                    + Condition.Comparison.allCases.map { "`\($0.rawValue)`" }.joined(separator: " "))
        }
        tokens.removeFirst()
        return .compare(left, comparison, try operand())
    }

    private mutating func operand() throws(ValueError) -> Condition.Operand {
        guard let token = tokens.popFirst() else { throw ValueError("the condition ends where a value is expected") }
        if let first = token.first, first.isNumber || first == "-" || first == "." {
            return .quantity(try quantity(token))
        }
        guard token.first?.isLetter == true, !["and", "or", "not"].contains(token) else {
            throw ValueError("`\(token)` stands where a measurement or a number is expected")
        }
        return .name(token)
    }

    /// A number may have its unit in the next word: `2 million`, `30 days`.
    private mutating func quantity(_ token: String) throws(ValueError) -> Quantity {
        if let next = tokens.first, next.first?.isLetter == true || next == "%", !["and", "or"].contains(next),
            let quantity = Quantity(token + next)
        {
            tokens.removeFirst()
            return quantity
        }
        guard let quantity = Quantity(token) else { throw ValueError("`\(token)` is not a number with a known unit") }
        return quantity
    }

    private mutating func accept(_ word: String) -> Bool {
        guard tokens.first == word else { return false }
        tokens.removeFirst()
        return true
    }

    private static func tokenize(_ text: String) throws(ValueError) -> [String] {
        var tokens: [String] = []
        var rest = Substring(text)
        while let character = rest.first {
            if character.isWhitespace {
                rest.removeFirst()
            } else if let sign = Condition.Comparison.allCases.map(\.rawValue).first(where: rest.hasPrefix) {
                tokens.append(sign)
                rest.removeFirst(sign.count)
            } else if "()".contains(character) {
                tokens.append(String(rest.removeFirst()))
            } else {
                let word = rest.prefix { $0.isLetter || $0.isNumber || "_.%-/".contains($0) }
                guard !word.isEmpty else { throw ValueError("`\(character)` is not expected in `\(text)`") }
                tokens.append(String(word))
                rest.removeFirst(word.count)
            }
        }
        guard !tokens.isEmpty else { throw ValueError("the condition is empty") }
        return tokens
    }
}
