import Dispatching
import Host
import Schedules

/// Figures of the dispatcher and of the scheduler around it, each a line with its name and value. The parts are asked for
/// one by one, so that each has a process of its own: `script/bench-dispatch` runs them.
@main struct ServingBench {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let folder = arguments.dropFirst().first ?? "."
        let seconds = Host.system.environment("SECONDS_OF_PART").flatMap { Int($0) } ?? 60
        switch arguments.first {
        case "many": try Many().measure()
        case "idle": try await Served(count: 100_000, "%m %h * * %d", in: folder).idle()
        case "second": try await Served(count: 1, "* * * * * *", in: folder).lateness(for: .seconds(seconds))
        case "together": try await Served(count: 1000, "*/5 * * * * *", in: folder).lateness(for: .seconds(seconds))
        case "wake": try await Floor(folder: folder, writes: false).measure(for: seconds)
        case "floor": try await Floor(folder: folder, writes: true).measure(for: seconds)
        default: print("serving many | wake FOLDER | floor FOLDER | idle FOLDER | second FOLDER | together FOLDER")
        }
    }

    static func zone() throws -> Zone { try Zone.load("America/New_York", host: .system) }

    /// So many procedures, a hundred a service. In the text `%m`, `%h` and `%d` stand for a minute, an hour and a day of
    /// the week that go round.
    static func plans(_ count: Int, _ text: String, in zone: Zone) throws -> [ProcedurePlan] {
        try (0..<count).map { number in
            let key = ProcedureKey(
                service: "service-\(number / 100)", environment: "production", procedure: "procedure-\(number % 100)")
            let written = text.replacing("%m", with: "\(number % 60)").replacing("%h", with: "\(number / 60 % 24)")
                .replacing("%d", with: "\(number / 1440 % 7)")
            return ProcedurePlan(key, .schedule(try Schedule(written), zone), zone: zone, lateness: .seconds(3600))
        }
    }

    /// Of latenesses in milliseconds.
    static func say(latenesses: [Double]) throws {
        let sorted = latenesses.sorted()
        guard let last = sorted.last else { throw Wrong(what: "something begins") }
        func part(_ share: Double) -> Double { sorted[Int((Double(sorted.count) * share).rounded(.up)) - 1] }
        say("begins", Double(sorted.count), digits: 0)
        say("p50, ms", part(0.5))
        say("p99, ms", part(0.99))
        say("max, ms", last)
    }

    static func say(_ name: String, _ value: Double, digits: Int = 2) {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        print("\(name)\t\(digits == 0 ? "\(Int(rounded))" : "\(rounded)")")
    }
}
