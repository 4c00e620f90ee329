import Maintenance

/// A pattern of key names with Redis's own rules: `*`, `?`, `[abc]`, `[^a-z]`, and `\` before a character that stands
/// for itself. It says again what the server found, so that nothing else is ever planned, and what is excepted.
struct KeyPattern: ParameterValue, Hashable {
    let text: String
    private let tokens: [Token]

    private enum Token: Hashable {
        case byte(UInt8)
        case any
        case many
        case set(ranges: [ClosedRange<UInt8>], negated: Bool)
    }

    init(_ text: String) {
        self.text = text
        tokens = Self.tokens(Array(text.utf8))
    }

    static var typeName: String { "a pattern of key names such as steam-trap:*" }

    static func read(_ value: PlanValue) throws(ValueError) -> KeyPattern {
        let text = try scalar(value)
        guard !text.isEmpty, text.utf8.count <= RedisActionLimits.patternBytes else {
            throw ValueError("a pattern has between 1 and \(RedisActionLimits.patternBytes) bytes")
        }
        return KeyPattern(text)
    }

    var written: String { text }
    var bytes: [UInt8] { Array(text.utf8) }

    /// True where no byte is fixed: `*`, `**`, `?*`, `[^x]*`.
    var isAnything: Bool {
        tokens.allSatisfy { token in
            if case .byte = token { return false }
            return true
        }
    }

    /// In time proportional to both lengths at worst: only the last `*` is ever tried again.
    func matches(_ key: [UInt8]) -> Bool {
        var token = 0
        var position = 0
        var retry: (token: Int, position: Int)?
        while position < key.count {
            if token < tokens.count, tokens[token] == .many {
                retry = (token + 1, position)
                token += 1
            } else if token < tokens.count, Self.fits(tokens[token], key[position]) {
                token += 1
                position += 1
            } else if let last = retry {
                retry = (last.token, last.position + 1)
                (token, position) = (last.token, last.position + 1)
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .many }
    }

    private static func fits(_ token: Token, _ byte: UInt8) -> Bool {
        switch token {
        case .byte(let wanted): wanted == byte
        case .any, .many: true
        case .set(let ranges, let negated): ranges.contains { $0.contains(byte) } != negated
        }
    }

    private static func tokens(_ pattern: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var rest = pattern[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "*"): if tokens.last != .many { tokens.append(.many) }
            case UInt8(ascii: "?"): tokens.append(.any)
            case UInt8(ascii: "["): tokens.append(set(&rest))
            case UInt8(ascii: "\\"): tokens.append(.byte(rest.popFirst() ?? byte))
            default: tokens.append(.byte(byte))
            }
        }
        return tokens
    }

    /// What stands between the brackets; as in the server, a missing `]` is thought at the end.
    private static func set(_ rest: inout ArraySlice<UInt8>) -> Token {
        var ranges: [ClosedRange<UInt8>] = []
        let negated = rest.first == UInt8(ascii: "^")
        if negated { rest.removeFirst() }
        while let byte = rest.popFirst(), byte != UInt8(ascii: "]") {
            if byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() {
                ranges.append(escaped...escaped)
            } else if rest.first == UInt8(ascii: "-"), rest.count >= 2 {
                rest.removeFirst()
                let end = rest.removeFirst()
                ranges.append(min(byte, end)...max(byte, end))
            } else {
                ranges.append(byte...byte)
            }
        }
        return .set(ranges: ranges, negated: negated)
    }
}
