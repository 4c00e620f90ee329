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
    func choose(_ name: String?, for action: ActionDefinition) throws(ValueError) -> (name: String, target: RunTarget) {
        let kind = action.kindName
        if let name {
            if let source = targets.first(where: { $0.name == name }) {
                if let chosen = TargetConversion.use(source, as: kind) { return chosen }
                throw ValueError(
                    "`\(name)` is a target of kind `\(source.kind)`\(place), and `\(action.name)` needs \(Self.needed(kind))"
                )
            }
            if kind == Self.builtin.kind, name == Self.builtin.name { return Self.own }
            throw ValueError(unknown(name, "target\(place)", among: targets.map(\.name)))
        }
        let direct = targets.filter { $0.kind == kind }
        let candidates = direct.isEmpty ? targets.filter { TargetConversion.use($0, as: kind) != nil } : direct
        if candidates.count > 1 {
            throw ValueError(
                "`\(action.name)` could work on \(quoted(candidates.map(\.name)))\(place); say which with `target:`")
        }
        if let only = candidates.first, let chosen = TargetConversion.use(only, as: kind) { return chosen }
        if kind == Self.builtin.kind { return Self.own }
        throw ValueError(
            "`\(action.name)` needs \(Self.needed(kind)), and there is none\(place); declare one under `targets`")
    }

    private static var own: (String, RunTarget) {
        (builtin.name, RunTarget(kind: builtin.kind, settings: builtin.settings.value))
    }

    private static func needed(_ kind: String) -> String {
        kind == "tls" ? "a target of kind `tls`, or of kind `http` with an https URL" : "a target of kind `\(kind)`"
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
