/// A condition on measurements as a plan writes it: `offline_percent >= 15%`, `p95 > 1s and requests > 100`.
public struct Condition: Hashable, Sendable {
    public let text: String
    let root: Node

    indirect enum Node: Hashable, Sendable {
        case or(Node, Node)
        case and(Node, Node)
        case not(Node)
        case compare(Operand, Comparison, Operand)
    }

    enum Operand: Hashable, Sendable {
        /// A measurement: `ready`, or of another step `archive.rows`.
        case name(String)
        case quantity(Quantity)
    }

    enum Comparison: String, Hashable, Sendable, CaseIterable {
        case atLeast = ">="
        case atMost = "<="
        case equal = "=="
        case different = "!="
        case more = ">"
        case less = "<"
    }

    /// Reads a condition; the error says what stands where something else is expected.
    public init(_ text: String) throws(ValueError) {
        self.text = text
        root = try ConditionParser.parse(text)
    }

    /// The measurements that it needs, in the order in which they stand.
    public var names: [String] {
        var result: [String] = []
        func visit(_ node: Node) {
            switch node {
            case .or(let left, let right), .and(let left, let right):
                visit(left)
                visit(right)
            case .not(let inner): visit(inner)
            case .compare(let left, _, let right):
                for case .name(let name) in [left, right] where !result.contains(name) { result.append(name) }
            }
        }
        visit(root)
        return result
    }
}
