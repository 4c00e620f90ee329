import Host

/// What every way of writing a schedule compiles to: a set of instants that can be searched in both directions.
indirect enum Rule: Hashable, Sendable {
    /// Every so many seconds of elapsed time, counted from 1970-01-01T00:00Z and a phase: clock changes do not touch it.
    case interval(seconds: Int64, phase: Int64)
    /// By the zone's clocks.
    case calendar(CalendarRule, ClockChangePolicy)
    /// Single times by the zone's clocks, ascending.
    case listed(ListedTimes, ClockChangePolicy)
    /// An RRULE by the zone's clocks, or by UTC's.
    case recurrence(Recurrence, ClockChangePolicy)
    /// Seconds since the epoch, ascending.
    case instants([Int64])
    /// Whatever is in one of them.
    case joined([Rule])
    /// What is in the first and not taken out.
    case except(Rule, Exclusion)
    /// Later by so many seconds, or earlier.
    case shifted(Rule, seconds: Int64)
    /// On another day, at the same time of it.
    case moved(Rule, DayOffset, ClockChangePolicy)

    enum Exclusion: Hashable, Sendable {
        /// Occurrences on these days by the zone's clocks.
        case days(DaySet)
        /// Occurrences at the same instants.
        case rule(Rule)
    }
}

/// Single local times, in seconds of the clock's own count; ascending.
struct ListedTimes: Hashable, Sendable, LocalTimes {
    let times: [Int64]

    func next(atOrAfter local: Int64) -> Int64? { times.next(atOrAfter: local) }
    func previous(atOrBefore local: Int64) -> Int64? { times.previous(atOrBefore: local) }
}

extension [Int64] {
    /// Of ascending elements the first that is not less.
    func next(atOrAfter value: Int64) -> Int64? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low < count ? self[low] : nil
    }

    /// The last that is not greater.
    func previous(atOrBefore value: Int64) -> Int64? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? self[low - 1] : nil
    }
}

extension Rule {
    /// The first occurrence after an instant, in seconds since the epoch.
    func next(after instant: Int64, in zone: Zone) -> Int64? {
        switch self {
        case .interval(let seconds, let phase):
            return floor(instant - phase, by: seconds) + seconds + phase
        case .calendar(let rule, let policy): return rule.next(after: instant, in: zone, policy)
        case .listed(let times, let policy): return times.next(after: instant, in: zone, policy)
        case .recurrence(let recurrence, let policy): return recurrence.instant(after: instant, in: zone, policy)
        case .instants(let instants): return instants.next(atOrAfter: instant + 1)
        case .joined(let rules): return rules.compactMap { $0.next(after: instant, in: zone) }.min()
        case .shifted(let rule, let seconds):
            return rule.next(after: instant - seconds, in: zone).map { $0 + seconds }
        case .moved(let rule, let offset, let policy):
            return rule.nextMoved(after: instant, by: offset, in: zone, policy)
        case .except(let rule, let exclusion):
            var from = instant
            for _ in 0..<ScheduleLimits.skippedOccurrences {
                guard let found = rule.next(after: from, in: zone) else { return nil }
                if !exclusion.takesOut(found, in: zone) { return found }
                from = exclusion.lastOfDays(around: found, in: zone) ?? found
            }
            return nil
        }
    }

    /// The last occurrence up to an instant, itself included.
    func previous(atOrBefore instant: Int64, in zone: Zone) -> Int64? {
        switch self {
        case .interval(let seconds, let phase): return floor(instant - phase, by: seconds) + phase
        case .calendar(let rule, let policy): return rule.previous(atOrBefore: instant, in: zone, policy)
        case .listed(let times, let policy): return times.previous(atOrBefore: instant, in: zone, policy)
        case .recurrence(let recurrence, let policy): return recurrence.instant(atOrBefore: instant, in: zone, policy)
        case .instants(let instants): return instants.previous(atOrBefore: instant)
        case .joined(let rules): return rules.compactMap { $0.previous(atOrBefore: instant, in: zone) }.max()
        case .shifted(let rule, let seconds):
            return rule.previous(atOrBefore: instant - seconds, in: zone).map { $0 + seconds }
        case .moved(let rule, let offset, let policy):
            return rule.previousMoved(atOrBefore: instant, by: offset, in: zone, policy)
        case .except(let rule, let exclusion):
            var from = instant
            for _ in 0..<ScheduleLimits.skippedOccurrences {
                guard let found = rule.previous(atOrBefore: from, in: zone) else { return nil }
                if !exclusion.takesOut(found, in: zone) { return found }
                from = found - 1
            }
            return nil
        }
    }

    private func floor(_ seconds: Int64, by size: Int64) -> Int64 {
        let remainder = seconds % size
        return seconds - (remainder < 0 ? remainder + size : remainder)
    }
}

extension Rule.Exclusion {
    func takesOut(_ instant: Int64, in zone: Zone) -> Bool {
        switch self {
        case .days(let days): days.contains(zone.day(at: instant))
        case .rule(let rule): rule.next(after: instant - 1, in: zone) == instant
        }
    }

    /// The end of the day of an occurrence that was taken out with its day, so that the search passes over the whole day.
    func lastOfDays(around instant: Int64, in zone: Zone) -> Int64? {
        guard case .days = self else { return nil }
        let span = zone.span(at: instant)
        let end = (zone.day(at: instant) + 1) * 86_400 - span.offset - 1
        return end < span.until ? max(end, instant) : nil
    }
}

extension Zone {
    /// The number of the day that clocks show.
    func day(at instant: Int64) -> Int64 {
        let local = instant + span(at: instant).offset
        return local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
    }
}
