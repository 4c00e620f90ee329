import Foundation
import Testing

/// Approvals from before a run, on the command line: those that stand, and those that `serve` asks for ahead.
@Suite(.timeLimit(.minutes(2))) struct StandingTests {
    private struct Bench {
        let serve: ServeBench

        init(_ folder: URL, schedule: String, within: String = "5m", ahead: String? = nil) throws {
            serve = try ServeBench(folder)
            let user = NSUserName()
            try serve.write("people: { me: { mail: m@example.com, user: \(user) } }\n", as: "estate.yaml")
            try serve.write(
                """
                service: shop
                targets: { machine: { host: local } }
                procedures:
                  work:
                    schedule: "\(schedule)"
                    steps:
                      - id: change
                        do: program.run
                        with: { command: [mktemp, "\(folder.path)/begun.XXXXXX"], impact: online }
                        proof:
                          - check: disk.usage
                            with: { mounts: [/] }
                            warn: used_percent > 101%
                            fail: used_percent > 101%
                        approval: { by: me, within: \(within)\(ahead.map { ", ahead: \($0)" } ?? "") }

                """, as: "shop.yaml")
        }

        func millwright(_ arguments: String...) async throws -> CommandLine.Outcome {
            try await CommandLine.run(arguments + ["--store", serve.store])
        }

        /// The newest run of a procedure in a state.
        func run(_ procedure: String, _ isIt: ([String: Any]) -> Bool) async throws -> String? {
            try await serve.json("runs", "--procedure", procedure).first(where: isIt)?["run"] as? String
        }

        func waits(_ run: String) async throws -> Bool {
            let shown = try await millwright("show", run, "--format", "json")
            let document = try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: Any]
            let steps = document?["steps"] as? [[String: Any]]
            return steps?.first?["state"] as? String == "waiting"
        }

        func waiting(_ procedure: String) async throws -> String {
            var found: String?
            #expect(
                try await soon {
                    found = try await run(procedure, StandingTests.isOpen)
                    guard let run = found else { return false }
                    return try await waits(run)
                })
            return try #require(found)
        }

        func passed(_ procedure: String) async throws -> String {
            var found: String?
            #expect(
                try await soon {
                    found = try await run(procedure) { $0["verdict"] as? String == "pass" }
                    return found != nil
                })
            return try #require(found)
        }
    }

    private static func isOpen(_ run: [String: Any]) -> Bool { run["state"] as? String == "running" }

    private static let later = "2099-01-01"

    private static var inAWeek: String {
        "\(Date().addingTimeInterval(7 * 86_400).ISO8601Format())".prefix(10).description
    }

    @Test func itStandsUntilItIsTakenBack() async throws {
        try await withFolder { folder in
            let bench = try Bench(folder, schedule: "*/1 * * * * *")
            let server = try Server(in: folder)
            #expect(try await server.says("ready"))
            let first = try await bench.waiting("work")
            func give(_ limit: String, _ until: String, _ step: String = "change") async throws -> CommandLine.Outcome {
                try await bench.millwright(
                    "approve", "--standing", "shop", "work", step, "--limit", limit, "--until", until, "--reason",
                    "CHG-1207")
            }
            let tooLong = try await give("1", Self.later)
            #expect(tooLong.exit != 0 && tooLong.errors.contains("a year at most"), "\(tooLong.errors)")
            let unknown = try await give("1", Self.inAWeek, "other")
            #expect(unknown.exit != 0 && unknown.errors.contains("asked about `other`"), "\(unknown.errors)")
            let nothing = try await give("0", Self.inAWeek)
            #expect(nothing.exit != 0 && nothing.errors.contains("above 0"), "\(nothing.errors)")
            let given = try await give("1", Self.inAWeek)
            #expect(given.exit == 0 && given.output.contains("up to 1"), "\(given.errors)\(given.output)")
            #expect(
                try await soon {
                    try await bench.millwright("approve", "--list").output.contains("S1  shop/default/work change")
                })
            let explained = try await bench.millwright("explain", "\(folder.path)/plans/shop.yaml", "work")
            #expect(explained.output.contains("stands for up to 1 until"), "\(explained.output)\(explained.errors)")
            // The run that waited asks on; the ones behind it are asked for nothing.
            #expect(try await bench.waits(first))
            #expect(try await bench.millwright("approve", first, "change", "--refuse").exit == 0)
            let run = try await bench.passed("work")
            let shown = try await bench.millwright("show", run)
            #expect(shown.output.contains("S1 stands until") && shown.output.contains("CHG-1207"), "\(shown.output)")
            let back = try await bench.millwright("approve", "--take-back", "S1")
            #expect(back.exit == 0, "\(back.errors)")
            _ = try await bench.waiting("work")
            #expect(try await bench.millwright("approve", "--list").output == "no approval stands\n")
            server.signal(SIGTERM)
            #expect(try await server.end() == 0)
        }
    }

    @Test func peopleAreAskedAheadAndTheRunGoesAhead() async throws {
        try await withFolder { folder in
            let bench = try Bench(folder, schedule: "*/6 * * * * *", within: "1s", ahead: "5 seconds")
            let calendar = try await bench.millwright("calendar", "\(folder.path)/plans")
            #expect(calendar.output.contains("shop/default/work.asking"), "\(calendar.output)\(calendar.errors)")
            #expect(calendar.output.contains("asks people ahead about work of"))
            let server = try Server(in: folder)
            #expect(try await server.says("ready"))
            #expect(try await bench.millwright("show", try await bench.waiting("work.asking")).exit == 0)
            #expect(bench.serve.begun == 0)
            // Who answers too late is asked again, ahead of the next.
            var shown = ""
            var done: String?
            #expect(
                try await soon {
                    if let run = try await bench.run("work.asking", Self.isOpen) {
                        shown += try await bench.millwright("approve", run, "change").output
                        _ = try await bench.millwright("approve", run, "change", "--yes")
                    }
                    done = try await bench.run("work") { $0["verdict"] as? String == "pass" }
                    return done != nil
                })
            #expect(shown.contains("asked ahead, for the occurrence of"), "\(shown)")
            let agreed = try await bench.millwright("show", try #require(done))
            #expect(agreed.output.contains("asked ahead in run "), "\(agreed.output)")
            #expect(bench.serve.begun > 0)
            // A stop leaves who is asked next to the next process.
            let last = try await bench.run("work.asking") { _ in true }
            #expect(try await soon { try await bench.run("work.asking") { _ in true } != last })
            let next = try await bench.waiting("work.asking")
            server.signal(SIGTERM)
            #expect(try await server.end() == 0)
            #expect(try await bench.run("work.asking") { $0["state"] as? String == "interrupted" } == next)
        }
    }
}
