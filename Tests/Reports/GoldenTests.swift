import FoundationEssentials
import Host
import Maintenance
import Plans
import Schedules
import Testing

@testable import Reports

/// Whole documents as people get them. `MILLWRIGHT_RECORD=1` writes them anew.
@Suite struct GoldenTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/documents")

    @Test func theDocumentsAreAsTheyWere() async throws {
        let bench = Gallery.bench()
        let rows = try await Gallery.fill(bench)
        let daily = try await bench.daily(rows.daily)
        let weekly = try await bench.weekly(rows.weekly)
        try Self.compare("daily.md", DailyMarkdown.text(daily))
        try Self.compare("weekly.md", WeeklyMarkdown.text(weekly))
        let lone = ReportBench()
        let row = try await lone.run(
            "daily", "2026-11-22T09:00:00Z", [ReportBench.Step(id: "only", observation: .number("n", 1))])
        let json = try encodeJSON(try await lone.daily(row), pretty: true)
        try Self.compare("one-step.json", String(decoding: json, as: UTF8.self) + "\n")
    }

    private static func compare(_ name: String, _ text: String) throws {
        let file = folder.appending(path: name)
        if ProcessInfo.processInfo.environment["MILLWRIGHT_RECORD"] != nil {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            Issue.record("\(name) was recorded; look at it, and run again without MILLWRIGHT_RECORD")
        }
        #expect(text == String(decoding: try Data(contentsOf: file), as: UTF8.self), "\(name)")
    }
}
