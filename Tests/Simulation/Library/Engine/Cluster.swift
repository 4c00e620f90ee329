import Dispatching
import Engine
import Host
import Journal
import Maintenance

/// Nodes around one store and their targets, on one virtual clock.
final class Cluster {
    static let beginning = Instant(secondsSinceEpoch: 1_780_272_000)
    /// How long a lease lasts; it is renewed at a third of that.
    static let lease = Duration.seconds(30)

    let simulation: EngineSimulation
    let seed: UInt64
    var random: SeededGenerator
    var now = Cluster.beginning
    var agenda = Agenda()
    var store = Store()
    var nodes: [Node]
    let procedures: [ProcedurePlan]
    let policy: DispatchPolicy
    var holds: Set<Dispatching.Hold> = []
    var heldSince: [Dispatching.Hold: Instant] = [:]
    var armed: [EngineFault: Int] = [:]
    var targets = Targets()
    var jobs: [Int: Job] = [:]
    var appends: [Int: Append] = [:]
    private var ids = 0
    /// Nothing goes wrong any more.
    var isCalm = false
    private(set) var violation: Violation?
    private(set) var trace: [String]?
    var events = 0
    var faults = 0
    var coverage = EngineSimulation.coverage
    /// Occurrences that are to have a run.
    var admitted: Set<Dispatching.Occurrence> = []
    var ended = 0
    var lastCheck = Cluster.beginning

    init(_ simulation: EngineSimulation, _ history: History<EngineStep>, isTraced: Bool) {
        self.simulation = simulation
        seed = history.seed
        if isTraced { trace = [] }
        var random = SeededGenerator(seed: history.seed &* 0x9E37_79B9_7F4A_7C15)
        procedures = (0..<3).map { RunMenu.procedure($0, simulation.schedules, &random) }
        policy = DispatchPolicy(disruptiveAtOnce: 2, observeOnly: random.chance(8), seed: random.next())
        nodes = (0..<history.nodes).map { Node($0) }
        self.random = random
        for node in nodes { agenda.note(.boot(node.index), at: now + .milliseconds(node.index * 700)) }
    }

    var planted: EngineBug? { simulation.planted }
    var hasEnough: Bool { events >= 50 && ended >= 3 && faults >= 2 }

    func require(_ holds: Bool, _ invariant: EngineInvariant, _ detail: @autoclosure () -> String) {
        guard !holds, violation == nil else { return }
        violation = Violation(invariant: invariant.rawValue, detail: detail(), event: events)
        note("VIOLATION \(invariant.rawValue): \(detail())")
    }

    func note(_ line: @autoclosure () -> String) {
        guard trace != nil else { return }
        trace?.append("\((now - Self.beginning).inSeconds) \(line())")
    }

    func newID() -> Int {
        ids += 1
        return ids
    }

    func wall(_ node: Node) -> Instant { now + node.offset }

    func milliseconds(_ range: Range<Int>) -> Duration {
        .milliseconds(range.lowerBound + random.below(range.count))
    }

    func take(_ step: EngineStep) {
        random = SeededGenerator(seed: step.number)
        switch step.kind {
        case .pass:
            let until = events + 1 + random.below(3)
            for _ in 0..<60 where events < until && violation == nil { turn() }
        case .fault(let fault):
            faults += 1
            for chain in store.chains.values where !chain.isOver {
                for situation in chain.machine.state.situations {
                    coverage.meet(situation.rawValue, fault.rawValue)
                }
            }
            note("FAULT \(fault)")
            meet(fault)
        }
    }

    /// On to what is due next.
    func turn() {
        guard let due = agenda.next() else { return }
        now = max(now, due.at)
        switch due.entry {
        case .look(let process): at(process, due.entry) { look($0) }
        case .dispatch(let process): at(process, due.entry) { dispatch($0) }
        case .carry(let process, let occurrence, let wait):
            at(process, due.entry) { carry(occurrence, $0, wait: wait) }
        case .leaseEnds(let process, let name): at(process, due.entry) { leaseEnds(name, $0) }
        case .job(let id):
            guard let job = jobs[id] else { break }
            at(job.process, due.entry) { advance(job, on: $0) }
        case .append(let id): arrive(id)
        case .reply(let id):
            guard let append = appends[id] else { break }
            if !at(append.process, due.entry, { answered(id, append, on: $0) }) { appends[id] = nil }
        case .effect(let id): finishEffect(id)
        case .mend(let fault, let node): mend(fault, node)
        case .boot(let node): boot(nodes[node])
        }
        checkTime()
    }

    /// What a process does: not when it is dead, and later when it is frozen. False when it is dead.
    @discardableResult
    private func at(_ process: Process, _ entry: Agenda.Entry, _ body: (Node) -> Void) -> Bool {
        let node = nodes[process.node]
        guard node.isUp, node.incarnation == process.incarnation else { return false }
        if let until = node.frozenUntil, until > now { agenda.note(entry, at: until) } else { body(node) }
        return true
    }

    /// All is well from now on: everything that is open comes to its end.
    func drain() {
        guard violation == nil else { return }
        note("CALM")
        isCalm = true
        random = SeededGenerator(seed: seed ^ 0xFFFF)
        armed = [:]
        release()
        store.isFull = false
        for node in nodes {
            node.reachesStore = true
            node.reachesTargets = true
            if !node.isUp { agenda.note(.boot(node.index), at: now) }
        }
        let runs = store.chains.values.filter { !$0.isOver }
        let open = admitted.filter { store.chain(of: $0) == nil && !store.missed.contains($0) }
        let until = now + .seconds(7200)
        while violation == nil, now < until {
            if runs.allSatisfy(\.isOver), open.allSatisfy({ hasFate($0) }) { return }
            for _ in 0..<20 where violation == nil { turn() }
        }
        let left = runs.filter { !$0.isOver }.map(\.id) + open.filter { !hasFate($0) }.map { "\($0)" }
        require(left.isEmpty, .ends, "after two hours of peace: \(left.sorted())")
    }

    private func hasFate(_ occurrence: Dispatching.Occurrence) -> Bool {
        store.missed.contains(occurrence) || store.chain(of: occurrence)?.isOver == true
    }
}
