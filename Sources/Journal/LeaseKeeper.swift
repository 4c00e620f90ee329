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
        /// Somebody works under it, and lets it go at the end.
        var isUsed = false
        var under: String?
        /// Ends when the lease is lost.
        let losses: AsyncStream<Never>
        let loss: AsyncStream<Never>.Continuation

        init(_ lease: Lease, for time: Duration, until: Duration) {
            fence = lease.fence
            self.time = time
            self.until = until
            (losses, loss) = AsyncStream.makeStream(of: Never.self)
        }
    }

    public let node: String
    private let leases: any Leases
    private let time: @Sendable (String) -> Duration
    private let host: Host
    private let held = Mutex<[String: Held]>([:])
    private let bell: ChangeBell

    /// - Parameters:
    ///   - node: Of this process alone, and never used again.
    ///   - time: How long the lease of a chain lasts without being renewed.
    public init(_ leases: any Leases, node: String, on host: Host, for time: @escaping @Sendable (String) -> Duration) {
        self.leases = leases
        self.node = node
        self.time = time
        self.host = host
        bell = ChangeBell(leases, on: host)
    }

    /// Rings when something may have changed in the store: leases that became free or were left, runs that ended.
    public func changes() -> AsyncStream<Void> { bell.rings() }

    /// Has everybody look who waits for a change.
    public func ring() { bell.ring() }

    /// Takes over what was left at these places, or dead nodes had; the names of the chains. They are kept from now on,
    /// whether or not anybody works under them.
    public func takeOver(at places: Set<String>, limit: Int) async throws(JournalError) -> [String] {
        let asked = host.steady()
        let time = JournalLimits.runLease
        let taken = try await leases.takeOver(at: places, limit: limit, by: node, for: time)
        for lease in taken { hold(lease, for: time, since: asked) }
        return taken.map(\.name)
    }

    /// A lease that somebody works under, until they let it go.
    struct Use: Sendable {
        let fence: Fence
        /// Ends when the lease is lost.
        let losses: AsyncStream<Never>
    }

    /// Takes the lease, or throws `heldByAnother`; with `waiting`, which is told once who has it, waits until it is this
    /// process's. What was taken already is used. Nil where somebody in this process works under it already.
    func use(_ claim: Claim, _ waiting: (@Sendable (Lease) -> Void)?) async throws -> Use? {
        if fence(of: claim.chain) == nil {
            if let waiting {
                try await wait(for: claim, waiting)
            } else if case .held(let lease, _) = try await ask(claim) {
                throw JournalError.held(lease)
            }
        }
        return try held.withLock { held in
            guard var lease = held[claim.chain] else { throw JournalError.stale(claim.chain) }
            if lease.isUsed { return nil }
            lease.isUsed = true
            lease.under = claim.under
            held[claim.chain] = lease
            return Use(fence: lease.fence, losses: lease.losses)
        }
    }

    private func wait(for claim: Claim, _ waiting: (Lease) -> Void) async throws {
        var isTold = false
        while true {
            try Task.checkCancellation()
            // From before the question on, so that no change is missed in between.
            let rings = bell.rings()
            guard case .held(let lease, let left) = try await ask(claim) else { return }
            if !isTold { waiting(lease) }
            isTold = true
            await withTaskGroup { [host] group in
                group.addTask { for await _ in rings { break } }
                group.addTask { try? await host.sleep(max(JournalLimits.leaseLook, left)) }
                await group.next()
                group.cancelAll()
            }
        }
    }

    private func ask(_ claim: Claim) async throws(JournalError) -> LeaseAnswer {
        let asked = host.steady()
        let time = time(claim.chain)
        let answer = try await leases.acquire(claim.chain, place: claim.place, by: node, for: time)
        if case .granted(let lease) = answer { hold(lease, for: time, since: asked) }
        return answer
    }

    private func hold(_ lease: Lease, for time: Duration, since asked: Duration) {
        let new = Held(lease, for: time, until: asked + time)
        let old = held.withLock { $0.updateValue(new, forKey: lease.name) }
        old?.loss.finish()
    }

    /// What a batch of the chain shows; nil where the lease is not ours any more.
    public func fence(of name: String) -> Fence? {
        let now = host.steady()
        return held.withLock { held in held[name].flatMap { now < $0.until ? $0.fence : nil } }
    }

    /// What a batch of the chain shows: its own lease and that of the chain under which it is written.
    func fences(of name: String) throws(JournalError) -> [Fence] {
        guard let own = fence(of: name) else { throw .stale(name) }
        guard let under = held.withLock({ $0[name]?.under }) else { return [own] }
        guard let other = fence(of: under) else { throw .stale(under) }
        return [own, other]
    }

    /// Gives a lease back, or leaves it to others; nothing where it was lost meanwhile, whoever has it now. Where the
    /// store does not answer its time runs out by itself.
    func letGo(_ fence: Fence, isLeft: Bool) async {
        let isMine = held.withLock { held in
            guard held[fence.name]?.fence == fence else { return false }
            held[fence.name] = nil
            return true
        }
        guard isMine else { return }
        if isLeft { try? await leases.leave([fence]) } else { try? await leases.release([fence]) }
    }

    /// Gives all back: nobody has to wait for their time to run out.
    func releaseAll() async {
        let all = held.withLock { held in
            defer { held = [:] }
            return held.values.map(\.fence)
        }
        if !all.isEmpty { try? await leases.release(all) }
    }

    /// Renews at a third of their time, and listens to the store, until the task is cancelled. What is lost ends at the
    /// latest when the lease's time is over, for what is done under it must end then.
    func keep() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.bell.listen() }
            group.addTask { await self.renew() }
            group.addTask { await self.expire() }
        }
    }

    /// Also of a lease that was taken while the store does not answer for others.
    private func expire() async {
        while !Task.isCancelled {
            let now = host.steady()
            settle(held.withLock { Array($0.values) }, nil, now)
            let next = held.withLock { held in held.values.map(\.until).min() } ?? now + JournalLimits.renewalLook
            try? await host.sleep(max(JournalLimits.leaseLook, min(next - now, JournalLimits.renewalLook)))
        }
    }

    private func renew() async {
        while !Task.isCancelled {
            let asked = host.steady()
            let mine = held.withLock { Array($0.values) }
            let end = mine.map(\.until).min() ?? asked
            for (time, some) in Dictionary(grouping: mine, by: \.time) {
                let renewed = await renew(some.map(\.fence), for: time, until: end)
                settle(some, renewed, asked)
            }
            let now = host.steady()
            let next = held.withLock { held in held.values.map { min(asked + $0.time / 3, $0.until) }.min() }
            // A lease that is taken meanwhile is renewed in time as well.
            let pause = min((next ?? now) - now, JournalLimits.renewalLook)
            try? await host.sleep(max(JournalLimits.leaseLook, next == nil ? JournalLimits.renewalLook : pause))
        }
    }

    /// Notes what was renewed; drops what is lost, and tells who works under it.
    private func settle(_ mine: [Held], _ renewed: Set<Fence>?, _ asked: Duration) {
        let now = host.steady()
        let lost = held.withLock { held in
            var lost: [Held] = []
            for lease in mine {
                let name = lease.fence.name
                // Given back, or given anew, meanwhile.
                guard var known = held[name], known.fence == lease.fence else { continue }
                // What ran out before it was renewed is lost, whatever the store says: work under it may have ended.
                let isLost = renewed?.contains(lease.fence) == false || known.until <= now
                if renewed?.contains(lease.fence) == true { known.until = asked + lease.time }
                held[name] = isLost ? nil : known
                if isLost { lost.append(known) }
            }
            return lost
        }
        for lease in lost { lease.loss.finish() }
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
