import ArgumentParser
import ClientPrograms
import Dispatching
import Engine
import Host
import Journal
import Maintenance
import Plans
import Reports
import Schedules
import Serving

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells what a procedure would do, with real statements and counts; looking rights only.")

    @Argument(help: "The plan's file.")
    var plan: String

    @Argument(help: "The procedure's name.")
    var procedure: String

    @OptionGroup var choice: PlanChoice
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let composition = Composition()
        let plan = try composition.plan(plan)
        let runnable = try composition.runnable(
            plan, procedure, environment: choice.environment, inputs: try choice.values())
        let start = RunStart.make(
            runnable, catalogue: composition.catalogue, host: composition.host, nominal: composition.host.now(),
            owner: try Programs.own(on: composition.host), requestedBy: RunSession.operatorName)
        let targets = TargetRegistry(runnable.targets, catalogue: composition.catalogue, host: composition.host)
        Output.line(Style.strong("\(runnable.service) \(procedure)"))
        showTimes(plan, runnable, composition.host.now())
        try await showOccasion(plan, runnable, composition)
        let standing = try await composition.standingApprovals(store)
        let approvals = ApprovalWords(plan, start, standing, composition.host.now())
        var work = Duration.zero
        var couldNotLook = false
        for step in runnable.steps {
            Output.line()
            Output.line("\(Style.strong(step.id))  \(step.action) on \(Self.places(of: step, start))")
            if let when = step.when { Output.line("  only when \(when)") }
            if let back = Self.takenBack(of: step) { Output.line("  where it fails, taken back: \(back)") }
            guard step.isChange else {
                show(start.profiles[step.id]?.thresholds ?? Thresholds())
                continue
            }
            approvals.lines(of: step).forEach { Output.line("  \(Style.plain($0))") }
            let preview = Previewer(composition: composition, targets: targets, start: start)
            do {
                let seen = try await preview.preview(step)
                show(try targets.masker.masked(seen), step)
                work += seen.units.reduce(Duration.zero) { $0 + $1.expected }
            } catch {
                couldNotLook = true
                Output.line(
                    "  \(Style.sign(.unknown)) could not look: \(Style.plain(targets.masker.mask(Cause(error).sentence)))"
                )
            }
        }
        await targets.close()
        if let window = runnable.window {
            let fits = work <= window.lasts
            Output.line()
            Output.line(
                "\(Style.sign(fits ? .pass : .warn)) The work is expected to take \(Words.took(work)); the window lasts "
                    + "\(Words.took(window.lasts)): it \(fits ? "fits" : "does not fit, and what is left waits for the next window")."
            )
        }
        if couldNotLook { throw ExitCode(Verdict.unknown.exitCode) }
    }

    private func showTimes(_ plan: Plan, _ runnable: RunPlan, _ now: Instant) {
        guard let name = runnable.window?.name, let window = plan.windows[name]?.window else {
            return
        }
        let hours = plan.workingHours(of: runnable)
        let next = hours.next(after: now).map { ", next \($0.opens)" } ?? ""
        let open = hours.open(at: now).map { "open until \($0.closes)" } ?? "closed now"
        Output.line(
            "  in the window `\(name)`: \(window.opens.explanation) for \(Words.took(window.lasts)); \(open)\(next)")
    }

    private func showOccasion(_ plan: Plan, _ runnable: RunPlan, _ composition: Composition) async throws {
        guard let occasion = plan.procedure(procedure)?.hangsOn else { return }
        let key = ProcedureKey(
            service: runnable.service, environment: runnable.environment, procedure: runnable.procedure)
        let standing = try await composition.standings(of: [plan], store)[key]
        Output.line("  \(standing?.words(occasion) ?? occasion.text)")
    }

    private func show(_ thresholds: Thresholds) {
        if let warn = thresholds.warn { Output.line("  warns when \(warn)") }
        if let fail = thresholds.fail { Output.line("  fails when \(fail)") }
    }

    private func show(_ preview: Preview, _ step: RunStep) {
        let size = preview.units.map(\.size).reduce(0, +)
        let expected = preview.units.reduce(Duration.zero) { $0 + $1.expected }
        Output.line("  \(Style.plain(preview.summary))")
        Output.line(
            "  \(preview.units.count) units, \(MeasurementText.number(size)) in all, about \(Words.took(expected))"
                + (preview.impact.map { ", \($0.rawValue)" } ?? ""))
        for (name, limit) in step.limits.sorted(by: { $0.key < $1.key }) {
            Output.line("  limited to \(MeasurementText.number(limit)) \(name)")
        }
        for finding in preview.findings {
            Output.line(
                "  \(Style.sign(finding.severity)) \(Style.plain(finding.subject)): \(Style.plain(finding.cause.sentence))"
            )
        }
        for statement in preview.statements.prefix(12) {
            Output.line(Style.soft("    " + Words.oneLine(Style.plain(statement))))
        }
        if preview.statements.count > 12 { Output.line("    … and \(preview.statements.count - 12) more") }
    }
}

extension Explain {
    /// What a failure of the step takes back, in that order.
    private static func takenBack(of step: RunStep) -> String? {
        guard let others = step.takesBack else { return nil }
        return ((step.isChange ? [step.id] : []) + others.reversed()).joined(separator: ", ")
    }

    /// Who a step works on; each with its role where there are several.
    private static func places(of step: RunStep, _ start: RunStart) -> String {
        let places = step.targets.sorted { $0.key < $1.key }.map { role, name in
            let identity = start.identities[name] ?? name
            return role == TargetRole.only ? identity : "\(identity) (\(role))"
        }
        return places.joined(separator: ", ")
    }
}

/// Makes the previews of a procedure's changes outside a run.
private struct Previewer {
    let composition: Composition
    let targets: TargetRegistry
    let start: RunStart

    func preview(_ step: RunStep) async throws -> Preview {
        guard step.referencedMeasurements.isEmpty else {
            throw CouldNotLook(.notRun, "It needs what earlier steps measure, and is known in a run only.")
        }
        let host = composition.host
        let (parameters, secrets) = try References.resolve(step.parameters ?? .null, host: host)
        targets.learn(secrets)
        guard let definition = composition.catalogue.adding(start.plan.programs ?? []).actions[step.action],
            case .change(let change) = try definition.configured(with: parameters).work
        else { throw CouldNotLook(.notSupported, "This version has no change `\(step.action)`.") }
        let timeout = start.profiles[step.id]?.timeout ?? .seconds(60)
        let context = Context(
            host: host, deadline: host.steady() + timeout, label: WorkLabel(run: "explain", step: step.id))
        return try await change.preview(try targets.targets(of: step), context)
    }
}
