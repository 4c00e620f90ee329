import Dispatching
import Host
import Schedules

/// What histories are made of: few schedules, all of which occur within hours, and two zones for one name.
struct Menu: Sendable {
    let schedules: [Schedule]
    /// Which of them name local times, and so may not show one twice.
    let isLocal: [Bool]
    let windows: [Window]
    /// What facts, events and agreements come to.
    let relatives: [RelativeOccasion]
    let agreements: [RelativeOccasion]
    let zones: [Zone]
    /// Before clocks change there, and on a day like any other.
    let starts: [Instant]

    init(host: Host) throws {
        let written = [
            "every 5 minutes", "every 15 minutes", "7 * * * *", "30 0-23/3 * * *", "10,40 1,2,3,5,7,8,11,14,20 * * *",
        ]
        schedules = try written.map { try Schedule($0) }
        isLocal = [false, false, false, false, true]
        windows = [
            try Window(opens: Schedule("0 * * * *"), lasts: .seconds(1500)),
            try Window(opens: Schedule("0 */2 * * *"), lasts: .seconds(5000)),
            try Window(opens: Schedule("20 1,2,3,5,8,11,14,20 * * *"), lasts: .seconds(2400)),
        ]
        func relative(_ text: String) throws -> RelativeOccasion {
            guard case .relative(let relative) = try Occasion(text) else {
                throw ScheduleError("`\(text)` is a schedule")
            }
            return relative
        }
        relatives = try [
            "20 minutes before expiry of api", "3 hours before expiry of api", "within 40 minutes of detection",
            "within 6 hours of detection",
        ].map(relative)
        agreements = try ["by agreement, at least every 2 hours", "by agreement, at least every 5 hours"].map(relative)
        zones = try ["America/New_York", "Europe/Berlin"].map { name in
            let bytes = try host.readFile("/usr/share/zoneinfo/\(name)", 64 << 10)
            return try Zone(name: "Test/Moved", tzif: bytes)
        }
        starts = [1_772_938_800, 1_793_505_600, 1_774_746_000, 1_780_272_000].map(Instant.init(secondsSinceEpoch:))
    }

    static let locks = ["db", "cache"]
    static let services = ["alpha", "beta"]

    func plan(_ p: Int, _ random: inout SeededGenerator, zone: Zone) -> ProcedurePlan {
        let key = ProcedureKey(service: Self.services[p % 2], environment: "prod", procedure: "p\(p)")
        let hasWindow = random.chance(30)
        return ProcedurePlan(
            key, timing(p, &random, zone: zone), windows: hasWindow ? [random.pick(windows)] : [], zone: zone,
            expected: .seconds(random.pick([0, 120, 600])), catchUp: catchUp(&random), overlap: overlap(&random),
            jitter: .seconds(random.pick([0, 0, 90])), lateness: .seconds(random.pick([10, 60, 900, 4000])),
            priority: random.below(3), locks: locks(&random), isDisruptive: random.chance(40),
            disruptiveAtOnce: random.pick([1, 2, .max]))
    }

    /// The last procedures wait for events, for facts and for people.
    func timing(_ p: Int, _ random: inout SeededGenerator, zone: Zone) -> OccurrenceSource {
        switch p {
        case Self.triggered: .triggered(by: "after: p0")
        case Self.fact: .relative(random.pick(relatives), zone)
        case Self.agreement: .relative(random.pick(agreements), zone)
        default: .schedule(random.pick(schedules), zone)
        }
    }

    static let triggered = 3
    static let fact = 4
    static let agreement = 5

    private func catchUp(_ random: inout SeededGenerator) -> CatchUp {
        CatchUp(
            random.pick(CatchUp.Mode.allCases), cap: 1 + random.below(4), spread: .seconds(random.pick([0, 40])),
            afterPause: random.chance(30))
    }

    private func overlap(_ random: inout SeededGenerator) -> Overlap {
        random.pick([.skip, .queue(1), .queue(2), .replace])
    }

    private func locks(_ random: inout SeededGenerator) -> [String] {
        random.pick([[], [Self.locks[0]], [Self.locks[1]], Self.locks])
    }

    func isLocal(_ timing: OccurrenceSource) -> Bool {
        guard case .schedule(let schedule, _) = timing else { return false }
        return zip(schedules, isLocal).contains { $0.1 && $0.0.text == schedule.text }
    }

    func other(_ zone: Zone) -> Zone { zones[0] == zone ? zones[1] : zones[0] }
}
