public import Host

/// When a run may work: all of its windows are open, and nothing is frozen.
public struct WorkingHours: Hashable, Sendable {
    public let windows: [Window]
    public let freezes: [Freeze]
    private let zone: Zone

    /// Whether it may work at an instant.
    public enum State: Hashable, Sendable {
        /// Nothing holds it, now or later.
        case unbound
        case open(Window.Opening)
        /// The reason in words, and the next opening where one is known.
        case closed(String, next: Window.Opening?)
    }

    public init(windows: [Window], freezes: [Freeze], in zone: Zone) {
        self.windows = windows
        self.freezes = freezes
        self.zone = zone
    }

    public func state(at instant: Instant) -> State {
        if windows.isEmpty, freezes.isEmpty { return .unbound }
        if let opening = open(at: instant) {
            // A freeze that is over for good holds nobody.
            return windows.isEmpty && opening.closes == .endOfSchedules ? .unbound : .open(opening)
        }
        let frozen = freezes.first { $0.span(at: instant, in: zone) != nil }
        let reason = frozen.map { "the freeze `\($0.name)` holds: \($0.reason)" } ?? "its window is closed"
        return .closed(reason, next: next(after: instant))
    }

    /// The time around an instant in which all windows are open and nothing is frozen.
    public func open(at instant: Instant) -> Window.Opening? {
        var opening = Window.Opening(opens: .beginningOfSchedules, closes: .endOfSchedules)
        for window in windows {
            guard let one = window.open(at: instant, in: zone, except: freezes) else { return nil }
            opening = opening.common(with: one)
        }
        guard windows.isEmpty else { return opening }
        for freeze in freezes {
            guard freeze.span(at: instant, in: zone) == nil else { return nil }
            let next = freeze.next(after: instant, in: zone)?.from ?? .endOfSchedules
            let last = freeze.previous(before: instant, in: zone)?.until ?? .beginningOfSchedules
            opening = opening.common(with: Window.Opening(opens: last, closes: next))
        }
        return opening
    }

    /// The first such time that begins after an instant; `nil` where none is found in the next thousand openings.
    public func next(after instant: Instant) -> Window.Opening? {
        var at = instant
        for _ in 0..<ScheduleLimits.frozenOpenings {
            // All are open first when the last of them opens, or when a freeze ends.
            var begins = windows.compactMap { $0.next(after: at, in: zone, except: freezes)?.opens }
            begins += freezes.compactMap { $0.span(at: at, in: zone)?.until }
            guard let begin = begins.min() else { return nil }
            if let opening = open(at: begin) { return opening }
            at = begin
        }
        return nil
    }

    /// The next few.
    public func following(_ instant: Instant, count: Int) -> [Window.Opening] {
        var found: [Window.Opening] = []
        var at = instant
        while found.count < count, let next = next(after: at) {
            found.append(next)
            at = next.opens
        }
        return found
    }
}

extension Window.Opening {
    func common(with other: Window.Opening) -> Window.Opening {
        Window.Opening(
            opens: max(opens, other.opens), closes: min(closes, other.closes),
            lastBegin: min(lastBegin, other.lastBegin))
    }
}

extension Instant {
    /// The ends of the years that schedules know.
    static let beginningOfSchedules = Instant(secondsSinceEpoch: ScheduleLimits.days.lowerBound * 86_400)
    static let endOfSchedules = Instant(secondsSinceEpoch: (ScheduleLimits.days.upperBound + 1) * 86_400)
}
