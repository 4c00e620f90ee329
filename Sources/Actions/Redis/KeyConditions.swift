import ClientRedis
import Maintenance

/// The types that a key's value can have.
enum KeyType: String, WordValue { case string, list, set, zset, hash, stream }

/// What a key must be like to be changed. It is looked at when the plan is made, and again by the server itself in the
/// moment of the change.
struct KeyConditions: Hashable, Sendable {
    /// Which keys by their time to live; the words are what the script is given.
    enum Expiry: String, Hashable, Sendable { case any, expiring, none }

    let expiry: Expiry
    let type: KeyType?
    let idleSeconds: Int64?
    let moreThanBytes: Int64?

    /// How a key stands to the conditions. The numbers are what the script answers.
    enum State: Int64, Hashable, Sendable, CaseIterable {
        case gone = 0
        case satisfies = 1
        case persistent = 2
        case otherType = 3
        case inUse = 4
        case expiring = 5
        case small = 6
    }

    /// What is asked of each key by a look.
    private func questions(_ key: [UInt8]) -> [RedisCommand] {
        var commands = [RedisCommand("PTTL", on: key)]
        if type != nil { commands.append(RedisCommand("TYPE", on: key)) }
        if idleSeconds != nil { commands.append(RedisCommand("OBJECT", "IDLETIME", on: key)) }
        if moreThanBytes != nil { commands.append(RedisCommand("MEMORY", "USAGE", on: key)) }
        return commands
    }

    private var questionsPerKey: Int {
        1 + (type == nil ? 0 : 1) + (idleSeconds == nil ? 0 : 1) + (moreThanBytes == nil ? 0 : 1)
    }

    /// How each key stands now.
    func states(of keys: [[UInt8]], _ space: RedisKeyspace) async throws -> [State] {
        var states = Array(repeating: State.gone, count: keys.count)
        for share in space.shares(of: keys) {
            let some = try await self.states(of: share.indices.map { keys[$0] }, share.server)
            for (index, state) in zip(share.indices, some) { states[index] = state }
        }
        return states
    }

    /// The same of one server's keys. The answers to one key come one after the other, and are no single moment.
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
        if expiry == .expiring, remaining == -1 { return .persistent }
        if expiry == .none, remaining != -1 { return .expiring }
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
        if let moreThanBytes {
            let (command, reply) = try answer()
            if reply == .null { return .gone }
            guard let bytes = reply.asNumber else { throw access.malformed(command) }
            if bytes <= moreThanBytes { return .small }
        }
        return .satisfies
    }

    /// Has the script do its work on those of the keys that are as they must be; what became of each, in order. In a
    /// cluster a script touches keys of one slot alone, so that there are as many calls as slots, all sent at once.
    ///
    /// - Parameters:
    ///   - together: The places of the keys, those of one call in one list.
    ///   - values: one for each key, which the work finds as `value`.
    func change(
        _ keys: [[UInt8]], together: [[Int]], by script: String, values: [String] = [], _ access: RedisAccess
    ) async throws -> [State] {
        let fixed = [
            expiry.rawValue, type?.rawValue ?? "", idleSeconds.map(String.init) ?? "",
            moreThanBytes.map(String.init) ?? "",
        ]
        let commands = together.map { group in
            let arguments = fixed + (values.isEmpty ? [] : group.map { values[$0] })
            return RedisCommand(
                words: [Array("EVAL".utf8), Array(script.utf8), Array(String(group.count).utf8)]
                    + group.map { keys[$0] } + arguments.map { Array($0.utf8) })
        }
        var states = Array(repeating: State.gone, count: keys.count)
        for ((command, group), reply) in zip(zip(commands, together), try await access.send(commands)) {
            guard case .list(let answers) = try access.value(reply, of: command), answers.count == group.count else {
                throw access.malformed(command)
            }
            for (index, answer) in zip(group, answers) {
                guard let state = answer.asNumber.flatMap(State.init) else { throw access.malformed(command) }
                states[index] = state
            }
        }
        return states
    }

    /// Runs in one moment of the server: between the look at a key and what is done to it nobody else gets a word in.
    ///
    /// Redis 6 and 7.0 do not say which command of a script they refuse, so the script remembers.
    ///
    /// - Parameter work: what is done to `key`; it answers 1 where it was done.
    static func script(_ work: String) -> String {
        """
        local states, asked = {}, ''
        local function call(...)
          asked = string.lower(select(1, ...))
          return redis.call(...)
        end
        local done, problem = pcall(function()
          for i, key in ipairs(KEYS) do
            local remaining, value = call('PTTL', key), ARGV[i + 4]
            if remaining == -2 then states[i] = 0
            elseif ARGV[1] == 'expiring' and remaining == -1 then states[i] = 2
            elseif ARGV[1] == 'none' and remaining ~= -1 then states[i] = 5
            elseif ARGV[2] ~= '' and call('TYPE', key).ok ~= ARGV[2] then states[i] = 3
            elseif ARGV[3] ~= '' and call('OBJECT', 'IDLETIME', key) < tonumber(ARGV[3]) then states[i] = 4
            elseif ARGV[4] ~= '' and call('MEMORY', 'USAGE', key) <= tonumber(ARGV[4]) then states[i] = 6
            else states[i] = \(work) end
          end
        end)
        if done then return states end
        local said = type(problem) == 'table' and problem.err or tostring(problem)
        if string.find(said, "can't run this command", 1, true) then
          if asked == 'object' then asked = 'object|idletime' end
          if asked == 'memory' then asked = 'memory|usage' end
          said = "NOPERM no permissions to run the '" .. asked .. "' command"
        end
        return redis.error_reply(said)
        """
    }
}

extension RedisCommand {
    /// A command on one key, which may be any bytes.
    init(_ words: String..., on key: [UInt8]) { self.init(words: words.map { Array($0.utf8) } + [key]) }
}
