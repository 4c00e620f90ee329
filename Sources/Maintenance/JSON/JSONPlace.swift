/// Where a value stands in a document: a JSON Pointer (RFC 6901) such as `/a/b`, or a plain key of the document itself.
public struct JSONPlace: ParameterValue, Hashable {
    public let written: String
    let keys: [String]

    public init(_ text: String) throws(ValueError) {
        written = text
        guard text.hasPrefix("/") else {
            guard !text.isEmpty else { throw ValueError("the place is empty; write a key, or a path such as /a/b") }
            keys = [text]
            return
        }
        var keys: [String] = []
        for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            keys.append(try Self.unescaped(part))
        }
        self.keys = keys
    }

    public static var typeName: String { "a key, or a path such as /a/b" }

    public static func read(_ value: PlanValue) throws(ValueError) -> JSONPlace { try JSONPlace(try scalar(value)) }

    /// What stands there; `nil` where nothing does.
    public func find(in document: JSONValue) -> JSONValue? {
        var value = document
        for key in keys {
            switch value {
            case .object(let fields):
                guard let field = fields[key] else { return nil }
                value = field
            case .list(let items):
                // An index is written without sign and leading zeros.
                guard let index = Int(key), String(index) == key, items.indices.contains(index) else { return nil }
                value = items[index]
            default: return nil
            }
        }
        return value
    }

    private static func unescaped(_ part: Substring) throws(ValueError) -> String {
        var result = ""
        var rest = part
        while let character = rest.popFirst() {
            guard character == "~" else {
                result.append(character)
                continue
            }
            switch rest.popFirst() {
            case "0": result.append("~")
            case "1": result.append("/")
            default: throw ValueError("after `~` stands 0 (for ~) or 1 (for /)")
            }
        }
        return result
    }
}
