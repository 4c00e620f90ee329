import Dispatching
import Engine
import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import TestSupport
import Testing

@testable import Serving

/// Several nodes with one journal: who dispatches begins the runs, and whoever is free drives them.
@Suite(.timeLimit(.minutes(1))) struct SharedRunsTests {
    /// One process of several.
    private struct Node {
        let keeper: LeaseKeeper
        let journal: LeasedJournal
        let inbox: Inbox
        let words: SharedWords
        let driven: DrivenRuns
        let shared: SharedRuns
        let runs: ScheduledRuns
        let work: NodeRuns
        let drove = Noted<[String]>([])

        init(_ name: String, _ bench: Bench, places: Set<String> = [RunPlan.anyPlace]) {
            keeper = LeaseKeeper(bench.leases, node: name, on: .system) {
                $0.hasPrefix("inbox/") ? .seconds(9) : bench.lease
            }
            let journal = LeasedJournal(bench.store, keeper: keeper)
            self.journal = journal
            inbox = Inbox(path: bench.folder.appending(path: "inbox-\(name)").path, on: .system)
            let inbox = inbox
            let driver: @Sendable () -> RunDriver = {
                RunDriver(host: .system, catalogue: FolderBench.catalogue, store: journal, inbox: inbox)
            }
            let owner = ProcessIdentity(pid: 1, startTime: 1, bootID: name)
            let drove = drove
            driven = DrivenRuns(owner: owner, driver: driver) { run in drove.with { $0.append(run.id) } }
            words = SharedWords(store: journal, inbox: inbox, host: .system) { _ in }
            shared = SharedRuns(host: .system, store: journal, keeper: keeper, words: words, driver: driver)
            let plans = bench.plans
            runs = ScheduledRuns(
                shared, host: .system, catalogue: FolderBench.catalogue, store: journal, owner: owner,
                plan: { plans[$0] }, ended: { _ in })
            work = NodeRuns(
                host: .system, store: journal, keeper: keeper, runs: driven, places: places
            ) { _ in }
        }

        /// As `serve` does, until it is stopped.
        func live() async throws {
            try await journal.keeping {
                await withDiscardingTaskGroup { group in
                    group.addTask { await words.carry { driven.inHand } }
                    group.addTask { await shared.watch() }
                    await work.work()
                    group.cancelAll()
                }
            }
        }
    }

    private struct Bench {
        let folder: URL
        let plans: [String: Plan]
        let leases: MemoryLeases
        let store: MemoryJournal
        let lease: Duration
        let begun = Noted<[String]>([])
        let done = Noted<Set<String>>([])
        let mayEnd = Noted(false)

        func within(_ body: () async throws -> Void) async throws {
            try await FakeWork.$begun.withValue(begun) {
                try await FakeWork.$done.withValue(done) {
                    try await FakeWork.$mayEnd.withValue(mayEnd) { try await body() }
                }
            }
        }
    }

    private func with(lease: Duration = .seconds(30), _ body: (Bench) async throws -> Void) async throws {
        try await FolderBench.inFolder { folder in
            try folder.write("estate.yaml", "places: [far]\n")
            for number in 0..<8 {
                try folder.write(
                    "s\(number).yaml",
                    """
                    service: s\(number)
                    targets: { it: { fake: { name: t\(number) } } }
                    environments: { here: , there: { place: far } }
                    procedures:
                      work: { schedule: daily 09:00, steps: [{ do: fake.work }] }
                      asks: { schedule: daily 10:00, steps: [{ ask: Is it so?, id: sure }] }
                    """)
            }
            var found = folder.plans
            let changes = try found.look()
            let plans = changes.changed.compactMap { $0.plan() }
            try #require(plans.count == 8, "\(changes.problems)")
            let leases = MemoryLeases(host: .system)
            let bench = Bench(
                folder: folder.folder, plans: Dictionary(plans.map { ($0.service, $0) }) { $1 },
                leases: leases, store: MemoryJournal(leases: leases), lease: lease)
            try await bench.within { try await body(bench) }
        }
    }

    private func occurrence(
        _ number: Int, _ environment: String = "here", _ procedure: String = "work"
    ) throws -> Dispatching.Occurrence {
        Dispatching.Occurrence(
            ProcedureKey(service: "s\(number)", environment: environment, procedure: procedure),
            try #require(Instant("2026-03-02T09:00:00Z")))
    }

    @Test func nodesShareTheRunsAndEachIsDoneOnce() async throws {
        try await with { bench in
            let nodes = [Node("a", bench), Node("b", bench), Node("c", bench)]
            try await withThrowingTaskGroup { group in
                for node in nodes { group.addTask { try await node.live() } }
                try await nodes[0].journal.whileTaken(Claim(Scheduler.stream)) {
                    try await withThrowingTaskGroup { runs in
                        for number in 0..<8 {
                            let occurrence = try occurrence(number)
                            runs.addTask { try await nodes[0].runs.run(occurrence, observeOnly: false) }
                        }
                        #expect(await eventually { bench.begun.value.count == 8 })
                        bench.mayEnd.with { $0 = true }
                        try await runs.waitForAll()
                    }
                }
                for node in nodes { node.work.stop() }
                try await group.waitForAll()
            }
            let rows = try await bench.store.rows(RunFilter())
            #expect(rows.count == 8 && rows.allSatisfy { $0.verdict == .pass })
            #expect(bench.begun.value.count == 8)
            #expect(nodes.map { $0.drove.value.count }.reduce(0, +) == 8)
            // Four at a look at most: one node does not have them all.
            #expect(nodes.filter { !$0.drove.value.isEmpty }.count >= 2)
            #expect(try await bench.leases.leases().isEmpty)
            // A run that was left is begun by whoever takes it: nobody died.
            let run = try RunMachine(replaying: try await bench.store.records(of: rows[0].id), of: rows[0].id).state
            #expect(run.resumptions == 0)
        }
    }

    @Test func aRunIsDoneAtItsPlace() async throws {
        try await with { bench in
            bench.mayEnd.with { $0 = true }
            let (near, far) = (Node("near", bench), Node("far", bench, places: ["far"]))
            try await withThrowingTaskGroup { group in
                for node in [near, far] { group.addTask { try await node.live() } }
                try await near.journal.whileTaken(Claim(Scheduler.stream)) {
                    try await near.runs.run(try occurrence(0, "there"), observeOnly: false)
                    try await near.runs.run(try occurrence(1, "here"), observeOnly: false)
                }
                for node in [near, far] { node.work.stop() }
                try await group.waitForAll()
            }
            let there = try #require(try await bench.store.row(of: Journal.Occurrence(try occurrence(0, "there"))))
            #expect(far.drove.value == [there.id])
            #expect(near.drove.value.count == 1)
        }
    }

    /// Who is asked speaks to the node where he is, and whoever dispatches may have to stop a run elsewhere.
    @Test func wordsReachARunWhereverItIs() async throws {
        try await with { bench in
            let (near, far) = (Node("near", bench, places: []), Node("far", bench))
            let (answered, stopped) = (try occurrence(0, "here", "asks"), try occurrence(1, "here", "asks"))
            try await withThrowingTaskGroup { group in
                for node in [near, far] { group.addTask { try await node.live() } }
                try await near.journal.whileTaken(Claim(Scheduler.stream)) {
                    try await withThrowingTaskGroup { runs in
                        for occurrence in [answered, stopped] {
                            runs.addTask { try await near.runs.run(occurrence, observeOnly: false) }
                        }
                        #expect(await eventually { far.driven.inHand.count == 2 })
                        let row = try #require(try await bench.store.row(of: Journal.Occurrence(answered)))
                        try near.inbox.leave(Inbox.Letter(run: row.id, step: "sure", word: .agree))
                        await near.runs.cancel(stopped, Cause(.cancelled, "Another takes its place."))
                        try await runs.waitForAll()
                    }
                }
                for node in [near, far] { node.work.stop() }
                try await group.waitForAll()
            }
            let row = try #require(try await bench.store.row(of: Journal.Occurrence(answered)))
            #expect(row.verdict == .pass)
            let run = try RunMachine(replaying: try await bench.store.records(of: row.id), of: row.id).state
            #expect(run.step("sure")?.decisions.count == 1)
            #expect(near.inbox.runs.isEmpty)
            let other = try #require(try await bench.store.row(of: Journal.Occurrence(stopped)))
            #expect(other.verdict == .unknown)
        }
    }

    /// A node whose lease as dispatcher is another's begins no run any more.
    @Test func whoDoesNotDispatchAnyMoreBeginsNothing() async throws {
        try await with { bench in
            let (old, new) = (Node("old", bench), Node("new", bench))
            let occurrence = try occurrence(0)
            try await new.journal.whileTaken(Claim(Scheduler.stream)) {
                let error = await #expect(throws: JournalError.self) {
                    try await old.runs.run(occurrence, observeOnly: false)
                }
                #expect(error?.code == .stale)
            }
            #expect(try await bench.store.rows(RunFilter()).isEmpty)
        }
    }
}
