import Host
import Schedules

extension ProcedurePlan.Terms {
    /// The first instant, this one or later, at which all windows are open with time for a run; `nil` where there is none.
    func begin(atOrAfter instant: Instant) -> Instant? {
        guard !windows.isEmpty else { return unfrozen(atOrAfter: instant) }
        var at = instant
        var fitting = 0
        var index = 0
        for _ in 0..<DispatchLimits.triedOpenings * windows.count {
            guard let found = begin(in: windows[index], atOrAfter: at) else { return nil }
            fitting = found == at ? fitting + 1 : 1
            at = found
            if fitting == windows.count { return at }
            index = (index + 1) % windows.count
        }
        return nil
    }

    private func unfrozen(atOrAfter instant: Instant) -> Instant? {
        var at = instant
        for _ in 0..<DispatchLimits.triedOpenings {
            guard let until = freezes.compactMap({ $0.span(at: at, in: zone)?.until }).max() else { return at }
            at = until
        }
        return nil
    }

    /// Until when a run can begin in the windows that are open.
    func lastBegin(at instant: Instant) -> Instant? {
        windows.compactMap { window in
            window.open(at: instant, in: zone, except: freezes).map {
                min($0.closes - expected, $0.lastBegin - .microseconds(1))
            }
        }.min()
    }

    private func begin(in window: Window, atOrAfter instant: Instant) -> Instant? {
        var at = instant
        for _ in 0..<DispatchLimits.triedOpenings {
            if let opening = window.open(at: at, in: zone, except: freezes) {
                // A cutoff ends the opening for what is to begin.
                if at + expected <= opening.closes, at < opening.lastBegin { return at }
                at = opening.closes
            } else if let frozen = freezes.compactMap({ $0.span(at: at, in: zone) }).max(by: { $0.until < $1.until }),
                window.open(at: at, in: zone) != nil
            {
                at = frozen.until
            } else {
                guard let next = window.next(after: at, in: zone, except: freezes) else { return nil }
                at = next.opens
            }
        }
        return nil
    }
}
