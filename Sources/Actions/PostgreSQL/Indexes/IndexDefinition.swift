import Maintenance

/// What an index is, read from its statement: the plan's or the server's own.
struct IndexDefinition: Sendable, Equatable {
    struct Item: Sendable, Equatable {
        /// As it is written, without the parentheses around it.
        let expression: String
        /// Collation and operator class, where they are not the type's own.
        let kind: String
        let isDescending: Bool
        let putsNullsFirst: Bool
    }

    let isUnique: Bool
    let method: String
    let items: [Item]
    let included: [String]
    let distinguishesNulls: Bool
    let condition: String?

    /// The expressions and the condition, as a SELECT can ask for them.
    var expressions: [String] { items.map(\.expression) + [condition ?? "true"] }

    /// Whether all but the wording of expressions is the same.
    func isLike(_ other: IndexDefinition) -> Bool {
        func frame(_ definition: IndexDefinition) -> IndexDefinition {
            IndexDefinition(
                isUnique: definition.isUnique, method: definition.method,
                items: definition.items.map { item in
                    Item(
                        expression: "", kind: item.kind, isDescending: item.isDescending,
                        putsNullsFirst: item.putsNullsFirst)
                }, included: definition.included, distinguishesNulls: definition.distinguishesNulls,
                condition: definition.condition == nil ? nil : "")
        }
        return frame(self) == frame(other)
    }
}

extension IndexDefinition {
    /// `CREATE [UNIQUE] INDEX … ON … USING method (items) [INCLUDE (columns)] [NULLS NOT DISTINCT] [WITH (…)] [WHERE …]`.
    init?(statement: String) {
        var words = SQLWords(statement)
        guard words.skip("CREATE") else { return nil }
        isUnique = words.skip("UNIQUE")
        guard words.skip(past: "USING"), let method = words.next(), let list = words.next(), list.hasPrefix("(") else {
            return nil
        }
        self.method = SQLWords.plain(method)
        items = SQLWords.parts(list).map(Self.item)
        included = words.skip("INCLUDE") ? SQLWords.parts(words.next() ?? "").map(SQLWords.plain) : []
        distinguishesNulls = !(words.skip("NULLS") && words.skip("NOT") && words.skip("DISTINCT"))
        if words.skip("WITH") { _ = words.next() }
        condition = words.skip("WHERE") ? SQLWords.bare(words.rest) : nil
    }

    private static func item(_ text: String) -> Item {
        var words = SQLWords(text)
        var expression = words.next() ?? ""
        // A function's name and its arguments.
        if !expression.hasPrefix("("), let arguments = words.peek(), arguments.hasPrefix("(") {
            expression += words.next() ?? ""
        }
        var kind: [String] = []
        var (isDescending, nulls): (Bool, Bool?) = (false, nil)
        while let word = words.next() {
            switch word.uppercased() {
            case "ASC": break
            case "DESC": isDescending = true
            case "NULLS": nulls = words.next()?.uppercased() == "FIRST"
            default: kind.append(SQLWords.plain(word))
            }
        }
        return Item(
            expression: SQLWords.bare(expression), kind: kind.joined(separator: " "), isDescending: isDescending,
            putsNullsFirst: nulls ?? isDescending)
    }
}

/// The words of a statement; what stands in parentheses is one of them, as is what stands in quotes.
struct SQLWords {
    private var characters: Substring

    init(_ text: String) { characters = text[...] }

    var rest: String { String(characters) }

    mutating func next() -> String? {
        characters = characters.drop(while: \.isWhitespace)
        guard let first = characters.first else { return nil }
        var word = ""
        if first == "(" {
            var depth = 0
            while let piece = take() {
                word += piece
                depth += piece == "(" ? 1 : piece == ")" ? -1 : 0
                if depth == 0 { break }
            }
            return word
        }
        while let next = characters.first, !next.isWhitespace, next != "(", next != "," || word.isEmpty {
            word += take() ?? ""
            if word == "," { break }
        }
        return word
    }

    func peek() -> String? {
        var copy = self
        return copy.next()
    }

    mutating func skip(_ word: String) -> Bool {
        guard peek()?.uppercased() == word else { return false }
        _ = next()
        return true
    }

    mutating func skip(past word: String) -> Bool {
        while let next = next() { if next.uppercased() == word { return true } }
        return false
    }

    /// A character, or a whole text in quotes.
    private mutating func take() -> String? {
        guard let first = characters.popFirst() else { return nil }
        guard first == "'" || first == "\"" else { return String(first) }
        var text = String(first)
        while let next = characters.popFirst() {
            text.append(next)
            if next == first { break }
        }
        return text
    }

    /// What stands between the commas of a list in parentheses.
    static func parts(_ list: String) -> [String] {
        var words = SQLWords(String(list.dropFirst().dropLast()))
        var parts: [[String]] = [[]]
        while let word = words.next() {
            if word == "," { parts.append([]) } else { parts[parts.count - 1].append(word) }
        }
        return parts.map { $0.joined(separator: " ") }
    }

    /// Without parentheses around the whole.
    static func bare(_ text: String) -> String {
        var words = SQLWords(text)
        guard let first = words.next(), first.hasPrefix("("), words.peek() == nil else {
            return String(text.trimming(while: \.isWhitespace))
        }
        return bare(String(first.dropFirst().dropLast()))
    }

    /// A name as the server writes it: without quotes where it needs none.
    static func plain(_ name: String) -> String {
        let inner = name.hasPrefix("\"") && name.hasSuffix("\"") ? String(name.dropFirst().dropLast()) : nil
        guard let inner else { return name.lowercased() }
        let isPlain = inner.allSatisfy { $0 == "_" || $0.isNumber || $0.isLowercase } && inner.first?.isNumber == false
        return isPlain ? inner : name
    }
}

extension String {
    fileprivate func trimming(while isBlank: (Character) -> Bool) -> Substring {
        var rest = drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }
}
