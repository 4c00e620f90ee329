import Dispatching
import Engine
import FoundationEssentials
import Host
import Plans
import Testing

@testable import Serving

@Suite struct WatchmanTests {
    private func watchman(_ bench: FolderBench) -> Watchman {
        Watchman(
            bench.plans, holds: HoldFile(path: bench.folder.appending(path: "holds.json").path, on: bench.host),
            host: bench.host
        ) { [log = bench.log] line in log.with { $0.append(line) } }
    }

    /// What two looks have to say of plans: `+` for those that are new or other ones, `-` for those that are gone.
    private func said(_ watchman: Watchman) -> [String] {
        (watchman.look() + watchman.look()).flatMap { event -> [String] in
            guard case .plans(let changed, let removed) = event else { return [] }
            return changed.map { "+\($0.key.service)/\($0.key.procedure)" }.sorted()
                + removed.map { "-\($0.service)/\($0.procedure)" }
        }
    }

    @Test func onlyWhatIsOtherIsTold() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("a.yaml", FolderBench.plan("a", ["one", "two"]))
            let watchman = watchman(bench)
            #expect(said(watchman) == ["+a/one", "+a/two"])
            #expect(said(watchman) == [])
            try bench.write("a.yaml", FolderBench.plan("a", ["one", "three"]))
            #expect(said(watchman) == ["+a/three", "-a/two"])
            // The same under another name is the same.
            try bench.write("b.yaml", FolderBench.plan("a", ["one", "three"]))
            try bench.remove("a.yaml")
            #expect(said(watchman) == [])
            #expect(watchman.plan(of: "a")?.procedures.count == 2)
            try bench.write("b.yaml", FolderBench.plan("b", ["one"]))
            #expect(said(watchman) == ["+b/one", "-a/one", "-a/three"])
            #expect(watchman.plan(of: "a") == nil)
        }
    }

    @Test func whatIsInNoPlanIsRemovedUnlessAFileIsBroken() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("a.yaml", FolderBench.plan("a"))
            let gone = ProcedureKey(service: "gone", environment: "default", procedure: "daily")
            func removed(_ watchman: Watchman) -> [ProcedureKey] {
                watchman.inForce([gone]).flatMap { event -> [ProcedureKey] in
                    guard case .plans(_, let removed) = event else { return [] }
                    return removed
                }
            }
            let first = watchman(bench)
            _ = first.look()
            #expect(removed(first) == [gone])
            try bench.write("gone.yaml", "service: [")
            let second = watchman(bench)
            _ = second.look()
            #expect(second.problems == 1)
            #expect(removed(second) == [])
        }
    }

    private static let windowed = """
        service: a
        targets: { it: { fake: one } }
        windows: { night: { opens: "daily 02:00", lasts: 1h } }
        procedures:
          said: { in: night, expected: 10m, steps: [{ check: fake.look }] }
          open: { in: night, steps: [{ check: fake.look }] }
          often: { schedule: every 5 minutes, steps: [{ check: fake.look }] }
        """

    /// What a plan does not say comes from earlier runs, and never keeps a run from a window that has just opened.
    @Test func howLongARunTakesIsLearned() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("a.yaml", Self.windowed)
            let took = Noted<Duration?>(.seconds(1200))
            let asked = Noted<[String]>([])
            let watchman = watchman(bench)
            let past: Watchman.Past = { key in
                asked.with { $0.append(key.procedure) }
                if took.value == .zero { throw CancellationError() }
                return took.value
            }
            _ = watchman.look()
            func expected(_ events: [DispatchEvent]) -> [String: Duration] {
                Dictionary(
                    events.flatMap { event -> [(String, Duration)] in
                        guard case .plans(let changed, _) = event else { return [] }
                        return changed.map { ($0.key.procedure, $0.expected) }
                    }
                ) { $1 }
            }
            #expect(expected(await watchman.learn(past)) == ["open": .seconds(1200)])
            #expect(asked.value == ["open"], "what the plan says, or nothing has to fit into, is not asked for")
            #expect(expected(watchman.inForce([])) == ["said": .seconds(600), "open": .seconds(1200), "often": .zero])
            #expect(await watchman.learn(past).isEmpty && asked.value.count == 1)
            // Longer than the window, once more the same, and a journal that cannot be read for now.
            took.with { $0 = .seconds(5000) }
            let key = { ProcedureKey(service: "a", environment: "default", procedure: $0) }
            watchman.ended(key("open"))
            #expect(expected(await watchman.learn(past)) == ["open": .seconds(2700)])
            took.with { $0 = .zero }
            watchman.ended(key("open"))
            #expect(await watchman.learn(past).isEmpty)
            took.with { $0 = .seconds(60) }
            #expect(expected(await watchman.learn(past)) == ["open": .seconds(60)])
            // An edit of the plan does not forget it.
            try bench.write("a.yaml", Self.windowed.replacing("10m", with: "11m"))
            #expect(expected(watchman.look() + watchman.look()) == ["said": .seconds(660)])
        }
    }

    @Test func whatComesAgainWhileItRunsIsToldOnce() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("a.yaml", Self.windowed)
            let watchman = watchman(bench)
            _ = watchman.look()
            for _ in 0..<2 {
                watchman.ended(ProcedureKey(service: "a", environment: "default", procedure: "often"))
                #expect(
                    await watchman.learn { _ in .seconds(400) }.allSatisfy {
                        if case .plans = $0 { true } else { false }
                    })
            }
            let told = bench.log.value.filter { $0.contains("a/default/often") }
            #expect(told.count == 1 && told[0].contains("it would be due again while it runs"), "\(bench.log.value)")
        }
    }

    @Test func holdsComeAndGoAndWhatCannotBeReadHoldsAll() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("a.yaml", FolderBench.plan("a"))
            let watchman = watchman(bench)
            func holds() -> Set<Dispatching.Hold>? {
                watchman.look().compactMap { event -> Set<Dispatching.Hold>? in
                    guard case .holds(let holds) = event else { return nil }
                    return holds
                }.last
            }
            #expect(holds() == nil)
            let file = HoldFile(path: bench.folder.appending(path: "holds.json").path, on: bench.host)
            let at = bench.host.now()
            try file.write([Engine.Hold(scope: .service("a"), reason: "r", by: "ann", at: at)])
            #expect(holds() == [.service("a")])
            #expect(holds() == nil)
            try file.write([Engine.Hold(scope: .target("it"), reason: "r", by: "ann", at: at)])
            #expect(holds() == [.target("a/it")])
            try bench.write("holds.json", "{")
            #expect(holds() == [.everything])
            #expect(holds() == nil)
            #expect(watchman.holds == 1)
            #expect(bench.log.value.filter { $0.contains("holds.json") }.count == 1, "said once")
            try file.write([])
            #expect(holds() == [])
            #expect(watchman.holds == 0)
        }
    }

    @Test func aFolderThatIsGoneKeepsThePlansAndIsToldOnce() async throws {
        try await FolderBench.inFolder { bench in
            let inner = FolderBench(folder: bench.folder.appending(path: "plans"))
            try FileManager.default.createDirectory(at: inner.folder, withIntermediateDirectories: true)
            try inner.write("a.yaml", FolderBench.plan("a"))
            let watchman = watchman(inner)
            _ = watchman.look()
            try FileManager.default.removeItem(at: inner.folder)
            for _ in 0..<4 { #expect(watchman.look().isEmpty) }
            #expect(watchman.plan(of: "a") != nil && !watchman.hasFolder)
            #expect(inner.log.value.filter { $0.contains("stay in force") }.count == 1)
        }
    }
}
