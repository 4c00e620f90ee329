public import Host

/// A time in which nothing is changed: a sale, the end of a year, an audit.
public struct Freeze: Hashable, Sendable {
    public let name: String
    public let reason: String
    public let times: Times

    /// When it is.
    public enum Times: Hashable, Sendable {
        /// Seconds of the zone's clocks, counted from 1970-01-01T00:00 by them.
        case once(from: Int64, until: Int64)
        case recurring(Schedule, lasts: Duration)
    }

    /// As one was that was found right before.
    public init(_ name: String, reason: String, times: Times) {
        self.name = name
        self.reason = reason
        self.times = times
    }

    /// From one time to another by the zone's clocks; a day without a time is meant whole, also as the end.
    public init(_ name: String, reason: String, from: String, until: String) throws(ScheduleError) {
        self.name = name
        self.reason = reason
        let first = try WrittenTime(from)
        let last = try WrittenTime(until)
        let end = last.isWholeDay ? last.seconds + 86_400 : last.seconds
        guard first.seconds < end else {
            throw ScheduleError("the freeze ends at \(until), before it begins at \(from)")
        }
        times = .once(from: first.seconds, until: end)
    }

    /// Again and again; each time so long by the steady clock.
    public init(_ name: String, reason: String, begins: Schedule, lasts: Duration) throws(ScheduleError) {
        self.name = name
        self.reason = reason
        // The same bounds as a window's.
        times = .recurring(try Window(opens: begins, lasts: lasts).opens, lasts: lasts)
    }

    /// One time of the freeze; `until` does not belong to it.
    public struct Span: Hashable, Sendable {
        public let from: Instant
        public let until: Instant
    }

    /// The freeze that an instant lies in.
    public func span(at instant: Instant, in zone: Zone) -> Span? {
        guard let last = begun(atOrBefore: instant, in: zone), instant < last.until else { return nil }
        return last
    }

    /// The first that begins after an instant.
    public func next(after instant: Instant, in zone: Zone) -> Span? {
        switch times {
        case .once:
            guard let span = once(in: zone), span.from > instant else { return nil }
            return span
        case .recurring(let schedule, let lasts):
            return schedule.next(after: instant, in: zone).map { Span(from: $0, until: $0 + lasts) }
        }
    }

    /// The last that was over at an instant.
    func previous(before instant: Instant, in zone: Zone) -> Span? {
        guard let last = begun(atOrBefore: instant, in: zone) else { return nil }
        if last.until <= instant { return last }
        return begun(atOrBefore: last.from - .seconds(1), in: zone)
    }

    private func begun(atOrBefore instant: Instant, in zone: Zone) -> Span? {
        switch times {
        case .once:
            guard let span = once(in: zone), span.from <= instant else { return nil }
            return span
        case .recurring(let schedule, let lasts):
            return schedule.previous(atOrBefore: instant, in: zone).map { Span(from: $0, until: $0 + lasts) }
        }
    }

    /// Where clocks skip its edge it begins, or ends, at the change; of a time shown twice it takes the longer freeze.
    private func once(in zone: Zone) -> Span? {
        guard case .once(let from, let until) = times else { return nil }
        return Span(from: zone.first(showing: from), until: zone.last(showing: until))
    }
}

extension Zone {
    /// The first instant at which clocks show a local time, or have passed it.
    func first(showing local: Int64) -> Instant {
        switch reading(of: local, near: span(at: local)) {
        case .once(let at), .never(let at, _), .twice(let at, _, _): Instant(secondsSinceEpoch: at)
        }
    }

    /// The last.
    func last(showing local: Int64) -> Instant {
        switch reading(of: local, near: span(at: local)) {
        case .once(let at), .never(let at, _), .twice(_, let at, _): Instant(secondsSinceEpoch: at)
        }
    }
}

/// A time as a plan writes it: `2026-12-20`, or `2026-12-20 18:00`.
struct WrittenTime: Hashable {
    let seconds: Int64
    let isWholeDay: Bool

    init(_ text: String) throws(ScheduleError) {
        let parts = text.split(whereSeparator: { $0 == " " || $0 == "T" })
        let time = parts.count == 2 ? TimeOfDay(String(parts[1])) : nil
        guard let date = parts.first.flatMap({ CivilDate(String($0)) }), parts.count == 1 || time != nil else {
            throw ScheduleError("`\(text)` is no time; write it like `2026-12-20` or `2026-12-20 18:00`")
        }
        isWholeDay = time == nil
        seconds = date.daysSinceEpoch * 86_400 + Int64(time?.second ?? 0)
    }
}
