public import Host

/// The agreed time for disruptive work: opens by a schedule and lasts so long by the steady clock, also where the
/// clocks change meanwhile.
public struct Window: Hashable, Sendable {
    public let opens: Schedule
    public let lasts: Duration
    /// How long before its end nothing is begun any more.
    public let cutoff: Duration

    /// One opening; `closes` does not belong to it.
    public struct Opening: Hashable, Sendable {
        public let opens: Instant
        public let closes: Instant
        /// From then on nothing is begun.
        public let lastBegin: Instant

        public init(opens: Instant, closes: Instant, lastBegin: Instant) {
            self.opens = opens
            self.closes = closes
            self.lastBegin = lastBegin
        }

        init(opens: Instant, closes: Instant, cutoff: Duration = .zero) {
            self.init(opens: opens, closes: closes, lastBegin: max(opens, closes - cutoff))
        }
    }

    /// Refuses a window that would still be open when it opens again, and a cutoff that leaves nothing of it.
    public init(opens: Schedule, lasts: Duration, cutoff: Duration = .zero) throws(ScheduleError) {
        guard lasts > .zero else { throw ScheduleError("a window lasts longer than nothing") }
        guard cutoff >= .zero, cutoff < lasts else {
            throw ScheduleError("the cutoff leaves nothing of the window; it is shorter than what the window lasts")
        }
        self.opens = opens
        self.lasts = lasts
        self.cutoff = cutoff
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

    /// The opening that an instant lies in. A freeze closes it, and what a freeze leaves of it is an opening of its own.
    public func open(at instant: Instant, in zone: Zone, except freezes: [Freeze] = []) -> Opening? {
        guard let start = opens.previous(atOrBefore: instant, in: zone), instant < start + lasts else { return nil }
        return parts(from: start, in: zone, except: freezes).first { $0.opens <= instant && instant < $0.closes }
    }

    /// The first opening that begins after an instant; `nil` where none comes, or all are frozen for years.
    public func next(after instant: Instant, in zone: Zone, except freezes: [Freeze] = []) -> Opening? {
        // A freeze may still leave something of the opening that the instant lies in.
        var start = freezes.isEmpty ? nil : opens.previous(atOrBefore: instant, in: zone)
        for _ in 0..<ScheduleLimits.frozenOpenings {
            if let start, let part = parts(from: start, in: zone, except: freezes).first(where: { $0.opens > instant })
            {
                return part
            }
            guard let next = opens.next(after: start.map { max($0, instant) } ?? instant, in: zone) else { return nil }
            start = next
        }
        return nil
    }

    /// What freezes leave of the opening that begins at an instant, in order.
    private func parts(from start: Instant, in zone: Zone, except freezes: [Freeze]) -> [Opening] {
        let end = start + lasts
        guard !freezes.isEmpty else { return [Opening(opens: start, closes: end, cutoff: cutoff)] }
        var parts: [Opening] = []
        var at = start
        while at < end, parts.count < ScheduleLimits.frozenOpenings {
            if let thaw = freezes.compactMap({ $0.span(at: at, in: zone)?.until }).max() {
                at = thaw
                continue
            }
            let until = min(end, freezes.compactMap { $0.next(after: at, in: zone)?.from }.min() ?? end)
            parts.append(Opening(opens: at, closes: until, cutoff: cutoff))
            at = until
        }
        return parts
    }
}

/// What becomes of a run's work when its window closes.
public enum WindowEnd: String, Codable, Hashable, Sendable, CaseIterable {
    /// The unit in hand is finished and proven; what is left waits for the next run.
    case finish
    /// The same, and the run itself waits for the next opening and goes on there.
    case pause
    /// The unit in hand is finished, and what the step did so far is taken back where it can be.
    case undo
}
