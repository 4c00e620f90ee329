package import Dispatching
public import Host

/// Histories of a dispatcher and everything that can go wrong with it.
public struct DispatcherSimulation: Simulated {
    public static let counted = "occurrences"
    public static let coverage = Coverage(Situation.allCases.map { "\($0)" }, Fault.allCases.map(\.name))

    private let menu: Menu
    private let planted: PlantedBug?

    public init(host: Host) throws { try self.init(host: host, planted: nil) }

    package init(host: Host, planted: PlantedBug?) throws {
        menu = try Menu(host: host)
        self.planted = planted
    }

    public func history(of seed: UInt64) -> History<Step> {
        var random = SeededGenerator(seed: seed)
        return History(seed: seed, steps: Step.history(&random))
    }

    public func live(_ history: History<Step>, isTraced: Bool) -> Outcome {
        let world = World(menu, seed: history.seed, planted: planted, isTraced: isTraced)
        var random = SeededGenerator(seed: ~history.seed)
        var number = 0
        for step in history.steps where world.violation == nil {
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
            violation: world.violation, events: world.events, counted: world.occurrences, faults: world.faults,
            coverage: world.coverage, trace: world.trace ?? [])
    }
}

extension World {
    fileprivate var occurrences: Int { models.reduce(0) { $0 + $1.fates.count } }
}
