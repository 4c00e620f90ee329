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
        var checks: RunPlan?
        for name in procedure.map({ [$0] }) ?? plan.procedures.map(\.name) {
            let runnable = try composition.runnable(
                plan, name, environment: choice.environment, inputs: try choice.values())
            checks = checks?.joined(with: runnable) ?? runnable.onlyChecks
        }
        guard let checks, !checks.steps.isEmpty else {
            Output.diagnostic("\(plan.file): there are no checks to make.")
            throw ExitStatus.wrongPlan
        }
        let session = RunSession(
            composition: composition, journal: MemoryJournal(), format: format, reports: "")
        throw try await session.begin(checks)
    }
}

extension RunPlan {
    /// The same procedure with nothing but its checks, and no reports: what depends on a change is left out.
    var onlyChecks: RunPlan {
        let checks = steps.filter { !$0.isChange && $0.when == nil && $0.referencedMeasurements.isEmpty }
        return RunPlan(
            service: service, environment: environment, procedure: procedure, timezone: timezone,
            planDigest: planDigest, inputs: inputs, targets: targets, steps: checks)
    }

    /// The checks of both; those of the second are named after their procedure where a name is taken.
    func joined(with other: RunPlan) -> RunPlan {
        let taken = Set(steps.map(\.id))
        let more = other.onlyChecks.steps.map { step in
            taken.contains(step.id) ? step.named("\(other.procedure)-\(step.id)") : step
        }
        return RunPlan(
            service: service, environment: environment, procedure: "all checks", timezone: timezone,
            planDigest: planDigest, targets: targets.merging(other.targets) { first, _ in first }, steps: steps + more)
    }
}

extension RunStep {
    /// The same check under another name.
    func named(_ id: String) -> RunStep {
        RunStep(
            id: id, action: action, isChange: isChange, summary: summary, parameters: parameters, target: target,
            thresholds: thresholds, retry: retry, timeoutMicroseconds: timeoutMicroseconds)
    }
}
