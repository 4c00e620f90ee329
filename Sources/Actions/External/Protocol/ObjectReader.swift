import Host
import Maintenance

/// What a program said and may not say; the sentence ends without a point.
struct Misspoken: Error, Hashable {
    let sentence: String
}

/// Reads an object strictly: each member once, of its type, and none that nobody knows.
struct ObjectReader {
    private var fields: [String: JSONValue]
    private let what: String

    init(_ value: JSONValue?, _ what: String) throws(Misspoken) {
        guard case .object(let fields)? = value else { throw Misspoken(sentence: "\(what) is no object") }
        self.fields = fields
        self.what = what
    }

    /// The names of the members that were not read yet.
    var names: [String] { fields.keys.sorted() }

    mutating func take(_ key: String) -> JSONValue? {
        let value = fields.removeValue(forKey: key)
        return value == .null ? nil : value
    }

    mutating func text(_ key: String, limit: Int = ExternalLimits.text) throws(Misspoken) -> String? {
        guard let value = take(key) else { return nil }
        guard case .text(let text) = value else { throw wrong(key, "no text") }
        guard text.count <= limit else { throw wrong(key, "longer than \(limit) characters") }
        return text
    }

    /// A text that says something.
    mutating func neededText(_ key: String, limit: Int = ExternalLimits.text) throws(Misspoken) -> String {
        guard let text = try text(key, limit: limit) else { throw Misspoken(sentence: "\(what) has no `\(key)`") }
        guard text.contains(where: { !$0.isWhitespace }) else { throw wrong(key, "empty") }
        return text
    }

    mutating func number(_ key: String) throws(Misspoken) -> Double? {
        guard let value = take(key) else { return nil }
        guard case .number(let number) = value else { throw wrong(key, "no number") }
        return number
    }

    mutating func flag(_ key: String) throws(Misspoken) -> Bool {
        guard let value = take(key) else { return false }
        guard case .bool(let flag) = value else { throw wrong(key, "neither true nor false") }
        return flag
    }

    mutating func list(_ key: String, limit: Int) throws(Misspoken) -> [JSONValue] {
        guard let value = take(key) else { return [] }
        guard case .list(let items) = value else { throw wrong(key, "no list") }
        guard items.count <= limit else { throw wrong(key, "longer than \(limit) items") }
        return items
    }

    mutating func texts(_ key: String, limit: Int) throws(Misspoken) -> [String] {
        var texts: [String] = []
        for item in try list(key, limit: limit) {
            guard case .text(let text) = item, text.count <= ExternalLimits.text else {
                throw wrong(key, "no list of texts")
            }
            texts.append(text)
        }
        return texts
    }

    mutating func map(_ key: String, limit: Int = ExternalLimits.declared) throws(Misspoken) -> [String: JSONValue] {
        guard let value = take(key) else { return [:] }
        guard case .object(let map) = value else { throw wrong(key, "no object") }
        guard map.count <= limit else { throw wrong(key, "larger than \(limit) members") }
        return map
    }

    /// One of a set of words; `nil` where none is given.
    mutating func word<Word: RawRepresentable<String>>(
        _ key: String, _ type: Word.Type, _ all: [Word]
    ) throws(Misspoken) -> Word? {
        guard let text = try text(key) else { return nil }
        guard let word = all.first(where: { $0.rawValue == text }) else {
            throw wrong(key, "none of \(all.map { "`\($0.rawValue)`" }.joined(separator: ", "))")
        }
        return word
    }

    func wrong(_ key: String, _ how: String) -> Misspoken { Misspoken(sentence: "`\(key)` of \(what) is \(how)") }

    /// Nothing may be left over.
    func end() throws(Misspoken) {
        guard let first = fields.keys.min() else { return }
        throw Misspoken(sentence: "\(what) has a member `\(first.prefix(40))` that is not known")
    }
}
