import Foundation
import Testing

@Suite struct CalendarTests {
    private static let from = ["--from", "2026-03-22T00:00:00Z", "--to", "2026-04-06T00:00:00Z"]

    private static func plan(_ service: String, _ opens: String, zone: String = "UTC") -> String {
        """
        service: \(service)
        timezone: \(zone)
        windows:
          weekly: { opens: "\(opens)", lasts: 2h }
        procedures:
          weekly:
            in: weekly
            steps:
              - check: disk.usage
                with: { mounts: [/] }
                warn: used_percent > 101%
                fail: used_percent > 101%

        """
    }

    private func withPlans(_ body: (URL) async throws -> Void) async throws {
        try await withFolder { folder in
            let plans = folder.appending(path: "plans")
            try FileManager.default.createDirectory(at: plans, withIntermediateDirectories: true)
            try write(Self.plan("here", "Sunday 02:00", zone: "Europe/Berlin"), to: plans, "here.yaml")
            try write(Self.plan("there", "Sunday 01:00"), to: plans, "there.yaml")
            try write("people: { ann: { mail: ann@example.com } }\n", to: plans, "estate.yaml")
            try await body(plans)
        }
    }

    private func write(_ text: String, to folder: URL, _ name: String) throws {
        try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    private func calendar(_ plans: URL, _ more: String...) async throws -> CommandLine.Outcome {
        try await CommandLine.run(["calendar", plans.path] + Self.from + more)
    }

    @Test func textNamesOverlapsAndClockChanges() async throws {
        try await withPlans { plans in
            let text = try await calendar(plans)
            #expect(text.exit == 0, "\(text.errors)")
            #expect(text.output.contains("Sun 2026-03-22"), "\(text.output)")
            #expect(text.output.contains("clocks of Europe/Berlin are put forward by 60 minutes"))
            #expect(text.output.contains("here/default/weekly") && text.output.contains(" for 2h"), "\(text.output)")
            #expect(text.output.contains("open together with there/default/weekly"))
            #expect(text.output.contains("open together with here/default/weekly"))
            #expect(!text.output.contains("estate"))
        }
    }

    @Test func jsonHasInstants() async throws {
        try await withPlans { plans in
            let json = try await calendar(plans, "--format", "json")
            let entries = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]], "\(json.errors)")
            func all(_ name: String) -> [String] {
                entries.filter { $0["name"] as? String == name }.compactMap { $0["at"] as? String }
            }
            #expect(
                all("there/default/weekly") == [
                    "2026-03-22T01:00:00Z", "2026-03-29T01:00:00Z", "2026-04-05T01:00:00Z",
                ])
            // 02:00 by Berlin's clocks; on the 29th it begins when the clocks have been put forward.
            #expect(
                all("here/default/weekly") == [
                    "2026-03-22T01:00:00Z", "2026-03-29T01:00:00Z", "2026-04-05T00:00:00Z",
                ])
            let until = entries.first { $0["name"] as? String == "there/default/weekly" }?["until"] as? String
            #expect(until == "2026-03-22T03:00:00Z")
        }
    }

    @Test func icsIsACalendar() async throws {
        try await withPlans { plans in
            let ics = try await calendar(plans, "--format", "ics")
            #expect(ics.exit == 0 && ics.output.hasPrefix("BEGIN:VCALENDAR\r\n"), "\(ics.errors)")
            #expect(ics.output.hasSuffix("END:VCALENDAR\r\n"))
            #expect(ics.output.components(separatedBy: "BEGIN:VEVENT").count == 1 + 7)
            #expect(ics.output.contains("DTSTART:20260322T010000Z"))
        }
    }

    @Test func diffShowsWhatAnEditChanges() async throws {
        try await withPlans { plans in
            func git(_ arguments: String...) throws {
                let git = Process()
                git.executableURL = URL(filePath: "/usr/bin/env")
                git.arguments =
                    ["git", "-C", plans.path, "-c", "user.name=a", "-c", "user.email=a@example.com"] + arguments
                git.standardOutput = FileHandle.nullDevice
                try git.run()
                git.waitUntilExit()
                #expect(git.terminationStatus == 0, "git \(arguments)")
            }
            try git("init", "-q")
            try git("add", ".")
            try git("commit", "-q", "-m", "plans")
            let none = try await calendar(plans, "--diff", "HEAD")
            #expect(none.exit == 0 && none.output.contains("the edit changes nothing"), "\(none.output)\(none.errors)")

            try write(Self.plan("there", "Sunday 05:00"), to: plans, "there.yaml")
            try write(Self.plan("new", "2026-04-01 04:00"), to: plans, "new.yaml")
            try FileManager.default.removeItem(at: plans.appending(path: "here.yaml"))
            let text = try await calendar(plans, "--diff", "HEAD")
            #expect(text.exit == 0, "\(text.errors)")
            for line in [
                "- Sun 2026-03-22 01:00 there/default/weekly", "+ Sun 2026-03-22 05:00 there/default/weekly",
                "+ Wed 2026-04-01 04:00 new/default/weekly", "- Sun 2026-03-22 02:00 here/default/weekly",
            ] { #expect(text.output.contains(line + "\n"), "\(line) in \(text.output)") }
            let json = try await calendar(plans, "--diff", "HEAD", "--format", "json")
            let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: [Any]]
            #expect(document?["added"]?.count == 4 && (document?["removed"]?.count ?? 0) >= 6, "\(json.output)")
            #expect(try await calendar(plans, "--diff", "no-such-revision").exit == 3)
            #expect(try await calendar(plans, "--diff=--output=/tmp/x").exit == 3)
        }
    }

    @Test func wrongUsageIs64AndAWrongPlan65() async throws {
        try await withPlans { plans in
            #expect(try await CommandLine.run("calendar", plans.path, "--from", "x").exit == 64)
            let back = ["--from", "2026-03-22T00:00:00Z", "--to", "2026-03-21T00:00:00Z"]
            #expect(try await CommandLine.run(["calendar", plans.path] + back).exit == 64)
            try write("service: [", to: plans, "broken.yaml")
            #expect(try await calendar(plans).exit == 65)
        }
    }
}
