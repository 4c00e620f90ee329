import ClientRedis
import Host
import Maintenance

/// Gives keys that never expire a time to live, and touches none that has one.
struct SetTTL: Change {
    typealias Kind = RedisKind

    var choice = KeyChoice()
    var timeToLive: Duration = .zero
    var spread: Duration?

    static let declaration = Declaration(
        name: "redis.set-ttl",
        summary: "Gives the keys of a pattern that never expire a time to live, and proves that none is without one.",
        measurements: [
            MeasurementDeclaration("matched", .count, "Keys that matched when the plan was made.", aggregate: .last),
            MeasurementDeclaration("planned", .count, "Keys that the plan gives an expiry.", aggregate: .last),
            MeasurementDeclaration(
                "spared", .count,
                "Keys that matched and are left alone: with an expiry, excepted, of another type, in use, smaller.",
                aggregate: .last),
            MeasurementDeclaration("keys", .count, "Keys that were given an expiry."),
            MeasurementDeclaration(
                "kept", .count, "Planned keys that were left alone, for they had changed meanwhile."),
            MeasurementDeclaration("gone", .count, "Planned keys that are not there any more."),
            MeasurementDeclaration("remade", .count, "Keys that somebody wrote again without an expiry after that."),
        ],
        timeout: .seconds(120),
        applies:
            "Redis and servers that speak its protocol, version 4 and later; in a cluster all primaries, whose user needs "
            + "`+cluster|nodes` besides. It can be taken back from version 7 on, which says when a key expires.",
        example: """
            pattern: "calculation:*"
            ttl: 24h
            except: ["calculation:pinned:*"]
            """, limits: ["keys"])

    static let parameters: [Parameter<SetTTL>] =
        KeyChoice.parameters.map { $0.inside(\.choice) } + [
            .required(
                "ttl", \.timeToLive,
                "How long the keys live from now on. Less than 1h is destructive: gone too soon "
                    + "to take it back."),
            .optional(
                "spread", \.spread, default: nil,
                "Each key lives up to this much longer, so that they do not expire at once; without it a tenth of `ttl`."
            ),
        ]

    init() {}

    var impact: Impact { timeToLive < .seconds(3600) ? .destructive : .online }

    var conditions: KeyConditions { choice.conditions(.none) }

    static let script = KeyConditions.script("call('PEXPIREAT', key, value)")

    func validate() throws(ValueError) {
        try choice.validate()
        guard timeToLive >= .seconds(60), timeToLive <= RedisActionLimits.timeToLive else {
            throw ValueError("a time to live is between 1m and 10 years", path: ["ttl"])
        }
        if let spread, spread > RedisActionLimits.timeToLive {
            throw ValueError("the spread is longer than 10 years", path: ["spread"])
        }
    }

    var rights: [Right] {
        choice.rights + [
            .redis(.look, "+pexpiretime", "to tell our expiry from another's (before Redis 7 not needed)"),
            .redis(.change, "+time", "to count the time to live from the server's clock"),
            .redis(.change, "+pexpireat", "to set the expiry"),
            .redis(.change, "+pexpiretime", "to take back only what is still ours"),
            .redis(.change, "+persist", "to take it back"),
        ]
    }

    func preview(_ access: RedisAccess, in context: Context) async throws -> Preview {
        var preview = try await KeyPlan.make(choice, conditions, access, in: context)
            .preview(choice, access.identity, would: "expire in \(timeToLive.shortText)", script: Self.script)
        if !preview.units.isEmpty {
            let last = (timeToLive + spreading).shortText
            preview.statements.append("each key's moment: \(timeToLive.shortText) to \(last) after its unit began")
        }
        return preview
    }

    private var spreading: Duration { spread ?? timeToLive / 10 }

    /// When a key expires: the same answer for as long as the base is the same, and another for each key.
    func expiry(of key: [UInt8], from base: Instant) -> Int64 {
        // FNV-1a, and a last stir, for its low bits follow a key's last byte too closely.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash ^= hash >> 32
        let room = UInt64(max(0, spreading.microseconds / 1000)) + 1
        return (base.microsecondsSinceEpoch + timeToLive.microseconds) / 1000 + Int64(hash % room)
    }
}
