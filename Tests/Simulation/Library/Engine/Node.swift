import Dispatching
import Engine
import Host
import Journal

/// A machine and the process on it.
final class Node {
    struct HeldLease {
        let fence: Fence
        /// By the steady clock, counted from before the store was asked.
        let until: Instant
        /// The same by the wall clock.
        let wallUntil: Instant
    }

    let index: Int
    var incarnation = 0
    var isUp = false
    var frozenUntil: Instant?
    /// Of its wall clock.
    var offset = Duration.zero
    var reachesStore = true
    var reachesTargets = true
    /// Of the process; gone with it.
    var leases: [String: HeldLease] = [:]
    var hands: [Dispatching.Occurrence: RunInHand] = [:]
    /// Occurrences that are seen to their end.
    var carrying: Set<Dispatching.Occurrence> = []
    var dispatcher: Dispatcher?
    var wake: Instant?

    init(_ index: Int) { self.index = index }

    var process: Process { Process(node: index, incarnation: incarnation) }

    /// The process is gone, and all that it knew.
    func lose() {
        isUp = false
        frozenUntil = nil
        leases = [:]
        hands = [:]
        carrying = []
        dispatcher = nil
        wake = nil
    }
}

/// A run that a process works on: what its driver knows.
final class RunInHand {
    let id: String
    let occurrence: Dispatching.Occurrence
    let start: RunStart
    var machine: RunMachine
    /// Entries of the chain that it knows.
    var length = 0
    /// Events that wait to be made durable together.
    var mailbox: [RunEvent] = []
    var append: Int?
    var jobs: Set<Int> = []

    init(_ id: String, _ occurrence: Dispatching.Occurrence, _ start: RunStart) {
        self.id = id
        self.occurrence = occurrence
        self.start = start
        machine = RunMachine(run: id)
    }
}
