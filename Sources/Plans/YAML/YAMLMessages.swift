import Yams

/// The parser's errors in a person's words.
enum YAMLMessages {
    static func diagnostic(_ error: any Error, _ source: SourceText) -> Diagnostic {
        guard let error = error as? YamlError else {
            return Diagnostic("this is not YAML that can be read", at: source.start)
        }
        switch error {
        case .duplicatedKeysInMapping(let keys, let context): return duplicate(keys, context.mark, source)
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return syntax(context, problem, mark, source)
        case .reader(let problem, _, _, _):
            return Diagnostic("the text cannot be read: \(problem)", at: source.start)
        default: return Diagnostic("this is not YAML that can be read", at: source.start)
        }
    }

    /// At the second of the two, where the lines show it.
    private static func duplicate(_ keys: [String], _ mark: Mark, _ source: SourceText) -> Diagnostic {
        let first = source.position(mark)
        guard let key = keys.first.map(SourceText.restored) else {
            return Diagnostic("a key stands twice in this map", at: first)
        }
        for line in (first.line + 1)..<max(first.line + 2, source.lineCount + 1) {
            let margin = source.rest(line: line, column: 1).prefix { $0 == " " }.count + 1
            let rest = source.rest(line: line, column: margin)
            if rest.isEmpty || rest.first == "#" { continue }
            if margin < first.column { break }
            let text = String(String.UnicodeScalarView(rest))
            let forms = [key, "\"\(key)\"", "'\(key)'"]
            if margin == first.column, forms.contains(where: { text.hasPrefix($0 + ":") }) {
                return Diagnostic(
                    "the key `\(key)` already stands in this map, on line \(first.line); keep one of the two",
                    at: Position(file: source.file, line: line, column: margin))
            }
        }
        return Diagnostic("the key `\(key)` stands more than once in this map; keep one", at: first)
    }

    private static func syntax(
        _ context: YamlError.Context?, _ problem: String, _ mark: Mark, _ source: SourceText
    ) -> Diagnostic {
        let place = source.position(mark)
        if let explicit = explicitKey(near: place, source) {
            return Diagnostic("explicit keys (`? `) are not part of a plan; write `key: value`", at: explicit)
        }
        let opened = context.map { source.position($0.mark) }
        func here(_ message: String) -> Diagnostic { Diagnostic(message, at: place) }
        func atOpening(_ message: String) -> Diagnostic { Diagnostic(message, at: opened ?? place) }
        let since = opened.map { " (it began on line \($0.line))" } ?? ""
        switch problem {
        case "found character that cannot start any token": return here(badStart(place, source))
        case "mapping values are not allowed in this context":
            return here("a `:` is not expected here; put a text that holds `: ` in quotes, or correct the indentation")
        case "block sequence entries are not allowed in this context":
            return here("a list begins on a line of its own, below its key")
        case "did not find expected key", "did not find expected '-' indicator":
            return here("this line does not fit what stands above it\(since); correct the indentation")
        case "could not find expected ':'": return atOpening("a `:` is missing after this key")
        case "did not find expected ',' or ']'": return here("a `,` or `]` is missing here\(since)")
        case "did not find expected ',' or '}'": return here("a `,` or `}` is missing here\(since)")
        case "found unexpected end of stream", "found unexpected document indicator":
            return atOpening("this quote is never closed")
        case "found a tab character where an indentation space is expected",
            "found a tab character that violates indentation":
            return here("a tab stands where spaces are expected; indent with spaces")
        case "found unknown escape character", "did not find expected hexdecimal number":
            return here("this is no escape of double quotes; write `\\\\` for a backslash, or use single quotes")
        case "found undefined tag handle", "did not find expected tag URI":
            return here("a tag has no meaning in a plan; put a text that begins with `!` in quotes")
        case "but found another document":
            return here("a second document begins here; a plan is one document: give the other a file of its own")
        default: return here(other(problem))
        }
    }

    /// A line that begins with `? `, here or above: it was taken for text, and what follows for a mistake.
    private static func explicitKey(near place: Position, _ source: SourceText) -> Position? {
        for line in [place.line, place.line - 1] where line > 0 {
            let margin = source.rest(line: line, column: 1).prefix { $0 == " " }.count + 1
            if source.rest(line: line, column: margin).starts(with: ["?", " "]) {
                return Position(file: source.file, line: line, column: margin)
            }
        }
        return nil
    }

    private static func other(_ problem: String) -> String {
        if problem.hasPrefix("Maximum nesting level") {
            return "the nesting is deeper than \(PlanLimits.nesting) levels; write it flatter"
        }
        return "this is not YAML: \(SourceText.restored(problem))"
    }

    private static func badStart(_ place: Position, _ source: SourceText) -> String {
        switch source.scalar(line: place.line, column: place.column) {
        case "\t"?: "a tab stands where spaces are expected; indent with spaces"
        case let scalar?: "a text cannot begin with `\(scalar)`; put it in quotes"
        case nil: "something that cannot begin a value stands here"
        }
    }
}
