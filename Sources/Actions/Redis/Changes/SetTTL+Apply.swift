import ClientRedis
import Host
import Maintenance

extension SetTTL: RepairableChange, UndoableChange {
    /// When the unit's work was about to begin.
    struct Baseline: Codable, Hashable, Sendable {
        /// By the server's clock: what the keys' lives are counted from.
        let at: Instant
    }

    func prepare(_ unit: WorkUnit, _ access: RedisAccess, in context: Context) async throws -> Baseline {
        Baseline(at: try await access.time())
    }

    func apply(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        let base = try await base(baseline, access)
        try await choice.change(unit, conditions, by: Self.script, access, in: context) {
            String(expiry(of: $0, from: base))
        }
    }

    /// It can be done again: what has an expiry keeps it, and every key is looked at again.
    func repair(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }

    /// Long after a crash no key may be given a moment that is near or gone by: then lives are counted from now.
    private func base(_ baseline: Baseline, _ access: RedisAccess) async throws -> Instant {
        let now = try await access.time()
        let late = now - baseline.at
        return late >= .zero && late <= min(timeToLive / 10, RedisActionLimits.lateness) ? baseline.at : now
    }

    /// Takes the expiry off again where it is, to the millisecond, the one that we set.
    func undo(_ unit: WorkUnit, since baseline: Baseline, _ access: RedisAccess, in context: Context) async throws {
        guard try await access.keyspace().isAtLeast(7) else {
            throw ChangeFailed(
                .notSupported,
                "\(access.identity) is older than version 7 and does not say when a key expires: what is ours cannot "
                    + "be told from others', so it is left.")
        }
        // Whatever else became of them: to set an expiry is to use a key.
        let expiring = KeyConditions(expiry: .expiring, type: nil, idleSeconds: nil, moreThanBytes: nil)
        try await choice.change(unit, expiring, by: Self.undoScript, access, in: context) {
            String(expiry(of: $0, from: baseline.at))
        }
        access.receipts.forget(context.work(unit))
    }

    static let undoScript = KeyConditions.script(
        "call('PEXPIRETIME', key) == tonumber(value) and call('PERSIST', key) or 5")
}
