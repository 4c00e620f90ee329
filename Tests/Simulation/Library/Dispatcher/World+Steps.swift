import Dispatching
import Host
import Schedules

/// What happens in the world.
extension World {
    func take(_ step: Step, number: Int) {
        self.step = number
        random = SeededGenerator(seed: step.number)
        tellFailedBegins()
        switch step.kind {
        case .tick: tick()
        case .end: end()
        case .trigger: trigger()
        case .fault(let fault):
            faults += 1
            for p in models.indices { coverage.meet(situation(of: p).rawValue, fault.rawValue) }
            meet(fault)
        }
    }

    private func tellFailedBegins() {
        let told = failed
        failed = []
        for occurrence in told { deliver(random.chance(50) ? .beginFailed(occurrence) : .lockedOut(occurrence)) }
    }

    /// On to what is due, seldom in one go.
    private func tick() {
        let due = wake.map { $0 - wall } ?? .seconds(600)
        pass(min(max(due, .zero), .seconds(1200)) + .milliseconds(random.below(1500)))
        deliver(.tick)
    }

    private func end() {
        let going = runs.indices.filter { !runs[$0].isOver && (runs[$0].slowUntil <= step || runs[$0].isCancelled) }
        guard !going.isEmpty else { return tick() }
        let run = random.pick(going)
        pass(.seconds(random.below(200)))
        runs[run].isOver = true
        deliver(.ended(Occurrence(models[runs[run].p].key, runs[run].nominal)))
    }

    private func trigger() {
        pass(.seconds(random.below(60)))
        let identity = "run \(triggers.count)"
        triggers.append((identity, wall))
        deliver(.triggered(models[Menu.triggered].key, identity: identity, at: wall))
    }

    private func meet(_ fault: Fault) {
        let p = random.below(models.count)
        switch fault {
        case .crashBeforeAppend: interrupt(.crashBefore)
        case .tornAppend: interrupt(.torn)
        case .crashAfterAppend: interrupt(.crashAfter)
        case .crashAmidEffects: interrupt(.crashAmid)
        case .appendFails: interrupt(.fails)
        case .clockForward:
            wall = wall + .seconds(random.pick([20, 1000, 4000, 12_000]))
            deliver(.tick)
        case .clockBack:
            wall = wall - .seconds(random.pick([20, 1000, 4000, 12_000]))
            deliver(.tick)
        case .sleep:
            pass(.seconds(random.pick([300, 2000, 10_000, 30_000])))
            deliver(.tick)
        case .zoneChange: changeZone()
        case .edit: edit(p)
        case .disable, .enable: enable(p, fault == .enable)
        case .remove:
            models[p].plan = nil
            deliver(.plans(changed: [], removed: [models[p].key]))
        case .pause: deliver(.pause(models[p].key))
        case .resume: deliver(.resume(models[p].key))
        case .hold:
            holds.insert(
                random.pick([
                    .everything, .service(Menu.services[0]), .service(Menu.services[1]), .target(Menu.locks[0]),
                    .target(Menu.locks[1]),
                ]))
            deliver(.holds(holds))
        case .release:
            holds = []
            deliver(.holds(holds))
        case .slowRun:
            for run in runs.indices where !runs[run].isOver { runs[run].slowUntil = step + 12 }
            tick()
        case .beginFails:
            beginsToFail = 1 + random.below(3)
            tick()
        case .endTwice, .lateEnd: endAgain(fault)
        case .factComes, .factChanges, .factVanishes: changeFact(fault)
        case .agreedWorkDone:
            done = wall
            tellWhatWasSeen()
        case .twoTriggers:
            trigger()
            triggers.append(("run \(triggers.count)", wall))
            for trigger in triggers.suffix(2) {
                deliver(.triggered(models[Menu.triggered].key, identity: trigger.identity, at: trigger.at))
            }
        }
    }

    /// Times come before and after what they are due by, two at once, once more, and go.
    private func changeFact(_ fault: Fault) {
        let new = wall + .seconds(random.pick([-20_000, 300, 1100, 4000, 11_000, 14_000]))
        switch fault {
        case .factComes: times.append(new)
        case .factChanges: times = [new]
        default: times = []
        }
        if times.count > 3 { times.removeFirst() }
        told.formUnion(times)
        tellWhatWasSeen()
    }

    /// Something happens, and the journal or the process fails over it.
    private func interrupt(_ journal: Journal) {
        self.journal = journal
        let p = random.below(models.count)
        switch random.below(10) {
        case 0: end()
        case 1: trigger()
        case 2: edit(p)
        case 3: deliver(.pause(models[p].key))
        case 4: deliver(.resume(models[p].key))
        case 5:
            models[p].plan = nil
            deliver(.plans(changed: [], removed: [models[p].key]))
        case 6: changeZone()
        case 7: changeFact(.factChanges)
        default: tick()
        }
    }

    private func edit(_ p: Int) {
        let key = models[p].key
        var plan = menu.plan(p, &random, zone: zone)
        if let old = models[p].plan, random.chance(30) { plan.timing = old.timing }
        models[p].plan = plan
        pass(.seconds(random.pick([0, 30, 700])))
        assert(plan.key == key)
        isTold = false
        deliver(.plans(changed: [plan], removed: []))
        tellWhatWasSeen()
    }

    private func enable(_ p: Int, _ isEnabled: Bool) {
        var plan = models[p].plan ?? menu.plan(p, &random, zone: zone)
        plan.isEnabled = isEnabled
        models[p].plan = plan
        isTold = false
        deliver(.plans(changed: [plan], removed: []))
        tellWhatWasSeen()
    }

    private func changeZone() {
        zone = menu.other(zone)
        for p in models.indices {
            models[p].plan?.zone = zone
            switch models[p].plan?.timing {
            case .schedule(let schedule, _)?: models[p].plan?.timing = .schedule(schedule, zone)
            case .relative(let occasion, _)?: models[p].plan?.timing = .relative(occasion, zone)
            case .triggered?, nil: break
            }
        }
        deliver(.zones([zone]))
    }

    private func endAgain(_ fault: Fault) {
        let over = runs.filter(\.isOver)
        guard let run = fault == .endTwice ? over.last : over.first else { return tick() }
        deliver(.ended(Occurrence(models[run.p].key, run.nominal)))
    }

    /// Peace: nothing is held or paused and every run ends. All that is open now gets its run or its reason.
    func drain() {
        beginsToFail = 0
        tellFailedBegins()
        holds = []
        deliver(.holds(holds))
        for model in models where model.isPaused { deliver(.resume(model.key)) }
        let open = models.map { model in model.fates.indices.filter { model.fates[$0].isOpen } }
        for _ in 0..<400 where violation == nil {
            let isOpen = zip(models, open).contains { model, places in places.contains { model.fates[$0].isOpen } }
            guard isOpen else { return }
            for run in runs.indices where !runs[run].isOver {
                runs[run].isOver = true
                deliver(.ended(Occurrence(models[runs[run].p].key, runs[run].nominal)))
            }
            tick()
        }
        require(false, .drains, "something is open for ever")
    }

    private func situation(of p: Int) -> Situation {
        let model = models[p]
        guard let plan = model.plan, model.isKnown else { return .absent }
        if !model.isEnabled { return .disabled }
        if model.isPaused { return .paused }
        guard let first = model.firstWaiting else { return model.begun == nil ? .idle : .running }
        if model.begun != nil { return .queued }
        let fate = model.fates[first]
        if fate.notBefore > wall { return fate.failures > 0 ? .retrying : .delayed }
        if isHeld(plan) { return .held }
        return fitsWindow(plan) ? .locked : .windowClosed
    }
}
