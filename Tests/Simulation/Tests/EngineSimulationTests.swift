import Simulation
import Testing

/// Histories of whole instances; `millwright-simulate engine` runs a million of them.
@Suite struct EngineSimulationTests {
    @Test func histories() throws {
        let total = try EngineSimulation().run(from: 1, count: 300)
        #expect(total.violations == 0, "\(total.counterexample?.description ?? "")")
        #expect(total.small == 0)
        // The report's last line.
        Swift.print(total.line)
    }

    /// Those that take thousands of histories are looked for in `make proof` alone.
    @Test(arguments: EngineBug.allCases.filter { ![.beginsUnfenced, .storeIgnoresFences, .tokenStays].contains($0) })
    func eachPlantedBugIsFound(bug: EngineBug) throws {
        let total = try EngineSimulation(planted: bug).run(from: 1, count: 500)
        #expect(total.counterexample != nil, "\(bug) was not found")
    }
}
