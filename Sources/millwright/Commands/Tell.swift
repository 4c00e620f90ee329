import ArgumentParser
import Engine
import Host
import Journal
import Maintenance
import Plans
import Schedules

struct Tell: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells that something has happened, for schedules like `within 24 hours of detection`.",
        usage: """
            millwright tell PLAN EVENT [--at INSTANT] [--note TEXT] [--environment NAME]
            millwright tell --list
            """,
        discussion: """
            `serve` begins what hangs on the event as soon as it may, and tells of it where it did not begin in time. Who \
            speaks is the user of the operating system. The same event at the same instant counts once.
            """)

    @Argument(help: "The plan's file, and the event's name as a schedule of it has it.")
    var names: [String] = []

    @Option(help: "When it happened, like 2026-11-22T10:20:00Z; now where it is not said.")
    var at: String?

    @Option(help: "What happened; it is recorded.")
    var note: String?

    @Option(help: "The plan's environment; needed where it has several.")
    var environment: String?

    @Flag(help: "Shows the newest that were told.")
    var list = false

    @OptionGroup var store: StoreOptions

    func validate() throws {
        if list ? !names.isEmpty : names.count != 2 { throw ValidationError("Give a plan and an event, or --list.") }
    }

    func run() async throws {
        let composition = Composition()
        if list { return try await show(composition) }
        let (plan, event, now) = (try composition.plan(names[0]), names[1], composition.host.now())
        let hanging = try procedures(of: plan, hangingOn: event)
        let happened = try at.map(Self.instant) ?? now
        let terms = ToldEvent.Terms(
            service: plan.service, environment: try environment(of: plan), event: event, happened: happened)
        if let mistake = terms.mistake(at: now) { throw ValidationError(mistake) }
        var letter = Inbox.Letter(run: ToldEvents.stream, word: .tell, note: note)
        letter.told = terms
        try composition.inbox(store).leave(letter)
        Output.line("\(Style.strong(event)) of \(plan.service) \(terms.environment), \(happened)")
        for (name, occasion) in hanging {
            guard let end = occasion.instant(from: happened, in: plan.zone) else { continue }
            Output.line(
                end < now
                    ? "  \(Style.sign(.warn)) \(name): was to begin by \(end); it is told as missed"
                    : "  \(name): begins as soon as it may, at the latest \(end)")
        }
        Output.line("`millwright serve` takes it up within seconds; another node within a minute.")
    }

    private func procedures(of plan: Plan, hangingOn event: String) throws -> [(String, RelativeOccasion)] {
        let all = plan.procedures.compactMap { procedure in procedure.hangsOn.map { (procedure.name, $0) } }
        let hanging = all.filter { $0.1.event == event }
        guard hanging.isEmpty else { return hanging }
        let known = Set(all.compactMap(\.1.event)).sorted()
        let hint = event.closest(among: known).map { " Did you mean `\($0)`?" } ?? ""
        throw ValidationError(
            known.isEmpty
                ? "No procedure of \(plan.service) hangs on an event: its schedule would be `within 24 hours of \(event)`."
                : "No procedure of \(plan.service) hangs on `\(event)`; they hang on \(known.joined(separator: ", ")).\(hint)"
        )
    }

    private func environment(of plan: Plan) throws -> String {
        let all = plan.environments
        if let environment, all.contains(environment) { return environment }
        guard environment == nil, let only = all.first, all.count == 1 else {
            throw ValidationError("Say which --environment: \(all.joined(separator: ", ")).")
        }
        return only
    }

    private static func instant(_ text: String) throws -> Instant {
        guard let instant = Instant(text) else {
            throw ValidationError("--at \(text): write an instant like 2026-11-22T10:20:00Z.")
        }
        return instant
    }

    private func show(_ composition: Composition) async throws {
        let journal = try await composition.reader(store)
        let events = try await ToldEvents.newest(20, from: journal)
        await journal.close()
        let waiting = try composition.inbox(store).letters(for: ToldEvents.stream)
        if events.isEmpty, waiting.isEmpty { Output.line("no event was told") }
        for received in waiting {
            guard let terms = received.letter.told else { continue }
            Output.line("\(Style.sign(nil)) not recorded yet: \(Self.text(terms)), by \(received.by)")
        }
        for event in events {
            Output.line("\(Self.text(event.terms))")
            let note = event.note.map { ": \(Style.plain($0))" } ?? ""
            Output.line(Style.soft("    told by \(event.by) at \(event.at)\(note)"))
        }
    }

    private static func text(_ terms: ToldEvent.Terms) -> String {
        "\(Style.plain(terms.event)) of \(Style.plain(terms.service)) \(Style.plain(terms.environment)), \(terms.happened)"
    }
}
