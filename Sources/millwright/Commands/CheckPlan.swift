import ArgumentParser
import Engine
import Journal
import Maintenance
import Plans
import Reports

struct CheckPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Makes the checks of a plan, changes nothing, records nothing.")

    @Argument(help: "The plan's file.")
    var plan: String

    @Argument(help: "A procedure's name; without it, the checks of all.")
    var procedure: String?

    @OptionGroup var choice: PlanChoice

    @Option(help: "text for people, json for programs.")
    var format = OutputFormat.text

    func run() async throws {
        let composition = Composition()
        let plan = try composition.plan(plan)
        let session = RunSession(composition: composition, journal: MemoryJournal(), format: format, reports: "")
        var documents: [RunDocument] = []
        for name in procedure.map({ [$0] }) ?? plan.procedures.map(\.name) {
            let whole = try composition.runnable(
                plan, name, environment: choice.environment, inputs: try choice.values())
            let (checks, left) = whole.onlyChecks
            if !left.isEmpty {
                Output.diagnostic(
                    "\(name): not made here, for they need a change's numbers: \(left.joined(separator: ", "))")
            }
            if !checks.steps.isEmpty { documents.append(try await session.check(checks)) }
        }
        guard !documents.isEmpty else {
            Output.diagnostic("\(plan.file): there are no checks to make.")
            throw ExitStatus.wrongPlan
        }
        switch format {
        case .json where procedure != nil: try Output.json(documents[0])
        case .json: try Output.json(documents)
        case .text: for document in documents { Summary.show(document, reports: []) }
        }
        throw ExitCode(documents.map { $0.verdict ?? .unknown }.worst.exitCode)
    }
}

extension RunPlan {
    /// The same procedure with nothing but the checks that need no change before them, and the names of those that do.
    fileprivate var onlyChecks: (plan: RunPlan, left: [String]) {
        var kept: [RunStep] = []
        var left: [String] = []
        let changes = Set(steps.filter(\.isChange).map(\.id))
        for step in steps where !step.isChange {
            let conditions = [step.when, step.thresholds.warn, step.thresholds.fail].compactMap { $0 }
            let names = conditions.flatMap { (try? Condition($0))?.names ?? [] } + step.referencedMeasurements
            let owners = Set(names.compactMap { $0.split(separator: ".").first.map(String.init) })
            if owners.isDisjoint(with: changes.union(left)) { kept.append(step) } else { left.append(step.id) }
        }
        let plan = RunPlan(
            service: service, environment: environment, procedure: procedure, timezone: timezone,
            planDigest: planDigest, inputs: inputs, targets: targets, steps: kept, programs: programs)
        return (plan, left)
    }
}
