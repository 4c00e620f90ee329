import Host

/// What goes wrong, or is done by people, in a history of the engine.
enum EngineFault: Int, CaseIterable, Sendable {
    // Processes.
    case crash, crashBeforeAppend, tornAppend, crashAfterAppend, freeze, freezeBeforeEffect
    // The journal.
    case appendFails, appendUnheard, diskFull, slowAppend
    // The network and the clocks.
    case partition, targetPartition, clockForward, clockBack
    // What targets do with the next effect, and show at the next look.
    case slow, runsOn, liesDone, liesError, refuses, half, blind, badValue, guardWorsens
    // People, and who is told.
    case hold, release, cancel, beginFails, receiverLost, receiverRefuses

    /// It lies in wait for the next append, effect or look.
    var isArmed: Bool {
        switch self {
        case .crash, .freeze, .diskFull, .partition, .targetPartition, .clockForward, .clockBack, .hold, .release,
            .cancel:
            false
        default: true
        }
    }
}

/// One step of a history. Its number is read against the world as it is then.
public struct EngineStep: Sendable, CustomStringConvertible {
    enum Kind: Sendable {
        /// Time goes on over what is due next.
        case pass
        case fault(EngineFault)
    }

    let kind: Kind
    let number: UInt64

    public var description: String {
        if case .fault(let fault) = kind { return "\(fault)(\(number % 1000))" }
        return "pass(\(number % 1000))"
    }

    static func history(_ random: inout SeededGenerator) -> [EngineStep] {
        let length = 44 + random.below(20)
        return (0..<length).map { place in
            let isFault = random.chance(22) || place == length / 3 || place == length / 2
            let kind: Kind = isFault ? .fault(random.pick(EngineFault.allCases)) : .pass
            return EngineStep(kind: kind, number: random.next())
        }
    }
}
