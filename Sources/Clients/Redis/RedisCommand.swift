/// A command with its arguments. Arguments are bytes: a key may hold any.
public struct RedisCommand: Hashable, Sendable {
    public let words: [[UInt8]]

    public init(_ name: String, _ arguments: String...) {
        words = ([name] + arguments).map { Array($0.utf8) }
    }

    public init(words: [[UInt8]]) { self.words = words }

    /// `GET`, or with its subcommand where the command has them: `OBJECT IDLETIME`.
    public var name: String {
        let first = Self.text(words.first).uppercased()
        guard Self.containers.contains(first), words.count > 1 else { return first }
        return "\(first) \(Self.text(words[1]).uppercased())"
    }

    /// As a person would type it, long words cut.
    public var description: String {
        let shown = words.prefix(RedisLimits.evidenceWords).map { word in
            let text = Self.readable(word.prefix(RedisLimits.evidenceWord))
            return word.count > RedisLimits.evidenceWord ? text + "…" : text
        }
        let rest = words.count - shown.count
        return shown.joined(separator: " ") + (rest > 0 ? " … (\(rest) more)" : "")
    }

    /// Commands whose second word says what they do.
    private static let containers: Set<String> = [
        "ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG", "FUNCTION", "LATENCY", "MEMORY", "MODULE", "OBJECT",
        "PUBSUB", "SCRIPT", "SLOWLOG", "XGROUP", "XINFO",
    ]

    private static func text(_ word: [UInt8]?) -> String { String(decoding: word ?? [], as: UTF8.self) }

    private static func readable(_ word: ArraySlice<UInt8>) -> String {
        let text = String(decoding: word, as: UTF8.self)
        let plain =
            !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value > 32 && $0.value != 34 && $0.value != 127 }
        return plain ? text : text.debugDescription
    }

    /// Appends the command in the protocol's form.
    func encode(into buffer: inout [UInt8]) {
        Self.encode(UInt8(ascii: "*"), words.count, into: &buffer)
        for word in words {
            Self.encode(UInt8(ascii: "$"), word.count, into: &buffer)
            buffer += word
            buffer.append(13)
            buffer.append(10)
        }
    }

    /// A pass over the keys writes millions of these: no text is made of the number.
    private static func encode(_ type: UInt8, _ count: Int, into buffer: inout [UInt8]) {
        buffer.append(type)
        var power = 1
        while power <= count / 10 { power *= 10 }
        while power > 0 {
            buffer.append(48 + UInt8(count / power % 10))
            power /= 10
        }
        buffer.append(13)
        buffer.append(10)
    }
}

extension RedisCommand {
    /// True where the command alters nothing, whatever its arguments: what a looking access may send.
    public var isReadOnly: Bool { Self.readOnly.contains(name) }

    /// A list of what may, never of what may not: a command that nobody thought of is refused.
    private static let readOnly: Set<String> = [
        "ACL WHOAMI", "BITCOUNT", "CLIENT GETNAME", "CLIENT ID", "CLUSTER NODES", "CONFIG GET", "DBSIZE", "ECHO",
        "EXISTS", "EXPIRETIME",
        "GET", "GETRANGE", "HGET", "HGETALL", "HLEN", "HSCAN", "INFO", "LASTSAVE", "LATENCY LATEST", "LLEN", "LRANGE",
        "MEMORY MALLOC-STATS", "MEMORY STATS", "MEMORY USAGE", "MGET", "OBJECT ENCODING", "OBJECT FREQ",
        "OBJECT IDLETIME", "OBJECT REFCOUNT",
        "PEXPIRETIME", "PING", "PTTL", "RANDOMKEY", "ROLE", "SCAN", "SCARD", "SISMEMBER", "SLOWLOG GET", "SLOWLOG LEN",
        "SMEMBERS", "SSCAN", "STRLEN", "TIME", "TTL", "TYPE", "XLEN", "ZCARD", "ZRANGE", "ZSCAN", "ZSCORE",
    ]
}
