import Host
import Schedules

/// Histories of whole instances of Millwright: run machines, dispatchers, journal, leases, targets, clocks and network.
public struct EngineSimulation: Simulated {
    public static let counted = "runs"
    public static let coverage = Coverage(
        EngineSituation.allCases.map { "\($0)" }, EngineFault.allCases.map { "\($0)" })

    let schedules: [Schedule]
    let planted: EngineBug?

    public init() throws { try self.init(planted: nil) }

    package init(planted: EngineBug?) throws {
        schedules = try ["every 2 minutes", "every 3 minutes", "every 5 minutes"].map { try Schedule($0) }
        self.planted = planted
    }

    public func history(of seed: UInt64) -> History<EngineStep> {
        var random = SeededGenerator(seed: seed)
        return History(seed: seed, nodes: 2 + random.below(4), steps: EngineStep.history(&random))
    }

    public func live(_ history: History<EngineStep>, isTraced: Bool) -> Outcome {
        let cluster = Cluster(self, history, isTraced: isTraced)
        for step in history.steps where cluster.violation == nil { cluster.take(step) }
        // A quiet history goes on until enough has happened.
        var random = SeededGenerator(seed: ~history.seed)
        for _ in 0..<4000 where cluster.violation == nil && !cluster.hasEnough {
            cluster.take(EngineStep(kind: .pass, number: random.next()))
        }
        cluster.drain()
        return Outcome(
            violation: cluster.violation, events: cluster.events, counted: cluster.store.chains.count,
            faults: cluster.faults, coverage: cluster.coverage, trace: cluster.trace ?? [])
    }
}
