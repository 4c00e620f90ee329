import FoundationEssentials
public import Maintenance
import Plans

/// All generated pages: one definition in the code, and a check that fails when a page is older than it.
public struct ReferencePages: Sendable {
    /// By path below the reference's folder.
    public let files: [String: String]

    /// `commandLine` is the page that only the command line itself can write.
    public static func all(_ catalogue: Catalogue, commandLine: String) throws -> ReferencePages {
        var files: [String: String] = ["command-line.md": commandLine]
        for action in catalogue.sortedActions { files["actions/\(action.name).md"] = ActionPage.text(action) }
        files["actions/README.md"] = index(catalogue)
        files["targets.md"] = TargetsPage.text(catalogue)
        files["channels.md"] = ChannelsPage.text(catalogue)
        files["plan.md"] = PlanPage.text()
        files["plan.schema.json"] =
            String(decoding: try encodeJSON(PlanSchema.document(catalogue), pretty: true), as: UTF8.self) + "\n"
        files["estate.schema.json"] =
            String(decoding: try encodeJSON(PlanSchema.estate(catalogue), pretty: true), as: UTF8.self) + "\n"
        return ReferencePages(files: files)
    }

    public func write(to directory: String) throws {
        let manager = FileManager.default
        // Pages of actions that are gone; nothing else in the folder is ours to delete.
        for path in try outdated(in: directory)
        where files[path] == nil && path.hasPrefix("actions/") && path.hasSuffix(".md") {
            try manager.removeItem(atPath: "\(directory)/\(path)")
        }
        for (path, text) in files {
            let whole = "\(directory)/\(path)"
            try manager.createDirectory(
                atPath: String(whole.prefix(upTo: whole.lastIndex(of: "/") ?? whole.endIndex)),
                withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: whole))
        }
    }

    /// Pages that differ, are missing, or have no source any more.
    public func outdated(in directory: String) throws -> [String] {
        var outdated: [String] = []
        for (path, text) in files where FileManager.default.contents(atPath: "\(directory)/\(path)") != Data(text.utf8)
        {
            outdated.append(path)
        }
        let present = (try? FileManager.default.subpathsOfDirectory(atPath: directory)) ?? []
        outdated += present.filter { path in
            files[path] == nil && !files.keys.contains { $0.hasPrefix(path + "/") }
        }
        return outdated.sorted()
    }

    private static func index(_ catalogue: Catalogue) -> String {
        var lines = ["# Actions", "", "| action | target | | |", "| --- | --- | --- | --- |"]
        lines += catalogue.sortedActions.map {
            "| [\($0.name)](\($0.name).md) | \(ActionPage.kinds($0)) | \($0.isChange ? "change" : "check") | \($0.declaration.summary) |"
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// The page of the target kinds.
enum TargetsPage {
    static func text(_ catalogue: Catalogue) -> String {
        var lines = [
            "# Targets", "",
            "What a plan's `targets:` can name. Secrets are references: `${env:NAME}`, `${file:PATH}`.",
        ]
        for kind in catalogue.sortedKinds {
            lines += ["", "## \(kind.name)", "", kind.summary, "", "A lone text sets `\(kind.shorthand)`.", ""]
            lines += ["| parameter | type | default | |", "| --- | --- | --- | --- |"]
            lines += kind.parameters.map {
                "| `\($0.name)` | \($0.typeName) | \($0.isRequired ? "required" : "`\($0.defaultText ?? "")`") | \($0.summary) |"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
