import Dispatching
import Engine
import Host
import Plans

/// What goes wrong.
extension Cluster {
    func meet(_ fault: EngineFault) {
        forgetAbsence()
        let node = nodes[random.below(nodes.count)]
        switch fault {
        case .crash: crash(nodes.first { $0.isUp && $0.index >= node.index } ?? node)
        case .freeze: freeze(node, for: .seconds(random.pick([2, 20, 60, 200])))
        case .diskFull:
            store.isFull = true
            agenda.note(.mend(fault, 0), at: now + .seconds(random.pick([2, 30, 120])))
        case .partition:
            node.reachesStore = false
            agenda.note(.mend(fault, node.index), at: now + .seconds(random.pick([3, 40, 150])))
        case .targetPartition:
            node.reachesTargets = false
            agenda.note(.mend(fault, node.index), at: now + .seconds(random.pick([3, 40, 150])))
        case .clockForward: node.offset += .seconds(random.pick([5, 40, 300, 2000]))
        case .clockBack: node.offset -= .seconds(random.pick([5, 40, 300, 2000]))
        case .hold:
            let hold = random.pick([Dispatching.Hold.everything, .target("t0"), .target("t1")])
            if holds.insert(hold).inserted { heldSince[hold] = now }
            for job in jobs.values.sorted(by: { $0.id < $1.id }) where job.stage == .working {
                agenda.note(.job(job.id), at: now + EngineLimits.holdLook)
            }
            agenda.note(.mend(fault, 0), at: now + .seconds(random.pick([20, 90, 300])))
        case .release: release()
        case .cancel:
            let running = store.chains.values.filter { !$0.isOver }.sorted { $0.id < $1.id }
            if !running.isEmpty { cancel(random.pick(running).occurrence) }
        case .crashBeforeAppend, .tornAppend, .crashAfterAppend, .freezeBeforeEffect, .appendFails, .appendUnheard,
            .slowAppend, .slow, .runsOn, .liesDone, .liesError, .refuses, .half, .blind, .badValue, .guardWorsens,
            .beginFails, .receiverLost, .receiverRefuses:
            armed[fault, default: 0] += 1
        }
    }

    func mend(_ fault: EngineFault, _ node: Int) {
        forgetAbsence()
        switch fault {
        case .diskFull: store.isFull = false
        case .partition: nodes[node].reachesStore = true
        case .targetPartition: nodes[node].reachesTargets = true
        case .hold: release()
        default: break
        }
    }

    /// The one of them that lies in wait and comes now.
    func isStruck(_ faults: EngineFault...) -> EngineFault? {
        guard !armed.isEmpty, let fault = faults.first(where: { armed[$0] != nil }) else { return nil }
        let left = (armed[fault] ?? 1) - 1
        armed[fault] = left > 0 ? left : nil
        forgetAbsence()
        note("STRIKES \(fault)")
        return fault
    }

    func freeze(_ node: Node, for time: Duration) {
        guard node.isUp, !isCalm else { return }
        note("FREEZE \(node.process.name)")
        node.frozenUntil = max(node.frozenUntil ?? now, now + time)
        // A machine that is stopped may take its wall clock with it.
        if random.chance(40) { node.offset -= time }
    }

    func release() {
        holds = []
        heldSince = [:]
    }

    /// What takes time to be noticed is counted anew after anything went wrong.
    private func forgetAbsence() {
        for chain in store.chains.values { chain.unattended = .zero }
    }

    func isHeld(_ start: RunStart) -> Bool { heldBy(start) != nil }

    /// Since when it is held.
    func heldBy(_ start: RunStart) -> Instant? {
        guard !heldSince.isEmpty else { return nil }
        return heldSince.compactMap { hold, since in
            switch hold {
            case .everything: since
            case .service(let name): name == start.plan.service ? since : nil
            case .target(let name): start.plan.targets[name] != nil ? since : nil
            }
        }.min()
    }
}
