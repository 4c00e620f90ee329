public import Maintenance
import Schedules

/// A step that sees a fact: its action measures it, under the fact's name, as an instant.
public struct FactSource: Hashable, Sendable {
    public let procedure: String
    public let step: String
    public let action: String
}

extension Plan {
    /// The steps that see a fact of a target in an environment.
    public func sources(
        of fact: String, subject: String, environment: String, catalogue: Catalogue
    ) -> [FactSource] {
        guard let environment = environmentSources.first(where: { $0.name == environment }) else { return [] }
        let runs = procedures.map { procedure in
            var planner = RunPlanner(self, procedure, environment, inputs: procedure.defaults, catalogue)
            return planner.make()
        }
        return FactSources(catalogue).sources(of: fact, subject: subject, in: runs)
    }
}

struct FactSources {
    private let catalogue: Catalogue

    init(_ catalogue: Catalogue) { self.catalogue = catalogue }

    func sources(of fact: String, subject: String, in runs: [RunPlan]) -> [FactSource] {
        runs.flatMap { run in
            run.steps.filter { step in
                step.disabled == nil && step.targets.values.contains(subject)
                    && facts(of: step.action, step.parameters).contains(fact)
            }.map { FactSource(procedure: run.procedure, step: $0.id, action: $0.action) }
        }
    }

    /// Schedules that hang on what nothing of the plan would ever see.
    func check(_ plan: Plan, _ runs: [RunPlan], in environment: EnvironmentSource, _ log: inout MistakeLog) {
        let targets = Set((plan.targets + environment.targets).map(\.name))
        for procedure in plan.procedures {
            guard case .relative(let occasion)? = procedure.occasion,
                case .fact(_, _, let fact, let subject) = occasion.kind
            else { continue }
            let mistake: String?
            if targets.contains(subject) {
                let sources = sources(of: fact, subject: subject, in: runs)
                // One that waits for the same would never begin to look.
                let waiting = Set(sources.map(\.procedure)).filter {
                    plan.procedure($0)?.hangsOn?.topic == occasion.topic
                }
                mistake =
                    sources.contains { !waiting.contains($0.procedure) }
                    ? nil : missing(fact, of: subject, waiting: waiting.sorted())
            } else {
                mistake = unknown(subject, "target", among: Array(targets))
            }
            if let mistake { log.report(mistake, at: procedure.occasionPosition ?? procedure.position) }
        }
    }

    private func missing(_ fact: String, of subject: String, waiting: [String]) -> String {
        let known = catalogue.actions.values.flatMap { action in
            facts(of: action.name, nil).map { (fact: $0, action: action.name) }
        }
        let actions = known.filter { $0.fact == fact }.map(\.action).sorted()
        guard let action = actions.first ?? (waiting.isEmpty ? nil : "") else {
            return
                "nothing in this plan sees the `\(fact)` of `\(subject)`; a fact is what a step measures in the unit "
                + "`timestamp`, such as \(quoted(known.map { "\($0.fact)` of `\($0.action)" }.sorted()))"
        }
        let step = action.isEmpty ? "a step that sees it" : "`check: \(action)` with `target: \(subject)`"
        let lack =
            !waiting.isEmpty
            ? "what sees the `\(fact)` of `\(subject)`, \(quoted(waiting)), waits for that itself"
            : "nothing in this plan sees the `\(fact)` of `\(subject)`"
        return "\(lack); add \(step) to a procedure with a schedule of its own"
    }

    /// What an action measures as an instant.
    private func facts(of action: String, _ parameters: PlanValue?) -> [String] {
        guard let definition = catalogue.actions[action] else { return [] }
        let measured = (try? definition.configured(with: parameters))?.measurements
        return (measured ?? definition.declaration.measurements).filter { $0.unit == .timestamp }.map(\.name)
    }
}
