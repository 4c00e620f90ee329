import ArgumentParser
import Engine
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
        let session = RunSession(composition: composition, journal: journal, format: format, reports: reports)
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
        let closes = try windowCloses(plan, runnable, now)
        let past = try await RunPast.read(runnable, of: plan, from: session.journal, at: now)
        return try await session.begin(
            runnable, past: past, from: from, windowCloses: closes, windowOverride: overrideWindow ? reason : nil)
    }

    /// When the work must be over; outside the window, exit code 75 and when it opens next.
    private func windowCloses(_ plan: Plan, _ runnable: RunPlan, _ now: Instant) throws -> Instant? {
        guard let name = runnable.window?.name, let window = plan.windows[name]?.window else {
            return nil
        }
        if let open = window.open(at: now, in: plan.zone) { return open.closes }
        if overrideWindow { return now + window.lasts }
        let next = window.next(after: now, in: plan.zone).map { " It opens next at \($0.opens)." } ?? ""
        Output.diagnostic(
            "\(procedure) runs in the window `\(name)`, which is closed.\(next) "
                + "--override-window --reason \"…\" runs it now, and is recorded.")
        throw ExitStatus.tryLater
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
