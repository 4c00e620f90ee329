/// One statement with its bound parameters; values never become part of its text.
public struct SQLStatement: Sendable, Hashable {
    public let text: String
    public let parameters: [SQLParameter]
    /// Its connection keeps it prepared: for one of a fixed text that comes again and again.
    let isPrepared: Bool

    public init(_ text: String, _ parameters: [SQLParameter] = []) {
        self.text = text
        self.parameters = parameters
        isPrepared = false
    }

    public init(prepared text: String, _ parameters: [SQLParameter] = []) {
        self.text = text
        self.parameters = parameters
        isPrepared = true
    }

    /// The statement as evidence keeps it: with what its parameters were.
    var noted: String {
        guard !parameters.isEmpty else { return text }
        let values = parameters.enumerated().map { "$\($0 + 1) = \($1.text.map { "'\($0.prefix(80))'" } ?? "NULL")" }
        return text + "\n-- " + values.joined(separator: ", ").split(separator: "\n").joined(separator: " ")
    }
}

/// A value for `$1`, in the server's text form; `nil` is NULL.
public struct SQLParameter: Sendable, Hashable {
    public let text: String?

    public init(_ text: String?) { self.text = text }
    public init(_ number: some BinaryInteger) { text = String(number) }

    /// A one-dimensional `text[]`; `nil` is a NULL element.
    public static func array(_ items: [String?]) -> SQLParameter {
        let quoted = items.map { item in
            guard let item else { return "NULL" }
            return "\"" + escaped(item, ["\"", "\\"], by: "\\") + "\""
        }
        return SQLParameter("{" + quoted.joined(separator: ",") + "}")
    }
}

extension SQLParameter: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByNilLiteral {
    public init(stringLiteral value: String) { self.init(value) }
    public init(integerLiteral value: Int) { self.init(value) }
    public init(nilLiteral: ()) { self.init(String?.none) }
}

/// Writes a name as PostgreSQL's `quote_ident` would, always with quotes.
public func quotedIdentifier(_ name: String) -> String {
    "\"" + escaped(name, ["\""]) + "\""
}

/// Writes a text as a literal, for the few statements that take no parameters.
public func quotedLiteral(_ text: String) -> String {
    let doubled = escaped(text, ["'", "\\"])
    return (doubled.utf8.contains(UInt8(ascii: "\\")) ? "E'" : "'") + doubled + "'"
}

/// Puts a mark before each of these scalars, or doubles them. Not by characters: a quote that an accent follows is one
/// character which equals no quote, and the server sees a quote all the same.
private func escaped(_ text: String, _ special: [Unicode.Scalar], by mark: Unicode.Scalar? = nil) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        if special.contains(scalar) { result.append(mark ?? scalar) }
        result.append(scalar)
    }
    return String(result)
}
