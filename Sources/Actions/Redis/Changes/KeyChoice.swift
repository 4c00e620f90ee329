import ClientRedis
import Maintenance

/// Which keys a change works on, as a plan says it.
struct KeyChoice: Sendable {
    var pattern = KeyPattern("")
    var except: [KeyPattern] = []
    var type: KeyType?
    var idleLongerThan: Duration?
    var largerThan: ByteCount?
    var batch = 1000
    var pace = 10_000
    var allKeys = false

    static let parameters: [Parameter<KeyChoice>] = [
        .required("pattern", \.pattern, "Which keys, with Redis's own wildcards: `*`, `?`, `[abc]`, `\\` before one."),
        .optional("except", \.except, default: [], "Patterns of keys that are left alone."),
        .optional("type", \.type, default: nil, "Only keys whose value is of this type."),
        .optional(
            "idle-longer-than", \.idleLongerThan, default: nil,
            "Only keys that nobody read or wrote for this long; not where the server evicts by frequency (LFU)."),
        .optional(
            "larger-than", \.largerThan, default: nil, "Only keys that take more memory, as MEMORY USAGE estimates it."),
        .optional("batch", \.batch, default: 1000, "Keys that are worked on and proven together, at most 10,000."),
        .optional(
            "pace", \.pace, default: 10_000, "Keys a second at most; it is less while the server's answers slow down."),
        .optional("all-keys", \.allKeys, default: false, "Allows a pattern that fits every key, such as `*`."),
    ]

    func validate() throws(ValueError) {
        if pattern.isAnything, !allKeys {
            throw ValueError(
                "`\(pattern.text)` fits every key of the database: give the keys a prefix, or say `all-keys: true`",
                path: ["pattern"])
        }
        guard (1...RedisActionLimits.unitKeys).contains(batch) else {
            throw ValueError("a batch has between 1 and \(RedisActionLimits.unitKeys) keys", path: ["batch"])
        }
        guard pace > 0 else { throw ValueError("the pace is at least 1 key a second", path: ["pace"]) }
        if let idleLongerThan, idleLongerThan < .seconds(1) {
            throw ValueError("the server counts idle time in whole seconds: at least 1s", path: ["idle-longer-than"])
        }
    }

    func conditions(_ expiry: KeyConditions.Expiry) -> KeyConditions {
        KeyConditions(
            expiry: expiry, type: type, idleSeconds: idleLongerThan.map { max(1, $0.components.seconds) },
            moreThanBytes: largerThan?.bytes)
    }

    /// True where the pattern and its exceptions give this key.
    func includes(_ key: [UInt8]) -> Bool { pattern.matches(key) && !except.contains { $0.matches(key) } }

    /// The planned names as keys; a journal that was tampered with cannot lead beyond the pattern.
    func keys(_ unit: WorkUnit) throws -> [[UInt8]] {
        try unit.items.map { name in
            guard let key = KeyName.bytes(name), includes(key) else {
                throw CouldNotLook(
                    .malformed, "The unit \(unit.id) holds a name that the pattern does not match: make a new plan.")
            }
            return key
        }
    }

    func units(_ names: [String]) -> [WorkUnit] {
        stride(from: 0, to: names.count, by: batch).enumerated().map { number, start in
            let items = Array(names[start..<min(start + batch, names.count)])
            return WorkUnit(
                id: "keys-\(number + 1)",
                title: "\(items.count) keys from \(KeyName.shown(items[0]))",
                size: Double(items.count),
                expected: .milliseconds(100 + Int64(Double(items.count) / Double(pace) * 1000)), items: items)
        }
    }
}

extension KeyChoice {
    /// Has a script work on the unit's keys, some at a time and at the pace, and keeps what the servers say that they did.
    func change(
        _ unit: WorkUnit, _ conditions: KeyConditions, by script: String, _ access: RedisAccess, in context: Context,
        value: (([UInt8]) -> String)? = nil
    ) async throws {
        let keys = try keys(unit)
        var done = 0
        for share in try await access.keyspace().shares(of: keys) {
            var pace = try await Pace.begin(pace, share.server, in: context)
            for calls in share.calls(of: RedisActionLimits.scriptKeys) {
                let indices = calls.joined().map(\.self)
                let places = Dictionary(uniqueKeysWithValues: zip(indices, indices.indices))
                let some = indices.map { keys[$0] }
                let states = try await conditions.change(
                    some, together: calls.map { $0.compactMap { places[$0] } }, by: script,
                    values: value.map { some.map($0) } ?? [], share.server)
                access.receipts.note(zip(indices, states).filter { $1 == .satisfies }.map(\.0), of: context.work(unit))
                done += some.count
                context.progress(Progress(done: Double(done), total: Double(keys.count), unit.title))
                try await pace.after(some.count)
            }
        }
    }
}

extension RedisKeyspace.Share {
    /// Its keys by calls, so many at once: what may not be in one call is in several.
    fileprivate func calls(of most: Int) -> [[[Int]]] {
        var batches: [[[Int]]] = [[]]
        var room = most
        for group in together {
            for start in stride(from: 0, to: group.count, by: most) {
                let some = Array(group[start..<min(start + most, group.count)])
                if some.count > room {
                    batches.append([])
                    room = most
                }
                batches[batches.count - 1].append(some)
                room -= some.count
            }
        }
        return batches
    }
}

/// The rights that a change of keys needs, whatever it does to them. One right a line; HELLO and AUTH need none.
extension KeyChoice {
    var rights: [Right] {
        let keys = Right.keys(pattern.text)
        var rights = [
            Right.redis(.look, "+select", "to use the database that the target names"),
            .redis(.look, "+scan", "to find the keys"),
            .redis(.look, "+pttl", "to see which keys expire and which are left"),
            .redis(.look, "+time", "to note when the work was begun, by the server's clock"),
            .redis(.look, "+ping", "to measure whether the work is felt"),
            .redis(.look, Right.quoted("%R~\(pattern.text)"), "to look at these keys (before Redis 7: \(keys))"),
            .redis(.change, "+select", "to use the database that the target names"),
            .redis(.change, "+eval", "to look again and change in one moment"),
            .redis(.change, "+pttl", "to look again, inside the script, which keys expire"),
            .redis(.change, "+ping", "to measure whether the work is felt"),
            .redis(.change, keys, "to change these keys and no other"),
        ]
        for purpose in [Purpose.look, .change] {
            if type != nil { rights.append(.redis(purpose, "+type", "to leave keys of another type alone")) }
            if idleLongerThan != nil {
                rights.append(.redis(purpose, "+object|idletime", "to leave keys in use alone"))
            }
            if largerThan != nil { rights.append(.redis(purpose, "+memory|usage", "to leave small keys alone")) }
        }
        return rights
    }
}

extension Right {
    static func keys(_ pattern: String) -> String { quoted("~\(pattern)") }

    /// As redis-cli reads a word.
    static func quoted(_ word: String) -> String {
        guard word.contains(where: { " \"'\\".contains($0) }) else { return word }
        let escaped = word.flatMap { $0 == "\\" || $0 == "\"" ? ["\\", $0] : [$0] }
        return "\"\(String(escaped))\""
    }
}
