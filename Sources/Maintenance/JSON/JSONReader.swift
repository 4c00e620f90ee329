/// Reads a JSON document (RFC 8259) of a hostile server, quickly: depth and number of values are bounded before they cost
/// anything, a key that stands twice, a text that is not UTF-8 and a number without a finite value are refused.
///
/// Written for lists of thousands of objects: keys and short texts that repeat share their memory, and what nobody judges
/// can be left out.
public struct JSONReader {
    /// What is wrong with a document; free of its content.
    public struct Mistake: Error, Hashable {
        public let sentence: String
        public var isTooLarge = false
    }

    /// The members of objects that the result holds. The others are read all the same: they must be well-formed.
    public enum Selection: Sendable {
        case all
        case without(Set<String>)
        case only(Set<String>)

        func holds(_ key: String) -> Bool {
            switch self {
            case .all: true
            case .without(let keys): !keys.contains(key)
            case .only(let keys): keys.contains(key)
            }
        }
    }

    let bytes: UnsafeBufferPointer<UInt8>
    private let selection: Selection
    private let depthLimit: Int
    private let valuesLimit: Int
    var index = 0
    private var values = 0
    var texts = SharedTexts()

    /// - Parameters:
    ///   - depth: levels of nesting, each of which costs stack.
    ///   - values: how many values the result may hold: a small document can hold very many.
    public static func read(
        _ bytes: [UInt8], _ selection: Selection = .all, depth: Int = Limits.jsonDepth, values: Int = Limits.jsonValues
    ) throws(Mistake) -> JSONValue {
        let result: Result<JSONValue, Mistake> = bytes.withUnsafeBufferPointer { buffer in
            var reader = JSONReader(bytes: buffer, selection: selection, depthLimit: depth, valuesLimit: values)
            do throws(Mistake) { return .success(try reader.document()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, selection: Selection, depthLimit: Int, valuesLimit: Int) {
        self.bytes = bytes
        self.selection = selection
        self.depthLimit = depthLimit
        self.valuesLimit = valuesLimit
        // A byte order mark is no part of the text.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    private mutating func document() throws(Mistake) -> JSONValue {
        skipSpace()
        guard let first = next else { throw Mistake(sentence: "it is empty") }
        guard first != UInt8(ascii: "<") else { throw Mistake(sentence: "it is a page (HTML or XML)") }
        let value = try value(depth: 0)
        skipSpace()
        guard next == nil else { throw mistake("something stands after its end") }
        return value
    }

    func mistake(_ sentence: String) -> Mistake { Mistake(sentence: "\(sentence) (at byte \(index))") }

    var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }

    mutating func accept(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index += 1
        return true
    }

    private mutating func value(depth: Int) throws(Mistake) -> JSONValue {
        try mayGo(to: depth)
        values += 1
        guard values <= valuesLimit else {
            throw Mistake(sentence: "it holds more than \(valuesLimit) values", isTooLarge: true)
        }
        skipSpace()
        switch next {
        case nil: throw mistake("it ends too early")
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object(depth: Int) throws(Mistake) -> JSONValue {
        var fields: [String: JSONValue] = [:]
        index += 1
        skipSpace()
        if accept(UInt8(ascii: "}")) { return .object(fields) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw mistake("a key is missing") }
            let key = try text()
            skipSpace()
            guard accept(UInt8(ascii: ":")) else { throw mistake("a colon is missing") }
            if selection.holds(key) {
                guard fields.updateValue(try value(depth: depth + 1), forKey: key) == nil else {
                    throw mistake("a key stands twice in one object")
                }
            } else {
                try passOver(depth: depth + 1)
            }
            skipSpace()
            if accept(UInt8(ascii: ",")) { continue }
            guard accept(UInt8(ascii: "}")) else { throw mistake("an object does not end") }
            return .object(fields)
        }
    }

    private mutating func list(depth: Int) throws(Mistake) -> JSONValue {
        var items: [JSONValue] = []
        index += 1
        skipSpace()
        if accept(UInt8(ascii: "]")) { return .list(items) }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            if accept(UInt8(ascii: ",")) { continue }
            guard accept(UInt8(ascii: "]")) else { throw mistake("a list does not end") }
            return .list(items)
        }
    }

    private func mayGo(to depth: Int) throws(Mistake) {
        guard depth < depthLimit else {
            throw Mistake(sentence: "it is nested deeper than \(depthLimit) levels", isTooLarge: true)
        }
    }

    /// Reads a value that nobody wants.
    private mutating func passOver(depth: Int) throws(Mistake) {
        try mayGo(to: depth)
        skipSpace()
        switch next {
        case UInt8(ascii: "{"):
            index += 1
            skipSpace()
            if accept(UInt8(ascii: "}")) { return }
            repeat {
                skipSpace()
                guard next == UInt8(ascii: "\"") else { throw mistake("a key is missing") }
                _ = try text()
                skipSpace()
                guard accept(UInt8(ascii: ":")) else { throw mistake("a colon is missing") }
                try passOver(depth: depth + 1)
                skipSpace()
            } while accept(UInt8(ascii: ","))
            guard accept(UInt8(ascii: "}")) else { throw mistake("an object does not end") }
        case UInt8(ascii: "["):
            index += 1
            skipSpace()
            if accept(UInt8(ascii: "]")) { return }
            repeat {
                try passOver(depth: depth + 1)
                skipSpace()
            } while accept(UInt8(ascii: ","))
            guard accept(UInt8(ascii: "]")) else { throw mistake("a list does not end") }
        default: _ = try value(depth: depth)
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Mistake) -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard bytes.count - index >= length else { throw mistake("no value stands there") }
        for offset in 0..<length where bytes[index + offset] != word.utf8Start[offset] {
            throw mistake("no value stands there")
        }
        index += length
        return value
    }

    /// The grammar has neither NaN nor Infinity; what is too large for a finite value is refused.
    private mutating func number() throws(Mistake) -> Double {
        let start = index
        let isNegative = accept(UInt8(ascii: "-"))
        let whole = index
        var value: Int64 = 0
        while let byte = next, byte >= 48, byte <= 57 {
            if index - whole < 18 { value = value * 10 + Int64(byte - 48) }
            index += 1
        }
        let count = index - whole
        guard count > 0 else { throw mistake("no value stands there") }
        guard count == 1 || bytes[whole] != 48 else { throw mistake("a number begins with 0") }
        let isWhole = next != UInt8(ascii: ".") && next != UInt8(ascii: "e") && next != UInt8(ascii: "E")
        if isWhole, count <= 15 { return Double(isNegative ? -value : value) }
        if accept(UInt8(ascii: ".")) { try figures() }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            index += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
            try figures()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        guard let number = Double(text), number.isFinite else { throw mistake("a number is beyond all bounds") }
        return number
    }

    private mutating func figures() throws(Mistake) {
        let start = index
        while let byte = next, byte >= 48, byte <= 57 { index += 1 }
        guard index > start else { throw mistake("a number is malformed") }
    }
}
