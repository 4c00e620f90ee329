import Maintenance

/// Arithmetic over named values: `100 * offline / (online + offline)`.
struct Formula: ParameterValue, Hashable {
    let written: String
    private let root: Node

    private indirect enum Node: Hashable, Sendable {
        case number(Double)
        case name(String)
        case negative(Node)
        case operation(Character, Node, Node, rightText: String)
    }

    /// Why a formula has no value.
    enum Failure: Error {
        case missing(String)
        case divisionByZero(String)
        case notFinite
    }

    init(_ text: String) throws(ValueError) {
        written = text
        guard text.utf8.count <= HTTPActionLimits.formulaLength else {
            throw ValueError("the formula is longer than \(HTTPActionLimits.formulaLength) characters")
        }
        var parser = Parser(text: text, rest: text[...])
        root = try parser.sum(depth: 0)
        if let extra = parser.peek { throw ValueError("`\(extra)` is not expected in `\(text)`") }
    }

    static var typeName: String { "a formula such as 100 * offline / (online + offline)" }

    static func read(_ value: PlanValue) throws(ValueError) -> Formula { try Formula(try scalar(value)) }

    /// The names that it needs.
    var names: Set<String> {
        func names(_ node: Node) -> Set<String> {
            switch node {
            case .number: []
            case .name(let name): [name]
            case .negative(let inner): names(inner)
            case .operation(_, let left, let right, _): names(left).union(names(right))
            }
        }
        return names(root)
    }

    func value(of lookup: [String: Double]) throws(Failure) -> Double {
        let result = try value(root, lookup)
        guard result.isFinite else { throw .notFinite }
        return result
    }

    private func value(_ node: Node, _ lookup: [String: Double]) throws(Failure) -> Double {
        switch node {
        case .number(let number): return number
        case .name(let name):
            guard let number = lookup[name] else { throw .missing(name) }
            return number
        case .negative(let inner): return -(try value(inner, lookup))
        case .operation(let sign, let left, let right, let text):
            let a = try value(left, lookup)
            let b = try value(right, lookup)
            switch sign {
            case "+": return a + b
            case "-": return a - b
            case "*": return a * b
            default:
                guard b != 0 else { throw .divisionByZero(text) }
                return a / b
            }
        }
    }

    /// Recursive descent over sum < product < sign < number, name, parentheses.
    private struct Parser {
        let text: String
        var rest: Substring

        var peek: Character? { rest.first { !$0.isWhitespace } }

        mutating func take(_ signs: String) -> Character? {
            guard let sign = peek, signs.contains(sign) else { return nil }
            rest = rest.drop(while: \.isWhitespace).dropFirst()
            return sign
        }

        mutating func sum(depth: Int) throws(ValueError) -> Node {
            guard depth < HTTPActionLimits.formulaDepth else { throw ValueError("the formula is nested too deeply") }
            var node = try product(depth: depth)
            while let sign = take("+-") {
                node = try joined(sign, node) { parser throws(ValueError) in try parser.product(depth: depth) }
            }
            return node
        }

        mutating func product(depth: Int) throws(ValueError) -> Node {
            var node = try factor(depth: depth)
            while let sign = take("*/") {
                node = try joined(sign, node) { parser throws(ValueError) in try parser.factor(depth: depth) }
            }
            return node
        }

        /// Keeps how the right side is written: a division by zero names it.
        mutating func joined(
            _ sign: Character, _ left: Node, _ right: (inout Parser) throws(ValueError) -> Node
        ) throws(ValueError) -> Node {
            let start = rest.startIndex
            let node = try right(&self)
            let written = text[start..<rest.startIndex].drop(while: \.isWhitespace)
            return .operation(sign, left, node, rightText: String(written))
        }

        mutating func factor(depth: Int) throws(ValueError) -> Node {
            guard depth < HTTPActionLimits.formulaDepth else { throw ValueError("the formula is nested too deeply") }
            if take("-") != nil { return .negative(try factor(depth: depth + 1)) }
            if take("(") != nil {
                let node = try sum(depth: depth + 1)
                guard take(")") != nil else { throw ValueError("a `)` is missing in `\(text)`") }
                return node
            }
            rest = rest.drop(while: \.isWhitespace)
            let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
            guard let first = word.first else {
                throw ValueError(
                    "a number or a name is expected in `\(text)`\(peek.map { " where `\($0)` stands" } ?? "")")
            }
            rest = rest.dropFirst(word.count)
            if first.isNumber || first == "." {
                guard let number = JSONNumber.parse(word.utf8) else { throw ValueError("`\(word)` is not a number") }
                return .number(number)
            }
            return .name(String(word))
        }
    }
}
