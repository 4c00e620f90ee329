import ClientRedis
import Maintenance

/// Deletes the keys of a pattern: planned by name, paced, each one's conditions looked at again in the moment of its
/// deletion.
struct DeletePattern: Change {
    typealias Kind = RedisKind

    var pattern = KeyPattern("")
    var except: [KeyPattern] = []
    var type: KeyType?
    var onlyExpiring = true
    var idleLongerThan: Duration?
    var batch = 1000
    var pace = 10_000
    var allKeys = false

    static let declaration = Declaration(
        name: "redis.delete-pattern",
        summary: "Deletes the keys that match a pattern, and proves that none of them is left and no other is gone.",
        measurements: [
            MeasurementDeclaration("matched", .count, "Keys that matched when the plan was made.", aggregate: .last),
            MeasurementDeclaration("planned", .count, "Keys that the plan deletes.", aggregate: .last),
            MeasurementDeclaration(
                "spared", .count, "Keys that matched and are kept: excepted, without expiry, of another type, in use.",
                aggregate: .last),
            MeasurementDeclaration("keys", .count, "Keys that were deleted."),
            MeasurementDeclaration("kept", .count, "Planned keys that stayed, for they had changed meanwhile."),
            MeasurementDeclaration("expired", .count, "Planned keys that had gone by themselves before."),
            MeasurementDeclaration("remade", .count, "Keys that somebody made anew after they were deleted."),
        ],
        timeout: .seconds(120),
        applies: "Redis and servers that speak its protocol, version 4 and later, without cluster mode.",
        example: """
            pattern: "steam-trap:*"
            except: ["steam-trap:lock:*"]
            idle-longer-than: 10m
            """, limits: ["keys"])

    static let parameters: [Parameter<DeletePattern>] = [
        .required("pattern", \.pattern, "Which keys, with Redis's own wildcards: `*`, `?`, `[abc]`, `\\` before one."),
        .optional("except", \.except, default: [], "Patterns of keys that are kept."),
        .optional("type", \.type, default: nil, "Only keys whose value is of this type."),
        .optional(
            "only-expiring", \.onlyExpiring, default: true,
            "Keeps keys without a time to live: what never expires may be more than a cache. `false` is destructive."),
        .optional(
            "idle-longer-than", \.idleLongerThan, default: nil,
            "Only keys that nobody read or wrote for this long; not where the server evicts by frequency (LFU)."),
        .optional("batch", \.batch, default: 1000, "Keys that are deleted and proven together, at most 10,000."),
        .optional(
            "pace", \.pace, default: 10_000, "Keys a second at most; it is less while the server's answers slow down."),
        .optional("all-keys", \.allKeys, default: false, "Allows a pattern that fits every key, such as `*`."),
    ]

    init() {}

    var impact: Impact { onlyExpiring ? .online : .destructive }

    var conditions: KeyConditions {
        KeyConditions(
            onlyExpiring: onlyExpiring, type: type, idleSeconds: idleLongerThan.map { max(1, $0.components.seconds) })
    }

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

    /// One right a line, each of them needed. HELLO and AUTH need none.
    var rights: [Right] {
        func rule(_ purpose: Purpose, _ rule: String, _ reason: String) -> Right {
            Right("redis", purpose, "ACL SETUSER {role} \(rule)", reason: reason)
        }
        let keys = Self.quoted("~\(pattern.text)")
        var rights = [
            rule(.look, "+select", "to use the database that the target names"),
            rule(.look, "+scan", "to find the keys"),
            rule(.look, "+pttl", "to see which keys expire and which are left"),
            rule(.look, "+time", "to note when the plan was begun, by the server's clock"),
            rule(.look, "+ping", "to measure whether the work is felt"),
            rule(.look, Self.quoted("%R~\(pattern.text)"), "to look at these keys (before Redis 7: \(keys))"),
            rule(.change, "+select", "to use the database that the target names"),
            rule(.change, "+eval", "to look again and delete in one moment"),
            rule(.change, "+pttl", "to keep, inside the script, keys that no longer expire"),
            rule(.change, "+unlink", "to delete"),
            rule(.change, "+ping", "to measure whether the work is felt"),
            rule(.change, keys, "to delete these keys and no other"),
        ]
        for purpose in [Purpose.look, .change] {
            if type != nil { rights.append(rule(purpose, "+type", "to keep keys of another type")) }
            if idleLongerThan != nil {
                rights.append(rule(purpose, "+object|idletime", "to keep keys that are in use"))
            }
        }
        return rights
    }

    /// As redis-cli reads a word.
    private static func quoted(_ word: String) -> String {
        guard word.contains(where: { " \"'\\".contains($0) }) else { return word }
        let escaped = word.flatMap { $0 == "\\" || $0 == "\"" ? ["\\", $0] : [$0] }
        return "\"\(String(escaped))\""
    }
}
