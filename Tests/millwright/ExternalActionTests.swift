import Foundation
import Testing

/// Programs as actions, as a person meets them: declared in a plan, looked with, changed with, tested.
struct ExternalActionTests {
    private static let examples = CommandLine.root.appending(path: "plans/examples/actions").path

    private func withPlan(
        mode: Int = 0o644, _ body: (_ plan: String, _ file: String, _ store: [String: String]) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            let secrets = folder.appending(path: "secrets")
            try FileManager.default.createDirectory(at: secrets, withIntermediateDirectories: true)
            let file = secrets.appending(path: "token ü").path
            try Data("x".utf8).write(to: URL(filePath: file))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
            let plan = folder.appending(path: "plan.yaml")
            let text = """
                service: files
                actions:
                  files.restrict: { program: \(Self.examples)/files }
                procedures:
                  look:
                    steps: [{ check: files.private, with: { folder: \(secrets.path) } }]
                  restrict:
                    steps: [{ id: restrict, do: files.restrict, with: { folder: \(secrets.path) }, limit: { files: 5 } }]
                  both:
                    steps:
                      - { id: first, do: files.restrict, with: { folder: \(secrets.path) } }
                      - { id: second, do: files.restrict, with: { folder: \(secrets.path) }, on-failure: undo }
                      - { id: seen, check: files.private, with: { folder: \(secrets.path) }, on-failure: undo }

                """
            try Data(text.utf8).write(to: plan)
            // Of two places to declare a program, the estate is one, with a path that counts from its folder.
            try FileManager.default.copyItem(
                atPath: "\(Self.examples)/files", toPath: folder.appending(path: "files").path)
            try Data("actions: { files.private: { program: ./files } }\n".utf8)
                .write(to: folder.appending(path: "estate.yaml"))
            try await body(plan.path, file, ["XDG_STATE_HOME": folder.path])
        }
    }

    private func mode(_ file: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    }

    @Test func aCheckLooksAndAChangeIsProven() async throws {
        try await withPlan { plan, file, environment in
            let bad = try await CommandLine.run("check", plan, "look", environment: environment)
            #expect(bad.exit == 2 && bad.output.contains("mode 644"), "\(bad)")
            let explained = try await CommandLine.run("explain", plan, "restrict", environment: environment)
            #expect(explained.exit == 0 && explained.output.contains("chmod go= "), "\(explained)")
            #expect(try mode(file) == 0o644)
            let both = try await CommandLine.run("explain", plan, "both", environment: environment)
            let told = both.output.components(separatedBy: "where it fails, taken back: second, first\n").count - 1
            #expect(told == 2, "\(both)")
            let done = try await CommandLine.run("run", plan, "restrict", environment: environment)
            #expect(done.exit == 0, "\(done)")
            #expect(try mode(file) == 0o600)
            let well = try await CommandLine.run("check", plan, "look", environment: environment)
            #expect(well.exit == 0, "\(well)")
            let rights = try await CommandLine.run("rights", plan, environment: environment)
            #expect(rights.output.contains("to own the files"), "\(rights)")
            let page = try await CommandLine.run(
                "actions", "files.restrict", "--plan", plan, environment: environment)
            #expect(page.output.contains("| `folder` |") && page.output.contains("take 30s"), "\(page)")
        }
    }

    @Test func aProgramThatIsBrokenIsNoPlan() async throws {
        try await withPlan { plan, _, environment in
            let text = try String(contentsOfFile: plan, encoding: .utf8)
            for (from, to, words) in [
                ("\(Self.examples)/files", "/no/such/program", "could not be started"),
                ("\(Self.examples)/files", "/bin/true", "without an answer"),
                ("files.restrict: {", "files.restict: {", "no such action"),
                ("limit: { files: 5 }", "warn: nothing > 5", "nothing"),
            ] {
                try Data(text.replacingOccurrences(of: from, with: to).utf8).write(to: URL(filePath: plan))
                let outcome = try await CommandLine.run("validate", plan, environment: environment)
                #expect(outcome.exit == 65 && outcome.errors.contains(words), "\(to): \(outcome)")
            }
        }
    }

    @Test func theSuiteIsACommand() async throws {
        try await withPlan { _, file, environment in
            let folder = URL(filePath: file).deletingLastPathComponent().path
            let held = try await CommandLine.run(
                "actions", "test", "\(Self.examples)/files", "--action", "files.private", "--with", "folder=\(folder)",
                environment: environment)
            #expect(held.exit == 0 && held.output.contains("hostile-values"), "\(held)")
            let broken = try await CommandLine.run(
                "actions", "test", "/bin/true", "--format", "json", environment: environment)
            #expect(broken.exit == 2 && broken.output.contains("without an answer"), "\(broken)")
        }
    }
}
