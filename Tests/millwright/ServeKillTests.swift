import Foundation
import Sandbox
import Testing

/// kill -9 of `millwright serve` at random moments, again and again: every planned instant has one run or one reason why
/// not, nothing is done twice, and nothing is left. `make test` takes a sample; `KILLS=500` makes as many kills of each
/// kind and writes docs/figures/serve-kill.md. `SEED=N` draws other moments.
@Suite(.serialized) struct ServeKillTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let wanted = environment["KILLS"].flatMap { Int($0) }
    private static let seed = environment["SEED"].flatMap { UInt64($0) } ?? 1

    @Test func oneNodeOnAFileLosesNothing() async throws {
        try await loop(nodes: nil, kills: Self.wanted ?? 4)
    }

    @Test func threeNodesOnADatabaseLoseNothing() async throws {
        try await loop(nodes: 3, kills: Self.wanted ?? 3)
    }

    private func loop(nodes: Int?, kills: Int) async throws {
        try await withFolder { folder in
            let bench = try await ServeKillBench.make(in: folder, nodes: nodes)
            let loop = ServeKillLoop(bench, seed: Self.seed)
            try await loop.run(kills: kills, outageEvery: Self.wanted == nil ? 2 : 10)
            try await loop.finish()
            let children = bench.processes()
            let history = try await bench.history()
            let verdict = ServeKillVerdict(
                history, services: bench.services, from: loop.from, until: loop.until,
                marks: try bench.plans.lines("marks"), programs: try bench.plans.lines("programs"))
            let figures = try await ServeKillFigures(bench, loop, verdict, children: children)
            let problems = try await bench.problems()
            #expect(verdict.lost == [])
            #expect(verdict.doubled == [])
            #expect(verdict.zombies == [])
            #expect(verdict.odd == [])
            #expect(loop.wrong == [])
            #expect(children == [])
            #expect(problems == nil)
            #expect(figures.movedWrongly == 0)
            #expect(loop.kills.count >= kills && history.runs.count > kills)
            if Self.wanted != nil, nodes != nil { #expect(figures.takeovers.max() ?? 0 <= 5) }
            if !verdict.isClean || !loop.wrong.isEmpty || problems != nil || !children.isEmpty { try keep(folder) }
            if Self.wanted != nil { try figures.write(seed: Self.seed) }
            await bench.server?.stop()
        }
    }

    /// What is wrong is looked into afterwards.
    private func keep(_ folder: URL) throws {
        let kept = FileManager.default.temporaryDirectory.appending(path: "serve-kill-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: folder, to: kept)
        Issue.record("seed \(Self.seed): everything is kept in \(kept.path)")
    }
}

/// The judgement of the loops itself: it sees each of the things that must not be.
struct ServeKillVerdictTests {
    private func run(_ id: String, at nominal: Double, _ verdict: String?, state: String = "ended")
        -> ServeKillHistory.Run
    {
        ServeKillHistory.Run(
            id: id, service: "work", nominal: nominal, startedAt: nominal, state: state, verdict: verdict,
            holders: [(at: nominal, pid: 1)])
    }

    private func judge(
        _ runs: [ServeKillHistory.Run], _ missed: [ServeKillHistory.Missed] = [], marks: [String]? = nil,
        programs: [String]? = nil
    ) -> ServeKillVerdict {
        let passed = runs.filter { $0.verdict == "pass" }.map(\.id)
        return ServeKillVerdict(
            ServeKillHistory(runs: runs, missed: missed), services: ["work"], from: 9.5, until: 16.5,
            marks: marks ?? passed.flatMap { ["\($0) marks first", "\($0) marks second"] },
            programs: programs ?? passed.map { "\($0)/program/program" })
    }

    private func row(_ first: Double, _ last: Double, _ count: Int) -> ServeKillHistory.Missed {
        ServeKillHistory.Missed(service: "work", first: first, last: last, count: count, cause: "down")
    }

    @Test func allIsWell() {
        let verdict = judge([run("a", at: 10, "pass"), run("d", at: 16, "unknown")], [row(12, 14, 2)])
        #expect(verdict.isClean, "\(verdict)")
    }

    @Test func whatIsNotIsSeen() {
        let (a, b, c, d) = (
            run("a", at: 10, "pass"), run("b", at: 12, "pass"), run("c", at: 14, "pass"), run("d", at: 16, "pass")
        )
        #expect(judge([a, b, d]).lost.count == 1, "an instant without anything")
        #expect(judge([a, b, c, d], [row(12, 12, 1)]).doubled.count == 1, "a run and a row")
        #expect(judge([a, b, d], [row(14, 14, 2)]).odd.count == 1, "a row that counts wrongly")
        #expect(judge([a, b, c, run("d", at: 16, nil, state: "running")]).zombies.count == 1)
        #expect(judge([a, b, c, run("d", at: 16, "fail")]).odd.count == 1)
        #expect(judge([a, b, c, run("d", at: 15, "unknown")]).odd.count == 1, "no instant of the schedule")
        let marks = ["a", "b", "c", "d"].flatMap { ["\($0) marks first", "\($0) marks second"] }
        let programs = ["a", "b", "c", "d"].map { "\($0)/program/program" }
        #expect(judge([a, b, c, d], marks: marks + ["c marks first"]).doubled.count == 1)
        #expect(judge([a, b, c, d], marks: marks.filter { $0 != "c marks first" }).lost.count == 1)
        #expect(judge([a, b, c, d], programs: programs + ["b/program/program"]).doubled.count == 1)
        #expect(judge([a, b, c, d], programs: Array(programs.dropLast())).lost.count == 1)
        #expect(judge([a, b, c, d], programs: programs + ["z/program/program"]).odd.count == 1)
    }
}
