public import Maintenance

/// Programs as actions: how a plan's reader makes them part of its catalogue.
public enum ExternalActions {
    public static let programs: ActionPrograms = {
        let descriptions = ProgramDescriptions()
        return ActionPrograms(
            describe: { source, host throws(CouldNotLook) in try descriptions.describe(source, on: host) },
            define: { program throws(ValueErrors) in try definition(of: program, descriptions) })
    }()

    private static func definition(
        of program: ActionProgram, _ descriptions: ProgramDescriptions
    ) throws(ValueErrors) -> ActionDefinition {
        let description: ProgramDescription
        do throws(Misspoken) { description = try ProgramDescription(program.description) } catch {
            throw ValueErrors([ValueError("\(program.name) cannot be an action: \(error.sentence)")])
        }
        let parameters = description.parameters.map(\.parameter)
        let defaults = ExternalParameters(
            values: Dictionary(
                description.parameters.compactMap { one in
                    one.fallback.flatMap { try? one.read($0) }.map { (one.name, $0) }
                }
            ) { first, _ in first })
        return ActionDefinition(
            description.declaration, roles: description.roles, parameters: parameters.map(\.description),
            isChange: description.isChange, canRepair: description.canRepair, canUndo: description.canUndo,
            configure: { value throws(ValueErrors) in
                let values = try parameters.decode(value, of: program.name, into: defaults)
                let action = ExternalAction(
                    program: program, description: description, values: values.values, descriptions: descriptions)
                return ConfiguredAction(
                    impact: description.impact, rights: description.rights,
                    thresholds: description.declaration.thresholds, measurements: description.measurements,
                    work: action.work)
            },
            decodable: { value, unresolved throws(ValueErrors) in
                _ = try parameters.decode(value, of: program.name, into: defaults, unresolved: unresolved)
            })
    }
}
