public import Host
import Synchronization

/// Leases that live as long as the process, for tests and simulation.
public final class MemoryLeases: Leases {
    private struct State {
        var table = LeaseTable()
        var places: [String: String] = [:]
    }

    private let state = Mutex(State())
    private let host: Host

    public init(host: Host) { self.host = host }

    public func acquire(
        _ name: String, place: String?, by node: String, for time: Duration
    ) async throws(JournalError) -> LeaseAnswer {
        let now = host.now()
        return state.withLock { state in
            if let other = state.table.leases[name], now < other.expiresAt, other.node != node {
                return .held(other, left: other.expiresAt - now)
            }
            state.places[name] = place ?? state.places[name]
            return .granted(state.table.grant(name, node, until: now + time))
        }
    }

    public func renew(_ fences: [Fence], for time: Duration) async throws(JournalError) -> Set<Fence> {
        let now = host.now()
        return state.withLock { state in
            let held = fences.filter { state.table.has($0, at: now) }
            for fence in held { state.table.renew(fence, until: now + time) }
            return Set(held)
        }
    }

    public func release(_ fences: [Fence]) async throws(JournalError) {
        state.withLock { state in
            for fence in fences where state.table.release(fence) { state.places[fence.name] = nil }
        }
    }

    public func leave(_ fences: [Fence]) async throws(JournalError) {
        let now = host.now()
        state.withLock { state in
            for fence in fences where state.table.has(fence, at: now) { state.table.renew(fence, until: now) }
        }
    }

    public func leases() async throws(JournalError) -> [Lease] {
        let now = host.now()
        return state.withLock { state in
            state.table.leases.values.filter { now < $0.expiresAt }.sorted { $0.name < $1.name }
        }
    }

    public func takeOver(
        at places: Set<String>, limit: Int, by node: String, for time: Duration
    ) async throws(JournalError) -> [Lease] {
        let now = host.now()
        return state.withLock { state in
            let free = state.table.free(at: now).filter { state.places[$0.name].map(places.contains) == true }
            return free.prefix(max(0, limit)).map { state.table.grant($0.name, node, until: now + time) }
        }
    }

    public func awaitChange(within time: Duration) async { try? await host.sleep(min(time, JournalLimits.leaseLook)) }

    /// Does the work while none of the leases can change hands.
    func holding<Value>(
        _ fences: [Fence], _ work: () throws(JournalError) -> Value
    ) throws(JournalError) -> Value {
        let now = host.now()
        return try state.withLock { state throws(JournalError) in
            for fence in fences where !state.table.has(fence, at: now) { throw .stale(fence.name) }
            return try work()
        }
    }
}
