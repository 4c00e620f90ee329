import ArgumentParser
import Engine
import Evidence
import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Reports
import Schedules

struct RunProcedure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a procedure of a plan, and proves every step.",
        discussion: "A run of the same procedure that a dead process left is taken over first, and is then the run.")

    @Argument(help: "The plan's file.")
    var plan: String

    @Argument(help: "The procedure's name.")
    var procedure: String

    @OptionGroup var store: StoreOptions
    @OptionGroup var choice: PlanChoice

    @Option(help: "The first step to run; those before it are not run.")
    var from: String?

    @Flag(help: "Runs outside the procedure's window. Needs --reason; the journal keeps who and why.")
    var overrideWindow = false

    @Option(help: "Why the window is overridden.")
    var reason: String?

    @Option(help: "Where the plan's reports are written.")
    var reports = "reports"

    @Option(help: "text for people, json for programs.")
    var format = OutputFormat.text

    func validate() throws {
        guard overrideWindow == (reason?.isEmpty == false) else {
            throw ValidationError("--override-window and --reason go together.")
        }
    }

    func run() async throws {
        let composition = Composition()
        let plan = try composition.plan(plan)
        let runnable = try composition.runnable(
            plan, procedure, environment: choice.environment, inputs: try choice.values())
        if let from, !runnable.steps.contains(where: { $0.id == from }) {
            throw ValidationError("--from \(from): \(procedure) has no such step.")
        }
        let journal = try await composition.journal(store)
        let session = RunSession(
            composition: composition, journal: journal, format: format, reports: reports,
            holds: try composition.holds(store), inbox: try composition.inbox(store))
        let exit = try await go(session, plan, runnable)
        await journal.close()
        throw exit
    }

    private func go(_ session: RunSession, _ plan: Plan, _ runnable: RunPlan) async throws -> ExitCode {
        let left = try await session.journal.rows(
            RunFilter(
                service: runnable.service, environment: runnable.environment, procedure: runnable.procedure,
                states: [.running]))
        if let left = left.last { return try await session.resume(left) }
        let now = session.composition.host.now()
        let hours = try hours(plan, runnable, try await expected(plan, runnable, session.journal), now)
        let past = try await RunPast.read(runnable, of: plan, from: session.journal, at: now)
        return try await session.begin(
            runnable, past: past, from: from, hours: hours, windowOverride: overrideWindow ? reason : nil)
    }

    /// How long a whole run takes: what the plan says, or what earlier runs took.
    private func expected(_ plan: Plan, _ runnable: RunPlan, _ journal: any JournalStore) async throws -> Duration {
        guard from == nil else { return .zero }
        if let said = plan.procedure(procedure)?.dispatching.expected { return said }
        let past = try await History.expected(
            service: runnable.service, environment: runnable.environment, procedure: runnable.procedure, from: journal)
        return past.map { History.budget($0, in: plan.workingHours(of: runnable).windows.map(\.lasts)) } ?? .zero
    }

    /// When the work must be over; where it may not begin now, exit code 75 and when it may.
    private func hours(
        _ plan: Plan, _ runnable: RunPlan, _ expected: Duration, _ now: Instant
    ) throws -> RunHours {
        // Also within a window, of whose end the reason says as little as of its beginning.
        if overrideWindow { return runnable.window.map { RunHours(until: now + $0.lasts, from: now) } ?? RunHours() }
        let hours = plan.workingHours(of: runnable)
        if let hours = RunHours(hours, at: now, leaving: expected) { return hours }
        let hindrance = Self.hindrance(hours.state(at: now), runnable, expected, now)
        Output.diagnostic(
            "\(procedure) cannot begin now: \(hindrance) --override-window --reason \"…\" runs it now, and is recorded."
        )
        throw ExitStatus.tryLater
    }

    private static func hindrance(
        _ state: WorkingHours.State, _ runnable: RunPlan, _ expected: Duration, _ now: Instant
    ) -> String {
        let window = runnable.window.map { "the window `\($0.name)`" } ?? "its time"
        guard case .closed(let reason, let next) = state else {
            guard case .open(let opening) = state, now < opening.lastBegin else {
                return "\(window) closes soon, and nothing is begun before its end any more."
            }
            return "\(window) closes at \(opening.closes), and a run takes \(expected.shortText)."
        }
        return "\(reason)." + (next.map { " It may begin at \($0.opens)." } ?? "")
    }
}

/// Which environment and inputs a procedure runs with.
struct PlanChoice: ParsableArguments {
    @Option(help: "The plan's environment; needed where it has several.")
    var environment: String?

    @Option(name: .customLong("input"), help: "An input of the procedure, NAME=VALUE; may be repeated.")
    var inputs: [String] = []

    func values() throws -> [String: String] {
        var values: [String: String] = [:]
        for input in inputs {
            guard let equals = input.firstIndex(of: "="), equals != input.startIndex else {
                throw ValidationError("--input \(input): write NAME=VALUE.")
            }
            values[String(input[..<equals])] = String(input[input.index(after: equals)...])
        }
        return values
    }
}
