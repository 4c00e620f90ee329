import Foundation
import Sandbox
import Testing

/// kill -9 just before a write of the journal, at every write there is: after the takeover nothing is lost, nothing is
/// doubled, and nothing is shown as running that is not. `make test` takes a sample; `KILL_ALL=1` takes every write.
@Suite(.serialized) struct KillTests {
    @Test func killedAtAnyWriteTheRunIsTakenOver() async throws {
        try await withFolder { folder in
            let bench = try await KillBench.start(in: folder)
            try await bench.replenish()
            let whole = try await bench.weekly(journal: folder.path + "/whole.sqlite", killAt: nil)
            #expect(try KillBench.notWell(whole.output) == [], "\(whole.errors)")
            let writes = try bench.writes()
            #expect(writes > 30)
            let environment = ProcessInfo.processInfo.environment
            let isWhole = environment["KILL_ALL"] != nil
            let every = environment["KILL_EVERY"].flatMap { Int($0) }
            let from = environment["KILL_FROM"].flatMap { Int($0) } ?? 1
            let stride = isWhole ? 1 : max(1, every ?? writes / 10)
            var killed = 0
            for write in Swift.stride(from: from, through: writes, by: stride) {
                killed += try await killAndTakeOver(bench, at: write) ? 1 : 0
            }
            #expect(killed >= 8)
            #expect(try await bench.brokenArchives() == [])
            await bench.sandbox.stop()
            if isWhole || every != nil, from == 1 { try report(writes: writes, killed: killed, stride: stride) }
        }
    }

    /// False when the run ended before that write.
    private func killAndTakeOver(_ bench: KillBench, at write: Int) async throws -> Bool {
        let journal = bench.folder.path + "/\(write).sqlite"
        try await bench.replenish()
        let before = try await bench.inspections()
        let worked = try bench.work()
        let first = try await bench.weekly(journal: journal, killAt: write)
        guard first.exit == 128 + SIGKILL else {
            // Over before that write came: how many there are varies a little.
            #expect(try KillBench.notWell(first.output) == [], "write \(write): \(first.errors)")
            return false
        }
        let left = try await CommandLine.run("runs", "--store", "sqlite:\(journal)", "--format", "json")
        // Killed after its end was recorded, while it closed the journal: there is nothing to take over.
        if left.output.contains("\"ended\"") { return false }
        let second = try await bench.weekly(journal: journal, killAt: nil)
        #expect(try KillBench.notWell(second.output) == [], "write \(write): \(second.exit) \(second.errors)")
        let works = try bench.work()
        #expect(works.rollouts == worked.rollouts + 1, "write \(write): not one restart")
        #expect(works.trainings == worked.trainings + 1, "write \(write): not one retraining")
        let after = try await bench.inspections()
        #expect(after.all == before.all && after.distinct == before.all, "write \(write): rows lost or doubled")
        #expect(try await bench.duplicateTickets() == 0, "write \(write): a ticket twice")
        let runs = try await CommandLine.run("runs", "--store", "sqlite:\(journal)", "--format", "json")
        #expect(
            !runs.output.contains("running") && !runs.output.contains("interrupted"), "write \(write): \(runs.output)")
        #expect(try await KillBench.leftChildren(of: "sqlite:\(journal)").isEmpty, "write \(write): a child is left")
        return true
    }

    private func report(writes: Int, killed: Int, stride: Int) throws {
        let text = """
            # kill -9 at every journal write of `weekly`

            `make proof` (KILL_EVERY=\(stride)): \(writes) writes and syncs of the journal, killed just before every \(stride == 1 ? "" : "\(stride)th ")one:
            \(killed) runs killed (the others had fewer writes and were over before it came); after the takeover 0 inspections
            lost or doubled, 0 duplicate tickets, one restart and one retraining a run, 0 archived logs that are not whole,
            0 child processes left, 0 runs shown as running that are not.

            """
        try text.write(to: CommandLine.root.appending(path: "docs/figures/kill.md"), atomically: true, encoding: .utf8)
    }

    @Test func aProgramThatRanWhenTheProcessDiedIsEnded() async throws {
        try await withFolder { folder in
            let plan = folder.appending(path: "plan.yaml")
            let marker = folder.appending(path: "begun").path
            try """
            service: programs
            windows: { any: { opens: "daily 00:00", lasts: 24h } }
            procedures:
              slow:
                window: any
                steps:
                  - do: program.run
                    with: { command: [sh, -c, "touch \(marker); sleep 600"], impact: online }
            """.write(to: plan, atomically: true, encoding: .utf8)
            let store = "sqlite:\(folder.path)/journal.sqlite"
            let process = Process()
            process.executableURL = CommandLine.binary
            process.arguments = ["run", plan.path, "slow", "--store", store]
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            let deadline = Date().addingTimeInterval(30)
            while !FileManager.default.fileExists(atPath: marker), Date() < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(FileManager.default.fileExists(atPath: marker))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let listed = try await CommandLine.run("runs", "--store", store)
            #expect(listed.output.contains("interrupted"), "\(listed.output)")
            let taken = try await CommandLine.run("run", plan.path, "slow", "--store", store)
            // Nobody can tell whether it had done its work: not run again, and not called a pass.
            #expect(taken.exit == 3, "\(taken.output)")
            #expect(try await KillBench.leftChildren(of: store).isEmpty)
        }
    }
}
