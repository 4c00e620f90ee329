import Maintenance

extension RunPlanner {
    /// The targets of a step by role: those that it names, and the only possible one where it names none.
    mutating func chosen(
        for source: StepSource, _ action: ActionDefinition, _ substitution: Substitution
    ) -> [String: String] {
        var given: [String: Located<String>] = [:]
        switch source.target {
        case nil: break
        case .lone(let name)?:
            guard action.roles.count == 1 else {
                let roles = action.roles.map { "\($0.name): …" }.joined(separator: ", ")
                log.report("`\(action.name)` works on several targets; write `target: { \(roles) }`", at: name.position)
                return [:]
            }
            given[action.roles[0].name] = name
        case .byRole(let names, _)?:
            given = names
            let known = action.roles.map(\.name)
            for (role, name) in names where !known.contains(role) {
                log.report(unknown(role, "role of `\(action.name)`", among: known), at: name.position)
            }
        }
        var chosen: [String: String] = [:]
        for role in action.roles {
            guard let name = choose(given[role.name], role, source, action, substitution) else { continue }
            chosen[role.name] = name
        }
        return chosen
    }

    private mutating func choose(
        _ given: Located<String>?, _ role: TargetRole, _ source: StepSource, _ action: ActionDefinition,
        _ substitution: Substitution
    ) -> String? {
        var name: String?
        if let given {
            name = substitution.plain(given.value, at: given.position, "a target", &log)
            guard name != nil else { return nil }
        }
        do {
            let (name, target) = try targets.choose(name, for: role, of: action)
            usedTargets[name] = target
            return name
        } catch {
            log.report(error.message, at: given?.position ?? source.target?.position ?? source.action.position)
            return nil
        }
    }
}
