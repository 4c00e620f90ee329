import Dispatching
import Host

/// What is due, and when; of two at one instant the one that was noted first comes first.
struct Agenda {
    enum Entry {
        /// A node looks after its leases, and for work.
        case look(Process)
        /// A dispatcher is woken.
        case dispatch(Process)
        /// A command's next stage.
        case job(Int)
        /// A batch reaches the store.
        case append(Int)
        /// The store's answer to it reaches the process.
        case reply(Int)
        /// A run that was interrupted is gone on with.
        case carry(Process, Occurrence, wait: Duration)
        /// A lease runs out by its holder's clock.
        case leaseEnds(Process, String)
        /// An effect in a target comes to its end.
        case effect(Int)
        /// What a fault did is mended.
        case mend(EngineFault, Int)
        /// A process begins on a node.
        case boot(Int)
    }

    private struct Due {
        let at: Instant
        let order: Int
        let entry: Entry

        static func < (left: Due, right: Due) -> Bool {
            left.at == right.at ? left.order < right.order : left.at < right.at
        }
    }

    private var heap: [Due] = []
    private var order = 0

    mutating func note(_ entry: Entry, at: Instant) {
        order += 1
        heap.append(Due(at: at, order: order, entry: entry))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func next() -> (at: Instant, entry: Entry)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return (first.at, first.entry) }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != parent else { return (first.at, first.entry) }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
