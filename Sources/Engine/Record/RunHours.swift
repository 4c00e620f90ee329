public import Host
public import Schedules

/// When a run may work: until when now, and when again for one that waits for its window.
public struct RunHours: Sendable {
    /// `nil` where nothing holds it.
    public let opening: RunOpening?
    public let later: [RunOpening]

    public init() { self.init(nil, later: []) }

    private init(_ opening: RunOpening?, later: [RunOpening]) {
        self.opening = opening
        self.later = later
    }

    /// Those of a run that begins now; `nil` where it may not, or so much time is not left.
    public init?(_ hours: WorkingHours, at now: Instant, leaving expected: Duration = .zero) {
        switch hours.state(at: now) {
        case .unbound: self.init()
        case .open(let opening) where now < opening.lastBegin && now + expected <= opening.closes:
            let later = hours.following(now, count: EngineLimits.laterOpenings)
            self.init(RunOpening(opening), later: later.map(RunOpening.init))
        case .open, .closed: return nil
        }
    }

    /// Outside of its window, in the words of who overrode it.
    public init(until: Instant, from: Instant) {
        self.init(RunOpening(opens: from, closes: until, lastBegin: until), later: [])
    }
}

extension RunOpening {
    init(_ opening: Window.Opening) {
        self.init(opens: opening.opens, closes: opening.closes, lastBegin: opening.lastBegin)
    }
}
