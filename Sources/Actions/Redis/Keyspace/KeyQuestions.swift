import ClientRedis
import Maintenance

/// What is asked of each key. Each costs the server a command a key.
enum KeyFact: String, WordValue { case type, bytes, ttl, idle }

/// What the server said of a key; `nil` is what it was not asked.
struct KeyFacts {
    var type: [UInt8]?
    var bytes: Int64?
    /// In milliseconds; -1 of a key that never expires.
    var ttl: Int64?
    /// In seconds; where the server evicts by frequency, how often the key is used, on its logarithmic scale.
    var idle: Int64?
}

/// The commands that ask it, and the answers to them.
struct KeyQuestions {
    let facts: [KeyFact]
    /// True where the server counts uses in the place of idle time.
    let countsUses: Bool
    let samples: Int

    var questions: [RedisSurvey.Question] {
        facts.map { fact in
            switch fact {
            case .type: .init("TYPE")
            case .ttl: .init("PTTL")
            case .idle: countsUses ? .init("OBJECT", "FREQ") : .init("OBJECT", "IDLETIME")
            case .bytes: .init("MEMORY", "USAGE", after: ["SAMPLES", String(samples)])
            }
        }
    }

    /// `nil` where the key has gone meanwhile.
    func facts(_ answers: ArraySlice<RedisValue>, of key: [UInt8], _ access: RedisAccess) throws -> KeyFacts? {
        var found = KeyFacts()
        for (fact, reply) in zip(facts, answers) {
            switch (fact, reply) {
            case (.type, .bytes(let type)):
                if type == Self.none { return nil }
                found.type = type
            case (.ttl, .number(let ttl)) where ttl >= -2:
                if ttl == -2 { return nil }
                found.ttl = ttl
            case (.idle, .number(let idle)) where idle >= 0: found.idle = idle
            case (.bytes, .number(let bytes)) where bytes >= 0: found.bytes = bytes
            case (.idle, .null), (.bytes, .null): return nil
            case (_, _):
                let command = RedisCommand(words: command(fact, key))
                _ = try access.value(reply, of: command)
                throw access.malformed(command)
            }
        }
        return found
    }

    private func command(_ fact: KeyFact, _ key: [UInt8]) -> [[UInt8]] {
        let index = facts.firstIndex(of: fact) ?? 0
        return questions[index].command(key).words
    }

    private static let none = Array("none".utf8)
}
