import Engine
import Host
import Journal
import Maintenance
import Plans

/// Procedures of trivial steps, one after the other, and the runs of them.
struct Procedures {
    let host = Host.system
    let store: any JournalStore
    var inbox: Inbox?
    let catalogue = Catalogue(
        actions: [.check(Fibonacci.self), .change(TrivialChange.self)], kinds: [TargetKindDefinition(TrivialKind.self)])

    enum Work: Sendable {
        case check(fibonacci: Int, program: String)
        case change
        case question
    }

    static let trivial = Work.check(fibonacci: 1, program: "")

    /// Runs so many steps to their end, which is on disk when this returns.
    func run(_ id: String, of procedure: String, _ count: Int, _ work: Work) async throws {
        let plan = RunPlan(
            service: "durable", environment: "default", procedure: procedure,
            targets: ["it": RunTarget(kind: "trivial", settings: .map([.init("name", .text(procedure))]))],
            steps: (0..<count).map { step($0, work) })
        let start = RunStart.make(
            plan, catalogue: catalogue, host: host, nominal: host.now(),
            owner: ProcessIdentity(pid: 1, startTime: 1, bootID: "boot"), requestedBy: "bench")
        let run = try await RunDriver(host: host, catalogue: catalogue, store: store, inbox: inbox).begin(id, start)
        guard run.verdict == .pass else { throw Wrong(what: "run \(id) passes") }
    }

    private func step(_ number: Int, _ work: Work) -> RunStep {
        let id = "step-\(number)"
        let needs = number == 0 ? nil : ["step-\(number - 1)"]
        switch work {
        case .check(let fibonacci, let program):
            return RunStep(
                id: id, action: "trivial.fibonacci", isChange: false,
                parameters: .map([.init("n", .text("\(fibonacci)")), .init("program", .text(program))]),
                targets: ["on": "it"], needs: needs)
        case .change:
            return RunStep(id: id, action: "trivial.change", isChange: true, targets: ["on": "it"], needs: needs)
        case .question:
            let question = RunQuestion(
                text: "Shall it go on?", from: [], withinMicroseconds: 3600 * 1_000_000, fields: [])
            return RunStep(id: id, action: "ask", kind: .ask(question), isChange: false, needs: needs)
        }
    }
}

/// A figure that would be one of something else.
struct Wrong: Error {
    let what: String
}
