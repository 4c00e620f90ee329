import Maintenance

/// The targets of one environment, and which of them an action works on.
struct TargetChoice {
    /// This machine: there without being declared, for actions that need no other.
    static let builtin = TargetSource(
        name: "host", kind: "host",
        settings: PlanNode(content: .text("local"), position: Position(file: "", line: 1, column: 1)),
        position: Position(file: "", line: 1, column: 1))

    let targets: [TargetSource]
    /// " in the environment `staging`", where there are several.
    let place: String

    /// The plan's targets with what the environment replaces and adds.
    init(_ plan: Plan, _ environment: EnvironmentSource) {
        var targets = plan.targets
        for target in environment.targets {
            if let index = targets.firstIndex(where: { $0.name == target.name }) {
                targets[index] = target
            } else {
                targets.append(target)
            }
        }
        self.targets = targets
        place = plan.environments.count > 1 ? " in the environment `\(environment.name)`" : ""
    }

    /// The name and the target as a run carries them, or why there is none.
    func choose(
        _ name: String?, for role: TargetRole, of action: ActionDefinition
    ) throws(ValueError) -> (name: String, target: RunTarget) {
        if let name {
            if let source = targets.first(where: { $0.name == name }) {
                if let chosen = use(source, in: role) { return chosen }
                throw ValueError(
                    "`\(name)` is a target of kind `\(source.kind)`\(place), and `\(action.name)` needs \(Self.needed(role))"
                )
            }
            if role.kinds.contains(Self.builtin.kind), name == Self.builtin.name { return Self.own }
            throw ValueError(unknown(name, "target\(place)", among: targets.map(\.name)))
        }
        let direct = targets.filter { role.kinds.contains($0.kind) }
        let candidates = direct.isEmpty ? targets.filter { use($0, in: role) != nil } : direct
        if candidates.count > 1 {
            let key = action.roles.count > 1 ? "`target: { \(role.name): … }`" : "`target:`"
            throw ValueError(
                "`\(action.name)` could work on \(quoted(candidates.map(\.name)))\(place); say which with \(key)")
        }
        if let only = candidates.first, let chosen = use(only, in: role) { return chosen }
        if role.kinds.contains(Self.builtin.kind) { return Self.own }
        throw ValueError(
            "`\(action.name)` needs \(Self.needed(role)), and there is none\(place); declare one under `targets`")
    }

    private func use(_ source: TargetSource, in role: TargetRole) -> (name: String, target: RunTarget)? {
        role.kinds.lazy.compactMap { TargetConversion.use(source, as: $0) }.first
    }

    private static var own: (String, RunTarget) {
        (builtin.name, RunTarget(kind: builtin.kind, settings: builtin.settings.value))
    }

    private static func needed(_ role: TargetRole) -> String {
        if role.kinds == ["tls"] { return "a target of kind `tls`, or of kind `http` with an https URL" }
        let part = role.name == TargetRole.only ? "" : " as `\(role.name)`"
        return "a target of kind \(role.kinds.map { "`\($0)`" }.joined(separator: " or "))\(part)"
    }
}

/// Targets that serve actions of another kind. This is the whole rule: the certificate of an HTTPS endpoint is looked at
/// where the endpoint is, so an `http` target serves actions of kind `tls`, its `url` being the address.
enum TargetConversion {
    /// `nil` where the target does not serve the kind. A converted target has a name of its own beside the original.
    static func use(_ source: TargetSource, as kind: String) -> (name: String, target: RunTarget)? {
        if source.kind == kind {
            return (source.name, RunTarget(kind: kind, settings: source.settings.value))
        }
        guard source.kind == "http", kind == "tls", let settings = certificateSettings(source.settings.value) else {
            return nil
        }
        return ("\(source.name)/\(kind)", RunTarget(kind: kind, settings: settings))
    }

    private static func certificateSettings(_ settings: PlanValue) -> PlanValue? {
        let url: PlanValue? = if case .text = settings { settings } else { settings["url"] }
        guard let url, case .text(let text) = url, !text.hasPrefix("http:") else { return nil }
        return .map(
            [PlanValue.Entry("address", url)] + (settings["ca"].map { [PlanValue.Entry("ca", $0)] } ?? []))
    }
}
