/// Days of the calendar, or of some of its days, between a time and another.
struct DayOffset: Hashable, Sendable {
    /// Earlier where negative.
    let count: Int
    /// What is counted: business days. Every day without.
    var along: DaySet?

    /// The day that a day is moved to; `nil` where none comes.
    func moved(_ day: Int64) -> Int64? {
        along.map { DaySet.target(day, count, $0) } ?? day + Int64(count)
    }

    /// How many days a day may be moved by.
    var reach: ClosedRange<Int64> {
        guard along != nil else { return Int64(count)...Int64(count) }
        let far = Int64(abs(count) * 3 + ScheduleLimits.idleDays)
        return count < 0 ? -far...0 : 0...far
    }

    /// `the day before`, `2 weeks after`, `2 business days before`.
    var words: String {
        let side = count < 0 ? "before" : "after"
        let number = abs(count)
        if let along { return number == 1 ? "the \(along.singular) \(side)" : "\(number) \(along.plural) \(side)" }
        if number == 1 { return "the day \(side)" }
        guard number.isMultiple(of: 7) else { return "\(number) days \(side)" }
        return number == 7 ? "1 week \(side)" : "\(number / 7) weeks \(side)"
    }
}

extension DaySet {
    fileprivate var plural: String { singular.replacing("business day", with: "business days") }
}

extension Rule {
    /// The search for times of another rule that are moved by days and keep their time of the day.
    func nextMoved(after instant: Int64, by offset: DayOffset, in zone: Zone, _ policy: ClockChangePolicy) -> Int64? {
        var best: Int64?
        var from = instant - offset.reach.upperBound * 86_400 - Self.slack
        while let found = next(after: from, in: zone) {
            if let best, found > best - offset.reach.lowerBound * 86_400 + Self.slack { break }
            for at in moved(found, by: offset, in: zone, policy) where at > instant { best = min(best ?? at, at) }
            from = found
        }
        return best
    }

    func previousMoved(
        atOrBefore instant: Int64, by offset: DayOffset, in zone: Zone, _ policy: ClockChangePolicy
    ) -> Int64? {
        var best: Int64?
        var from = instant - offset.reach.lowerBound * 86_400 + Self.slack
        while let found = previous(atOrBefore: from, in: zone) {
            if let best, found < best - offset.reach.upperBound * 86_400 - Self.slack { break }
            for at in moved(found, by: offset, in: zone, policy) where at <= instant { best = max(best ?? at, at) }
            from = found - 1
        }
        return best
    }

    /// Clocks show a time at most a day and some hours from it, on either side.
    private static var slack: Int64 { 2 * ClockChange.reach }

    private func moved(_ instant: Int64, by offset: DayOffset, in zone: Zone, _ policy: ClockChangePolicy) -> [Int64] {
        offset.moved(instant, in: zone, policy)
    }
}

extension DayOffset {
    /// The instants at which clocks show the same time on the other day.
    func moved(_ instant: Int64, in zone: Zone, _ policy: ClockChangePolicy) -> [Int64] {
        let day = zone.day(at: instant)
        guard let target = moved(day) else { return [] }
        let local = instant + zone.span(at: instant).offset + (target - day) * 86_400
        switch zone.reading(of: local, near: zone.span(at: local)) {
        case .once(let at): return [at]
        case .never(let at, _):
            switch policy.gap {
            case .skip: return []
            case .after: return [at]
            case .before: return [at - 1]
            }
        case .twice(let first, let last, _):
            switch policy.overlap {
            case .first: return [first]
            case .last: return [last]
            case .both: return [first, last]
            }
        }
    }
}
