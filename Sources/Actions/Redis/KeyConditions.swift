import ClientRedis
import Maintenance

/// The types that a key's value can have.
enum KeyType: String, WordValue { case string, list, set, zset, hash, stream }

/// What a key must be like to be deleted. It is looked at when the plan is made, and again by the server itself in the
/// moment of the deletion.
struct KeyConditions: Hashable, Sendable {
    let onlyExpiring: Bool
    let type: KeyType?
    let idleSeconds: Int64?

    /// How a key stands to the conditions. The numbers are what the script answers.
    enum State: Int64, Hashable, Sendable, CaseIterable {
        case gone = 0
        case satisfies = 1
        case persistent = 2
        case otherType = 3
        case inUse = 4
    }

    /// What is asked of each key by a look.
    func questions(_ key: [UInt8]) -> [RedisCommand] {
        var commands = [RedisCommand(words: [Array("PTTL".utf8), key])]
        if type != nil { commands.append(RedisCommand(words: [Array("TYPE".utf8), key])) }
        if idleSeconds != nil {
            commands.append(RedisCommand(words: [Array("OBJECT".utf8), Array("IDLETIME".utf8), key]))
        }
        return commands
    }

    var questionsPerKey: Int { 1 + (type == nil ? 0 : 1) + (idleSeconds == nil ? 0 : 1) }

    /// How each key stands now. The answers to one key come one after the other, and are no single moment.
    func states(of keys: some Collection<[UInt8]>, _ access: RedisAccess) async throws -> [State] {
        let commands = keys.flatMap(questions)
        let replies = try await access.send(commands)
        var states: [State] = []
        states.reserveCapacity(keys.count)
        for start in stride(from: 0, to: replies.count, by: questionsPerKey) {
            states.append(try state(commands, replies, at: start, access))
        }
        return states
    }

    private func state(
        _ commands: [RedisCommand], _ replies: [RedisValue], at start: Int, _ access: RedisAccess
    ) throws -> State {
        var next = start
        func answer() throws -> (RedisCommand, RedisValue) {
            defer { next += 1 }
            return (commands[next], try access.value(replies[next], of: commands[next]))
        }
        let (command, reply) = try answer()
        guard let remaining = reply.asNumber, remaining >= -2 else { throw access.malformed(command) }
        if remaining == -2 { return .gone }
        if onlyExpiring, remaining == -1 { return .persistent }
        if let type {
            let (command, reply) = try answer()
            guard let found = reply.asText else { throw access.malformed(command) }
            if found == "none" { return .gone }
            if found != type.rawValue { return .otherType }
        }
        if let idleSeconds {
            let (command, reply) = try answer()
            if reply == .null { return .gone }
            guard let idle = reply.asNumber else { throw access.malformed(command) }
            if idle < idleSeconds { return .inUse }
        }
        return .satisfies
    }

    /// Deletes those of the keys that are as they must be; what became of each, in order.
    func delete(_ keys: some Collection<[UInt8]>, _ access: RedisAccess) async throws -> [State] {
        let arguments = [onlyExpiring ? "1" : "0", type?.rawValue ?? "", idleSeconds.map(String.init) ?? ""]
        let command = RedisCommand(
            words: [Array("EVAL".utf8), Array(Self.script.utf8), Array(String(keys.count).utf8)] + keys
                + arguments.map { Array($0.utf8) })
        guard case .list(let answers) = try await access.ask(command), answers.count == keys.count else {
            throw access.malformed(command)
        }
        return try answers.map { answer in
            guard let state = answer.asNumber.flatMap(State.init) else { throw access.malformed(command) }
            return state
        }
    }

    /// Runs in one moment of the server: between the look at a key and its deletion nobody else gets a word in.
    ///
    /// Redis 6 and 7.0 do not say which command of a script they refuse, so the script remembers.
    static let script = """
        local states, asked = {}, ''
        local function call(...)
          asked = string.lower(select(1, ...))
          return redis.call(...)
        end
        local done, problem = pcall(function()
          for i, key in ipairs(KEYS) do
            local remaining = call('PTTL', key)
            if remaining == -2 then states[i] = 0
            elseif ARGV[1] == '1' and remaining == -1 then states[i] = 2
            elseif ARGV[2] ~= '' and call('TYPE', key).ok ~= ARGV[2] then states[i] = 3
            elseif ARGV[3] ~= '' and call('OBJECT', 'IDLETIME', key) < tonumber(ARGV[3]) then states[i] = 4
            else states[i] = call('UNLINK', key) end
          end
        end)
        if done then return states end
        local said = type(problem) == 'table' and problem.err or tostring(problem)
        if string.find(said, "can't run this command", 1, true) then
          if asked == 'object' then asked = 'object|idletime' end
          said = "NOPERM no permissions to run the '" .. asked .. "' command"
        end
        return redis.error_reply(said)
        """
}
