import Foundation

/// A page of docs: what is said of each fault, to each role. The page follows from what tests expect, and they see to it
/// that it is so. `RECORD_FAULTS=1` writes it.
package struct FaultTable {
    package struct Row {
        package let action: String
        package let fault: String
        package let wrong: String
        package let answers: [FaultAnswer]

        package init(_ action: String, _ fault: String, _ wrong: String, _ answers: [FaultAnswer]) {
            self.action = action
            self.fault = fault
            self.wrong = wrong
            self.answers = answers
        }
    }

    private let path: URL
    private let text: String

    package init(_ name: String, title: String, introduction: String, roles: [String], _ rows: [Row]) {
        path =
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/\(name)")
            .standardizedFileURL
        let head = ["action", "fault", "what is wrong"] + roles
        let lines = rows.map { [$0.action, $0.fault, $0.wrong] + $0.answers.map(\.description) }
        let cells = [head, head.map { _ in "---" }] + lines
        text =
            "# \(title)\n\n\(introduction)\n\n"
            + cells.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }

    /// What differs from the page, `nil` where it says the same.
    package func difference() throws -> String? {
        if ProcessInfo.processInfo.environment["RECORD_FAULTS"] != nil {
            try text.write(to: path, atomically: true, encoding: .utf8)
            return "\(path.lastPathComponent) was written anew: read it, and run again without RECORD_FAULTS."
        }
        let known = try? String(contentsOf: path, encoding: .utf8)
        guard known != text else { return nil }
        let lines = Set((known ?? "").split(separator: "\n"))
        let new = text.split(separator: "\n").first { !lines.contains($0) }
        return "not as docs/\(path.lastPathComponent) says: \(new ?? "a row is gone")"
    }
}
