/// What becomes of a local time that clocks skip or show twice.
public struct ClockChangePolicy: Hashable, Sendable, Codable {
    public enum Gap: String, Hashable, Sendable, Codable, CaseIterable {
        /// Not on that day.
        case skip
        /// At the first instant after the gap: the work is done, late by less than the gap.
        case after
        /// At the last second before the gap: early by less than the gap.
        case before
    }

    public enum Overlap: String, Hashable, Sendable, Codable, CaseIterable { case first, last, both }

    public var gap: Gap
    public var overlap: Overlap

    public init(gap: Gap = .after, overlap: Overlap = .first) {
        self.gap = gap
        self.overlap = overlap
    }
}

/// What is asked for of clock changes: what is not said is as the notation's standard has it.
public struct ClockChangeChoice: Hashable, Sendable, Codable {
    public var gap: ClockChangePolicy.Gap?
    public var overlap: ClockChangePolicy.Overlap?

    public init(gap: ClockChangePolicy.Gap? = nil, overlap: ClockChangePolicy.Overlap? = nil) {
        self.gap = gap
        self.overlap = overlap
    }
}

extension Optional<ClockChangeChoice> {
    func over(_ standard: ClockChangePolicy) -> ClockChangePolicy {
        ClockChangePolicy(gap: self?.gap ?? standard.gap, overlap: self?.overlap ?? standard.overlap)
    }
}

enum ClockChange {
    /// No offset exceeds 26 hours (RFC 9636), so clocks never show a time further from it in UTC.
    static let reach: Int64 = 93_600
}

/// A set of times on the clock, as far as it can be searched.
protocol LocalTimes {
    /// The first at or after one, in seconds of the clock's own count from 1970-01-01 00:00; `nil` where none comes.
    func next(atOrAfter local: Int64) -> Int64?
    /// The last at or before one.
    func previous(atOrBefore local: Int64) -> Int64?
}

extension LocalTimes {
    /// The first instant after one at which clocks show one of the times.
    ///
    /// With `first` and with `last` alone instants follow the order of the times, so each is a search with jumps; `both`
    /// is the earlier of the two.
    @inline(__always)
    func next(after instant: Int64, in zone: Zone, _ policy: ClockChangePolicy) -> Int64? {
        guard policy.overlap == .both else {
            return next(after: instant, in: zone, policy.gap, takesLast: policy.overlap == .last)
        }
        let first = next(after: instant, in: zone, policy.gap, takesLast: false)
        let last = next(after: instant, in: zone, policy.gap, takesLast: true)
        guard let first, let last else { return first ?? last }
        return min(first, last)
    }

    /// The last instant at or before one.
    func previous(atOrBefore instant: Int64, in zone: Zone, _ policy: ClockChangePolicy) -> Int64? {
        guard policy.overlap == .both else {
            return previous(atOrBefore: instant, in: zone, policy.gap, takesLast: policy.overlap == .last)
        }
        let first = previous(atOrBefore: instant, in: zone, policy.gap, takesLast: false)
        let last = previous(atOrBefore: instant, in: zone, policy.gap, takesLast: true)
        guard let first, let last else { return first ?? last }
        return max(first, last)
    }

    @inline(__always)
    private func next(
        after instant: Int64, in zone: Zone, _ gap: ClockChangePolicy.Gap, takesLast: Bool
    ) -> Int64? {
        let span = zone.span(at: instant)
        var local = instant + span.offset + 1
        // Times that were shown already, and will be once more before this one.
        if takesLast, span.until <= instant + ClockChange.reach {
            local = min(local, span.until + zone.span(at: span.until).offset)
        }
        while let candidate = next(atOrAfter: local) {
            switch zone.reading(of: candidate, near: span) {
            case .once(let at):
                if at > instant { return at }
                local = candidate + 1
            case .never(let at, let resumes):
                let taken = gap == .before ? at - 1 : at
                if gap != .skip, taken > instant { return taken }
                local = resumes
            case .twice(let first, let last, let until):
                let taken = takesLast ? last : first
                if taken > instant { return taken }
                local = takesLast ? candidate + 1 : until
            }
        }
        return nil
    }

    private func previous(
        atOrBefore instant: Int64, in zone: Zone, _ gap: ClockChangePolicy.Gap, takesLast: Bool
    ) -> Int64? {
        let span = zone.span(at: instant)
        var local = instant + span.offset
        // Clocks may have been put back shortly before, or forward just after: later times belong to earlier instants.
        if span.from >= instant - ClockChange.reach {
            local = max(local, span.from - 1 + zone.span(at: span.from - 1).offset)
        }
        if gap == .before, span.until == instant + 1 {
            local = max(local, instant + zone.span(at: span.until).offset)
        }
        while let candidate = previous(atOrBefore: local) {
            switch zone.reading(of: candidate, near: span) {
            case .once(let at):
                if at <= instant { return at }
                local = candidate - 1
            case .never(let at, _):
                let taken = gap == .before ? at - 1 : at
                if gap != .skip, taken <= instant { return taken }
                local = at - 1 + zone.span(at: at - 1).offset
            case .twice(let first, let last, _):
                let taken = takesLast ? last : first
                if taken <= instant { return taken }
                local = candidate - 1
            }
        }
        return nil
    }
}
