import ClientRedis
import Host
import Maintenance

extension DeletePattern: RepairableChange {
    /// The unit's keys as they were when its work was about to begin.
    struct Baseline: Codable, Hashable, Sendable {
        /// By the server's clock.
        let at: Instant
        /// Keys that were gone before, by their place in the unit.
        let gone: [Int]
        /// Keys that were there and not as the plan wants them.
        let unfit: [Int]
    }

    func prepare(_ unit: WorkUnit, _ access: RedisAccess, in context: Context) async throws -> Baseline {
        let space = try await access.keyspace()
        let at = try await access.time()
        let states = try await conditions.states(of: try choice.keys(unit), space)
        return Baseline(
            at: at, gone: states.indices.filter { states[$0] == .gone },
            unfit: states.indices.filter { states[$0] != .gone && states[$0] != .satisfies })
    }

    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        // The server says by 1 that there was a key and that it deleted it.
        try await choice.change(unit, conditions, by: Self.script, access, in: context)
    }

    /// The deletion can be done again: what is gone stays gone, and every key is looked at again.
    func repair(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }
}

extension Context {
    /// The name of a unit's work for the receipts.
    func work(_ unit: WorkUnit) -> String { "\(label.run)/\(label.step)/\(unit.id)" }
}
