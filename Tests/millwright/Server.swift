import Foundation
import Testing

/// `millwright serve` as a process, with what it said so far.
final class Server {
    private let process = Process()
    private let errors: URL

    /// - Parameter folder: Holds `plans`, the journal and what is said.
    init(in folder: URL, _ arguments: [String] = [], environment: [String: String] = [:]) throws {
        errors = folder.appending(path: "said-\(UUID().uuidString)")
        try Data().write(to: errors)
        process.executableURL = CommandLine.binary
        process.arguments =
            [
                "serve", "--plans", folder.appending(path: "plans").path, "--store",
                "sqlite:\(folder.path)/state/journal.sqlite", "--reports", folder.appending(path: "reports").path,
            ] + arguments
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder.path].merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    var said: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }
    var pid: Int32 { process.processIdentifier }

    /// True once it said so; false after half a minute, or when it has ended.
    func says(_ text: String, times: Int = 1) async throws -> Bool {
        try await soon { said.components(separatedBy: text).count > times || !process.isRunning }
            && said.components(separatedBy: text).count > times
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Its exit code; 128 and the signal's number where one ended it.
    func end() async throws -> Int32 {
        guard try await soon({ !process.isRunning }) else { return -1 }
        return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    }
}

/// Looks every 20 ms until it is so, half a minute long.
func soon(_ condition: () async throws -> Bool) async throws -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(30)
    while clock.now < end {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return false
}

/// A folder with one plan for `millwright serve`.
struct ServeBench {
    let folder: URL
    var store: String { "sqlite:\(folder.path)/state/journal.sqlite" }

    init(_ folder: URL) throws {
        self.folder = folder
        for name in ["plans", "state"] {
            try FileManager.default.createDirectory(
                at: folder.appending(path: name), withIntermediateDirectories: true)
        }
    }

    func write(_ plan: String, as name: String = "tick.yaml") throws {
        try plan.write(to: folder.appending(path: "plans/\(name)"), atomically: true, encoding: .utf8)
    }

    /// A look every second; what is late by more than half a second is missed.
    static func look(_ service: String = "tick", schedule: String = "*/1 * * * * *") -> String {
        """
        service: \(service)
        procedures:
          every:
            schedule: "\(schedule)"
            catch-up: { mode: none, within: 500ms }
            steps:
              - check: disk.usage
                with: { mounts: [/] }
                warn: used_percent > 101%
                fail: used_percent > 101%

        """
    }

    /// A change that leaves a mark in a folder and then goes on for `seconds`.
    func change(seconds: Int, schedule: String = "*/1 * * * * *") -> String {
        """
        service: worker
        targets: { machine: { host: local } }
        procedures:
          work:
            schedule: "\(schedule)"
            catch-up: { mode: none, within: 10s }
            steps:
              - do: program.run
                with:
                  command: [sh, -c, "mktemp \(folder.path)/begun.XXXXXX; sleep \(seconds)"]
                  impact: online
                proof:
                  - check: disk.usage
                    with: { mounts: [/] }
                    warn: used_percent > 101%
                    fail: used_percent > 101%

        """
    }

    /// How many changes were begun.
    var begun: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.count { $0.hasPrefix("begun.") } ?? 0
    }

    func json(_ arguments: String...) async throws -> [[String: Any]] {
        let all = arguments + ["--store", store, "--format", "json"]
        let outcome = try await CommandLine.run(all)
        return try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]], "\(outcome.errors)")
    }
}
