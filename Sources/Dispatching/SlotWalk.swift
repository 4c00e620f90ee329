import Host

/// The occurrences in a gap: the newest singly, the older ones counted.
struct SlotWalk {
    struct Older {
        var first: Instant
        var last: Instant
        var count: Int
        var isAtLeast: Bool
    }

    var older: Older?
    /// Ascending.
    var recent: [Instant] = []

    /// From the first occurrence, which is in the gap, through an instant.
    init(_ timing: OccurrenceSource, from first: Instant, through end: Instant, keeping rows: Int) {
        var counted = 0
        var slot: Instant? = first
        while let found = slot, found <= end {
            guard counted < DispatchLimits.countedSlots else {
                // The rest is not counted; its newest are found from the end.
                recent = Self.newest(timing, through: end, after: found, count: rows)
                let last = recent.first.flatMap { timing.previous(atOrBefore: $0 - .microseconds(1)) } ?? found
                older = Older(first: first, last: max(last, found), count: counted, isAtLeast: true)
                return
            }
            counted += 1
            recent.append(found)
            // Twice as many are kept and then halved: each is moved once.
            if recent.count == 2 * rows + 1 { fold(keeping: rows) }
            slot = timing.next(after: found)
        }
        if recent.count > rows { fold(keeping: rows) }
    }

    private mutating func fold(keeping rows: Int) {
        let folded = recent.count - rows
        guard folded > 0, let first = older?.first ?? recent.first else { return }
        older = Older(
            first: first, last: recent[folded - 1], count: (older?.count ?? 0) + folded, isAtLeast: false)
        recent.removeFirst(folded)
    }

    private static func newest(_ timing: OccurrenceSource, through end: Instant, after start: Instant, count: Int)
        -> [Instant]
    {
        var found: [Instant] = []
        var slot = timing.previous(atOrBefore: end)
        while let instant = slot, instant > start, found.count < count {
            found.append(instant)
            slot = timing.previous(atOrBefore: instant - .microseconds(1))
        }
        return found.reversed()
    }
}
