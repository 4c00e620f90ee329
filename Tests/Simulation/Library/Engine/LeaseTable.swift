import Host
import Journal

/// Leases as a store keeps them.
struct LeaseTable {
    private(set) var leases: [String: Lease] = [:]
    private var token: Int64 = 0

    mutating func grant(_ name: String, _ node: String, until: Instant, keepsToken: Bool = false) -> Lease {
        if !keepsToken || leases[name] == nil { token += 1 }
        let lease = Lease(
            name: name, node: node, token: keepsToken ? leases[name]?.token ?? token : token, expiresAt: until)
        leases[name] = lease
        return lease
    }

    func has(_ fence: Fence, at now: Instant) -> Bool {
        leases[fence.name].map { $0.fence == fence && now < $0.expiresAt } ?? false
    }

    mutating func renew(_ fence: Fence, until: Instant) {
        leases[fence.name] = Lease(name: fence.name, node: fence.node, token: fence.token, expiresAt: until)
    }

    mutating func release(_ fence: Fence) {
        if leases[fence.name]?.fence == fence { leases[fence.name] = nil }
    }

    func free(at now: Instant) -> [Lease] {
        leases.values.filter { $0.expiresAt <= now }.sorted { $0.token < $1.token }
    }

    mutating func removeAll() { leases = [:] }
}
