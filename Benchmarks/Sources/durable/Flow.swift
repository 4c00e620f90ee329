import Host
import Journal

/// Windmill's published flow: so many tasks one after the other, each a Fibonacci number. From the begin of the run to its
/// end on disk.
struct Flow {
    let store: Store
    let count: Int
    let fibonacci: Int
    let program: String
    private let host = Host.system

    func measure() async throws {
        let journal = try await store.open()
        let procedures = Procedures(store: journal)
        var times: [Double] = []
        for number in 0..<5 {
            let begun = host.steady()
            try await procedures.run(
                "flow-\(count)-\(number)", of: "flow", count, .check(fibonacci: fibonacci, program: program))
            times.append((host.steady() - begun).inSeconds)
        }
        // The first one makes the connections.
        times = times.dropFirst().sorted()
        DurableBench.say("flow, ms", times[times.count / 2] * 1000, digits: 1)
        await journal.close()
    }
}
