public import Host
public import Schedules

/// When a run may work: until when now, and when again for one that waits for its window.
public struct RunHours: Sendable {
    /// `nil` where nothing holds it.
    public let opening: RunOpening?
    public let later: [RunOpening]

    public init() {
        opening = nil
        later = []
    }

    public init(_ opening: Window.Opening, later: [Window.Opening]) {
        self.opening = RunOpening(opening)
        self.later = later.map(RunOpening.init)
    }

    /// Outside of its window, in the words of who overrode it.
    public init(until: Instant, from: Instant) {
        opening = RunOpening(opens: from, closes: until, lastBegin: until)
        later = []
    }
}

extension RunOpening {
    init(_ opening: Window.Opening) {
        self.init(opens: opening.opens, closes: opening.closes, lastBegin: opening.lastBegin)
    }
}
