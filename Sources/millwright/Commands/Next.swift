import ArgumentParser
import Host
import Maintenance
import Schedules

struct Next: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells when a schedule is due next, and what it says in plain words.",
        discussion: """
            A schedule is plain words (`first Sunday of the month 02:00`), a cron pattern (`0 3 * * *`), an RRULE \
            (`rrule: FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2`), dates, or relative to something else (`by agreement`). What is suspicious is refused with exit code 65.
            """)

    @Argument(help: "The schedule.")
    var schedule: String

    @Option(help: "The time zone whose clocks it follows, such as Europe/Berlin.")
    var timezone = "UTC"

    @Option(help: "From this instant on, such as 2026-11-22T02:00:00Z; now without it.", transform: Instant.written)
    var after: Instant?

    @Option(help: "How many.")
    var count = 5

    @Option(help: "text for people, json for programs.")
    var format = OutputFormat.text

    func validate() throws {
        guard (1...10_000).contains(count) else { throw ValidationError("--count \(count): from 1 to 10000.") }
    }

    func run() throws {
        let host = Composition().host
        do throws(ScheduleError) {
            let zone = try Zone.load(timezone, host: host)
            let occasion = try Occasion(schedule)
            guard case .schedule(let schedule) = occasion else { return show(occasion) }
            let from = after ?? host.now()
            let suspicions = schedule.suspicions(in: zone, from: from)
            if let refusal = suspicions.first(where: \.isRefused) { throw ScheduleError(refusal.message) }
            var found: [Instant] = []
            var at = from
            while found.count < count, let next = schedule.next(after: at, in: zone) {
                found.append(next)
                at = next
            }
            switch format {
            case .json: try? Output.json(["next": found])
            case .text: show(schedule, from, found, suspicions, zone)
            }
        } catch {
            let isNamed = error.message.contains(schedule)
            Output.diagnostic(isNamed ? error.message : "`\(schedule)`: \(error.message)")
            throw ExitStatus.wrongPlan
        }
    }

    /// No clock alone tells when it is.
    private func show(_ occasion: Occasion) {
        switch format {
        case .json: try? Output.json(["next": [Instant]()])
        case .text:
            Output.line(Style.strong(occasion.explanation))
            Output.line("`millwright calendar PLAN` shows when that is, with the plan and what its journal knows")
        }
    }

    private func show(
        _ schedule: Schedule, _ from: Instant, _ found: [Instant], _ suspicions: [Suspicion], _ zone: Zone
    ) {
        Output.line(Style.strong(schedule.explanation(in: zone, from: from)))
        for remark in suspicions { Output.line("\(Style.sign(.warn)) \(remark.message)") }
        for instant in found {
            let local = zone.local(at: instant)
            let utc = zone.name == "UTC" ? "" : "  " + Style.soft("\(instant)")
            Output.line("\(local.date.weekdayName) \(local)\(utc)")
        }
        if found.count < count { Output.line(found.isEmpty ? "never" : "and never again") }
    }
}

extension Instant {
    /// As the command line has it.
    static func written(_ text: String) throws -> Instant {
        guard let instant = Instant(text) else {
            throw ValidationError("`\(text)` is no instant; write it like 2026-11-22T02:00:00Z.")
        }
        return instant
    }
}

extension CivilDate {
    /// In three letters, as calendars have it.
    var weekdayName: String { ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][weekday] }
}
