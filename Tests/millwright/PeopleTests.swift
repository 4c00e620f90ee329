import Foundation
import Testing

/// A run that waits for people, through the program.
@Suite(.serialized) struct PeopleTests {
    private static let plan = """
        service: valves
        targets: { here: { host: local } }
        windows: { always: { opens: "daily 00:00", lasts: 24h } }
        procedures:
          open:
            window: always
            steps:
              - id: valve
                ask: How long did valve 7 take?
                fields: { took: { type: duration } }
                within: 10m
                warn: took > 5m
              - id: work
                do: program.run
                with: { command: [/usr/bin/touch, FILE], impact: destructive }
                proof: [{ check: disk.usage, fail: used_percent > 100% }]
                approval: { by: other }
            finally:
              - { id: end, wait: 1s }
        """

    private struct Bench {
        let folder: URL
        var store: String { "sqlite:" + folder.appending(path: "journal.sqlite").path }
        var plan: String { folder.appending(path: "plan.yaml").path }

        init(_ folder: URL) throws {
            self.folder = folder
            try PeopleTests.plan.replacingOccurrences(of: "FILE", with: folder.appending(path: "made").path)
                .write(toFile: plan, atomically: true, encoding: .utf8)
            try "people: { other: { mail: o@example.com, user: nobody } }\n".write(
                toFile: folder.appending(path: "estate.yaml").path, atomically: true, encoding: .utf8)
        }

        func millwright(_ arguments: String...) async throws -> (exit: Int32, output: String, errors: String) {
            let outcome = try await CommandLine.run(arguments + ["--store", store])
            return (outcome.exit, outcome.output, outcome.errors)
        }

        func json(_ arguments: String...) async throws -> Any {
            let outcome = try await CommandLine.run(arguments + ["--format", "json", "--store", store])
            return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        }

        /// The only run, once the step is in that state.
        func run(when step: String, is state: String) async throws -> String {
            for _ in 0..<600 {
                if let runs = try? await json("runs") as? [[String: Any]], let id = runs.first?["run"] as? String,
                    let shown = try await json("show", id) as? [String: Any],
                    let steps = shown["steps"] as? [[String: Any]],
                    steps.contains(where: { $0["id"] as? String == step && $0["state"] as? String == state })
                {
                    return id
                }
                try await Task.sleep(for: .milliseconds(100))
            }
            throw Late(step: step)
        }

        struct Late: Error { let step: String }
    }

    @Test func itWaitsIsAnsweredAndMayBeStopped() async throws {
        try await withFolder { folder in
            let bench = try Bench(folder)
            async let ended = bench.millwright("run", bench.plan, "open")
            let id = try await bench.run(when: "valve", is: "waiting")
            let shown = try await bench.millwright("answer", id, "valve")
            #expect(shown.output.contains("How long did valve 7 take?") && shown.output.contains("--field took"))
            let wrong = try await bench.millwright("answer", id, "valve", "--field", "took=soon")
            #expect(wrong.exit != 0 && wrong.errors.contains("took"), "\(wrong.errors)")
            let answered = try await bench.millwright(
                "answer", id, "valve", "--field", "took=10m", "--note", "stiff", "--attach", bench.plan)
            #expect(answered.exit == 0, "\(answered.errors)")
            #expect(try await bench.run(when: "work", is: "waiting") == id)
            let asked = try await bench.millwright("approve", id, "work")
            #expect(asked.output.contains("1 units") && asked.output.contains("nobody"), "\(asked.output)")
            // Who asked for the run, and was not named.
            let refused = try await bench.millwright("approve", id, "work", "--yes")
            #expect(refused.exit != 0 && refused.errors.contains("nobody"), "\(refused.errors)")
            let stopped = try await bench.millwright("cancel", id, "--note", "wrong day")
            #expect(stopped.exit == 0, "\(stopped.errors)")
            let run = try await ended
            #expect(run.exit == 3, "\(run.output)\(run.errors)")
            #expect(run.output.contains("took > 5m"), "\(run.output)")
            #expect(run.output.contains("asked the run to stop: wrong day"), "\(run.output)")
            #expect(run.output.contains("end "), "\(run.output)")
            #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "made").path))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "inbox").path)
            #expect(left.isEmpty, "\(left)")
        }
    }
}
