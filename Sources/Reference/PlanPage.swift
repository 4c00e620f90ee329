import Maintenance
import Plans

/// The page of a plan's keys, from the one table of them.
enum PlanPage {
    static func text() -> String {
        var lines = ["# The plan's keys", "", "Scalars are read as text and get their type from the key or parameter."]
        for table in PlanKeys.all {
            lines += [
                "", "## \(table.name)", "", "\(table.summary.prefix(1).uppercased())\(table.summary.dropFirst()).", "",
            ]
            lines += ["| key | type | |", "| --- | --- | --- |"]
            lines += table.keys.map {
                "| `\($0.name)`\($0.isRequired ? " (required)" : "") | \($0.typeName) | \($0.summary) |"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
