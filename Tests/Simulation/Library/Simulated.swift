/// Something in its surroundings, with all that can go wrong, which lives through histories.
public protocol Simulated: Sendable {
    associatedtype Step: Sendable, CustomStringConvertible

    /// What is counted beside events: the whole, in its plural.
    static var counted: String { get }
    static var coverage: Coverage { get }

    func history(of seed: UInt64) -> History<Step>
    func live(_ history: History<Step>, isTraced: Bool) -> Outcome
}

/// What happens, in order.
public struct History<Step: Sendable & CustomStringConvertible>: Sendable {
    public let seed: UInt64
    /// Instances of Millwright.
    public internal(set) var nodes = 1
    public internal(set) var steps: [Step]
}

public struct Violation: Sendable {
    /// What must hold, as a sentence.
    public let invariant: String
    public let detail: String
    /// The event after which it was seen.
    public let event: Int
}

/// What one history came to.
public struct Outcome: Sendable {
    public let violation: Violation?
    public let events: Int
    public let counted: Int
    public let faults: Int
    public let coverage: Coverage
    let trace: [String]
}

/// A history that breaks an invariant, as short as it could be made.
public struct Counterexample<Step: Sendable & CustomStringConvertible>: Sendable, CustomStringConvertible {
    public let history: History<Step>
    public let violation: Violation

    public var description: String {
        "seed \(history.seed): \(violation.invariant): \(violation.detail), after event \(violation.event) of "
            + "\(history.nodes) nodes:\n  " + history.steps.map(\.description).joined(separator: "\n  ")
    }
}

public struct Total<World: Simulated>: Sendable {
    public var histories = 0
    public var events = 0
    public var counted = 0
    public var violations = 0
    /// Histories with fewer than 50 events, 3 of what is counted or 2 faults.
    public var small = 0
    public var coverage = World.coverage
    public var counterexample: Counterexample<World.Step>?

    /// The last line of a report.
    public var line: String {
        "\(histories) histories, \(events) events, \(counted) \(World.counted), \(violations) violations"
    }
}

extension Simulated {
    /// Runs the histories of so many seeds, one after another, and stops at the first violation.
    public func run(from first: UInt64, count: Int) -> Total<Self> {
        var total = Total<Self>()
        for seed in first..<first + UInt64(count) {
            let outcome = live(history(of: seed), isTraced: false)
            total.histories += 1
            total.events += outcome.events
            total.counted += outcome.counted
            total.coverage.add(outcome.coverage)
            if let violation = outcome.violation {
                total.violations += 1
                total.counterexample = shrink(history(of: seed), violation)
                return total
            }
            if outcome.events < 50 || outcome.counted < 3 || outcome.faults < 2 { total.small += 1 }
        }
        return total
    }

    /// Everything that happened in it.
    public func trace(_ example: Counterexample<Step>) -> [String] { live(example.history, isTraced: true).trace }

    /// Leaves out nodes and steps as long as the history breaks the same invariant.
    private func shrink(_ history: History<Step>, _ violation: Violation) -> Counterexample<Step> {
        var shortest = history
        var seen = violation
        func isEnough(_ shorter: History<Step>) -> Bool {
            guard let found = live(shorter, isTraced: false).violation, found.invariant == violation.invariant else {
                return false
            }
            (shortest, seen) = (shorter, found)
            return true
        }
        for nodes in 1..<max(history.nodes, 2) where nodes < shortest.nodes {
            var shorter = shortest
            shorter.nodes = nodes
            _ = isEnough(shorter)
        }
        var size = max(shortest.steps.count / 2, 1)
        while size > 0 {
            var start = 0
            while start < shortest.steps.count {
                var shorter = shortest
                shorter.steps.removeSubrange(start..<min(start + size, shorter.steps.count))
                if !isEnough(shorter) { start += size }
            }
            size /= 2
        }
        return Counterexample(history: shortest, violation: seen)
    }
}
