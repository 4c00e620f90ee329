import Dispatching
import Glibc
import Host
import Simulation

/// `millwright-simulate [COUNT] [FIRST SEED] [bugs]`: so many histories; with `bugs`, what each planted bug takes to be
/// found.
@main struct Simulate {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
        let count = Int(arguments.first ?? 1_000_000)
        let first = arguments.dropFirst().first ?? 1
        let host = Host.system
        if CommandLine.arguments.contains("bugs") {
            for bug in PlantedBug.allCases { try find(bug, host, from: first, count: count) }
            return
        }
        let began = host.steady()
        let simulation = try Simulation(host: host)
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

    private static func find(_ bug: PlantedBug, _ host: Host, from first: UInt64, count: Int) throws {
        let total = try Simulation(host: host, planted: bug).run(from: first, count: count)
        guard let found = total.counterexample else {
            return print("\(bug): NOT FOUND in \(total.histories) histories")
        }
        print(
            "\(bug): \(total.histories) histories, then \(found.steps.count) steps: "
                + found.violation.invariant.rawValue)
    }
}
