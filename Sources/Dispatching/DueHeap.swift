import Host

/// What is to be looked at, by the instant at which it is due. An entry is valid while its procedure still has that instant
/// as its timer; others are passed over when they come up.
struct DueHeap: Sendable {
    struct Entry: Sendable {
        let due: Instant
        let procedure: Int
    }

    private(set) var entries: [Entry] = []

    var first: Entry? { entries.first }

    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entry.due < entries[parent].due else { break }
            entries[child] = entries[parent]
            child = parent
        }
        entries[child] = entry
    }

    mutating func removeFirst() {
        let last = entries.removeLast()
        guard !entries.isEmpty else { return }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].due < entries[child].due { child += 1 }
            guard entries[child].due < last.due else { break }
            entries[parent] = entries[child]
            parent = child
        }
        entries[parent] = last
    }

    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }
}
