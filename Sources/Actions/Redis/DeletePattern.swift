import ClientRedis
import Maintenance

/// Deletes the keys of a pattern: planned by name, paced, each one's conditions looked at again in the moment of its
/// deletion.
struct DeletePattern: Change {
    typealias Kind = RedisKind

    var choice = KeyChoice()
    var onlyExpiring = true

    static let declaration = Declaration(
        name: "redis.delete-pattern",
        summary: "Deletes the keys that match a pattern, and proves that none of them is left and no other is gone.",
        measurements: [
            MeasurementDeclaration("matched", .count, "Keys that matched when the plan was made.", aggregate: .last),
            MeasurementDeclaration("planned", .count, "Keys that the plan deletes.", aggregate: .last),
            MeasurementDeclaration(
                "spared", .count,
                "Keys that matched and are kept: excepted, without expiry, of another type, in use, smaller.",
                aggregate: .last),
            MeasurementDeclaration("keys", .count, "Keys that were deleted."),
            MeasurementDeclaration("kept", .count, "Planned keys that stayed, for they had changed meanwhile."),
            MeasurementDeclaration("expired", .count, "Planned keys that had gone by themselves before."),
            MeasurementDeclaration("remade", .count, "Keys that somebody made anew after they were deleted."),
        ],
        timeout: .seconds(120),
        applies: "Redis and servers that speak its protocol, version 4 and later; in a cluster all primaries,"
            + " whose user needs `+cluster|nodes` besides.",
        example: """
            pattern: "steam-trap:*"
            except: ["steam-trap:lock:*"]
            idle-longer-than: 10m
            """, limits: ["keys"])

    static let parameters: [Parameter<DeletePattern>] =
        KeyChoice.parameters.map { $0.inside(\.choice) } + [
            .optional(
                "only-expiring", \.onlyExpiring, default: true,
                "Keeps keys without a time to live: what never expires may be more than a cache. `false` is destructive."
            )
        ]

    init() {}

    var impact: Impact { onlyExpiring ? .online : .destructive }

    var conditions: KeyConditions { choice.conditions(onlyExpiring ? .expiring : .any) }

    static let script = KeyConditions.script("call('UNLINK', key)")

    func validate() throws(ValueError) { try choice.validate() }

    var rights: [Right] { choice.rights + [.redis(.change, "+unlink", "to delete")] }

    func preview(_ access: RedisAccess, in context: Context) async throws -> Preview {
        try await KeyPlan.make(choice, conditions, access, in: context)
            .preview(choice, access.identity, would: "be deleted", script: Self.script)
    }
}
