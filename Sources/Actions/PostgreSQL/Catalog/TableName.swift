import ClientPostgreSQL
public import Maintenance

/// A table as SQL writes it: `orders`, `public.orders`, `"Odd Name"`. Nothing else gets through.
public struct TableName: ParameterValue, Hashable {
    public let text: String
    /// The schema as it was written.
    let schema: String?

    public static var typeName: String { "a table such as orders or public.orders" }
    public var written: String { text }

    public static func read(_ value: PlanValue) throws(ValueError) -> TableName {
        let text = try scalar(value)
        guard let name = TableName(text) else { throw ValueError("`\(text)` is not \(typeName)") }
        return name
    }

    init?(_ text: String) {
        // A quote or a semicolon that an accent follows is one character which equals neither: the server sees it.
        let hides = text.contains { character in
            character.unicodeScalars.count > 1
                && character.unicodeScalars.contains { $0.isASCII && !$0.properties.isAlphabetic }
        }
        guard !hides else { return nil }
        var parts: [String] = []
        var rest = Substring(text)
        while let part = Self.identifier(&rest) {
            parts.append(part)
            guard rest.first == "." else { break }
            rest.removeFirst()
        }
        guard rest.isEmpty, (1...2).contains(parts.count), !text.hasSuffix("."), text.utf8.count <= 260 else {
            return nil
        }
        self.text = text
        schema = parts.count == 2 ? parts[0] : nil
    }

    private static func identifier(_ rest: inout Substring) -> String? {
        if rest.first == "\"" {
            var quoted = rest.dropFirst()
            var name = "\""
            while let character = quoted.popFirst() {
                name.append(character)
                guard character == "\"" else { continue }
                guard quoted.first == "\"" else { break }
                name.append(quoted.removeFirst())
            }
            guard name.count > 2, name.hasSuffix("\""), !name.contains("\0") else { return nil }
            rest = quoted
            return name
        }
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }
        guard let first = name.first, !first.isNumber, first != "$" else { return nil }
        rest = rest.dropFirst(name.count)
        return String(name)
    }
}

/// A column as a plan names it: the exact name, without quotes.
public struct ColumnName: ParameterValue, Hashable {
    public let text: String

    public init(_ text: String) { self.text = text }

    var quoted: String { quotedIdentifier(text) }

    public static var typeName: String { "a column's name" }
    public var written: String { text }
    public static func read(_ value: PlanValue) throws(ValueError) -> ColumnName {
        let text = try scalar(value)
        guard !text.isEmpty, text.utf8.count < 64, !text.utf8.contains(0) else {
            throw ValueError("`\(text)` is not \(typeName)")
        }
        return ColumnName(text)
    }
}
