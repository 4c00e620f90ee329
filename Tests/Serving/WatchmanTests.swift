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
            host: bench.host, catalogue: FolderBench.catalogue
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
