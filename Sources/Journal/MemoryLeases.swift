public import Host
import Synchronization

/// Leases that live as long as the process, for tests and simulation.
public final class MemoryLeases: Leases {
    private struct Table {
        var leases: [String: Lease] = [:]
        var token: Int64 = 0

        mutating func grant(_ name: String, _ node: String, until: Instant) -> Lease {
            token += 1
            let lease = Lease(name: name, node: node, token: token, expiresAt: until)
            leases[name] = lease
            return lease
        }

        func has(_ fence: Fence, at now: Instant) -> Bool {
            leases[fence.name].map { $0.fence == fence && now < $0.expiresAt } ?? false
        }
    }

    private let table = Mutex(Table())
    private let host: Host

    public init(host: Host) { self.host = host }

    public func acquire(_ name: String, by node: String, for time: Duration) async throws(JournalError) -> LeaseAnswer {
        let now = host.now()
        return table.withLock { table in
            if let other = table.leases[name], now < other.expiresAt, other.node != node {
                return .held(other, left: other.expiresAt - now)
            }
            return .granted(table.grant(name, node, until: now + time))
        }
    }

    public func renew(_ fences: [Fence], for time: Duration) async throws(JournalError) -> Set<Fence> {
        let now = host.now()
        return table.withLock { table in
            let held = fences.filter { table.has($0, at: now) }
            for fence in held {
                table.leases[fence.name] = Lease(
                    name: fence.name, node: fence.node, token: fence.token, expiresAt: now + time)
            }
            return Set(held)
        }
    }

    public func release(_ fences: [Fence]) async throws(JournalError) {
        table.withLock { table in
            for fence in fences where table.leases[fence.name]?.fence == fence { table.leases[fence.name] = nil }
        }
    }

    public func leases() async throws(JournalError) -> [Lease] {
        let now = host.now()
        return table.withLock { table in
            table.leases.values.filter { now < $0.expiresAt }.sorted { $0.name < $1.name }
        }
    }

    public func takeOver(limit: Int, by node: String, for time: Duration) async throws(JournalError) -> [Lease] {
        let now = host.now()
        return table.withLock { table in
            let free = table.leases.values.filter { $0.expiresAt <= now }.sorted { $0.token < $1.token }
            return free.prefix(max(0, limit)).map { table.grant($0.name, node, until: now + time) }
        }
    }

    public func awaitChange(within time: Duration) async { try? await host.sleep(time) }

    /// Does the work while none of the leases can change hands.
    func holding<Value>(
        _ fences: [Fence], _ work: () throws(JournalError) -> Value
    ) throws(JournalError) -> Value {
        let now = host.now()
        return try table.withLock { table throws(JournalError) in
            for fence in fences where !table.has(fence, at: now) { throw .stale(fence.name) }
            return try work()
        }
    }
}
