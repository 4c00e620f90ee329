import Host
import Maintenance

/// A unit of one run, by name.
struct UnitKey: Hashable, CustomStringConvertible {
    let run: String
    let step: String
    let unit: String

    var description: String { "\(run)/\(step)/\(unit)" }
}

/// What targets are in truth. They outlive every process.
struct Targets {
    enum State { case pending, partial, applied }

    struct Unit {
        var state: State
        /// What is being done with it now.
        var effect: Int?
        /// Counts what was done with it: an effect that was meant for another state of it is refused.
        var version = 0
        /// A process that had been frozen before it did something worked on it after it had lost its lease.
        var isDisturbed = false
    }

    enum Kind { case apply, repair, undo }

    struct Effect {
        let key: UnitKey
        let target: String
        let kind: Kind
        /// What becomes of the unit.
        let result: State
        /// What it says of itself.
        let error: Cause?
        /// It goes on when nobody waits for it any more.
        let runsOn: Bool
        let begunAt: Instant
        let process: Process?
        /// Who waits for it.
        var job: Int?
    }

    var units: [UnitKey: Unit] = [:]
    var effects: [Int: Effect] = [:]
    /// Notices that reached their receiver, with how often.
    var received: [String: Int] = [:]

    mutating func end(_ id: Int) -> Effect? {
        guard let effect = effects.removeValue(forKey: id) else { return nil }
        if units[effect.key]?.state != effect.result { units[effect.key]?.version += 1 }
        units[effect.key]?.state = effect.result
        units[effect.key]?.effect = nil
        return effect
    }

    /// Ends it where it stands: nothing more comes of it.
    mutating func cut(_ id: Int, leaving state: State) {
        guard let effect = effects.removeValue(forKey: id) else { return }
        if units[effect.key]?.state != state { units[effect.key]?.version += 1 }
        units[effect.key]?.state = state
        units[effect.key]?.effect = nil
    }
}
