import Foundation
import Testing

/// Reports as the program writes them: after a run as the plan asks, and again from the journal.
@Suite struct ReportCommandTests {
    private static let plan = """
        service: one-machine
        procedures:
          daily-health:
            schedule: daily 09:00
            steps:
              - check: disk.usage
                with: { mounts: [/] }
                warn: used_percent > 101%
                fail: used_percent > 101%
            reports: [{ template: daily, formats: [md, html, json] }, { template: weekly, formats: html }, { formats: json }]
        """

    @Test func aRunLeavesTheReportsOfItsPlan() async throws {
        try await withFolder { folder in
            let path = folder.appending(path: "plan.yaml")
            try Self.plan.write(to: path, atomically: true, encoding: .utf8)
            let (store, reports) = ("sqlite:\(folder.path)/journal.sqlite", folder.appending(path: "reports"))
            for _ in 0..<2 {
                let run = try await CommandLine.run(
                    "run", path.path, "daily-health", "--store", store, "--reports", reports.path)
                #expect(run.exit == 0, "\(run.errors)")
                #expect(run.errors.isEmpty, "\(run.errors)")
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: reports.path).sorted()
            // One of the day, replaced by the second run; one of each run.
            let dated = names.filter { $0.contains(/-\d{4}-\d{2}-\d{2}\./) }
            #expect(dated.filter { $0.hasPrefix("one-machine-daily-health-2") }.count == 3, "\(names)")
            #expect(dated.filter { $0.hasPrefix("one-machine-daily-health-weekly-2") }.count == 1, "\(names)")
            #expect(names.count == 6, "\(names)")

            let runs = try await CommandLine.run("runs", "--store", store, "--format", "json").output
            let id = try #require(runs.firstMatch(of: /"run" : "([^"]+)"/)?.1)
            for (template, words) in [
                ("daily", "The only check passes."), ("weekly", "The week before"), ("run", "disk-usage"),
            ] {
                let again = try await CommandLine.run(
                    "report", String(id), "--store", store, "--template", template, "--format", "html")
                #expect(again.exit == 0, "\(again.errors)")
                #expect(again.output.hasPrefix("<!doctype html>"))
                #expect(
                    again.output.contains(words)
                )
            }
            let markdown = try await CommandLine.run("report", String(id), "--store", store, "--template", "daily")
            #expect(markdown.output.contains("used\\_percent"))
            let wrong = try await CommandLine.run("report", String(id), "--store", store, "--template", "monthly")
            #expect(wrong.exit == 64)
        }
    }
}
