import Yams

/// From the parser's tree to ours: expands aliases and counts what they expand to, bounds the depth, refuses what a plan
/// has no use for.
struct NodeConversion {
    private struct Anchored {
        let node: PlanNode
        let size: Int
        let height: Int
    }

    /// Ends the conversion: going on would do what is refused.
    private struct Refusal: Error { let diagnostic: Diagnostic }

    private static let tagMessage =
        "a tag such as `!!str` has no meaning in a plan, where the key decides the type; remove it"

    private let source: SourceText
    private var log = MistakeLog()
    private var anchors: [String: Anchored] = [:]

    static func convert(_ root: Node, of source: SourceText) throws(PlanErrors) -> PlanNode {
        var conversion = NodeConversion(source: source)
        do {
            let result = try conversion.convert(root, depth: 0).node
            guard conversion.log.isEmpty else { throw PlanErrors(conversion.log.diagnostics) }
            return result
        } catch let error as Refusal {
            throw PlanErrors(conversion.log.diagnostics.union([error.diagnostic]))
        } catch {
            throw (error as? PlanErrors) ?? PlanErrors(conversion.log.diagnostics)
        }
    }

    private init(source: SourceText) { self.source = source }

    private mutating func convert(_ node: Node, depth: Int) throws -> Anchored {
        let position = source.position(node.mark)
        guard depth <= PlanLimits.nesting else {
            throw refusal("the nesting is deeper than \(PlanLimits.nesting) levels; write it flatter", position)
        }
        if hasTag(position) {
            log.report(Self.tagMessage, at: position)
        }
        let result: Anchored
        switch node {
        case .scalar(let scalar):
            if let aliased = try aliased(scalar, position, depth: depth) { return aliased }
            result = Anchored(node: PlanNode(content: content(scalar), position: position), size: 1, height: 0)
        case .sequence(let sequence): result = try list(sequence, position, depth: depth)
        case .mapping(let mapping): result = try map(mapping, position, depth: depth)
        case .alias: throw refusal("an alias cannot stand here", position)
        }
        if let anchor = node.anchor { anchors[anchor.rawValue] = result }
        return result
    }

    private func content(_ scalar: Node.Scalar) -> PlanNode.Content {
        if scalar.style == .plain, ["", "~", "null"].contains(scalar.string) { return .null }
        return .text(SourceText.restored(scalar.string))
    }

    private mutating func list(_ sequence: Node.Sequence, _ position: Position, depth: Int) throws -> Anchored {
        var items: [PlanNode] = []
        var size = 1
        var height = 0
        for item in sequence {
            let converted = try convert(item, depth: depth + 1)
            size = try sum(size, converted.size, converted.node.position)
            height = max(height, converted.height + 1)
            items.append(converted.node)
        }
        return Anchored(node: PlanNode(content: .list(items), position: position), size: size, height: height)
    }

    private mutating func map(_ mapping: Node.Mapping, _ position: Position, depth: Int) throws -> Anchored {
        var entries: [PlanNode.Entry] = []
        var size = 1
        var height = 0
        for pair in mapping {
            let converted = try convert(pair.value, depth: depth + 1)
            size = try sum(size, converted.size + 1, converted.node.position)
            height = max(height, converted.height + 1)
            let keyPosition = source.position(pair.key.mark)
            guard let key = key(pair.key, keyPosition) else { continue }
            entries.append(PlanNode.Entry(key: key, position: keyPosition, value: converted.node))
        }
        return Anchored(node: PlanNode(content: .map(entries), position: position), size: size, height: height)
    }

    private mutating func key(_ node: Node, _ position: Position) -> String? {
        guard case .scalar(let scalar) = node else {
            log.report("a key is a text", at: position)
            return nil
        }
        if hasTag(position) { log.report(Self.tagMessage, at: position) }
        if scalar.style == .plain, let sign = scalar.string.unicodeScalars.first {
            let text = SourceText.restored(scalar.string)
            if text == "<<" {
                log.report(
                    "merge keys (`<<`) are not part of a plan; write the entries out, or put an alias on a single value",
                    at: position)
                return nil
            }
            if sign == SourceText.alias {
                log.report("a key that begins with `*` must be in quotes; an alias cannot be a key", at: position)
                return nil
            }
            if text.hasPrefix("? ") {
                log.report("explicit keys (`? `) are not part of a plan; write `key: value`", at: position)
                return nil
            }
            if let anchor = node.anchor {
                log.report("the anchor `&\(anchor.rawValue)` belongs to a value, not to a key", at: position)
            }
        }
        return SourceText.restored(scalar.string)
    }

    /// What an alias stands for; `nil` where the scalar is none.
    private mutating func aliased(_ scalar: Node.Scalar, _ position: Position, depth: Int) throws -> Anchored? {
        guard scalar.style == .plain, scalar.string.unicodeScalars.first == SourceText.alias else { return nil }
        let name = SourceText.restored(String(scalar.string.unicodeScalars.dropFirst()))
        guard let anchored = anchors[name] else {
            let isName =
                !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
            log.report(
                !isName
                    ? "a text that begins with `*` must be in quotes"
                    : "`*\(name)` would be an alias of an anchor `&\(name)`, and there is none above; "
                        + "put the text in quotes if it is meant as it stands", at: position)
            return Anchored(node: PlanNode(content: .null, position: position), size: 1, height: 0)
        }
        guard depth + anchored.height <= PlanLimits.nesting else {
            throw refusal("with this alias the nesting is deeper than \(PlanLimits.nesting) levels", position)
        }
        return anchored
    }

    private func sum(_ left: Int, _ right: Int, _ position: Position) throws -> Int {
        guard left + right <= PlanLimits.nodes else {
            throw refusal("the document has more than \(PlanLimits.nodes) values, its aliases expanded", position)
        }
        return left + right
    }

    private func refusal(_ message: String, _ position: Position) -> Refusal {
        Refusal(diagnostic: Diagnostic(message, at: position))
    }

    /// A node's mark is that of its tag or anchor, where it has one.
    private func hasTag(_ position: Position) -> Bool {
        var rest = source.rest(line: position.line, column: position.column)
        if rest.first == "&" { rest = rest.drop { $0 != " " }.drop { $0 == " " } }
        return rest.first == "!"
    }
}
