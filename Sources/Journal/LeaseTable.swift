package import Host

/// Leases as a store keeps them, by its own clock.
package struct LeaseTable {
    package private(set) var leases: [String: Lease] = [:]
    private var token: Int64 = 0

    package init() {}

    package mutating func grant(_ name: String, _ node: String, until: Instant) -> Lease {
        token += 1
        let lease = Lease(name: name, node: node, token: token, expiresAt: until)
        leases[name] = lease
        return lease
    }

    package func has(_ fence: Fence, at now: Instant) -> Bool {
        leases[fence.name].map { $0.fence == fence && now < $0.expiresAt } ?? false
    }

    package mutating func renew(_ fence: Fence, until: Instant) {
        leases[fence.name] = Lease(name: fence.name, node: fence.node, token: fence.token, expiresAt: until)
    }

    /// False where it is another's by now.
    @discardableResult
    package mutating func release(_ fence: Fence) -> Bool {
        guard leases[fence.name]?.fence == fence else { return false }
        leases[fence.name] = nil
        return true
    }

    /// Those that ran out and nobody gave back, the oldest first.
    package func free(at now: Instant) -> [Lease] {
        leases.values.filter { $0.expiresAt <= now }.sorted { $0.token < $1.token }
    }

    package mutating func removeAll() { leases = [:] }
}
