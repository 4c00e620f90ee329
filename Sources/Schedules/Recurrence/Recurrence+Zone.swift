import Host

/// The instants of a recurrence: where its end hangs on the zone, the zone is asked.
///
/// A rule whose DTSTART is in UTC is one of UTC, whatever the zone. COUNT counts the times that exist: one that clocks
/// skip is neither taken nor counted (RFC 5545, 3.3.10), so where the policy skips such times, as many come after the
/// last; where the policy moves them, they are taken and counted. A time that clocks show twice counts once.
extension Recurrence {
    func instant(after instant: Int64, in zone: Zone, _ policy: ClockChangePolicy) -> Int64? {
        let zone = start.isUTC ? .utc : zone
        var found = next(after: instant, in: zone, policy)
        if found == nil, let later = ending(in: zone, policy) { found = later.next(after: instant, in: zone, policy) }
        guard let found, found <= lastInstant else { return nil }
        return found
    }

    func instant(atOrBefore instant: Int64, in zone: Zone, _ policy: ClockChangePolicy) -> Int64? {
        let zone = start.isUTC ? .utc : zone
        let instant = min(instant, lastInstant)
        let isLate = instant + ClockChange.reach > end
        let whole = isLate ? ending(in: zone, policy) ?? self : self
        return whole.previous(atOrBefore: instant, in: zone, policy)
    }

    private var lastInstant: Int64 {
        if case .utc(let seconds) = rule.until { seconds } else { .max }
    }

    /// With COUNT, the recurrence as it ends in a zone; `nil` where that is no other end.
    private func ending(in zone: Zone, _ policy: ClockChangePolicy) -> Recurrence? {
        guard rule.count != nil, policy.gap == .skip else { return nil }
        var missing = 0
        for gap in zone.gaps(from: start.seconds, to: end) {
            var local = gap.lowerBound
            while let found = next(atOrAfter: local), found < gap.upperBound {
                missing += 1
                local = found + 1
            }
        }
        guard missing > 0 else { return nil }
        let endless = ending(nil)
        var last = end
        while missing > 0, let next = endless.next(atOrAfter: last + 1) {
            last = next
            if !zone.instants(of: LocalTime(seconds: next)).isEmpty { missing -= 1 }
        }
        return ending(last)
    }
}

extension Zone {
    /// The times that clocks skip, of those between two.
    fileprivate func gaps(from start: Int64, to end: Int64) -> [Range<Int64>] {
        let from = Instant(secondsSinceEpoch: start - ClockChange.reach)
        return changes(after: from, until: Instant(secondsSinceEpoch: end + ClockChange.reach)).compactMap { change in
            let at = change.secondsSinceEpoch
            let (before, after) = (at + span(at: at - 1).offset, at + span(at: at).offset)
            return before < after ? before..<after : nil
        }
    }
}
