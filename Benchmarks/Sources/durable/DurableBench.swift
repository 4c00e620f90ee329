import Glibc
import Host

/// Figures of runs on the real journals, each a line with its name and value. The parts are asked for one by one, so that
/// each has a process of its own: `script/bench-durable` runs them. STORE is `sqlite` or the URL of a server.
@main struct DurableBench {
    static func main() async throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count >= 3, let folder = arguments.popLast() else { return print(usage) }
        let part = arguments.removeFirst()
        let word = arguments.removeFirst()
        let numbers = arguments.compactMap { Int($0) }
        let seconds = Host.system.environment("SECONDS_OF_PART").flatMap { Int($0) } ?? 10
        var store = Store(word, in: folder)
        switch (part, numbers.count) {
        case ("checks", 1), ("changes", 1), ("unsigned", 1):
            store.isSigned = part != "unsigned"
            let work = part == "changes" ? .change : Procedures.trivial
            try await Throughput(store: store, atOnce: numbers[0], work: work).measure(for: .seconds(seconds))
        case ("raw", 2):
            let raw = Raw(bytes: numbers[1])
            if let url = store.url {
                try raw.postgresql(at: url, connections: numbers[0], for: .seconds(seconds))
            } else {
                try raw.sqlite(in: folder, for: .seconds(seconds))
            }
        case ("flow", 2):
            let program = Host.system.environment("FIBONACCI_PROGRAM") ?? ""
            try await Flow(store: store, count: numbers[0], fibonacci: numbers[1], program: program).measure()
        case ("growth", 0): try await Growth(store: store).measure()
        case ("waiting", 1):
            try await Waiting(store: store, count: numbers[0]).measure()
        default: print(usage)
        }
    }

    private static let usage = """
        durable checks|changes|unsigned STORE RUNS-AT-ONCE FOLDER | raw STORE CONNECTIONS BYTES FOLDER
        | flow STORE STEPS NUMBER FOLDER | growth STORE FOLDER | waiting STORE RUNS FOLDER
        """

    static func say(_ name: String, _ value: Double, digits: Int = 2) {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        print("\(name)\t\(digits == 0 ? "\(Int(rounded))" : "\(rounded)")")
    }
}
