import Maintenance

/// One pass over the keys, page by page. The pass is one piece of evidence, noted when it ends.
public struct RedisScan: Sendable {
    public let pattern: [UInt8]
    /// How many entries the server visits for a page: the bound of how long it holds up others.
    public let count: Int
    private var cursor: [UInt8]? = Array("0".utf8)
    private var pages = 0
    private var keys = 0
    private var answer: [UInt8] = []

    public init(pattern: [UInt8], count: Int) {
        self.pattern = pattern
        self.count = count
    }

    /// The next page, which may be empty; nil after the last. A key may come more than once, and one that is there from
    /// beginning to end comes at least once.
    public mutating func next(_ access: RedisAccess) async throws -> [[UInt8]]? {
        guard let cursor else { return nil }
        let command = RedisCommand(words: [
            Array("SCAN".utf8), cursor, Array("MATCH".utf8), pattern, Array("COUNT".utf8), Array(String(count).utf8),
        ])
        let reply = try access.value(await access.sendUnnoted([command]).first, of: command)
        guard case .list(let parts) = reply, parts.count == 2, case .bytes(let following) = parts[0],
            case .list(let items) = parts[1], !following.isEmpty, following.count <= 20
        else { throw access.malformed(command) }
        var page: [[UInt8]] = []
        page.reserveCapacity(items.count)
        for item in items {
            guard case .bytes(let key) = item else { throw access.malformed(command) }
            page.append(key)
        }
        pages += 1
        keys += page.count
        parts[1].render(into: &answer, limit: RedisLimits.evidenceBytes)
        self.cursor = following == Array("0".utf8) ? nil : following
        if self.cursor == nil { note(access, command) }
        return page
    }

    private func note(_ access: RedisAccess, _ command: RedisCommand) {
        access.context.evidence.note(
            source: access.identity, statement: "\(command.description), \(pages) pages to the end",
            answer: Array("\(keys) keys, repeats included\n".utf8) + answer)
    }
}
