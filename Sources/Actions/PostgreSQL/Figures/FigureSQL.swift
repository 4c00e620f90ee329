import ClientPostgreSQL
import Host
import Maintenance

/// A figure's statement, whose `:from`, `:to` and `:zone` are bound as parameters and never become part of its text.
struct FigureSQL: Hashable {
    /// With `$1` and so on, each with its type.
    let text: String
    /// In the order of their numbers.
    let placeholders: [Placeholder]

    enum Placeholder: String, CaseIterable { case from, to, zone }

    init(_ sql: String) throws(ValueError) {
        var scan = Scan(rest: Substring(sql))
        try scan.run()
        text = scan.text
        placeholders = scan.placeholders
        let words = scan.code.lowercased().split { $0.isWhitespace }.joined(separator: " ")
        if words.contains("between :from and :to") {
            throw ValueError(
                "BETWEEN counts the end of a period in the next one again; write `>= :from AND … < :to`")
        }
        for (wrong, right) in Self.closedEnds where words.contains(wrong) {
            throw ValueError("`\(wrong)`: a period has its first moment and not its last; write `\(right)`")
        }
    }

    private static let closedEnds = [
        ("<= :to", "< :to"), ("<=:to", "< :to"), ("> :from", ">= :from"), (">:from", ">= :from"),
        (":to >=", ":to >"), (":from < ", ":from <="),
    ]

    var isOfThePeriod: Bool { placeholders.contains(.from) && placeholders.contains(.to) }

    func statement(_ span: FigureSpan) -> SQLStatement {
        SQLStatement(
            text,
            placeholders.map { placeholder in
                switch placeholder {
                case .from: SQLParameter(span.from.description)
                case .to: SQLParameter(span.to.description)
                case .zone: SQLParameter(span.timezone)
                }
            })
    }

    /// Goes through a statement and leaves alone what is quoted or commented.
    private struct Scan {
        var rest: Substring
        var text = ""
        /// The statement without comments and quoted texts.
        var code = ""
        var placeholders: [Placeholder] = []
        var brackets = 0

        mutating func run() throws(ValueError) {
            while let character = rest.first {
                if character == "'" || character == "\"" {
                    copy(upTo: quoted(by: character))
                } else if rest.hasPrefix("--") {
                    copy(upTo: rest.firstIndex { $0.isNewline } ?? rest.endIndex)
                } else if rest.hasPrefix("/*") {
                    copy(upTo: end(of: "*/", after: 2))
                } else if character == "$", let tag = dollarTag() {
                    copy(upTo: end(of: tag, after: tag.count))
                } else if character == ":" {
                    try colon()
                } else {
                    if character == "[" { brackets += 1 }
                    if character == "]" { brackets -= 1 }
                    text.append(character)
                    code.append(character)
                    rest.removeFirst()
                }
            }
        }

        /// A cast's two colons and the colon of an array's slice are no placeholder.
        private mutating func colon() throws(ValueError) {
            let follows = rest.dropFirst()
            let name = follows.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            if follows.first == ":" || name.isEmpty || name.first?.isNumber == true || brackets > 0 {
                let length = follows.first == ":" ? 2 : 1
                text += rest.prefix(length)
                code += rest.prefix(length)
                rest = rest.dropFirst(length)
                return
            }
            guard let placeholder = Placeholder(rawValue: name.lowercased()) else {
                throw ValueError("`:\(name)` is nothing that a figure is given; there are :from, :to and :zone")
            }
            if !placeholders.contains(placeholder) { placeholders.append(placeholder) }
            let number = (placeholders.firstIndex(of: placeholder) ?? 0) + 1
            text += placeholder == .zone ? "$\(number)::text" : "$\(number)::timestamptz"
            code += ":" + placeholder.rawValue
            rest = rest.dropFirst(1 + name.count)
        }

        private mutating func copy(upTo end: Substring.Index) {
            text += rest[..<end]
            code += " "
            rest = rest[end...]
        }

        /// A doubled quote ends one text and begins the next: the same in effect. A backslash escapes after an E.
        private func quoted(by quote: Character) -> Substring.Index {
            let hasEscapes = quote == "'" && (text.last == "E" || text.last == "e")
            var index = rest.index(after: rest.startIndex)
            while index < rest.endIndex {
                if hasEscapes, rest[index] == "\\" {
                    index = rest.index(after: index)
                    guard index < rest.endIndex else { return rest.endIndex }
                } else if rest[index] == quote {
                    return rest.index(after: index)
                }
                index = rest.index(after: index)
            }
            return rest.endIndex
        }

        private func end(of mark: String, after length: Int) -> Substring.Index {
            var tail = rest.dropFirst(length)
            while !tail.isEmpty, !tail.hasPrefix(mark) { tail.removeFirst() }
            return tail.isEmpty ? rest.endIndex : tail.index(tail.startIndex, offsetBy: mark.count)
        }

        private func dollarTag() -> String? {
            let body = rest.dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            let tag = "$" + body + "$"
            return body.first?.isNumber != true && rest.hasPrefix(tag) ? tag : nil
        }
    }
}
