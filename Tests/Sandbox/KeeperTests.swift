import Foundation
import Testing

@testable import Sandbox

/// The sandbox in the background, by the program that a person calls.
@Suite(.serialized) struct KeeperTests {
    private let folder: String

    init() throws { folder = try Scratch.folder() + "/state" }

    @Test func goesUpAndDownAndLeavesNothing() async throws {
        let up = try await run("up", "--rows", "2000", "--keys", "2000")
        #expect(up.status == 0 && up.text.contains("PostgreSQL  127.0.0.1:"), "\(up.text)\(up.errorText)")
        let state = try #require(SandboxState.read(in: folder))
        let mode = try FileManager.default.attributesOfItem(atPath: folder + "/env")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let health = try await Program.run(
            "bash", ["-c", ". \(folder)/env; curl -sS --cacert $STEAMTRAP_CA $STEAMTRAP_API_URL/health"])
        #expect(health.contains(#""status":"ok""#))

        let again = try await run("up", "--rows", "2000")
        #expect(again.status == 1 && again.errorText.contains("is up in"))
        #expect(try await run("fault", "no-such-fault").status == 64)
        #expect(try await run("fault", "api-500", "tickets-table-missing").status == 0)
        #expect(try await run("status").text.contains("fault in force: api-500\nfault in force: tickets-table-missing"))
        #expect(try await run("heal").text == "healed: api-500\nhealed: tickets-table-missing\n")
        #expect(try await run("change-data").text.contains("new inspections"))

        let processes = try held(by: state)
        #expect(processes.count >= 6)
        #expect(try await run("down").status == 0)
        #expect(!state.isAlive && !FileManager.default.fileExists(atPath: folder))
        // A supervisor deletes its folder and then ends itself.
        #expect(try await eventually(within: .seconds(2)) { processes.allSatisfy { !Supervisor.isAlive($0) } })
        #expect(state.folders.allSatisfy { !FileManager.default.fileExists(atPath: $0) })
        #expect(try await run("down").status == 0)
        #expect(try await run("status").errorText.contains("No sandbox is up"))
    }

    @Test func leavesNothingWhenItIsKilled() async throws {
        #expect(try await run("up", "--rows", "2000", "--keys", "2000").status == 0)
        let state = try #require(SandboxState.read(in: folder))
        let processes = try held(by: state)
        kill(state.process, SIGKILL)
        #expect(
            try await eventually {
                processes.allSatisfy { !Supervisor.isAlive($0) }
                    && state.folders.allSatisfy { !FileManager.default.fileExists(atPath: $0) }
            })
        // What is left is a file that says who is dead; the next `up` and `down` know that.
        #expect(try await run("up", "--rows", "2000", "--keys", "2000").status == 0)
        #expect(try await run("down").status == 0)
    }

    @Test(arguments: [100, 400, 900]) func leavesNothingWhenItIsKilledAtItsStart(after milliseconds: Int) async throws {
        async let up = run("up", "--rows", "500000", "--keys", "2000")
        var state: SandboxState?
        #expect(
            try await eventually {
                state = SandboxState.read(in: folder)
                return state != nil
            })
        let keeper = try #require(state)
        try await ContinuousClock().sleep(for: .milliseconds(milliseconds))
        let processes = try held(by: keeper)
        let folders = processes.compactMap(folder(ofSupervisor:))
        #expect(folders.count > 0 && !keeper.isReady)
        kill(keeper.process, SIGKILL)
        #expect(try await up.status == 1)
        #expect(
            try await eventually {
                processes.allSatisfy { !Supervisor.isAlive($0) }
                    && folders.allSatisfy { !FileManager.default.fileExists(atPath: $0) }
            }, "\(folders)")
    }

    @Test func endsWhenItsStateIsDeleted() async throws {
        #expect(try await run("up", "--rows", "2000", "--keys", "2000").status == 0)
        let state = try #require(SandboxState.read(in: folder))
        try FileManager.default.removeItem(atPath: folder)
        #expect(
            try await eventually {
                !state.isAlive && state.folders.allSatisfy { !FileManager.default.fileExists(atPath: $0) }
            })
    }

    private func run(_ verb: String, _ arguments: String...) async throws -> ProgramOutput {
        // Beside the tests, where the build puts it.
        let program =
            URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
            + "/millwright-sandbox"
        return try await Program.output(program, ["steamtrap", verb, "--state", folder] + arguments)
    }

    /// Every process under the keeper, children of children too.
    private func held(by state: SandboxState) throws -> [pid_t] {
        var found: [pid_t] = []
        var next = [state.process]
        while let process = next.popLast() {
            for task in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? [] {
                let path = "/proc/\(process)/task/\(task)/children"
                let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
                next += text.split(separator: " ").compactMap { pid_t($0) }
            }
            found.append(process)
        }
        return found
    }

    private func folder(ofSupervisor process: pid_t) -> String? {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") else { return nil }
        let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard let name = words.firstIndex(of: "sandbox-supervisor") else { return nil }
        return words[name + 1]
    }
}
