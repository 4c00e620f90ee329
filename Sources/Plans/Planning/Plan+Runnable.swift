public import Maintenance

extension Plan {
    /// What a run of the procedure carries. `environment` may be left out where there is one; of an input of type `list`
    /// the items are separated by commas.
    public func runnable(
        procedure name: String, environment: String? = nil, inputs: [String: String] = [:], catalogue: Catalogue
    ) throws(PlanErrors) -> RunPlan {
        guard let procedure = procedure(name) else {
            throw refusal(unknown(name, "procedure", among: procedures.map(\.name)), position)
        }
        let environment = try environmentSource(environment)
        var planner = RunPlanner(
            self, procedure, environment, inputs: try values(inputs, procedure), catalogue.adding(programs))
        let run = planner.make()
        guard planner.log.isEmpty else { throw PlanErrors(planner.log.diagnostics) }
        return run
    }

    private func environmentSource(_ name: String?) throws(PlanErrors) -> EnvironmentSource {
        if let name {
            if let source = environmentSources.first(where: { $0.name == name }) { return source }
            throw refusal(unknown(name, "environment", among: environments), position)
        }
        guard environmentSources.count == 1, let only = environmentSources.first else {
            throw refusal("say which environment: there are \(quoted(environments))", position)
        }
        return only
    }

    private func values(
        _ given: [String: String], _ procedure: Procedure
    ) throws(PlanErrors) -> [String: Substitution.Value] {
        var mistakes: [Diagnostic] = []
        var values: [String: Substitution.Value] = [:]
        for name in given.keys where !procedure.inputs.contains(where: { $0.name == name }) {
            mistakes.append(
                Diagnostic(unknown(name, "input", among: procedure.inputs.map(\.name)), at: procedure.position))
        }
        for input in procedure.inputs {
            guard let value = given[input.name].map(input.type.value) ?? input.defaultValue else {
                mistakes.append(Diagnostic("the input `\(input.name)` must be given", at: procedure.position))
                continue
            }
            if let error = input.type.mistake(in: value) {
                mistakes.append(Diagnostic("the input `\(input.name)`: \(error.message)", at: procedure.position))
            }
            values[input.name] = .known(value)
        }
        guard mistakes.isEmpty else { throw PlanErrors(mistakes) }
        return values
    }

    private func refusal(_ message: String, _ position: Position) -> PlanErrors {
        PlanErrors([Diagnostic(message, at: position)])
    }
}

extension InputType {
    /// What a text from the command line is for this type.
    func value(_ text: String) -> PlanValue {
        guard self == .list else { return .text(text) }
        return .list(text.split(separator: ",").map { .text(trimmed($0)) })
    }

    private func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
