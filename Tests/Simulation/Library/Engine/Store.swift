import Dispatching
import Engine
import Host
import Journal

/// One instance of Millwright; a restart of its node makes another.
struct Process: Hashable {
    let node: Int
    let incarnation: Int

    /// As leases name it.
    var name: String { "n\(node).\(incarnation)" }
}

/// What all nodes share: the runs' chains, the dispatcher's record, and leases by the store's own clock.
struct Store {
    static let dispatcher = "dispatcher"

    var chains: [String: Chain] = [:]
    var runs: [Dispatching.Occurrence: String] = [:]
    var missed: Set<Dispatching.Occurrence> = []
    var record = DispatchRecord()
    var leases = LeaseTable()
    var isFull = false
    private var ids = 0

    mutating func newID() -> String {
        ids += 1
        return "r\(ids)"
    }

    func chain(of occurrence: Dispatching.Occurrence) -> Chain? { runs[occurrence].flatMap { chains[$0] } }
}

/// A run as the store has it.
final class Chain {
    struct Entry {
        let event: RunEvent
        let at: Instant
        /// What the machine that wrote it wanted done.
        let commands: [RunCommand]
    }

    let id: String
    let occurrence: Dispatching.Occurrence
    let start: RunStart
    var entries: [Entry] = []
    /// Made from the entries alone.
    var machine: RunMachine
    /// Entries whose commands were handed out.
    var handedOut: Set<Int> = []
    var asked = Course()
    /// For so long nobody worked on it although somebody could have.
    var unattended = Duration.zero

    init(_ id: String, _ occurrence: Dispatching.Occurrence, _ start: RunStart) {
        self.id = id
        self.occurrence = occurrence
        self.start = start
        machine = RunMachine(run: id)
    }

    var isOver: Bool { if case .ended = machine.state.phase { true } else { false } }
}

/// A batch of events on its way into the store.
final class Append {
    let process: Process
    let run: RunInHand
    let base: Int
    let entries: [Chain.Entry]
    let next: RunMachine
    let fence: Fence
    /// The dispatcher's, where the run begins with it.
    let begins: Fence?
    /// What becomes of it.
    let fault: EngineFault?
    var result: JournalError.Code?

    init(
        _ process: Process, _ run: RunInHand, base: Int, _ entries: [Chain.Entry], _ next: RunMachine, _ fence: Fence,
        _ fault: EngineFault?, begins: Fence?
    ) {
        self.process = process
        self.run = run
        self.base = base
        self.entries = entries
        self.next = next
        self.fence = fence
        self.fault = fault
        self.begins = begins
    }
}
