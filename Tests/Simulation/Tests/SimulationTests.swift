import Dispatching
import Host
import Simulation
import Testing

/// Histories of the dispatcher; `millwright-simulate` runs a million of them.
@Suite struct SimulationTests {
    @Test func histories() throws {
        let total = try DispatcherSimulation(host: .system).run(from: 1, count: 400)
        #expect(total.violations == 0, "\(total.counterexample?.description ?? "")")
        #expect(total.small == 0)
        #expect(total.coverage.least > 0, "\(total.coverage.table)")
        // The report's last line.
        Swift.print(total.line)
    }

    @Test(arguments: PlantedBug.allCases)
    func eachPlantedBugIsFound(bug: PlantedBug) throws {
        let total = try DispatcherSimulation(host: .system, planted: bug).run(from: 1, count: 3000)
        #expect(total.counterexample != nil, "\(bug) was not found")
    }
}
