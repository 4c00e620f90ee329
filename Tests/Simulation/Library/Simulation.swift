package import Dispatching
public import Host

/// Histories of a dispatcher and everything that can go wrong with it, from seeds.
public struct Simulation: Sendable {
    private let menu: Menu
    private let planted: PlantedBug?

    public init(host: Host) throws { try self.init(host: host, planted: nil) }

    package init(host: Host, planted: PlantedBug?) throws {
        menu = try Menu(host: host)
        self.planted = planted
    }

    /// What one history came to.
    public struct Outcome: Sendable {
        public let violation: Violation?
        public let events: Int
        public let occurrences: Int
        public let faults: Int
        public let coverage: Coverage
        let trace: [String]
    }

    /// A history that breaks an invariant, as short as it could be made.
    public struct Counterexample: Sendable, CustomStringConvertible {
        public let seed: UInt64
        public let steps: [Step]
        public let violation: Violation

        public var description: String {
            "seed \(seed): \(violation.invariant.rawValue): \(violation.detail), after event \(violation.event) of\n  "
                + steps.map(\.description).joined(separator: "\n  ")
        }
    }

    public struct Total: Sendable {
        public var histories = 0
        public var events = 0
        public var occurrences = 0
        public var violations = 0
        /// Histories with fewer than 50 events, 3 occurrences or 2 faults.
        public var small = 0
        public var coverage = Coverage()
        public var counterexample: Counterexample?

        /// The last line of a report.
        public var line: String {
            "\(histories) histories, \(events) events, \(occurrences) occurrences, \(violations) violations"
        }
    }

    public func run(seed: UInt64) -> Outcome {
        var random = SplitMix(seed)
        return run(seed: seed, Step.history(&random))
    }

    /// Everything that a counterexample's dispatcher was told and said.
    public func trace(_ example: Counterexample) -> [String] {
        run(seed: example.seed, example.steps, isTraced: true).trace
    }

    func run(seed: UInt64, _ steps: [Step], isTraced: Bool = false) -> Outcome {
        let world = World(menu, seed: seed, planted: planted, isTraced: isTraced)
        var random = SplitMix(~seed)
        var number = 0
        for step in steps where world.violation == nil {
            number += 1
            world.take(step, number: number)
        }
        // A quiet history goes on until enough has happened.
        while world.violation == nil, world.occurrences < 3 || world.events < 50 {
            number += 1
            let kinds: [Step.Kind] = [.tick, .end, .fault(.enable), .fault(.resume)]
            world.take(Step(kind: kinds[number % 4], number: random.next()), number: number)
            if number > 1000 { break }
        }
        if world.violation == nil { world.drain() }
        return Outcome(
            violation: world.violation, events: world.events, occurrences: world.occurrences, faults: world.faults,
            coverage: world.coverage, trace: world.trace ?? [])
    }

    /// Runs the histories of so many seeds, one after another, and stops at the first violation.
    public func run(from first: UInt64, count: Int) -> Total {
        var total = Total()
        for seed in first..<first + UInt64(count) {
            let outcome = run(seed: seed)
            total.histories += 1
            total.events += outcome.events
            total.occurrences += outcome.occurrences
            total.coverage.add(outcome.coverage)
            if let violation = outcome.violation {
                total.violations += 1
                total.counterexample = shrink(seed, violation)
                return total
            }
            if outcome.events < 50 || outcome.occurrences < 3 || outcome.faults < 2 { total.small += 1 }
        }
        return total
    }

    /// Leaves out steps as long as the history breaks the same invariant.
    func shrink(_ seed: UInt64, _ violation: Violation) -> Counterexample {
        var random = SplitMix(seed)
        var steps = Step.history(&random)
        var seen = violation
        var size = steps.count / 2
        while size > 0 {
            var start = 0
            while start < steps.count {
                var shorter = steps
                shorter.removeSubrange(start..<min(start + size, steps.count))
                if let found = run(seed: seed, shorter).violation, found.invariant == violation.invariant {
                    steps = shorter
                    seen = found
                } else {
                    start += size
                }
            }
            size /= 2
        }
        return Counterexample(seed: seed, steps: steps, violation: seen)
    }
}

extension World {
    var occurrences: Int { models.reduce(0) { $0 + $1.fates.count } }
}
