public import Maintenance

/// The page of one action, from its declaration alone.
public enum ActionPage {
    /// The kinds of target that it works on, role by role.
    static func kinds(_ action: ActionDefinition) -> String {
        action.roles.map { $0.kinds.joined(separator: " or ") }.joined(separator: ", ")
    }

    private static func places(_ action: ActionDefinition) -> String {
        let places = action.roles.map { role in
            let kinds = role.kinds.map { "`\($0)`" }.joined(separator: " or ")
            return role.name == TargetRole.only ? "a \(kinds) target" : "a \(kinds) target as `\(role.name)`"
        }
        return places.joined(separator: " and ")
    }

    public static func text(_ action: ActionDefinition) -> String {
        let declaration = action.declaration
        let configured = try? action.configured(with: nil)
        var lines = [
            "# \(action.name)", "", declaration.summary, "",
            "A \(action.isChange ? "change" : "check") on \(places(action)). \(declaration.applies)",
        ]
        if !declaration.example.isEmpty {
            lines += ["", "```yaml", "- \(action.isChange ? "do" : "check"): \(action.name)", "  with:"]
            lines += declaration.example.split(separator: "\n").map { "    \($0)" }
            lines.append("```")
        }
        if !action.parameters.isEmpty {
            lines += ["", "| parameter | type | default | |", "| --- | --- | --- | --- |"]
            lines += action.parameters.map {
                "| `\($0.name)` | \($0.typeName) | \($0.isRequired ? "required" : "`\($0.defaultText ?? "")`") | \($0.summary) |"
            }
        }
        if !declaration.measurements.isEmpty {
            lines += ["", "| measurement | unit | |", "| --- | --- | --- |"]
            lines += declaration.measurements.map { "| `\($0.name)` | \(unit($0.unit)) | \($0.summary) |" }
        }
        lines += thresholds(declaration.thresholds)
        if !declaration.limits.isEmpty {
            lines += [
                "", "Limits that a step may set: \(declaration.limits.map { "`\($0)`" }.joined(separator: ", ")).",
            ]
        }
        lines += ["", "One call may take \(declaration.timeout.shortText) where the step says nothing (`timeout:`)."]
        if let impact = configured?.impact { lines += ["", "Impact with its defaults: \(impact.rawValue)."] }
        if let rights = configured?.rights, !rights.isEmpty { lines += rightsTable(rights) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func thresholds(_ thresholds: Thresholds) -> [String] {
        var lines: [String] = []
        if let warn = thresholds.warn { lines += ["", "Warns when `\(warn)`, unless the step says otherwise."] }
        if let fail = thresholds.fail { lines += ["", "Fails when `\(fail)`, unless the step says otherwise."] }
        return lines
    }

    private static func rightsTable(_ rights: [Right]) -> [String] {
        ["", "| to | grant | why |", "| --- | --- | --- |"]
            + rights.map { "| \($0.purpose.rawValue) | `\($0.grant.replacing("\n", with: " "))` | \($0.reason) |" }
    }

    static func unit(_ unit: UnitOfMeasure) -> String { unit == .count ? "count" : unit.rawValue }
}
