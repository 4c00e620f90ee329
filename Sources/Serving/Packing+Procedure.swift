import Dispatching
import Host
import Schedules

/// A schedule is kept in its own words, a zone by its name: what they come to is found anew by the program that reads them.
extension Packer {
    mutating func procedure(_ plan: ProcedurePlan) {
        text(plan.key.service)
        text(plan.key.environment)
        text(plan.key.procedure)
        switch plan.timing {
        case .schedule(let schedule, let zone):
            count(0)
            self.schedule(schedule)
            text(zone.name)
        case .triggered(let words):
            count(1)
            text(words)
        case .relative(let occasion, let zone):
            count(2)
            text(occasion.text)
            policy(occasion.policy)
            text(zone.name)
        }
        flag(plan.isEnabled)
        each(plan.windows) { packer, window in
            packer.schedule(window.opens)
            packer.duration(window.lasts)
            packer.duration(window.cutoff)
        }
        each(plan.freezes) { $0.freeze($1) }
        text(plan.zone.name)
        duration(plan.expected)
        text(plan.catchUp.mode.rawValue)
        count(plan.catchUp.cap)
        duration(plan.catchUp.spread)
        flag(plan.catchUp.afterPause)
        overlap(plan.overlap)
        duration(plan.jitter)
        duration(plan.lateness)
        count(plan.priority)
        each(plan.locks) { $0.text($1) }
        flag(plan.isDisruptive)
        count(plan.disruptiveAtOnce)
    }

    private mutating func schedule(_ schedule: Schedule) {
        text(schedule.text)
        policy(schedule.policy)
    }

    private mutating func policy(_ policy: ClockChangeChoice?) {
        optional(policy) { packer, policy in
            packer.optional(policy.gap) { $0.text($1.rawValue) }
            packer.optional(policy.overlap) { $0.text($1.rawValue) }
        }
    }

    private mutating func freeze(_ freeze: Freeze) {
        text(freeze.name)
        text(freeze.reason)
        switch freeze.times {
        case .once(let from, let until):
            flag(false)
            number(from)
            number(until)
        case .recurring(let schedule, let lasts):
            flag(true)
            self.schedule(schedule)
            duration(lasts)
        }
    }

    private mutating func overlap(_ overlap: Overlap) {
        switch overlap {
        case .skip: count(0)
        case .replace: count(1)
        case .queue(let places):
            count(2)
            count(places)
        }
    }
}

extension Unpacker {
    mutating func procedure(_ zones: ZoneShelf) throws(Unreadable) -> ProcedurePlan {
        let key = ProcedureKey(service: try text(), environment: try text(), procedure: try text())
        let timing = try timing(zones)
        let isEnabled = try flag()
        let windows = try each { (unpacker) throws(Unreadable) in try unpacker.window() }
        let freezes = try each { (unpacker) throws(Unreadable) in try unpacker.freeze() }
        var plan = ProcedurePlan(
            key, timing, isEnabled: isEnabled, windows: windows, freezes: freezes, zone: try zone(zones),
            expected: try duration(),
            catchUp: CatchUp(
                try named(), cap: Int(try number()), spread: try duration(), afterPause: try flag()),
            overlap: try overlap(), jitter: try duration(), lateness: try duration(), priority: Int(try number()))
        plan.locks = try each { (unpacker) throws(Unreadable) in try unpacker.text() }
        plan.isDisruptive = try flag()
        plan.disruptiveAtOnce = Int(try number())
        return plan
    }

    private mutating func timing(_ zones: ZoneShelf) throws(Unreadable) -> OccurrenceSource {
        switch try number() {
        case 0: return .schedule(try schedule(), try zone(zones))
        case 1: return .triggered(by: try text())
        case 2:
            let (text, policy) = (try text(), try policy())
            guard case .relative(let occasion)? = try? Occasion(text, policy: policy) else { throw Unreadable() }
            return .relative(occasion, try zone(zones))
        default: throw Unreadable()
        }
    }

    private mutating func zone(_ zones: ZoneShelf) throws(Unreadable) -> Zone {
        guard let zone = zones.zone(try text()) else { throw Unreadable() }
        return zone
    }

    private mutating func schedule() throws(Unreadable) -> Schedule {
        let (text, policy) = (try text(), try policy())
        do { return try Schedule(text, policy: policy) } catch { throw Unreadable() }
    }

    private mutating func policy() throws(Unreadable) -> ClockChangeChoice? {
        try optional { (unpacker) throws(Unreadable) in
            ClockChangeChoice(
                gap: try unpacker.optional { (unpacker) throws(Unreadable) in try unpacker.named() },
                overlap: try unpacker.optional { (unpacker) throws(Unreadable) in try unpacker.named() })
        }
    }

    private mutating func window() throws(Unreadable) -> Window {
        let (opens, lasts, cutoff) = (try schedule(), try duration(), try duration())
        do { return try Window(opens: opens, lasts: lasts, cutoff: cutoff) } catch { throw Unreadable() }
    }

    private mutating func freeze() throws(Unreadable) -> Freeze {
        let (name, reason) = (try text(), try text())
        let times: Freeze.Times =
            try flag()
            ? .recurring(try schedule(), lasts: try duration()) : .once(from: try number(), until: try number())
        return Freeze(name, reason: reason, times: times)
    }

    private mutating func overlap() throws(Unreadable) -> Overlap {
        switch try number() {
        case 0: return .skip
        case 1: return .replace
        case 2: return .queue(Int(try number()))
        default: throw Unreadable()
        }
    }
}
