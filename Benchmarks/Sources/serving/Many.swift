import Dispatching
import Host
import Schedules

/// 100,000 schedules in one dispatcher, without a shell.
struct Many {
    private let host = Host.system
    /// 2026-06-01T00:00Z; noon in New York comes so many seconds later.
    private let start = Instant(secondsSinceEpoch: 1_780_272_000)
    private let noon: Int64 = 16 * 3600

    func measure() throws {
        let zone = try ServingBench.zone()
        let before = Machine.residentMegabytes
        var dispatcher = Dispatcher(DispatchRecord())
        do {
            let plans = try timed("read 100,000 schedules, ms") {
                try ServingBench.plans(100_000, "%m %h * * %d", in: zone)
            }
            _ = timed("take 100,000 plans, ms") {
                dispatcher.handle(.plans(changed: plans, removed: []), at: reading(0))
            }
        }
        ServingBench.say("memory of 100,000 schedules, MB", Machine.residentMegabytes - before, digits: 0)
        ServingBench.say("memory of the whole process, MB", Machine.residentMegabytes, digits: 0)
        _ = timed("look at the metrics of 100,000, ms") { dispatcher.metrics }
        // 1,000 more, all due at once.
        let due = try ServingBench.plans(101_000, "0 12 1 * *", in: zone).suffix(1000)
        _ = dispatcher.handle(.plans(changed: Array(due), removed: []), at: reading(0))
        _ = dispatcher.handle(.tick, at: reading(noon - 1))
        let begun = timed("1,000 due in one instant among 100,000, ms") {
            dispatcher.handle(.tick, at: reading(noon))
        }
        try require(begun.count { if case .begin = $0 { true } else { false } } >= 1000, "1,000 begin")
        try contention(zone)
    }

    /// All want what one may have: each end lets the next one begin.
    private func contention(_ zone: Zone) throws {
        var dispatcher = Dispatcher(DispatchRecord(), policy: DispatchPolicy(disruptiveAtOnce: 1))
        let plans = try ServingBench.plans(1000, "0 12 1 * *", in: zone).map { plan in
            var plan = plan
            plan.isDisruptive = true
            plan.lateness = .seconds(86_400)
            return plan
        }
        _ = dispatcher.handle(.plans(changed: plans, removed: []), at: reading(0))
        var commands = dispatcher.handle(.tick, at: reading(noon))
        var ends = 0
        let begun = host.steady()
        while case .begin(let occurrence, _)? = commands.first(where: { if case .begin = $0 { true } else { false } }) {
            ends += 1
            commands = dispatcher.handle(.ended(occurrence), at: reading(noon + Int64(ends)))
        }
        try require(ends == 1000, "each of 1,000 has its turn, not \(ends)")
        ServingBench.say(
            "one of 1,000 that want the same begins after another, ms", (host.steady() - begun).inSeconds / 1000 * 1000)
    }

    private func reading(_ seconds: Int64) -> ClockReading {
        ClockReading(wall: start + .seconds(seconds), steady: .seconds(seconds))
    }

    private func timed<Result>(_ name: String, _ work: () throws -> Result) rethrows -> Result {
        let begun = host.steady()
        let result = try work()
        ServingBench.say(name, (host.steady() - begun).inSeconds * 1000)
        return result
    }

    private func require(_ holds: Bool, _ what: String) throws {
        guard holds else { throw Wrong(what: what) }
    }
}

/// A figure that would be one of something else.
struct Wrong: Error {
    let what: String
}
