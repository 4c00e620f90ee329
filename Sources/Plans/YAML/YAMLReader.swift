import Yams

/// Reads a document into nodes with places, within bounds.
enum YAMLReader {
    static func read(_ bytes: [UInt8], file: String) throws(PlanErrors) -> PlanNode {
        guard bytes.count <= PlanLimits.fileSize else {
            let position = Position(file: file, line: 1, column: 1)
            throw PlanErrors([Diagnostic("the file is larger than \(PlanLimits.fileSize) bytes", at: position)])
        }
        let source = try SourceText(bytes, file: file)
        let tree: (parser: Parser, root: Node?)
        do { tree = try parse(source.substituted) } catch { throw PlanErrors([YAMLMessages.diagnostic(error, source)]) }
        // The nodes hold their anchors weakly; the parser keeps them.
        return try withExtendedLifetime(tree.parser) { () throws(PlanErrors) in
            guard let root = tree.root else { return PlanNode(content: .null, position: source.start) }
            return try NodeConversion.convert(root, of: source)
        }
    }

    private static func parse(_ text: String) throws -> (Parser, Node?) {
        let parser = try Parser(yaml: text, resolver: .basic, constructor: .default, encoding: .utf8)
        return (parser, try parser.singleRoot())
    }
}

extension SourceText {
    var start: Position { Position(file: file, line: 1, column: 1) }

    func position(_ mark: Mark?) -> Position {
        guard let mark else { return start }
        return Position(file: file, line: max(1, mark.line), column: max(1, mark.column))
    }
}
