import Foundation
import Synchronization

/// A column of docs/figures/serve-kill.md: what one loop came to.
struct ServeKillFigures {
    private static let columns = Mutex<[(name: String, figures: ServeKillFigures)]>([])

    private let name: String
    private let rows: [(name: String, value: String)]
    /// Seconds from each kill to the next begin on another node.
    let takeovers: [Double]
    let movedWrongly: Int

    init(
        _ bench: ServeKillBench, _ loop: ServeKillLoop, _ verdict: ServeKillVerdict, children: [String]
    ) async throws {
        let (history, kills) = (verdict.history, loop.kills)
        let isShared = bench.server != nil
        name = isShared ? "3 nodes on PostgreSQL" : "1 node on SQLite"
        movedWrongly = try await bench.movedWrongly()
        takeovers = kills.filter { kill in
            kill.isAlone && kill.worked && !loop.outages.contains { $0.lowerBound - 5...$0.upperBound + 5 ~= kill.at }
        }.compactMap { kill in history.begin(after: kill.at).map { $0 - kill.at } }
        let begins = loop.starts.compactMap { start -> Double? in
            guard let next = history.begin(after: start), !kills.contains(where: { start...next ~= $0.at }) else {
                return nil
            }
            return next - start
        }
        let died = Dictionary(kills.map { ($0.pid, $0.at) }) { $1 }
        let takenOver = history.runs.map { run in
            zip(run.holders, run.holders.dropFirst()).compactMap { before, after in
                died[before.pid].flatMap { $0 < after.at ? after.at - $0 : nil }
            }
        }.filter { !$0.isEmpty }
        let verdicts = Dictionary(grouping: history.runs) { $0.verdict ?? "none" }.mapValues(\.count)
        let causes = Dictionary(grouping: history.missed) { $0.cause }.mapValues { $0.reduce(0) { $0 + $1.count } }
        let endings = Dictionary(grouping: loop.ended) { "with \($0.prefix { $0 != ":" })" }.mapValues(\.count)
        func list(_ counts: [String: Int]) -> String {
            counts.isEmpty
                ? "0" : counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        }
        let moved = isShared ? ", \(try await bench.moved()) rows moved" : ""
        rows = [
            ("nodes killed", "\(kills.count), \(kills.count(where: \.wasStarting)) of them while they started"),
            ("database stopped", isShared ? "\(loop.outages.count), \(loop.immediateStops) at once" : "n/a"),
            ("nodes that ended by themselves, and were started again, by exit code", list(endings)),
            ("runs", "\(history.runs.count): \(list(verdicts))"),
            ("runs taken over from a killed node, once or more", "\(takenOver.count)"),
            ("instants without a run, by cause", list(causes)),
            ("effects", "\(verdict.marks.count) marks, \(verdict.programs.count) programs\(moved)"),
            ("lost", "\(verdict.lost.count)"),
            ("doubled", "\(verdict.doubled.count + movedWrongly)"),
            ("runs shown as running, and child processes left", "\(verdict.zombies.count + children.count)"),
            (
                "from the kill of a working node to the next begin on another",
                isShared ? Self.summary(takeovers) : "n/a"
            ),
            ("from the start of a node's process to the next begin", Self.summary(begins)),
            ("from a kill until its interrupted run was gone on with", Self.summary(takenOver.flatMap { $0 })),
        ]
    }

    /// Median and largest.
    private static func summary(_ seconds: [Double]) -> String {
        guard let longest = seconds.max() else { return "n/a" }
        let median = seconds.sorted()[seconds.count / 2]
        return String(format: "%.2f / %.2f s, %d of them", median, longest, seconds.count)
    }

    /// Beside the columns of this process's other loops.
    func write(seed: UInt64) throws {
        let columns = Self.columns.withLock { columns in
            columns.removeAll { $0.name == name }
            columns.append((name: name, figures: self))
            return columns
        }
        let head =
            "| |" + columns.map { " \($0.name) |" }.joined() + "\n| --- |" + columns.map { _ in " --- |" }.joined()
        let table = rows.indices.map { row in
            "| \(rows[row].name) |" + columns.map { " \($0.figures.rows[row].value) |" }.joined()
        }
        let text = """
            # kill -9 of `millwright serve`, in a loop

            `make proof`, seed \(seed), the debug build; \(Self.machine).

            \(head)
            \(table.joined(separator: "\n"))

            Times are median / longest. A kill is measured to the next begin where the node had a lease (it dispatched, or worked
            on a run), was started again only after another one had begun a run, and the database had not been stopped within
            five seconds: from the moment after kill(2) to the instant that the run's row says it began, of whatever procedure;
            one is due every second. An interrupted run is gone on with when its next process is on record, whatever else was
            killed or stopped meanwhile.

            What is due: `watch` looks every second, `work` changes something every two seconds in three steps, `slow` every five,
            in steps of up to three seconds, and on PostgreSQL `archive` moves rows every three. Each mark is a line of a
            file that nothing keeps unique; the action looks for it and is done again where it is not there. The program
            cannot be looked at: it is never done again, and its run is `unknown` where a kill hides whether it was.
            Lost: an instant with neither run nor row, or a run that says pass without its effect. Doubled: an instant with two
            of them, or an effect that was made twice.

            """
        try text.write(
            to: CommandLine.root.appending(path: "docs/figures/serve-kill.md"), atomically: true, encoding: .utf8)
    }

    private static var machine: String {
        func line(_ file: String, _ key: String) -> String? {
            (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n")
                .first { $0.hasPrefix(key) }.flatMap { $0.split(separator: ":", maxSplits: 1).last }
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let memory = (line("/proc/meminfo", "MemTotal") ?? "").split(separator: " ").first.flatMap { Int($0) } ?? 0
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let day = Date().formatted(.iso8601.year().month().day())
        return "\(cores) cores of \(line("/proc/cpuinfo", "model name") ?? "?"), \((memory + 524_288) >> 20) GB, \(day)"
    }
}
