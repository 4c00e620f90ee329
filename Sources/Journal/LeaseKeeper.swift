public import Host
import Synchronization

/// The leases of this process: it renews them, and knows by the steady clock when it must stop working, whether or not
/// the store can be reached.
public final class LeaseKeeper: Sendable {
    private struct Held {
        let fence: Fence
        let time: Duration
        /// By the steady clock, counted from before the store was asked.
        var until: Duration
    }

    public let node: String
    private let leases: any Leases
    private let time: @Sendable (String) -> Duration
    private let host: Host
    private let held = Mutex<[String: Held]>([:])

    /// - Parameters:
    ///   - node: Of this process alone, and never used again.
    ///   - time: How long the lease of a chain lasts without being renewed.
    public init(_ leases: any Leases, node: String, on host: Host, for time: @escaping @Sendable (String) -> Duration) {
        self.leases = leases
        self.node = node
        self.time = time
        self.host = host
    }

    /// Takes the lease, or throws `heldByAnother`.
    public func acquire(_ name: String) async throws(JournalError) {
        if case .held(let lease, _) = try await ask(name) { throw .held(lease) }
    }

    /// Waits until the lease is this process's, or its task is cancelled; `waiting` is told once who has it.
    public func wait(for name: String, _ waiting: (Lease) -> Void) async throws(JournalError) {
        var isTold = false
        while !Task.isCancelled {
            guard case .held(let lease, let left) = try await ask(name) else { return }
            if !isTold { waiting(lease) }
            isTold = true
            await leases.awaitChange(within: max(JournalLimits.leaseLook, left))
        }
    }

    private func ask(_ name: String) async throws(JournalError) -> LeaseAnswer {
        let asked = host.steady()
        let time = time(name)
        let answer = try await leases.acquire(name, by: node, for: time)
        if case .granted(let lease) = answer {
            held.withLock { $0[name] = Held(fence: lease.fence, time: time, until: asked + time) }
        }
        return answer
    }

    /// What a batch of the chain shows; nil where the lease is not ours any more.
    public func fence(of name: String) -> Fence? {
        let now = host.steady()
        return held.withLock { held in held[name].flatMap { now < $0.until ? $0.fence : nil } }
    }

    /// Gives a lease back. Where the store does not answer its time runs out by itself.
    public func release(_ name: String) async {
        guard let lease = held.withLock({ $0.removeValue(forKey: name) }) else { return }
        try? await leases.release([lease.fence])
    }

    /// Gives all back: nobody has to wait for their time to run out.
    public func releaseAll() async {
        let all = held.withLock { held in
            defer { held = [:] }
            return held.values.map(\.fence)
        }
        if !all.isEmpty { try? await leases.release(all) }
    }

    /// Renews at a third of their time until the task is cancelled, or one is lost, which it then names: at the latest when
    /// the lease's time is over, for what is done under it must end then.
    public func keep() async -> String? {
        // What was taken and ran out before anybody began to keep it is lost as well: the work must not go on without it.
        let begun = host.steady()
        let late = held.withLock { held in
            defer { held = held.filter { begun < $0.value.until } }
            return held.first { $0.value.until <= begun }?.key
        }
        if let late { return late }
        while !Task.isCancelled {
            let asked = host.steady()
            let mine = held.withLock { Array($0.values) }
            for (time, some) in Dictionary(grouping: mine, by: \.time) {
                let end = some.map(\.until).min() ?? asked
                let renewed = await renew(some.map(\.fence), for: time, until: end)
                if let lost = settle(some, renewed, asked) { return lost }
            }
            let now = host.steady()
            let next = held.withLock { held in held.values.map { min(asked + $0.time / 3, $0.until) }.min() }
            // A lease that is taken meanwhile is renewed in time as well.
            let pause = min((next ?? now) - now, JournalLimits.renewalLook)
            try? await host.sleep(max(JournalLimits.leaseLook, next == nil ? JournalLimits.renewalLook : pause))
        }
        return nil
    }

    /// Notes what was renewed; drops the first that is lost and names it.
    private func settle(_ mine: [Held], _ renewed: Set<Fence>?, _ asked: Duration) -> String? {
        let now = host.steady()
        return held.withLock { held in
            var lost: String?
            for lease in mine {
                let name = lease.fence.name
                // Given back, or given anew, meanwhile.
                guard var known = held[name], known.fence == lease.fence else { continue }
                if renewed?.contains(lease.fence) == true { known.until = asked + lease.time }
                let isLost = renewed?.contains(lease.fence) == false || known.until <= now
                held[name] = isLost ? nil : known
                if isLost { lost = lost ?? name }
            }
            return lost
        }
    }

    /// Nil when the store did not answer in time, or not with an answer.
    private func renew(_ fences: [Fence], for time: Duration, until end: Duration) async -> Set<Fence>? {
        await withTaskGroup(of: Set<Fence>?.self) { [leases, host] group in
            group.addTask { try? await leases.renew(fences, for: time) }
            group.addTask {
                try? await host.sleep(max(.zero, end - host.steady()))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
