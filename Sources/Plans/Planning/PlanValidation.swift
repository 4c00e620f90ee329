import Maintenance

/// Plans every procedure in every environment, for the mistakes that show only then.
enum PlanValidation {
    static func validate(_ plan: Plan, _ catalogue: Catalogue, _ log: inout MistakeLog) {
        for environment in plan.environmentSources {
            var runs: [RunPlan] = []
            for procedure in plan.procedures {
                var planner = RunPlanner(plan, procedure, environment, inputs: procedure.defaults, catalogue)
                runs.append(planner.make())
                log.add(planner.log.diagnostics)
            }
            FactSources(catalogue).check(plan, runs, in: environment, &log)
        }
    }
}

extension Procedure {
    /// What is known of the inputs before a run is asked for.
    var defaults: [String: Substitution.Value] {
        Dictionary(inputs.map { ($0.name, $0.defaultValue.map(Substitution.Value.known) ?? .later) }) { first, _ in
            first
        }
    }
}
