import Maintenance

/// One pass over the keys of a database, with questions to each key. The questions to a page go along with the request
/// for the next one: one round trip a page, and while one page is worked on, the server answers the next.
public struct RedisSurvey: Sendable {
    /// A command with a key in it.
    public struct Question: Hashable, Sendable {
        let before: [[UInt8]]
        let after: [[UInt8]]

        public init(_ before: String..., after: [String] = []) {
            self.before = before.map { Array($0.utf8) }
            self.after = after.map { Array($0.utf8) }
        }

        public func command(_ key: [UInt8]) -> RedisCommand { RedisCommand(words: before + [key] + after) }
    }

    /// Where a pass is: it goes on from here over any connection, as long as the server is the same process.
    public struct Place: Sendable {
        /// `nil` when all keys are found.
        let cursor: [UInt8]?
        /// Found, and not asked yet.
        let keys: [[UInt8]]

        public static let beginning = Place(cursor: Array("0".utf8), keys: [])
    }

    /// Keys and what the server answered to the questions: those of the first key, of the second, and so on.
    public struct Page: Sendable {
        public let keys: [[UInt8]]
        public let answers: ArraySlice<RedisValue>
    }

    public let pattern: [UInt8]?
    public let questions: [Question]

    public init(pattern: [UInt8]? = nil, questions: [Question]) {
        self.pattern = pattern
        self.questions = questions
    }

    /// Asks the keys of a place, and for the next ones; `nil` after the last. A key may come more than once; one that is
    /// there from beginning to end comes at least once.
    ///
    /// - Parameter count: How many entries the server visits for a page: the bound of how long it holds up others.
    public func step(_ place: Place, count: Int, _ access: RedisAccess) async throws -> (page: Page, next: Place?) {
        var commands: [RedisCommand] = []
        commands.reserveCapacity(place.keys.count * questions.count + 1)
        for key in place.keys {
            for question in questions { commands.append(question.command(key)) }
        }
        let asked = commands.count
        if let cursor = place.cursor { commands.append(scan(cursor, count: count)) }
        let replies = try await access.sendUnnoted(commands)
        let page = Page(keys: place.keys, answers: replies[..<asked])
        guard asked < commands.count else { return (page, nil) }
        return (page, try next(replies[asked], of: commands[asked], access))
    }

    /// What a person would type.
    public func scan(_ cursor: [UInt8] = Array("0".utf8), count: Int) -> RedisCommand {
        var words = [Array("SCAN".utf8), cursor]
        if let pattern { words += [Array("MATCH".utf8), pattern] }
        return RedisCommand(words: words + [Array("COUNT".utf8), Array(String(count).utf8)])
    }

    private func next(_ reply: RedisValue, of command: RedisCommand, _ access: RedisAccess) throws -> Place? {
        guard case .list(let parts) = try access.value(reply, of: command), parts.count == 2,
            case .bytes(let cursor) = parts[0], case .list(let items) = parts[1], (1...20).contains(cursor.count)
        else { throw access.malformed(command) }
        let keys = try items.map { item in
            guard case .bytes(let key) = item else { throw access.malformed(command) }
            return key
        }
        let isLast = cursor == Array("0".utf8)
        return isLast && keys.isEmpty ? nil : Place(cursor: isLast ? nil : cursor, keys: keys)
    }
}
