import FoundationEssentials
import Host
import Schedules

/// Next instants a second on one core, New York; a line for each schedule, with its name and the rate. The peers in
/// Benchmarks/schedules do the same: `script/bench-schedules` runs them in turn.
@main struct SchedulesBench {
    static let schedules = [
        ("every 5 minutes", "*/5 * * * *"), ("a time of the day", "30 2 * * *"),
        ("first Sunday, in words", "first Sunday of the month 02:00"), ("first Sunday", "0 2 * * SUN#1"),
        ("29 February or Sundays", "0 0 29 2 SUN"), ("29 February on a Sunday", "0 0 29 2 +SUN"),
    ]
    /// 2023-11-14T22:13:20Z; the search begins there again when the years are over.
    static let start = Instant(secondsSinceEpoch: 1_700_000_000)

    static func main() throws {
        let name = "America/New_York"
        guard let file = FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)") else {
            throw ScheduleError("the package tzdata is missing")
        }
        let zone = try Zone(name: name, tzif: Array(file))
        for (name, text) in schedules {
            let schedule = try Schedule(text)
            var at = start
            print("\(name)\t\(rate { at = schedule.next(after: at, in: zone) ?? start })")
        }
        let texts = (0..<1440).map { "\($0 % 60) \($0 / 60) * * 1-5" }
        var place = 0
        var sum: Int64 = 0
        let read = try rate {
            place = place == texts.count - 1 ? 0 : place + 1
            sum &+= try Schedule(texts[place]).next(after: start, in: zone)?.secondsSinceEpoch ?? 0
        }
        print("read and first\t\(read)")
        // So that nothing of it is left out by the compiler.
        precondition(sum != 0)
    }

    /// How often a second, over at least half a second.
    private static func rate(_ work: () throws -> Void) rethrows -> Int {
        let clock = ContinuousClock()
        let begun = clock.now
        var count = 0
        while true {
            for _ in 0..<10_000 { try work() }
            count += 10_000
            let took = clock.now - begun
            if took > .milliseconds(500) { return Int(Double(count) / (took / .seconds(1))) }
        }
    }
}
