/// A reply of the server. Both protocol versions come in this one shape: a map is the flat list of its keys and values
/// that version 2 has for it, a set is a list.
public enum RedisValue: Hashable, Sendable {
    case null
    case bytes([UInt8])
    case number(Int64)
    case double(Double)
    case boolean(Bool)
    case list([RedisValue])
    case error(RedisErrorReply)

    /// A text as a reply; scripts of tests are written with it.
    public static func text(_ text: String) -> RedisValue { .bytes(Array(text.utf8)) }

    /// The text of a string reply.
    public var asText: String? {
        guard case .bytes(let bytes) = self else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The number that it is or that its text says.
    public var asNumber: Int64? {
        switch self {
        case .number(let number): number
        case .bytes: asText.flatMap { Int64($0) }
        default: nil
        }
    }

    /// The value after a key, where the reply is a map.
    public func value(after key: String) -> RedisValue? {
        guard case .list(let items) = self else { return nil }
        for index in stride(from: 0, to: items.count - 1, by: 2) where items[index].asText == key {
            return items[index + 1]
        }
        return nil
    }
}

/// An error that the server answered. Its message may hold data, so only its code is ever shown.
public struct RedisErrorReply: Hashable, Sendable {
    /// The first word in capitals: `NOPERM`, `WRONGTYPE`; `ERR` where the server gives none.
    public let code: String
    public let message: String

    public init(_ line: String) {
        let word = line.prefix { $0 != " " }
        let isCode = !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_") }
        code = isCode ? String(word) : "ERR"
        message = isCode ? String(line.dropFirst(word.count + 1)) : line
    }
}

extension RedisValue {
    /// Appends a rendering for the evidence: one line a scalar, as the server's own command line shows them.
    func render(into output: inout [UInt8], limit: Int) {
        guard output.count < limit else { return }
        switch self {
        case .null: output += Array("(nil)\n".utf8)
        case .bytes(let bytes):
            output += bytes.prefix(limit - output.count)
            output.append(UInt8(ascii: "\n"))
        case .number(let number): output += Array("\(number)\n".utf8)
        case .double(let double): output += Array("\(double)\n".utf8)
        case .boolean(let boolean): output += Array("\(boolean)\n".utf8)
        case .list(let items): for item in items { item.render(into: &output, limit: limit) }
        case .error(let error): output += Array("(error) \(error.code)\n".utf8)
        }
    }
}
