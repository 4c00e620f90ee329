import Host
import Schedules
import Testing

@testable import Plans

/// When people are asked ahead, and about which occurrence.
struct AskingAheadPlanTests {
    private func asking(_ ahead: String, readAt now: String) throws -> (AskingAhead, Schedule, Zone) {
        let text = """
            service: steam
            timezone: Europe/Berlin
            targets: { db: { postgresql: "${env:DB}" } }
            windows: { night: { opens: "Sunday 02:30", lasts: 1h } }
            procedures:
              weekly:
                in: night
                steps:
                  - { do: postgresql.vacuum, with: { tables: a }, approval: { by: ada, ahead: \(ahead) } }
            """
        let estate = "people: { ada: { mail: ada@example.com } }\n"
        var host = Host.files(["plan.yaml": text, "estate.yaml": estate])
        let now = try #require(Instant(now))
        host.now = { now }
        let plan = try PlanLoader.load(path: "plan.yaml", host: host, catalogue: FakeCatalogue.whole)
        let opens = try #require(plan.windows["night"]?.window.opens)
        return (try #require(plan.procedure("weekly")?.asking), opens, plan.zone)
    }

    /// Also where clocks change between the two, and on the day on which they skip its time.
    @Test(arguments: ["2 days", "48 hours", "1 week", "168 hours", "3 business days", "6 days", "90 minutes"])
    func eachAskingFindsItsOccurrence(_ ahead: String) throws {
        // The clocks go forward after so many weeks that nobody looks at it while the plan is read.
        let (asking, opens, zone) = try asking(ahead, readAt: "2026-06-01T12:00:00Z")
        #expect(asking.name == "weekly.asking")
        var occurrence = try #require(Instant("2026-06-01T12:00:00Z"))
        for _ in 0..<60 {
            occurrence = try #require(opens.next(after: occurrence, in: zone))
            let asked = try #require(asking.relative.instant(from: occurrence, in: zone))
            #expect(asking.schedule.previous(atOrBefore: asked, in: zone) == asked, "\(occurrence)")
            #expect(asking.occurrence(askedAt: asked, in: zone) == occurrence, "\(asked)")
        }
    }

    @Test func daysKeepTheTimeOfTheDay() throws {
        let (days, _, zone) = try asking("2 days", readAt: "2026-10-20T12:00:00Z")
        let (hours, _, _) = try asking("48 hours", readAt: "2026-10-20T12:00:00Z")
        let now = try #require(Instant("2026-10-20T12:00:00Z"))
        // The clocks go back in the night to the 25th, before its half past two is over.
        let asked = try #require(days.schedule.next(after: now, in: zone))
        #expect("\(zone.local(at: asked))" == "2026-10-23 02:30")
        #expect(days.lead == .seconds(48 * 3600) || days.lead == .seconds(49 * 3600))
        #expect(hours.lead == .seconds(48 * 3600))
    }
}
