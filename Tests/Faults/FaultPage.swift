import FoundationEssentials
import Maintenance
import Testing

/// docs/faults.md: what each fault made each step say. Sentences are left out where they hold numbers that differ.
struct FaultPage {
    private var rows: [String] = []
    private static var path: URL { FaultBench.root.appending(path: "docs/faults.md") }
    private static let head = """
        # What faults are found

        Each fault is put into the sandbox's real servers, the plan `plans/steamtrap.yaml` is run, and every step that did not pass is listed
        with its verdict and cause. `make test` compares this page with what it sees; `RECORD_FAULTS=1` writes it.

        | fault | what is wrong | procedure: step | verdict | cause |
        | --- | --- | --- | --- | --- |

        """

    mutating func add(fault: String, _ summary: String, _ seen: [SeenStep]) {
        rows += Self.rows(fault, summary, seen)
    }

    /// Whether the page says the same of it already.
    static func knows(_ fault: String, _ summary: String, _ seen: [SeenStep]) throws -> Bool {
        let known = try String(contentsOf: path, encoding: .utf8).split(separator: "\n").map(String.init)
        return rows(fault, summary, seen).allSatisfy { known.contains($0) || timedOut($0, known) }
    }

    /// One row a step that did not pass; one for the fault where all did.
    private static func rows(_ fault: String, _ summary: String, _ seen: [SeenStep]) -> [String] {
        let noticed = seen.filter { !$0.isWell }
        if noticed.isEmpty { return ["| \(fault) | \(summary) | all | pass | |"] }
        return noticed.enumerated().map { index, step in
            let name = index == 0 ? "\(fault) | \(summary)" : " | "
            return
                "| \(name) | \(step.procedure): \(step.step) | \(step.verdict?.rawValue ?? "not run") | \(step.code) |"
        }
    }

    func compare(isWhole: Bool) throws {
        if ProcessInfo.processInfo.environment["RECORD_FAULTS"] != nil {
            try (Self.head + rows.joined(separator: "\n") + "\n").write(
                to: Self.path, atomically: true, encoding: .utf8)
            Issue.record("docs/faults.md was written anew: read it, and run again without RECORD_FAULTS.")
            return
        }
        let known = try String(contentsOf: Self.path, encoding: .utf8).split(separator: "\n").map(String.init)
        for row in rows where !known.contains(row) && !Self.timedOut(row, known) {
            Issue.record("not as docs/faults.md says: \(row)")
        }
        guard isWhole else { return }
        let gone = known.filter { row in
            row.hasPrefix("| ") && !rows.contains { $0 == row || Self.timedOut($0, [row]) }
        }.dropFirst(2)
        for row in gone { Issue.record("docs/faults.md says, and was not seen: \(row)") }
    }

    /// On a busy machine the time may be over before the cause is known; the verdict is the same.
    private static func timedOut(_ row: String, _ known: [String]) -> Bool {
        guard row.hasSuffix("| timed-out |") else { return false }
        let beginning = row.dropLast("timed-out |".count)
        return known.contains { $0.hasPrefix(beginning) }
    }
}
