import Engine
import Host
import Maintenance
import Plans

/// What must hold of every record of a run, by what was really seen.
extension Cluster {
    func check(_ entry: Chain.Entry, in chain: Chain, from before: Run) {
        let after = chain.machine.state
        noteSeen(entry.event, chain, before, after)
        for (old, new) in zip(before.steps, after.steps) {
            if old.isOver {
                // What is taken back with another step is at work once more.
                let isReopened = old.phase == .done && new.phase == .undoing && new.takenBackFor != nil
                require(
                    new.verdict == old.verdict && (new.phase == old.phase || isReopened), .verdictStays,
                    "\(chain.id)/\(new.id)")
            } else {
                if old.phase == .pending { checkBegin(new, chain, before) }
                if new.isOver { checkStep(new, from: old, chain) }
            }
        }
        for command in entry.commands {
            switch command {
            case .apply(let step, let unit, _): checkApply(step, unit, entry, chain, before)
            case .undo(let step, let unit, _): checkUndo(step, unit, chain)
            case .awaitDecision(let step, _): noteProposal(step, chain)
            case .repair(let step, _, _):
                require(chain.start.observeOnly != true, .observeOnly, "\(chain.id)/\(step)")
            case .end(let verdict):
                require(
                    verdict == after.steps.compactMap(\.verdict).worst, .noFalseGreen, "\(chain.id) ends \(verdict)")
            default: break
            }
        }
        checkDeliveries(chain, after)
        if case .ended(let verdict) = entry.event {
            require(verdict == after.verdict, .verdictStays, "\(chain.id) ended \(verdict)")
            require(after.steps.allSatisfy(\.isOver), .endIsFinal, "\(chain.id) ended with steps open")
            guard after.cancellation?.code != .held else { return }
            let left = zip(after.steps, chain.start.plan.steps).filter { $1.isFinal == true && $0.startedAt == nil }
            require(left.isEmpty, .finallyRun, "\(chain.id): \(left.map(\.0.id)) were not run")
        }
    }

    // MARK: Verdicts

    private func checkStep(_ step: StepState, from before: StepState, _ chain: Chain) {
        guard let plan = chain.start.plan.steps.first(where: { $0.id == step.id }), step.phase == .done else { return }
        let what = "\(chain.id)/\(step.id) is \(step.verdict?.rawValue ?? "nothing")"
        if let earlier = before.verdict, let verdict = step.verdict {
            require(earlier.worst(verdict) == verdict, .verdictStays, "\(what), and was \(earlier)")
        }
        // A guard that warned before a change did anything is no worse when it goes on to.
        let watched = chain.asked.worstWatched[step.id]
        if let watched, let verdict = step.verdict, !plan.isChange || watched != .warn {
            require(verdict.worst(watched) == verdict, .noFalseGreen, "\(what), and its guard was \(watched)")
        }
        if case .wait? = plan.kind, plan.guardSteps != nil, step.verdict == .pass {
            require(watched == .pass, .noFalseGreen, "\(what), and its guard was not seen")
        }
        if step.verdict == .fail, plan.takesBack != nil { checkTakenBack(step, plan, chain) }
        if case .ask? = plan.kind, step.verdict == .pass {
            require(chain.asked.answered.contains(step.id), .noFalseGreen, "\(what), and nobody answered")
        }
        guard plan.isChange || plan.undoes != nil else {
            guard case .observing = before.phase else { return }
            let seen = chain.asked.looks[step.id] ?? .unknown
            let isSo = plan.soak == nil ? seen == step.verdict : step.verdict?.worst(seen) == step.verdict
            return require(isSo, .noFalseGreen, "\(what), seen \(seen)")
        }
        for unit in step.units {
            let key = UnitKey(run: chain.id, step: plan.undoes ?? step.id, unit: unit.unit.id)
            checkUnit(unit, key, chain.asked.probes[key])
        }
        if step.verdict == .pass {
            let end: UnitState.Phase = plan.undoes == nil ? .done : .undone
            require(step.units.allSatisfy { $0.phase == end }, .noFalseGreen, "\(what), and not all of it is \(end)")
        }
        guard case .undoing = before.phase else { return }
        let left = step.units.filter { $0.phase == .done && !$0.wasAlreadySo }
        require(left.isEmpty, .undoComplete, "\(chain.id)/\(step.id): \(left.map(\.unit.id)) stay")
    }

    /// What the failed step stands on, and its own work, was seen to be gone, or is named as what stays.
    private func checkTakenBack(_ step: StepState, _ plan: RunStep, _ chain: Chain) {
        let sentence = step.cause?.sentence ?? ""
        let named = sentence.firstRange(of: "Could not be taken back: ").map { sentence[$0.upperBound...] } ?? ""
        for key in chain.asked.made where key.step == step.id || plan.takesBack?.contains(key.step) == true {
            let isGone = chain.asked.probes[key] == .pending
            require(isGone || named.contains("`\(key.step)`"), .takenBack, "\(key) stays, and \(step.id) failed")
        }
    }

    private func checkUnit(_ unit: UnitState, _ key: UnitKey, _ seen: Targets.State?) {
        let truth = targets.units[key]
        switch unit.phase {
        case .done: require(seen == .applied, .noFalseGreen, "\(key) is done, seen \(seen as Any)")
        case .undone: require(seen == .pending, .noFalseGreen, "\(key) is taken back, seen \(seen as Any)")
        case .failed, .left:
            let isThere = truth?.state == .applied && truth?.effect == nil && truth?.isDisturbed == false
            require(!isThere, .denied, "\(key) is \(unit.phase), and it is in place")
        case .planned, .preparing, .intended, .waiting, .repairing, .undoing:
            require(false, .denied, "\(key) is \(unit.phase), and its step is over")
        case .unknown: break
        }
    }

    // MARK: What is begun

    private func checkApply(_ id: String, _ unit: WorkUnit, _ entry: Chain.Entry, _ chain: Chain, _ before: Run) {
        let after = chain.machine.state
        guard let step = after.step(id), let place = step.units.firstIndex(where: { $0.unit.id == unit.id }),
            let plan = chain.start.plan.steps.first(where: { $0.id == id })
        else { return require(false, .intentFirst, "\(chain.id)/\(id) is not known") }
        let what = "\(chain.id)/\(id)/\(unit.id)"
        require(chain.start.observeOnly != true, .observeOnly, what)
        let mayGoOn = plan.isFinal == true && after.cancellation?.code != .held
        require(!chain.asked.isStopped && after.cancellation == nil || mayGoOn, .stopped, what)
        checkApproval(plan, step, chain)
        let others = step.units.indices.filter { $0 != place && step.units[$0].isInHand }
        require(others.isEmpty && place >= chain.asked.begun[id] ?? 0, .oneByOne, what)
        chain.asked.begun[id] = place
        if let opening = after.opening, plan.isFinal != true {
            let fits = entry.at + unit.expected <= opening.closes && entry.at < opening.lastBegin
            require(fits, .insideWindow, "\(what) at \(entry.at), until \(opening.closes)")
        }
        guard plan.guardSteps?.isEmpty == false else { return }
        let watched = chain.asked.worstWatched[id] ?? .pass
        require(watched == .pass || watched == .warn, .guardRespected, "\(what): its guard became \(watched)")
        require(!chain.asked.guardsOwed.contains(id), .guardRespected, "\(what): its guard was not looked at")
        let seen = chain.asked.guards[id]
        require(seen == .pass || seen == .warn, .guardRespected, "\(what): its guard is \(seen as Any)")
    }

    private func checkUndo(_ id: String, _ unit: WorkUnit, _ chain: Chain) {
        guard let place = chain.machine.state.step(id)?.units.firstIndex(where: { $0.unit.id == unit.id }) else {
            return
        }
        let later = chain.machine.state.step(id)?.units.dropFirst(place + 1) ?? []
        let isLast = !later.contains { $0.phase == .done && !$0.wasAlreadySo }
        require(
            isLast && place <= chain.asked.undone[id] ?? .max, .undoReversed, "\(chain.id)/\(id)/\(unit.id)")
        chain.asked.undone[id] = place
        checkStepsReversed(id, chain)
    }

    /// Of what goes back with failed steps, nothing that was begun later is still there to go, or at work.
    private func checkStepsReversed(_ id: String, _ chain: Chain) {
        let run = chain.machine.state
        let failed = Set(run.steps.filter { $0.phase == .takingBack }.map(\.id))
        let going = chain.start.plan.steps.filter { failed.contains($0.id) }.reduce(into: failed) {
            $0.formUnion($1.takesBack ?? [])
        }
        guard !failed.isEmpty, going.contains(id), let place = chain.asked.order.firstIndex(of: id) else { return }
        for later in chain.asked.order.dropFirst(place + 1) where going.contains(later) {
            guard let step = run.step(later), chain.start.profiles[later]?.canUndo == true else { continue }
            let isThere = step.units.contains { $0.phase == .done && !$0.wasAlreadySo || $0.isInHand }
            require(!isThere, .undoReversed, "\(chain.id)/\(id) goes before \(later)")
        }
    }

    /// Before anything is begun, and after each unit that was begun, a guard is to be looked at.
    private func noteSeen(_ event: RunEvent, _ chain: Chain, _ before: Run, _ after: Run) {
        switch event {
        case .observed(let id, _):
            let look = chain.asked.lastLooks[id] ?? .unknown
            let isSoak = chain.start.plan.steps.first { $0.id == id }?.soak != nil
            chain.asked.looks[id] = isSoak ? chain.asked.looks[id]?.worst(look) ?? look : look
        case .cancelRequested: chain.asked.isStopped = true
        case .decided(let step, let decision): noteDecision(step, decision, chain)
        case .started(let start):
            for step in start.plan.steps where step.guardSteps?.isEmpty == false {
                chain.asked.guardsOwed.insert(step.id)
            }
        case .guardObserved(let step, _):
            if chain.asked.guardsLookedAt.remove(step) != nil { chain.asked.guardsOwed.remove(step) }
        case .guardWatched(let id, _):
            guard let seen = chain.asked.watched.removeValue(forKey: id), before.step(id)?.countsGuard == true else {
                break
            }
            chain.asked.worstWatched[id] = chain.asked.worstWatched[id]?.worst(seen) ?? seen
        case .unitProbed(let id, let unit, _):
            if let state = after.step(id)?.units.first(where: { $0.unit.id == unit }), state.phase == .done,
                !state.wasAlreadySo
            {
                chain.asked.made.insert(UnitKey(run: chain.id, step: id, unit: unit))
            }
            guard let step = after.step(id), let state = step.units.first(where: { $0.unit.id == unit }),
                !state.isInHand, chain.start.plan.steps.first(where: { $0.id == id })?.guardSteps?.isEmpty == false
            else { return }
            chain.asked.guardsOwed.insert(id)
        case .windowOpened(let step, _):
            if chain.start.plan.steps.first(where: { $0.id == step })?.guardSteps?.isEmpty == false {
                chain.asked.guardsOwed.insert(step)
            }
        default: break
        }
    }

    private func checkBegin(_ step: StepState, _ chain: Chain, _ run: Run) {
        if step.startedAt != nil { chain.asked.order.append(step.id) }
        guard step.startedAt != nil, let plan = chain.start.plan.steps.first(where: { $0.id == step.id }) else {
            return
        }
        if plan.isFinal != true { require(run.stopped == nil, .stopped, "\(chain.id)/\(step.id) begins") }
        for need in plan.needs ?? [] {
            let mayFail = chain.start.plan.steps.first { $0.id == need }?.onFailure == .continue
            let isMet = chain.machine.state.step(need).map {
                $0.isOver && (mayFail || $0.verdict != .fail && $0.verdict != .unknown)
            }
            require(isMet == true, .needsMet, "\(chain.id)/\(step.id) begins before \(need) ended well")
        }
    }

    private func checkDeliveries(_ chain: Chain, _ run: Run) {
        for delivery in run.deliveries {
            let count = targets.received[delivery.id] ?? 0
            let isIdempotent = chain.start.plan.notices?.channels[delivery.intent.channel]?.isIdempotent == true
            require(isIdempotent || count <= 1, .deliveredOnce, "\(delivery.id): \(count) times")
            switch delivery.phase {
            case .delivered: require(count > 0, .deliveryHonest, "\(delivery.id) is delivered, and nobody has it")
            case .failed: require(count == 0, .deliveryHonest, "\(delivery.id) failed, and it arrived")
            case .planned, .sending, .waiting, .unknown: break
            }
        }
    }
}

extension StepState {
    /// It goes on, and what its guard says counts.
    fileprivate var countsGuard: Bool {
        switch phase {
        case .observing, .waiting, .working, .proving: true
        default: false
        }
    }
}

extension UnitState {
    /// Begun and not over.
    fileprivate var isInHand: Bool {
        switch phase {
        case .preparing, .intended, .waiting, .repairing, .undoing: true
        case .planned, .done, .failed, .unknown, .left, .undone: false
        }
    }
}

extension RunStep {
    /// The step that it takes back.
    var undoes: String? { if case .undo(let step)? = kind { step } else { nil } }
}
