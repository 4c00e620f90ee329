import Dispatching
import Engine
import Host
import Journal
import Maintenance
import Plans
import TestSupport
import Testing

@testable import Serving

/// What the runs of several services change: one thing belongs to one run, whatever the plans call it.
@Suite(.timeLimit(.minutes(1))) struct ScheduledRunsTests {
    private struct Bench {
        let plans: [String: Plan]
        let begun = Noted<[String]>([])
        let done = Noted<Set<String>>([])
        let mayEnd = Noted(false)

        func runs(_ store: any JournalStore) -> ScheduledRuns {
            let owner = ProcessIdentity(pid: 1, startTime: 1, bootID: "boot")
            let driven = DrivenRuns(
                owner: owner, driver: { RunDriver(host: .system, catalogue: FolderBench.catalogue, store: store) },
                driven: { _ in })
            return ScheduledRuns(
                driven, host: .system, catalogue: FolderBench.catalogue, store: store, owner: owner,
                plan: { plans[$0] }, ended: { _ in })
        }

        func within<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
            try await FakeWork.$begun.withValue(begun) {
                try await FakeWork.$done.withValue(done) {
                    try await FakeWork.$mayEnd.withValue(mayEnd) { try await body() }
                }
            }
        }
    }

    /// The services `a` and `b` change one thing as different users and under different names, `c` another.
    private static func bench() async throws -> Bench {
        try await FolderBench.inFolder { folder in
            for (service, name) in [("a", "one"), ("b", "one"), ("c", "two")] {
                try folder.write(
                    "\(service).yaml",
                    """
                    service: \(service)
                    targets: { \(service)-it: { fake: { name: \(name), user: \(service) } } }
                    procedures: { work: { schedule: daily 09:00, steps: [{ do: fake.work }] } }
                    """)
            }
            var found = folder.plans
            let changes = try found.look()
            let plans = changes.changed.compactMap { $0.plan() }
            try #require(plans.count == 3, "\(changes.problems)")
            return Bench(plans: Dictionary(plans.map { ($0.service, $0) }) { $1 })
        }
    }

    private func occurrence(_ service: String) throws -> Dispatching.Occurrence {
        let nominal = try #require(Instant("2026-03-02T09:00:00Z"))
        return Dispatching.Occurrence(
            ProcedureKey(service: service, environment: "default", procedure: "work"), nominal)
    }

    @Test func twoServicesThatChangeOneThingGoOneAfterTheOther() async throws {
        let bench = try await Self.bench()
        let store = MemoryJournal()
        let runs = bench.runs(store)
        let (a, b, c) = (try occurrence("a"), try occurrence("b"), try occurrence("c"))
        try await bench.within {
            try await withThrowingTaskGroup { group in
                group.addTask { try await runs.run(a, observeOnly: false) }
                #expect(await eventually { bench.begun.value.count == 1 })
                await #expect(throws: RunLockedOut.self) { try await runs.run(b, observeOnly: false) }
                // Who only looks, and who changes something else, need not wait.
                try await runs.run(Dispatching.Occurrence(b.procedure, b.nominal + .seconds(1)), observeOnly: true)
                group.addTask { try await runs.run(c, observeOnly: false) }
                #expect(await eventually { bench.begun.value.count == 2 })
                bench.mayEnd.with { $0 = true }
                try await group.waitForAll()
            }
            #expect(try await store.row(of: Journal.Occurrence(b)) == nil)
            try await runs.run(b, observeOnly: false)
        }
        #expect(bench.done.value.count == 3)
    }

    @Test func whatADeadProcessWorkedOnStaysItsRuns() async throws {
        let bench = try await Self.bench()
        bench.mayEnd.with { $0 = true }
        let store = FailingJournal()
        // It dies when the outcome of the work is to be recorded.
        store.fail { $0 >= 4 ? .before : nil }
        let (a, b) = (try occurrence("a"), try occurrence("b"))
        try await bench.within {
            let dead = bench.runs(store)
            await #expect(throws: JournalError.self) { try await dead.run(a, observeOnly: false) }
            // The journal fails and the run may go on: nobody else begins.
            store.fail { _ in nil }
            await #expect(throws: RunLockedOut.self) { try await dead.run(b, observeOnly: false) }
            let runs = bench.runs(store)
            try await runs.reserve(a)
            await #expect(throws: RunLockedOut.self) { try await runs.run(b, observeOnly: false) }
            try await runs.run(a, observeOnly: false)
            try await runs.run(b, observeOnly: false)
        }
        #expect(try await store.rows(RunFilter()).allSatisfy { $0.state == .ended && $0.verdict == .pass })
        #expect(bench.begun.value.count == 2 && bench.done.value.count == 2)
    }

    @Test func aPlanMayTightenHowManyDisturbAtOnce() async throws {
        try await FolderBench.inFolder { bench in
            try bench.write("estate.yaml", "policy: { disruptive-at-once: 3 }\n")
            let windows = """
                targets: { it: { fake: one } }
                windows: { night: { opens: "daily 02:00", lasts: 1h } }
                procedures:
                  hard: { in: night, steps: [{ do: fake.work, with: { disruptive: true } }] }
                  soft: { in: night, steps: [{ do: fake.work }] }
                  looks: { in: night, steps: [{ check: fake.look }] }

                """
            try bench.write("a.yaml", "service: a\n" + windows)
            try bench.write("b.yaml", "service: b\npolicy: { disruptive-at-once: 2 }\n" + windows)
            var folder = bench.plans
            let changes = try folder.look()
            let procedures = changes.changed.flatMap(\.procedures)
            try #require(procedures.count == 6, "\(changes.problems)")
            #expect(procedures.filter(\.isDisruptive).map(\.key.procedure) == ["hard", "hard"])
            for one in procedures { #expect(one.disruptiveAtOnce == (one.key.service == "a" ? 3 : 2), "\(one.key)") }
        }
    }
}
