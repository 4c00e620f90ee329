import Engine
import Host
import Journal
import Maintenance
import Plans

/// What must hold in the targets, and as time goes by.
extension Cluster {
    /// Somebody is about to work on a unit.
    func checkEffect(
        _ kind: Targets.Kind, _ key: UnitKey, of step: String, _ unit: WorkUnit, _ job: Job, _ node: Node
    ) {
        guard let chain = store.chains[key.run], let known = targets.units[key] else {
            return require(false, .intentFirst, "\(key) is worked on, and no record says so")
        }
        // What was frozen between its last check and its effect only the target itself can refuse.
        guard !job.isPastChecks else { return }
        let run = chain.machine.state
        let lease = store.leases.leases[chain.id]
        require(
            lease?.node == job.process.name && now < lease?.expiresAt ?? now, .selfStopped,
            "\(job.process.name) works on \(key) of \(lease?.node ?? "nobody")")
        require(!isHeld(chain.start), .notWhileHeld, "\(key)")
        require(chain.start.observeOnly != true, .observeOnly, "\(key)")
        let phase = run.step(step)?.units.first { $0.unit.id == key.unit }?.phase
        let isIntended =
            switch (kind, phase) {
            case (.apply, .intended?), (.repair, .repairing?), (.undo, .undoing?): true
            default: false
            }
        require(isIntended, .intentFirst, "\(kind) of \(key), which is \(phase as Any)")
        if kind == .apply {
            let isThere = (known.state == .applied || known.effect != nil) && !known.isDisturbed
            require(!isThere, .appliedOnce, "\(key) is \(known.state) already, or being done")
            if let opening = run.opening, job.plan(key.step)?.isFinal != true {
                let fits = wall(node) + unit.expected <= opening.closes && wall(node) < opening.lastBegin
                require(fits, .insideWindow, "\(key) is begun at \(wall(node)), until \(opening.closes)")
            }
        }
        if kind == .undo {
            let isGone = known.state == .pending && known.effect == nil && chain.asked.probes[key] == .pending
            require(!isGone || known.isDisturbed || job.isBlind, .undoneOnce, "\(key)")
        }
        // What a frozen or dead process began and nobody could see the end of goes on there: that is said of the unit.
        let target = job.plan(key.step)?.targets["on"]
        let others = targets.effects.values.filter { effect in
            effect.target == target && (effect.key.run != key.run || effect.key.step != key.step)
                && effect.job != nil && effect.process?.name == store.leases.leases[effect.key.run]?.node
        }
        require(others.isEmpty, .locksExclusive, "\(key) beside \(others.map(\.key))")
    }

    /// What time shows.
    func checkTime() {
        let passed = now - lastCheck
        guard passed >= .seconds(1) else { return }
        lastCheck = now
        let isAnybodyWell = nodes.contains { $0.isUp && ($0.frozenUntil ?? now) <= now && canWrite($0) }
        for chain in store.chains.values where !chain.isOver {
            let isAttended = nodes.contains { node in
                node.isUp && (node.frozenUntil ?? now) <= now && node.reachesStore
                    && node.hands[chain.occurrence]?.id == chain.id
            }
            // Who is well looks every ten seconds: in a longer silence nobody was.
            let absence = min(passed, Self.lease / 3)
            chain.unattended = isAttended || !isAnybodyWell ? .zero : chain.unattended + absence
            // A lease's time, a look, and the longest pause of who asks again.
            require(
                chain.unattended < .seconds(90), .attended, "\(chain.id) is shown as running for \(chain.unattended)")
        }
        guard !heldSince.isEmpty else { return }
        for effect in targets.effects.values where effect.job != nil && !effect.runsOn {
            guard let start = store.chains[effect.key.run]?.start, let since = heldBy(start),
                let process = effect.process, nodes[process.node].isUp, nodes[process.node].frozenUntil ?? now <= now
            else { continue }
            let thawed = max(since, nodes[process.node].frozenUntil ?? since)
            require(now < max(thawed, effect.begunAt) + .seconds(10), .quiet, "\(effect.key) goes on since \(since)")
        }
    }
}
