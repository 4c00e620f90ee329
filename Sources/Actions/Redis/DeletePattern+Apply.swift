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
        _ = try await access.wholeServer()
        let at = try await access.time()
        let states = try await conditions.states(of: try keys(unit), access)
        return Baseline(
            at: at, gone: states.indices.filter { states[$0] == .gone },
            unfit: states.indices.filter { states[$0] != .gone && states[$0] != .satisfies })
    }

    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        _ = try await access.wholeServer()
        let keys = try keys(unit)
        let work = Self.work(unit, context)
        var pace = try await Pace.begin(pace, access, in: context)
        for start in stride(from: 0, to: keys.count, by: RedisActionLimits.scriptKeys) {
            let some = keys[start..<min(start + RedisActionLimits.scriptKeys, keys.count)]
            let states = try await conditions.delete(some, access)
            // The server says by 1 that there was a key and that it deleted it.
            access.receipts.note(zip(some.indices, states).filter { $1 == .satisfies }.map(\.0), of: work)
            context.progress(Progress(done: Double(some.endIndex), total: Double(keys.count), unit.title))
            try await pace.after(some.count)
        }
    }

    /// The deletion can be done again: what is gone stays gone, and every key is looked at again.
    func repair(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }

    /// The planned names as keys; a journal that was tampered with cannot lead beyond the pattern.
    func keys(_ unit: WorkUnit) throws -> [[UInt8]] {
        try unit.items.map { name in
            guard let key = KeyName.bytes(name), pattern.matches(key), !except.contains(where: { $0.matches(key) })
            else {
                throw CouldNotLook(
                    .malformed, "The unit \(unit.id) holds a name that the pattern does not match: make a new plan.")
            }
            return key
        }
    }

    /// The name of the work for the receipts.
    static func work(_ unit: WorkUnit, _ context: Context) -> String {
        "\(context.label.run)/\(context.label.step)/\(unit.id)"
    }
}
