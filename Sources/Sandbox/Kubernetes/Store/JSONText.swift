extension JSON {
    /// Compact, keys sorted.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    public var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(1024)
        write(to: &out)
        return out
    }

    private func write(to out: inout [UInt8]) {
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .int(let value): out.append(contentsOf: String(value).utf8)
        case .double(let value): out.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
        case .string(let value): JSON.write(value, to: &out)
        case .array(let items):
            out.append(0x5b)
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(0x2c) }
                item.write(to: &out)
            }
            out.append(0x5d)
        case .object(let fields):
            out.append(0x7b)
            var isFirst = true
            for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
                if !isFirst { out.append(0x2c) }
                isFirst = false
                JSON.write(key, to: &out)
                out.append(0x3a)
                value.write(to: &out)
            }
            out.append(0x7d)
        }
    }

    private static func write(_ text: String, to out: inout [UInt8]) {
        out.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22: out.append(contentsOf: [0x5c, 0x22])
            case 0x5c: out.append(contentsOf: [0x5c, 0x5c])
            case 0x0a: out.append(contentsOf: [0x5c, 0x6e])
            case 0x0d: out.append(contentsOf: [0x5c, 0x72])
            case 0x09: out.append(contentsOf: [0x5c, 0x74])
            case 0..<0x20:
                let hex = String(byte, radix: 16)
                out.append(contentsOf: ("\\u00" + (hex.count == 1 ? "0" : "") + hex).utf8)
            default: out.append(byte)
            }
        }
        out.append(0x22)
    }

    /// Reads a document of JSON; the error says where it is wrong, as Go's decoder does.
    public init(parsing bytes: some Sequence<UInt8>) throws {
        var parser = JSONParser(bytes: Array(bytes))
        self = try parser.document()
    }

    public init(parsing text: String) throws { try self.init(parsing: text.utf8) }
}

/// Why a text is no JSON.
public struct JSONSyntaxError: Error, CustomStringConvertible, Sendable {
    public let description: String
}

/// A plain recursive reader with a bound on the nesting.
struct JSONParser {
    let bytes: [UInt8]
    private var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private static let deepest = 500

    mutating func document() throws -> JSON {
        let value = try value(depth: 0)
        space()
        guard at == bytes.count else { throw wrong("after top-level value") }
        return value
    }

    private mutating func value(depth: Int) throws -> JSON {
        guard depth < Self.deepest else { throw JSONSyntaxError(description: "exceeded max depth") }
        space()
        guard at < bytes.count else { throw JSONSyntaxError(description: "unexpected end of JSON input") }
        switch bytes[at] {
        case 0x7b: return try object(depth: depth)
        case 0x5b: return try list(depth: depth)
        case 0x22: return .string(try text())
        case 0x74: return try literal("true", .bool(true))
        case 0x66: return try literal("false", .bool(false))
        case 0x6e: return try literal("null", .null)
        case 0x2d, 0x30...0x39: return try number()
        default: throw wrong("looking for beginning of value")
        }
    }

    private mutating func object(depth: Int) throws -> JSON {
        at += 1
        var fields: [String: JSON] = [:]
        space()
        if at < bytes.count, bytes[at] == 0x7d {
            at += 1
            return .object(fields)
        }
        while true {
            space()
            guard at < bytes.count, bytes[at] == 0x22 else {
                throw wrong("looking for beginning of object key string")
            }
            let key = try text()
            space()
            guard at < bytes.count, bytes[at] == 0x3a else { throw wrong("after object key") }
            at += 1
            fields[key] = try value(depth: depth + 1)
            space()
            guard at < bytes.count, bytes[at] == 0x2c || bytes[at] == 0x7d else {
                throw wrong("after object key:value pair")
            }
            at += 1
            if bytes[at - 1] == 0x7d { return .object(fields) }
        }
    }

    private mutating func list(depth: Int) throws -> JSON {
        at += 1
        var items: [JSON] = []
        space()
        if at < bytes.count, bytes[at] == 0x5d {
            at += 1
            return .array(items)
        }
        while true {
            items.append(try value(depth: depth + 1))
            space()
            guard at < bytes.count, bytes[at] == 0x2c || bytes[at] == 0x5d else { throw wrong("after array element") }
            at += 1
            if bytes[at - 1] == 0x5d { return .array(items) }
        }
    }

    private mutating func text() throws -> String {
        at += 1
        var plain: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case 0x22: return String(decoding: plain, as: UTF8.self)
            case 0x5c: try escape(into: &plain)
            case 0..<0x20:
                at -= 1
                throw wrong("in string literal")
            default: plain.append(byte)
            }
        }
        throw JSONSyntaxError(description: "unexpected end of JSON input")
    }

    private mutating func escape(into plain: inout [UInt8]) throws {
        guard at < bytes.count else { throw JSONSyntaxError(description: "unexpected end of JSON input") }
        at += 1
        switch bytes[at - 1] {
        case 0x6e: plain.append(0x0a)
        case 0x74: plain.append(0x09)
        case 0x72: plain.append(0x0d)
        case 0x62: plain.append(0x08)
        case 0x66: plain.append(0x0c)
        case 0x22, 0x5c, 0x2f: plain.append(bytes[at - 1])
        case 0x75: plain.append(contentsOf: String(try unicode()).utf8)
        default:
            at -= 1
            throw wrong("in string escape code")
        }
    }

    private mutating func unicode() throws -> Character {
        var unit = try hex()
        if (0xd800..<0xdc00).contains(unit), at + 1 < bytes.count, bytes[at] == 0x5c, bytes[at + 1] == 0x75 {
            at += 2
            unit = 0x10000 + (unit - 0xd800) << 10 + (try hex()) - 0xdc00
        }
        return Character(Unicode.Scalar(unit) ?? "\u{fffd}")
    }

    private mutating func hex() throws -> UInt32 {
        guard at + 4 <= bytes.count, let value = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
        else { throw wrong("in \\u hexadecimal character escape") }
        at += 4
        return value
    }

    private mutating func number() throws -> JSON {
        let start = at
        while at < bytes.count, "+-.eE0123456789".utf8.contains(bytes[at]) { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if let whole = Int(text) { return .int(whole) }
        guard let value = Double(text) else { throw wrong("in numeric literal") }
        return .double(value)
    }

    private mutating func literal(_ word: String, _ value: JSON) throws -> JSON {
        for expected in word.utf8 {
            guard at < bytes.count else { throw JSONSyntaxError(description: "unexpected end of JSON input") }
            guard bytes[at] == expected else {
                throw wrong("in literal \(word) (expecting '\(Character(Unicode.Scalar(expected)))')")
            }
            at += 1
        }
        return value
    }

    private mutating func space() {
        while at < bytes.count, [0x20, 0x0a, 0x0d, 0x09].contains(bytes[at]) { at += 1 }
    }

    private func wrong(_ place: String) -> JSONSyntaxError {
        guard at < bytes.count else { return JSONSyntaxError(description: "unexpected end of JSON input") }
        return JSONSyntaxError(
            description: "invalid character '\(Character(Unicode.Scalar(bytes[at])))' \(place)")
    }
}
