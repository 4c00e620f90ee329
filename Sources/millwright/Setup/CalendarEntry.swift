import Dispatching
import Host
import Maintenance
import Plans
import Schedules
import Serving

/// One line of the calendar.
struct CalendarEntry: Encodable {
    /// Lines that are shown at once.
    static let limit = 10_000
    /// Notes that an entry has at most.
    private static let notesOfAnEntry = 20

    /// `service/environment/procedure`, or what else happens.
    let name: String
    let at: Instant
    /// When its window closes, or it is expected to be over; absent for a moment.
    let until: Instant?
    let timezone: String
    let local: LocalTime
    /// What is to be known of it: freezes, other windows that are open then.
    var notes: [String] = []

    enum CodingKeys: String, CodingKey { case name, at, until, timezone, notes }

    /// The same in two calendars.
    var identity: String { "\(name) \(at) \(until.map { "\($0)" } ?? "")" }

    /// Everything between two instants, in order.
    static func all(
        of plans: [Plan], _ from: Instant, _ to: Instant, _ composition: Composition,
        _ standings: [ProcedureKey: Standing]
    ) throws -> [CalendarEntry] {
        var entries: [CalendarEntry] = []
        for plan in plans {
            for procedure in plan.dispatched(composition.catalogue) where procedure.isEnabled {
                entries += occurrences(of: procedure, from, to).map { noted($0, procedure, plan) }
                entries += relative(procedure, standings[procedure.key], from, to)
            }
        }
        entries += clockChanges(Set(plans.map(\.zone)), from, to)
        entries.sort { ($0.at, $0.name) < ($1.at, $1.name) }
        entries = Array(entries.prefix(limit))
        noteOverlaps(&entries)
        return entries
    }

    private static func occurrences(
        of procedure: ProcedurePlan, _ from: Instant, _ to: Instant
    ) -> [CalendarEntry] {
        guard case .schedule(let schedule, let zone) = procedure.timing else { return [] }
        var entries: [CalendarEntry] = []
        var at = from - .microseconds(1)
        while let next = schedule.next(after: at, in: zone), next < to, entries.count < limit {
            let hours = WorkingHours(windows: procedure.windows, freezes: procedure.freezes, in: procedure.zone)
            var until = procedure.expected > .zero ? next + procedure.expected : nil
            var notes: [String] = []
            switch hours.state(at: next) {
            case .open(let opening) where !procedure.windows.isEmpty: until = opening.closes
            case .unbound, .open: break
            case .closed(let reason, let opening):
                notes.append("\(reason); " + (opening.map { "it may begin at \($0.opens)" } ?? "it will be missed"))
            }
            entries.append(
                CalendarEntry(
                    name: "\(procedure.key)", at: next, until: until, timezone: zone.name, local: zone.local(at: next),
                    notes: notes))
            at = next
        }
        return entries
    }

    /// Of an asking, what it asks about.
    private static func noted(_ entry: CalendarEntry, _ procedure: ProcedurePlan, _ plan: Plan) -> CalendarEntry {
        guard let asked = plan.procedures.first(where: { $0.asking?.name == procedure.key.procedure }),
            let occurrence = asked.asking?.occurrence(askedAt: entry.at, in: plan.zone)
        else { return entry }
        var entry = entry
        entry.notes.append("asks people ahead about \(asked.name) of \(occurrence), and changes nothing")
        return entry
    }

    /// Of what hangs on a fact or an agreement the next, where it is known.
    private static func relative(
        _ procedure: ProcedurePlan, _ standing: Standing?, _ from: Instant, _ to: Instant
    ) -> [CalendarEntry] {
        guard case .relative(let occasion, let zone) = procedure.timing, let standing, let at = standing.instant,
            at < to
        else { return [] }
        return [
            CalendarEntry(
                name: "\(procedure.key)", at: max(at, from), until: nil, timezone: zone.name,
                local: zone.local(at: max(at, from)), notes: [standing.words(occasion)])
        ]
    }

    private static func clockChanges(_ zones: Set<Zone>, _ from: Instant, _ to: Instant) -> [CalendarEntry] {
        zones.flatMap { zone in
            zone.changes(after: from, until: to).map { at in
                let by = zone.offset(at: at) - zone.offset(at: at - .seconds(1))
                let way = by > 0 ? "forward" : "back"
                return CalendarEntry(
                    name: "clocks of \(zone.name) are put \(way) by \(abs(by) / 60) minutes", at: at, until: nil,
                    timezone: zone.name, local: zone.local(at: at - .seconds(1)))
            }
        }
    }

    /// Those that are open together, each named at the other. In order of their beginning, so that one pass finds them.
    private static func noteOverlaps(_ entries: inout [CalendarEntry]) {
        var open: [Int] = []
        for index in entries.indices {
            guard entries[index].until != nil else { continue }
            open.removeAll { (entries[$0].until ?? entries[$0].at) <= entries[index].at }
            for other in open where entries[other].name != entries[index].name {
                note("open together with \(entries[index].name)", at: &entries[other])
                note("open together with \(entries[other].name)", at: &entries[index])
            }
            open.append(index)
        }
    }

    /// Once each, and only so many: what runs all the time meets everything.
    private static func note(_ text: String, at entry: inout CalendarEntry) {
        guard entry.notes.count < notesOfAnEntry, !entry.notes.contains(text) else { return }
        entry.notes.append(text)
    }

    /// What has no instant in the calendar, each with what there is to say of it.
    static func undated(
        _ plans: [Plan], until to: Instant, _ composition: Composition, _ standings: [ProcedureKey: Standing]
    ) -> [String] {
        plans.flatMap { $0.dispatched(composition.catalogue) }.compactMap { procedure in
            guard case .relative(let occasion, _) = procedure.timing, let standing = standings[procedure.key],
                standing.instant.map({ $0 >= to }) ?? true
            else { return nil }
            return "\(procedure.key): \(standing.words(occasion))"
        }
    }

    func show() {
        let time = String("\(local)".dropFirst(11))
        let end = until.map { " for \(CalendarEntry.duration($0 - at))" } ?? ""
        Output.line("  \(time)  \(name)\(Style.soft(end + (timezone == "UTC" ? "" : "  \(at)")))")
        for note in notes.prefix(5) { Output.line("         \(Style.sign(.warn)) \(note)") }
        if notes.count > 5 { Output.line("         … and \(notes.count - 5) more") }
    }

    private static func duration(_ duration: Duration) -> String { duration.shortText }
}

extension Standing {
    /// When something is due: a run, or an agreed one that was not made.
    fileprivate var instant: Instant? {
        switch self {
        case .next(let at), .agreed(let at?): at
        default: nil
        }
    }
}
