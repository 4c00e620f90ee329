public import Host

/// The agreed time for disruptive work: opens by a schedule and lasts so long by the steady clock, also where the
/// clocks change meanwhile.
public struct Window: Hashable, Sendable {
    public let opens: Schedule
    public let lasts: Duration

    /// One opening; `closes` does not belong to it.
    public struct Opening: Hashable, Sendable {
        public let opens: Instant
        public let closes: Instant
    }

    /// Refuses a window that would still be open when it opens again.
    public init(opens: Schedule, lasts: Duration) throws(ScheduleError) {
        guard lasts > .zero else { throw ScheduleError("a window lasts longer than nothing") }
        self.opens = opens
        self.lasts = lasts
        // 2001 began a 400-year cycle of the calendar; UTC has no clock changes.
        var opening = opens.next(after: Instant(secondsSinceEpoch: 978_307_200), in: .utc)
        for _ in 0..<ScheduleLimits.comparedOpenings {
            guard let first = opening, let second = opens.next(after: first, in: .utc) else { break }
            guard first + lasts <= second else {
                throw ScheduleError("the window `\(opens)` lasts longer than the time until it opens again")
            }
            opening = second
        }
    }

    /// The opening that an instant lies in.
    public func open(at instant: Instant, in zone: Zone) -> Opening? {
        guard let start = opens.previous(atOrBefore: instant, in: zone), instant < start + lasts else { return nil }
        return Opening(opens: start, closes: start + lasts)
    }

    /// The first opening that begins after an instant.
    public func next(after instant: Instant, in zone: Zone) -> Opening? {
        opens.next(after: instant, in: zone).map { Opening(opens: $0, closes: $0 + lasts) }
    }
}
