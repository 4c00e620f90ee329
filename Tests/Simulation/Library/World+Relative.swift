import Dispatching
import Host
import Schedules

/// What must hold of facts, events and agreements.
extension World {
    /// The instants that the procedure's occasion is counted from now, with what each comes to.
    private func bases(_ model: Model) -> [(basis: Instant, at: Instant)] {
        guard case .relative(let occasion, let zone) = model.timing else { return [] }
        let bases = occasion.isAgreement ? [done ?? model.since].compactMap { $0 } : times
        return bases.compactMap { basis in
            guard let at = occasion.instant(from: basis, in: zone) else { return nil }
            guard occasion.event != nil else { return (basis, at) }
            // Of an event it is the end; what was over before it was asked for is nobody's.
            return model.since.map { at < $0 } == true ? nil : (basis, basis)
        }
    }

    private func hasFate(_ model: Model, _ basis: Instant) -> Bool {
        guard case .relative(let occasion, _) = model.timing else { return false }
        return model.identities.contains("\(occasion.topic ?? ""): \(basis)")
    }

    /// The earliest that has no fate yet; of a fact while nothing else of the procedure is open.
    func relativeDue(_ model: Model) -> Instant? {
        guard isTold, model.isLive, case .relative(let occasion, _) = model.timing else { return nil }
        guard occasion.isAgreement || (model.begun == nil && model.firstWaiting == nil) else { return nil }
        return bases(model).filter { !hasFate(model, $0.basis) }.map(\.at).min()
    }

    /// Nothing that was seen and is due has no fate.
    func checkRelative(_ p: Int) {
        guard let due = relativeDue(models[p]) else { return }
        require(due > wall, .nothingSkipped, "p\(p) of \(due) has neither run nor reason at \(wall)")
    }

    func isEvent(_ p: Int) -> Bool {
        guard case .relative(let occasion, _) = models[p].timing else { return false }
        return occasion.event != nil
    }

    /// What hangs on an event waits until its deadline, whatever the plan says of others.
    func checkEnd(_ p: Int, _ trigger: String?, _ deadline: Instant) {
        guard case .relative(let occasion, let zone) = models[p].timing, occasion.event != nil, let trigger else {
            return
        }
        let basis = told.first { trigger.hasSuffix(": \($0)") }
        require(
            basis.flatMap { occasion.instant(from: $0, in: zone) } == deadline, .notLate,
            "p\(p): `\(trigger)` may wait until \(deadline)")
    }

    /// What gets its fate was seen, and is due.
    func checkSeen(_ p: Int, _ nominal: Instant, _ trigger: String) {
        guard case .relative(let occasion, let zone) = models[p].timing else { return }
        let isAgreement = occasion.isAgreement
        let known = isAgreement ? Set([done, models[p].since].compactMap { $0 }) : told
        guard let basis = known.first(where: { trigger.hasSuffix(": \($0)") }),
            let at = occasion.instant(from: basis, in: zone)
        else { return require(false, .isOccurrence, "p\(p): `\(trigger)` was not seen") }
        let start = occasion.event == nil ? at : basis
        require(start <= wall && nominal >= start, .notEarly, "p\(p) of \(start) at \(wall) as \(nominal)")
    }
}
