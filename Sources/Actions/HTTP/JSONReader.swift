import Maintenance

/// Reads a JSON document (RFC 8259) of a hostile server: depth and number of values are bounded before they cost
/// anything, a key that stands twice and a number without a finite value are refused.
struct JSONReader {
    struct Mistake: Error {
        let sentence: String
        let isTooLarge: Bool
    }

    private let bytes: [UInt8]
    private var index = 0
    private var values = 0

    static func read(_ bytes: [UInt8]) throws(Mistake) -> JSONValue {
        var reader = JSONReader(bytes: bytes)
        // A byte order mark is no part of the text.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.index = 3 }
        reader.skipSpace()
        guard reader.index < bytes.count else { throw Mistake(sentence: "it is empty", isTooLarge: false) }
        guard bytes[reader.index] != UInt8(ascii: "<") else {
            throw Mistake(sentence: "it is a page (HTML or XML)", isTooLarge: false)
        }
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.index == bytes.count else { throw reader.mistake("something stands after its end") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func mistake(_ sentence: String) -> Mistake {
        Mistake(sentence: "\(sentence) (at byte \(index))", isTooLarge: false)
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index += 1
        return true
    }

    private mutating func value(depth: Int) throws(Mistake) -> JSONValue {
        guard depth < HTTPActionLimits.documentDepth else {
            throw Mistake(
                sentence: "it is nested deeper than \(HTTPActionLimits.documentDepth) levels", isTooLarge: true)
        }
        values += 1
        guard values <= HTTPActionLimits.documentValues else {
            throw Mistake(sentence: "it holds more than \(HTTPActionLimits.documentValues) values", isTooLarge: true)
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
            guard fields.updateValue(try value(depth: depth + 1), forKey: key) == nil else {
                throw mistake("a key stands twice in one object")
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

    private mutating func word(_ word: String, _ value: JSONValue) throws(Mistake) -> JSONValue {
        guard bytes[index...].starts(with: word.utf8) else { throw mistake("no value stands there") }
        index += word.utf8.count
        return value
    }

    private mutating func number() throws(Mistake) -> Double {
        let figures = bytes[index...].prefix { $0 < 0x80 && "+-.0123456789eE".utf8.contains($0) }
        guard !figures.isEmpty else { throw mistake("no value stands there") }
        guard let number = JSONNumber.parse(figures) else {
            throw mistake("a number is malformed or beyond all bounds")
        }
        index += figures.count
        return number
    }

    private mutating func text() throws(Mistake) -> String {
        index += 1
        var result: [UInt8] = []
        while let byte = next {
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: result, as: UTF8.self) else { throw mistake("a text is not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &result)
            case 0..<0x20: throw mistake("a control character stands in a text")
            default: result.append(byte)
            }
        }
        throw mistake("a text does not end")
    }

    private mutating func escape(into result: inout [UInt8]) throws(Mistake) {
        guard let byte = next else { throw mistake("a text does not end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            var code = try unit()
            if (0xD800...0xDBFF).contains(code) {
                guard accept(UInt8(ascii: "\\")), accept(UInt8(ascii: "u")) else { throw mistake("half a character") }
                let low = try unit()
                guard (0xDC00...0xDFFF).contains(low) else { throw mistake("half a character") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw mistake("half a character") }
            result.append(contentsOf: String(Character(scalar)).utf8)
        default: throw mistake("an unknown escape")
        }
    }

    /// The four figures of `\\uXXXX`.
    private mutating func unit() throws(Mistake) -> UInt32 {
        let figures = bytes[index...].prefix(4)
        guard figures.count == 4, figures.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let code = UInt32(String(decoding: figures, as: UTF8.self), radix: 16)
        else { throw mistake("an unknown escape") }
        index += 4
        return code
    }
}

/// The grammar of a JSON number; it has neither NaN nor Infinity, and what is too large for a finite value is refused.
enum JSONNumber {
    static func parse(_ bytes: some Collection<UInt8>) -> Double? {
        var rest = Array(bytes)[...]
        func figures() -> Int { rest.prefix { (48...57).contains($0) }.count }
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let whole = figures()
        guard whole > 0, whole == 1 || rest.first != UInt8(ascii: "0") else { return nil }
        rest = rest.dropFirst(whole)
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            let fraction = figures()
            guard fraction > 0 else { return nil }
            rest = rest.dropFirst(fraction)
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            let exponent = figures()
            guard exponent > 0 else { return nil }
            rest = rest.dropFirst(exponent)
        }
        guard rest.isEmpty, let number = Double(String(decoding: bytes, as: UTF8.self)), number.isFinite else {
            return nil
        }
        return number
    }
}
