import Engine
import Host
import Maintenance
import Schedules

/// When a procedure was due, and which of those times no run kept.
struct DueTimes {
    private(set) var due: [Instant] = []
    private(set) var missed: [Instant] = []
    /// There were more than are compared.
    private(set) var isCut = false

    /// `runs` are the starts of its runs in any order. What was due so shortly before `until` that it may still come is
    /// neither due nor missed.
    ///
    /// As the engine counts: kept by a run from shortly before on, until `lateness` after it; without one until half of
    /// the time to the next, at most an hour.
    init(
        _ schedule: Schedule, from: Instant, until: Instant, in zone: Zone, runs: [Instant], lateness: Duration? = nil
    ) {
        let starts = runs.sorted()
        var index = 0
        var next = schedule.next(after: from - .microseconds(1), in: zone)
        while let occurrence = next, occurrence < until {
            guard due.count < ReportLimits.due else {
                isCut = true
                return
            }
            next = schedule.next(after: occurrence, in: zone)
            let interval = next.map { $0 - occurrence } ?? .seconds(86_400)
            let early = min(EngineLimits.earliness, interval / 4)
            let late = lateness ?? min(EngineLimits.lateness, interval / 2)
            while index < starts.count, starts[index] < occurrence - early { index += 1 }
            let isKept = index < starts.count && starts[index] <= occurrence + late
            if !isKept, occurrence + late > until { return }
            due.append(occurrence)
            if !isKept { missed.append(occurrence) }
        }
    }
}
