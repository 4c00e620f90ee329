import ArgumentParser
import Dispatching
import FoundationEssentials
import Host
import Maintenance
import Plans
import Schedules
import Serving

struct CalendarOfPlans: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calendar", abstract: "Shows when the procedures of plans are due.",
        discussion: """
            What hangs on a fact or an agreement is shown as the journal knows it. Windows of several services that are open together are named, and so are freezes and the days on which clocks \
            change. With --diff it shows what an edit changes, against a revision in git.
            """)

    enum Form: String, ExpressibleByArgument, CaseIterable { case text, json, ics }

    @Argument(help: "The plans' files, or folders of them.")
    var plans: [String] = ["plans"]

    @Option(help: "From this instant on; now without it.", transform: Instant.written)
    var from: Instant?

    @Option(help: "Until this instant; four weeks later without it.", transform: Instant.written)
    var to: Instant?

    @Option(help: "Shows only what differs from the plans of this revision in git, such as HEAD~1.")
    var diff: String?

    @OptionGroup var store: StoreOptions

    @Option(help: "text for people, json for programs, ics for calendar programs.")
    var format = Form.text

    func run() async throws {
        let composition = Composition()
        let from = from ?? composition.host.now()
        let to = to ?? from + .seconds(28 * 86_400)
        guard from < to else { throw ValidationError("--to \(to) is not after --from \(from).") }
        let files = try Self.files(plans)
        let plans = try files.map { try composition.plan($0) }
        let standings = try await composition.standings(of: plans, store)
        let now = try CalendarEntry.all(of: plans, from, to, composition, standings)
        guard let diff else {
            try show(now, composition.host.now())
            let undated = CalendarEntry.undated(plans, until: to, composition, standings)
            return undated.forEach(format == .text ? { Output.line($0) } : Output.diagnostic)
        }
        let folder = try await Revision(name: diff, host: composition.host).checkedOut(self.plans)
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let old = try folder.files.map { try composition.plan($0) }
        let before = try CalendarEntry.all(
            of: old, from, to, composition, try await composition.standings(of: old, store))
        try showChanges(from: before, to: now)
    }

    /// The files, and each plan of a folder.
    private static func files(_ paths: [String]) throws -> [String] {
        try paths.flatMap { path in
            guard (try? FileManager.default.contentsOfDirectory(atPath: path)) != nil else { return [path] }
            let plans = plans(in: path)
            guard !plans.isEmpty else { throw ValidationError("\(path): the folder has no plan.") }
            return plans
        }
    }

    /// Without the estate.
    static func plans(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) && $0 != PlanLoader.estateName }.sorted()
            .map { "\(folder)/\($0)" }
    }

    private func show(_ entries: [CalendarEntry], _ now: Instant) throws {
        switch format {
        case .json: try Output.json(entries)
        case .ics:
            let events = entries.map { entry in
                ICalendarWriter.Event(
                    series: entry.name, opens: entry.at, closes: entry.until ?? entry.at, summary: entry.name,
                    description: entry.notes.joined(separator: "\n"))
            }
            Output.raw(ICalendarWriter(name: "Maintenance", stamp: now).feed(events))
        case .text:
            if entries.isEmpty { Output.line("nothing is due") }
            var day: CivilDate?
            for entry in entries {
                if entry.local.date != day {
                    day = entry.local.date
                    Output.line(Style.strong("\(entry.local.date.weekdayName) \(entry.local.date)"))
                }
                entry.show()
            }
            if entries.count == CalendarEntry.limit { Output.line("… and more; --to shows less at once") }
        }
    }

    private func showChanges(from before: [CalendarEntry], to now: [CalendarEntry]) throws {
        let (old, new) = (Set(before.map(\.identity)), Set(now.map(\.identity)))
        let gone = before.filter { !new.contains($0.identity) }
        let come = now.filter { !old.contains($0.identity) }
        guard format != .json else { return try Output.json(["added": come, "removed": gone]) }
        guard format != .ics else { throw ValidationError("--diff is shown as text or json.") }
        if gone.isEmpty, come.isEmpty { Output.line("the edit changes nothing in that time") }
        let changes = gone.map { ($0, "-") } + come.map { ($0, "+") }
        for (entry, sign) in changes.sorted(by: { ($0.0.at, $0.1) < ($1.0.at, $1.1) }) {
            let colour = sign == "+" ? Verdict.pass : Verdict.fail
            Output.line(Style.verdict(colour, "\(sign) \(entry.local.date.weekdayName) \(entry.local) \(entry.name)"))
        }
    }
}
