import Foundation
import Testing

/// `millwright serve` itself: it may be killed, and no second is lost without a row.
@Suite(.serialized) struct ServeTests {
    private static func second(_ text: Any?) throws -> Int {
        let text = try #require(text as? String)
        let whole = text.prefix(19) + "Z"
        return Int(try Date(String(whole), strategy: .iso8601).timeIntervalSince1970)
    }

    @Test func killedAndStartedAgainNoSecondIsLost() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            try bench.write(ServeBench.look())
            let first = try Server(in: folder)
            #expect(try await first.says("ready: 1 plan"), "\(first.said)")
            #expect(try await first.says(": pass", times: 2), "\(first.said)")
            first.signal(SIGKILL)
            #expect(try await first.end() == 128 + SIGKILL)
            try await Task.sleep(for: .milliseconds(2600))
            let second = try Server(in: folder)
            #expect(try await second.says(": pass", times: 2), "\(second.said)")
            second.signal(SIGTERM)
            #expect(try await second.end() == 0, "\(second.said)")
            #expect(second.said.contains("stopped"))

            let runs = try await bench.json("runs", "--limit", "1000")
            let missed = try await bench.json("runs", "--missed", "--limit", "1000")
            #expect(runs.allSatisfy { $0["state"] as? String == "ended" }, "\(runs)")
            var seconds = try runs.map { try Self.second($0["startedAt"]) }
            for row in missed {
                let occurrence = try #require(row["occurrence"] as? [String: Any])
                seconds += Array(try Self.second(occurrence["nominal"])...(try Self.second(row["last"])))
            }
            let down = missed.filter { $0["cause"] as? String == "down" }
            #expect(down.count >= 2, "\(missed)")
            #expect(seconds.sorted() == Array((seconds.min() ?? 0)...(seconds.max() ?? 0)), "lost or doubled")
            let text = try await CommandLine.run("runs", "--missed", "--store", bench.store)
            #expect(text.output.contains("tick/default/every at") && text.output.contains("down."), "\(text.output)")
        }
    }

    @Test func itTellsSystemdAndPrometheus() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            try bench.write(ServeBench.look(schedule: "daily 09:00"))
            let server = try Server(in: folder)
            #expect(try await server.says("ready: 1 plan"), "\(server.said)")
            let metrics = folder.appending(path: "state/metrics.prom")
            #expect(
                try await soon {
                    (try? String(contentsOf: metrics, encoding: .utf8))?
                        .contains("millwright_procedures{standing=\"next\"} 1") == true
                })
            server.signal(SIGTERM)
            #expect(try await server.end() == 0)
        }
    }

    @Test func aSecondOneIsRefusedAndSoIsNoFolder() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            try bench.write(ServeBench.look(schedule: "daily 09:00"))
            let first = try Server(in: folder)
            #expect(try await first.says("ready"), "\(first.said)")
            let second = try Server(in: folder)
            #expect(try await second.end() == 75, "\(second.said)")
            first.signal(SIGINT)
            #expect(try await first.end() == 0)
            try FileManager.default.removeItem(at: folder.appending(path: "plans"))
            let nowhere = try Server(in: folder)
            #expect(try await nowhere.end() == 65, "\(nowhere.said)")
            #expect(nowhere.said.contains("plans could not be read"), "\(nowhere.said)")
        }
    }

    @Test func aBrokenEditKeepsThePlan() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            try bench.write(ServeBench.look())
            let server = try Server(in: folder)
            #expect(try await server.says(": pass"), "\(server.said)")
            try bench.write(ServeBench.look() + "nonsense: 1\n")
            #expect(try await server.says("The plan from before stays in force."), "\(server.said)")
            let count = server.said.components(separatedBy: ": pass").count
            #expect(try await server.says(": pass", times: count + 1), "\(server.said)")
            try bench.write(ServeBench.look(schedule: "daily 09:00"))
            try bench.write(ServeBench.look("other"), as: "other.yaml")
            #expect(try await server.says("other every"), "\(server.said)")
            server.signal(SIGTERM)
            #expect(try await server.end() == 0)
            #expect(server.said.components(separatedBy: "stays in force").count == 2, "said once: \(server.said)")
        }
    }

    @Test func observingItChangesNothing() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            try bench.write(bench.change(seconds: 0))
            let server = try Server(in: folder, ["--observe-only"])
            #expect(try await server.says("observing only"), "\(server.said)")
            #expect(try await server.says("worker work", times: 2), "\(server.said)")
            server.signal(SIGTERM)
            #expect(try await server.end() == 0)
            #expect(bench.begun == 0, "it changed something")
            let runs = try await bench.json("runs")
            let id = try #require(runs.first?["run"] as? String)
            let shown = try await CommandLine.run("show", id, "--store", bench.store)
            #expect(shown.output.contains("Only looked: it would do 1 unit."), "\(shown.output)")
            #expect(!runs.contains { $0["verdict"] as? String == "pass" }, "a pass that nobody saw: \(runs)")
            #expect(shown.output.contains("No step came to a verdict, so nothing is known."), "\(shown.output)")
        }
    }

    /// A run that a dead process left in the middle of its work, taken over by one that only observes.
    @Test func observingItGoesOnWithNoChange() async throws {
        try await withFolder { folder in
            let bench = try ServeBench(folder)
            let more = bench.change(seconds: 0).components(separatedBy: "steps:\n")[1]
                .replacing("- do:", with: "- id: more\n        do:").replacing("begun.", with: "more.")
            try bench.write(bench.change(seconds: 600) + more)
            let first = try Server(in: folder)
            #expect(try await soon { bench.begun == 1 }, "\(first.said)")
            first.signal(SIGKILL)
            #expect(try await first.end() == 128 + SIGKILL)
            let left = try #require(try await bench.json("runs").first?["run"] as? String)
            let second = try Server(in: folder, ["--observe-only"])
            #expect(try await second.says("worker work \(left): unknown"), "\(second.said)")
            second.signal(SIGTERM)
            #expect(try await second.end() == 0)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(names.filter { $0.hasPrefix("begun.") || $0.hasPrefix("more.") }.count == 1, "it went on: \(names)")
        }
    }
}
