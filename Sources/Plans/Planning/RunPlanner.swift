import Host
import Maintenance
import Schedules

/// Makes of one procedure in one environment what a run carries, and reports what is wrong on the way. Validation does
/// the same with the inputs that have defaults.
struct RunPlanner {
    let plan: Plan
    let procedure: Procedure
    let catalogue: Catalogue
    let environment: EnvironmentSource
    let targets: TargetChoice
    let inputs: [String: Substitution.Value]
    var log = MistakeLog()
    var usedTargets: [String: RunTarget] = [:]

    init(
        _ plan: Plan, _ procedure: Procedure, _ environment: EnvironmentSource, inputs: [String: Substitution.Value],
        _ catalogue: Catalogue
    ) {
        self.plan = plan
        self.procedure = procedure
        self.catalogue = catalogue
        self.environment = environment
        self.inputs = inputs
        targets = TargetChoice(plan, environment)
    }

    var policy: Estate.Policy { plan.estate?.policy ?? Estate.Policy() }

    mutating func make() -> RunPlan {
        let steps = steps(procedure.steps + procedure.finalSteps, Substitution(inputs: inputs))
        if steps.count > PlanLimits.steps {
            log.report("the procedure has more than \(PlanLimits.steps) steps", at: procedure.position)
        }
        let window = procedure.window.flatMap { plan.windows[$0] }.map {
            RunWindow(
                name: $0.name, opens: $0.opensText, lastsMicroseconds: $0.window.lasts.microseconds,
                beginsRun: procedure.beginsWithWindow, end: $0.end)
        }
        let values = inputs.compactMapValues { if case .known(let value) = $0 { value } else { nil } }
        return RunPlan(
            service: plan.service, environment: environment.name, procedure: procedure.name, summary: procedure.summary,
            owner: plan.owner, timezone: plan.timezone, planDigest: plan.digest, window: window, inputs: values,
            targets: usedTargets, steps: steps, reports: procedure.reports, notices: notices, schedules: schedules,
            programs: usedPrograms(steps), reachedFrom: environment.place)
    }

    /// The estate's rules, then the plan's, then the procedure's.
    private var notices: RunNotices? {
        let rules = (plan.estate?.notices ?? []) + plan.notices + procedure.notices
        let heartbeat = procedure.heartbeat[environment.name]
        let names = Set(rules.flatMap(\.channels) + [heartbeat?.channel].compactMap { $0 })
        guard !names.isEmpty else { return nil }
        let channels = plan.estate?.channels.filter { names.contains($0.key) } ?? [:]
        return RunNotices(rules: rules, heartbeat: heartbeat, channels: channels)
    }

    /// The programs that its steps use; `nil` for none.
    private func usedPrograms(_ steps: [RunStep]) -> [ActionProgram]? {
        let names = Set(steps.flatMap { [$0] + $0.proof + ($0.guardSteps ?? []) }.map(\.action))
        let used = plan.programs.filter { names.contains($0.name) }
        return used.isEmpty ? nil : used
    }

    /// A weekly report tells what did not run, so it must know what was due.
    private var schedules: [String: String]? {
        guard procedure.reports.contains(where: { $0.template == .weekly }) else { return nil }
        let due = plan.procedures.compactMap { one in one.scheduleText.map { (one.name, $0) } }
        return Dictionary(due) { first, _ in first }
    }

    /// The steps of a procedure in order, each seeing what those before it measure.
    private mutating func steps(_ sources: [StepSource], _ substitution: Substitution) -> [RunStep] {
        var earlier: [String: StepOutputs] = [:]
        var before: [StepSource] = []
        var steps: [RunStep] = []
        let ids = sources.map(\.id.value)
        var planned: [String: [RunStep]] = [:]
        for source in sources {
            let checks = OutputChecks(id: source.id.value, earlier: earlier, allIDs: ids)
            let scope = StepScope(checks: checks, before: before, planned: planned, prefix: "", role: .step)
            for item in ForEach.items(of: source, substitution, &log) {
                let (step, outputs) = step(source, item, substitution, scope)
                if let step {
                    steps.append(step)
                    planned[source.id.value, default: []].append(step)
                }
                earlier[source.id.value] = outputs
            }
            before.append(source)
        }
        if let first = procedure.guards.first, !procedure.steps.contains(where: \.goesOn) {
            log.report(
                "`guard` watches changes, waits and checks with `for`, and the procedure has none", at: first.position)
        }
        return undoScopes(steps, sources)
    }
}

/// Where a step stands while it is planned.
struct StepScope {
    enum Role { case step, guardCheck, proof }

    let checks: OutputChecks
    /// The steps before it, for a guard to name.
    let before: [StepSource]
    /// What they became, by id: several steps of a `for-each`.
    var planned: [String: [RunStep]] = [:]
    /// Stands before the id of a guard's or a proof's check.
    let prefix: String
    let role: Role
}

/// The items by which a step is repeated.
enum ForEach {
    /// One repetition: `text` is `nil` for a step without `for-each`.
    struct Item {
        let suffix: String
        let value: Substitution.Value?
    }

    static func items(of source: StepSource, _ substitution: Substitution, _ log: inout MistakeLog) -> [Item] {
        guard let node = source.forEach else { return [Item(suffix: "", value: nil)] }
        let list = substitution.apply(node, &log)
        let unknown = [Item(suffix: "[…]", value: .later)]
        if let text = list.text, let references = try? ReferenceText(text).references, !references.isEmpty {
            for reference in references where reference.isForRunTime {
                log.report(
                    "`for-each` repeats over a list that is known before the run: one of the plan, or an input of type `list`",
                    at: list.position)
            }
            return unknown
        }
        guard let texts = list.read([String].self, &log) else { return unknown }
        if texts.isEmpty || texts.count > PlanLimits.forEach {
            log.report(
                "`for-each` repeats over 1 to \(PlanLimits.forEach) items, and these are \(texts.count)",
                at: list.position)
            return unknown
        }
        var seen: Set<String> = []
        for (index, text) in texts.enumerated() {
            let position = list.position(at: [String(index)])
            if !isItem(text) {
                log.report(
                    "an item of `for-each` becomes part of a step's id: use letters, digits, spaces and `-_.:/@`, at most "
                        + "\(PlanLimits.nameLength)", at: position)
            } else if !seen.insert(text).inserted {
                log.report("`\(text)` is in the list already", at: position)
            }
        }
        return texts.map { Item(suffix: "[\($0)]", value: .known(.text($0))) }
    }

    private static func isItem(_ text: String) -> Bool {
        !text.isEmpty && text.count <= PlanLimits.nameLength
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.:/@ ".contains($0)) }
    }
}
