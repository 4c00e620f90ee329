/// A document's text by line and column, and the form of it that the YAML parser is given.
///
/// The parser would expand aliases and compare whole trees that stand as keys, both without a bound: a file of 300 bytes
/// could hold it for hours. So the three signs that begin an alias, an explicit key and a value after a collection are
/// replaced by private characters before it reads, and put back in what it has read. Then an alias is a plain scalar,
/// which the conversion expands itself, counting; and every key is a scalar.
struct SourceText {
    let file: String
    private let lines: [[Unicode.Scalar]]
    private let text: String

    static let alias: Unicode.Scalar = "\u{E000}"
    static let question: Unicode.Scalar = "\u{E001}"
    static let colon: Unicode.Scalar = "\u{E002}"

    /// Refuses what is not text: bytes that are not UTF-8, and control characters.
    init(_ bytes: [UInt8], file: String) throws(PlanErrors) {
        self.file = file
        guard let whole = String(validating: bytes, as: UTF8.self) else {
            throw Self.refusal(
                "this is not UTF-8; save the file as UTF-8", Self.position(ofFirstInvalidByteIn: bytes, file: file))
        }
        text = whole.unicodeScalars.first == "\u{FEFF}" ? String(whole.unicodeScalars.dropFirst()) : whole
        lines = Self.split(text)
        if let (position, scalar) = firstForbidden() {
            throw Self.refusal(
                "the character U+\(hexadecimal(scalar)) has no place in a plan; remove it, or write it as an escape in "
                    + "double quotes", position)
        }
    }

    /// What stands at a place of the text as it was written.
    func scalar(line: Int, column: Int) -> Unicode.Scalar? {
        guard lines.indices.contains(line - 1), lines[line - 1].indices.contains(column - 1) else { return nil }
        return lines[line - 1][column - 1]
    }

    /// The rest of a line from a place on.
    func rest(line: Int, column: Int) -> ArraySlice<Unicode.Scalar> {
        guard lines.indices.contains(line - 1) else { return [] }
        return lines[line - 1].dropFirst(column - 1)
    }

    var lineCount: Int { lines.count }

    var substituted: String {
        var result = String.UnicodeScalarView()
        var afterBracket = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "*": result.append(Self.alias)
            case "?": result.append(Self.question)
            case ":" where afterBracket: result.append(Self.colon)
            default: result.append(scalar)
            }
            if scalar != " " && scalar != "\t" { afterBracket = scalar == "]" || scalar == "}" }
        }
        return String(result)
    }

    static func restored(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case alias: result.append("*")
            case question: result.append("?")
            case colon: result.append(":")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// Lines as the parser counts them.
    private static func split(_ text: String) -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = [[]]
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where previous == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lines.append([])
            default: lines[lines.count - 1].append(scalar)
            }
            previous = scalar
        }
        return lines
    }

    private func firstForbidden() -> (Position, Unicode.Scalar)? {
        for (line, scalars) in lines.enumerated() {
            for (column, scalar) in scalars.enumerated() where Self.isForbidden(scalar) {
                return (Position(file: file, line: line + 1, column: column + 1), scalar)
            }
        }
        return nil
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09: false
        case 0..<0x20, 0x7F..<0xA0, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: scalar == alias || scalar == question || scalar == colon
        }
    }

    private static func position(ofFirstInvalidByteIn bytes: [UInt8], file: String) -> Position {
        let valid = Array(String(decoding: bytes, as: UTF8.self).utf8)
        let same = zip(bytes, valid).prefix { $0 == $1 }.count
        let before = bytes.prefix(same)
        let line = before.count { $0 == 0x0A } + 1
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1
        return Position(file: file, line: line, column: column)
    }

    private static func refusal(_ message: String, _ position: Position) -> PlanErrors {
        PlanErrors([Diagnostic(message, at: position)])
    }

    private func hexadecimal(_ scalar: Unicode.Scalar) -> String {
        let text = String(scalar.value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - text.count)) + text
    }
}
