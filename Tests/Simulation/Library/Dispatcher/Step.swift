import Host

/// What goes wrong, or changes, in a history.
public enum Fault: Int, CaseIterable, Sendable {
    case crashBeforeAppend, tornAppend, crashAfterAppend, crashAmidEffects, appendFails
    case clockForward, clockBack, sleep, zoneChange
    case edit, disable, enable, remove, pause, resume, hold, release
    case slowRun, beginFails, endTwice, lateEnd, twoTriggers
    case factComes, factChanges, factVanishes, agreedWorkDone

    var name: String { "\(self)" }
}

/// One step of a history. Its number is read against the world as it is then, so that a history stays one when steps are
/// left out.
public struct Step: Sendable, CustomStringConvertible {
    enum Kind: Sendable, Equatable {
        /// Time goes on to what is due.
        case tick
        /// A run ends.
        case end
        case trigger
        case fault(Fault)
    }

    let kind: Kind
    let number: UInt64

    public var description: String {
        if case .fault(let fault) = kind { return "\(fault.name)(\(number % 1000))" }
        return "\(kind)(\(number % 1000))"
    }

    /// A history: mostly time that passes and runs that end, with enough going wrong between.
    static func history(_ random: inout SeededGenerator) -> [Step] {
        let length = 52 + random.below(18)
        var steps: [Step] = []
        steps.reserveCapacity(length)
        for _ in 0..<length {
            let kind: Kind =
                switch random.below(100) {
                case ..<48: .tick
                case ..<66: .end
                case ..<72: .trigger
                default: .fault(random.pick(Fault.allCases))
                }
            steps.append(Step(kind: kind, number: random.next()))
        }
        for place in [length / 3, 2 * length / 3] {
            steps[place] = Step(kind: .fault(random.pick(Fault.allCases)), number: random.next())
        }
        return steps
    }
}
