import Dispatching
import Glibc
import Host
import Simulation

/// `millwright-simulate dispatcher|engine [COUNT] [FIRST SEED] [bugs]`: so many histories; with `bugs`, what each planted
/// bug takes to be found.
@main struct Simulate {
    static func main() throws {
        let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
        let count = Int(numbers.first ?? 1_000_000)
        let first = numbers.dropFirst().first ?? 1
        let host = Host.system
        let isOfBugs = CommandLine.arguments.contains("bugs")
        switch CommandLine.arguments.dropFirst().first {
        case "dispatcher" where isOfBugs:
            for bug in PlantedBug.allCases {
                find("\(bug)", try DispatcherSimulation(host: host, planted: bug), from: first, count: count)
            }
        case "dispatcher": report(try DispatcherSimulation(host: host), host, from: first, count: count)
        case "engine" where isOfBugs:
            for bug in EngineBug.allCases {
                find("\(bug)", try EngineSimulation(planted: bug), from: first, count: count)
            }
        case "engine": report(try EngineSimulation(), host, from: first, count: count)
        default:
            print("Say which simulation: millwright-simulate dispatcher|engine [COUNT] [FIRST SEED] [bugs].")
            exit(64)
        }
    }

    private static func report(_ simulation: some Simulated, _ host: Host, from first: UInt64, count: Int) {
        let began = host.steady()
        let total = simulation.run(from: first, count: count)
        let seconds = (host.steady() - began).inSeconds
        print(total.coverage.table)
        if let counterexample = total.counterexample {
            for line in simulation.trace(counterexample) { print(line) }
            print(counterexample)
        }
        print(
            "least \(total.coverage.least), \(total.small) small, \(Int(Double(total.histories) / seconds)) histories/s"
        )
        print(total.line)
        if total.violations > 0 { exit(1) }
    }

    private static func find(_ bug: String, _ simulation: some Simulated, from first: UInt64, count: Int) {
        let total = simulation.run(from: first, count: count)
        guard let found = total.counterexample else {
            return print("\(bug): NOT FOUND in \(total.histories) histories")
        }
        print(
            "\(bug): \(total.histories) histories, then \(found.history.steps.count) steps: \(found.violation.invariant)"
        )
    }
}
