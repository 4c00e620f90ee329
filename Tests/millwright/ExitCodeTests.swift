import Foundation
import Testing

/// Scripts depend on the exit codes: each is shown by the program itself.
@Suite struct ExitCodeTests {
    static let disk = """
        service: one-machine
        procedures:
          daily:
            steps:
              - check: disk.usage
                with: { mounts: [/] }
                warn: used_percent > 101%
                fail: used_percent > 101%
        """

    private func plan(_ text: String, in folder: URL) throws -> String {
        let path = folder.appending(path: "plan.yaml")
        try text.write(to: path, atomically: true, encoding: .utf8)
        return path.path
    }

    @Test func verdictsAreExitCodes() async throws {
        try await withFolder { folder in
            let pass = try await CommandLine.run("check", try plan(Self.disk, in: folder))
            #expect(pass.exit == 0, "\(pass.errors)")
            let warn = Self.disk.replacing("warn: used_percent > 101%", with: "warn: used_percent >= 0%")
            #expect(try await CommandLine.run("check", try plan(warn, in: folder)).exit == 1)
            let fail = Self.disk.replacing("fail: used_percent > 101%", with: "fail: used_percent >= 0%")
            #expect(try await CommandLine.run("check", try plan(fail, in: folder)).exit == 2)
            let unknown = Self.disk.replacing("[/]", with: "[/no/such/mount]")
            #expect(try await CommandLine.run("check", try plan(unknown, in: folder)).exit == 3)
        }
    }

    @Test func wrongUsageIs64AndAWrongPlan65() async throws {
        #expect(try await CommandLine.run("chekc").exit == 64)
        #expect(try await CommandLine.run("check", "/no/such/plan.yaml").exit == 65)
        try await withFolder { folder in
            let wrong = try await CommandLine.run("validate", try plan(Self.disk + "\nextra: 1\n", in: folder))
            #expect(wrong.exit == 65)
            #expect(wrong.errors.contains("plan.yaml:9:1:"), "\(wrong.errors)")
        }
    }

    @Test func aRunIsRecordedAndCanBeShown() async throws {
        try await withFolder { folder in
            let store = "sqlite:\(folder.path)/journal.sqlite"
            let path = try plan(Self.disk, in: folder)
            let run = try await CommandLine.run("run", path, "daily", "--store", store, "--format", "json")
            #expect(run.exit == 0, "\(run.errors)")
            let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
            let id = try #require(document?["run"] as? String)
            #expect(document?["verdict"] as? String == "pass")
            #expect(try await CommandLine.run("runs", "--store", store).output.contains(id))
            let prefix = String(id.prefix(18))
            #expect(try await CommandLine.run("show", prefix, "--store", store).exit == 0)
            let report = try await CommandLine.run("report", id, "--store", store, "--format", "html")
            #expect(report.output.hasPrefix("<!doctype html>"))
            #expect(try await CommandLine.run("show", "nothing", "--store", store).exit == 74)
            #expect(try await CommandLine.run("resume", id, "--store", store).exit == 64)
        }
    }

    @Test func aClosedWindowIs75() async throws {
        try await withFolder { folder in
            // It opens for a minute, 12 hours from now.
            let hour = (Calendar.current.component(.hour, from: Date()) + 12) % 24
            let text = """
                service: one-machine
                windows:
                  late: { opens: "daily \(hour < 10 ? "0" : "")\(hour):00", lasts: 1m }
                procedures:
                  weekly:
                    in: late
                    steps:
                      - check: disk.usage
                        with: { mounts: [/] }
                        warn: used_percent > 101%
                        fail: used_percent > 101%
                """
            let path = try plan(text, in: folder)
            let store = "sqlite:\(folder.path)/journal.sqlite"
            let closed = try await CommandLine.run("run", path, "weekly", "--store", store)
            #expect(closed.exit == 75)
            #expect(closed.errors.contains("may begin at"), "\(closed.errors)")
            #expect(try await CommandLine.run("run", path, "weekly", "--store", store, "--override-window").exit == 64)
            let overridden = try await CommandLine.run(
                "run", path, "weekly", "--store", store, "--override-window", "--reason", "test", "--format", "json")
            #expect(overridden.exit == 0, "\(overridden.errors)")
            #expect(overridden.output.contains("\"windowOverride\" : \"test\""))
        }
    }

    @Test func whatDoesNotFitIntoTheWindowAnyMoreIs75() async throws {
        try await withFolder { folder in
            // Always open, and never with a whole day left.
            let text = """
                service: one-machine
                windows:
                  day: { opens: "daily 00:00", lasts: 24h }
                procedures:
                  whole:
                    window: day
                    expected: 24h
                    steps:
                      - id: one
                        check: disk.usage
                        with: { mounts: [/] }
                        warn: used_percent > 101%
                        fail: used_percent > 101%
                """
            let path = try plan(text, in: folder)
            let store = "sqlite:\(folder.path)/journal.sqlite"
            let late = try await CommandLine.run("run", path, "whole", "--store", store)
            #expect(late.exit == 75)
            #expect(late.errors.contains("and a run takes 1d"), "\(late.errors)")
            #expect(try await CommandLine.run("run", path, "whole", "--store", store, "--from", "one").exit == 0)
        }
    }

    /// Shortly before a window's end a run was cut off by it, whatever its window was overridden for.
    @Test func anOverrideHoldsAlsoWithinAWindow() async throws {
        try await withFolder { folder in
            let text = Self.disk.replacing(
                "procedures:", with: "windows: { day: { opens: 'daily 00:00', lasts: 24h } }\nprocedures:"
            )
            .replacing("daily:", with: "daily:\n    window: day")
            let path = try plan(text, in: folder)
            func closes(_ arguments: String...) async throws -> String {
                let run = try await CommandLine.run(
                    ["run", path, "daily", "--store", "sqlite:\(folder.path)/journal.sqlite", "--format", "json"]
                        + arguments)
                #expect(run.exit == 0, "\(run)")
                let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
                return try #require(document?["windowCloses"] as? String)
            }
            let (within, beyond) = (try await closes(), try await closes("--override-window", "--reason", "test"))
            #expect(within.contains("T00:00:00") && beyond > within, "\(within), \(beyond)")
        }
    }

    @Test func anUnusableJournalIs74() async throws {
        try await withFolder { folder in
            let path = try plan(Self.disk, in: folder)
            let corrupt = folder.appending(path: "corrupt.sqlite")
            try Data(repeating: 7, count: 8192).write(to: corrupt)
            let outcome = try await CommandLine.run("run", path, "daily", "--store", "sqlite:\(corrupt.path)")
            #expect(outcome.exit == 74, "\(outcome.errors)")
            #expect(try await CommandLine.run("run", path, "daily", "--store", "oracle:x").exit == 74)
        }
    }

    @Test func lookNeedsNoPlan() async throws {
        let look = try await CommandLine.run("look", "host", "--format", "json")
        #expect([0, 1, 2].contains(look.exit), "\(look.errors)")
        #expect(look.output.contains("disk.usage"))
        #expect(try await CommandLine.run("look", "gopher://x").exit == 64)
        let refused = try await CommandLine.run("look", "redis://127.0.0.1:1/0")
        #expect(refused.exit == 2, "whether it answers is looked at")
    }

    @Test func theReferenceIsUpToDate() async throws {
        let outcome = try await CommandLine.run("reference", "check")
        #expect(outcome.exit == 0, "\(outcome.errors)")
    }
}
