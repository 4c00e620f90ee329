import Dispatching
import Engine
import Host
import Journal

/// What a process does by itself: it keeps its leases, takes over what dead ones left, and dispatches.
extension Cluster {
    func boot(_ node: Node) {
        guard !node.isUp else { return }
        node.incarnation += 1
        node.isUp = true
        note("BOOT \(node.process.name)")
        // Where one process owns the store there is nobody to wait for.
        if nodes.count == 1 { store.leases.removeAll() }
        look(node)
    }

    func crash(_ node: Node) {
        guard node.isUp else { return }
        note("CRASH \(node.process.name)")
        for hand in node.hands.values { abandon(hand, isDead: true) }
        node.lose()
        agenda.note(.boot(node.index), at: now + .seconds(isCalm ? 5 : random.pick([1, 5, 40, 120])))
    }

    /// A third of a lease's time passes between two of them.
    func look(_ node: Node) {
        agenda.note(.look(node.process), at: now + Self.lease / 3)
        guard canWrite(node) else { return }
        renew(node)
        takeOver(node)
        guard node.leases[Store.dispatcher] != nil else { return node.dispatcher = nil }
        if node.dispatcher == nil { lead(node) } else { tell(node, [.holds(holds), .tick]) }
    }

    /// The store answers it.
    func canWrite(_ node: Node) -> Bool { node.reachesStore && !store.isFull }

    private func renew(_ node: Node) {
        for (name, held) in node.leases.sorted(by: { $0.key < $1.key }) {
            if store.leases.has(held.fence, at: now) {
                store.leases.renew(held.fence, until: now + Self.lease)
                hold(held.fence, node)
            } else {
                lose(name, node)
            }
        }
    }

    private func hold(_ fence: Fence, _ node: Node) {
        node.leases[fence.name] = Node.HeldLease(
            fence: fence, until: now + Self.lease, wallUntil: wall(node) + Self.lease)
        agenda.note(.leaseEnds(node.process, fence.name), at: now + Self.lease)
    }

    /// What a batch of the chain shows; nil where the lease is not the process's any more.
    func fence(of name: String, _ node: Node) -> Fence? {
        guard let held = node.leases[name] else { return nil }
        let isOver =
            switch planted {
            case .outlivesLease: false
            case .leaseByWallClock: wall(node) >= held.wallUntil
            default: now >= held.until
            }
        return isOver ? nil : held.fence
    }

    func leaseEnds(_ name: String, _ node: Node) {
        if node.leases[name] != nil, fence(of: name, node) == nil { lose(name, node) }
    }

    /// What is done under a lease ends with it.
    private func lose(_ name: String, _ node: Node) {
        note("LOST \(name) by \(node.process.name)")
        node.leases[name] = nil
        if name == Store.dispatcher { resign(node) }
        for hand in node.hands.values where hand.id == name { interrupt(hand, node, wait: .milliseconds(500)) }
    }

    /// Another dispatches from now on: what has no run yet is that one's to begin.
    private func resign(_ node: Node) {
        node.dispatcher = nil
        guard planted != .beginsUnfenced else { return }
        node.carrying = node.carrying.filter { occurrence in
            store.runs[occurrence].map { node.leases[$0] != nil } ?? false
        }
    }

    /// Nil where another has it.
    func acquire(_ name: String, _ node: Node) -> Fence? {
        if let fence = fence(of: name, node) { return fence }
        if let other = store.leases.leases[name], now < other.expiresAt, planted != .leaseGivenEarly { return nil }
        return grant(name, node)
    }

    private func grant(_ name: String, _ node: Node) -> Fence {
        let old = store.leases.leases[name]
        var lease = store.leases.grant(name, node.process.name, until: now + Self.lease)
        if let old, planted == .tokenStays {
            lease = Lease(name: name, node: lease.node, token: old.token, expiresAt: lease.expiresAt)
            store.leases.renew(lease.fence, until: lease.expiresAt)
        }
        hold(lease.fence, node)
        note("LEASE \(name) to \(node.process.name) token \(lease.token)")
        return lease.fence
    }

    private func takeOver(_ node: Node) {
        if store.leases.leases[Store.dispatcher] == nil { _ = grant(Store.dispatcher, node) }
        for lease in store.leases.free(at: now).prefix(2) {
            guard lease.name != Store.dispatcher else {
                _ = grant(lease.name, node)
                continue
            }
            guard planted != .neverTakesOver else { continue }
            let fence = grant(lease.name, node)
            guard let chain = store.chains[lease.name], !chain.isOver else {
                store.leases.release(fence)
                node.leases[lease.name] = nil
                continue
            }
            begin(carrying: chain.occurrence, node)
        }
    }

    // MARK: Dispatching

    private func lead(_ node: Node) {
        var known = store.record
        let isInHand = { [planted] in planted != .beginsUnfenced && node.carrying.contains($0) }
        for occurrence in known.begun where store.runs[occurrence] != nil || isInHand(occurrence) {
            known.noteRun(of: occurrence)
        }
        node.dispatcher = Dispatcher(
            known, policy: policy, holds: holds, planted: planted == .forgetsLocks ? .forgetsLocksOfRecovered : nil)
        note("LEADS \(node.process.name)")
        let running = store.chains.values.filter { !$0.isOver }.map(\.occurrence)
        for occurrence in Set(known.begunWithRun + running).sorted(by: { "\($0)" < "\($1)" })
        where planted != .neverTakesOver {
            begin(carrying: occurrence, node)
        }
        tell(node, [.plans(changed: procedures, removed: [])])
    }

    func dispatch(_ node: Node) {
        guard node.dispatcher != nil, canWrite(node), let wake = node.wake, wake <= wall(node) else { return }
        tell(node, [.tick])
    }

    /// Hands events to the dispatcher, makes its entries durable and performs the rest.
    func tell(_ node: Node, _ told: [DispatchEvent]) {
        guard var dispatcher = node.dispatcher else { return }
        guard canWrite(node), let fence = fence(of: Store.dispatcher, node),
            store.leases.has(fence, at: now) || planted == .storeIgnoresFences
        else { return node.dispatcher = nil }
        node.dispatcher = nil
        var commands: [DispatchCommand] = []
        for event in told {
            events += 1
            commands += dispatcher.handle(event, at: ClockReading(wall: wall(node), steady: now - Self.beginning))
        }
        node.dispatcher = dispatcher
        for case .record(let entry) in commands { keep(entry) }
        for command in commands {
            switch command {
            case .record, .notice: break
            case .wake(let at):
                node.wake = at
                if let at { agenda.note(.dispatch(node.process), at: max(now, at - node.offset)) }
            case .begin(let occurrence, _): begin(carrying: occurrence, node)
            case .cancel(let occurrence): cancel(occurrence)
            }
        }
    }

    private func keep(_ entry: DispatchEntry) {
        note("  \(entry)")
        store.record.apply(entry)
        switch entry {
        case .admitted(let occurrence, _, _, _): admitted.insert(occurrence)
        case .missed(let row) where row.count == 1:
            let occurrence = Dispatching.Occurrence(row.procedure, row.first)
            require(store.runs[occurrence] == nil, .oneFate, "\(occurrence) has a run and is missed")
            store.missed.insert(occurrence)
        default: break
        }
    }

    // MARK: Seeing runs to their end

    func begin(carrying occurrence: Dispatching.Occurrence, _ node: Node) {
        guard node.carrying.insert(occurrence).inserted else { return }
        agenda.note(.carry(node.process, occurrence, wait: .milliseconds(500)), at: now + milliseconds(1..<20))
    }

    /// Begins the occurrence's run, or goes on with it where another left it; asks again until it is over.
    func carry(_ occurrence: Dispatching.Occurrence, _ node: Node, wait: Duration) {
        guard node.carrying.contains(occurrence), node.hands[occurrence] == nil else { return }
        let later = Agenda.Entry.carry(node.process, occurrence, wait: min(wait * 2, .seconds(30)))
        guard canWrite(node) else { return agenda.note(later, at: now + wait) }
        if let chain = store.chain(of: occurrence), planted != .occurrenceTwice || chain.isOver {
            guard !chain.isOver else { return finish(occurrence, node) }
            guard acquire(chain.id, node) != nil else { return agenda.note(later, at: now + wait) }
            return resume(chain, node)
        }
        // Only who dispatches begins: another may have given away what it needs.
        guard fence(of: Store.dispatcher, node) != nil || planted == .beginsUnfenced else {
            node.carrying.remove(occurrence)
            return
        }
        if store.missed.contains(occurrence) || isStruck(.beginFails) != nil {
            node.carrying.remove(occurrence)
            return tell(node, [.beginFailed(occurrence)])
        }
        start(occurrence, node)
    }

    /// Its run is over.
    func finish(_ occurrence: Dispatching.Occurrence, _ node: Node) {
        node.carrying.remove(occurrence)
        tell(node, [.ended(occurrence)])
    }
}
