import Dispatching
import Host
import Journal
import Maintenance
import Schedules
import TestSupport
import Testing

@testable import Serving

/// A scheduler whose runs are the test's own.
struct SchedulerBench {
    let clock = FakeClock()
    let store = FailingJournal()
    let begun = Noted<[Dispatching.Occurrence]>([])
    let reserved = Noted<[Dispatching.Occurrence]>([])
    let cancelled = Noted<Set<Dispatching.Occurrence>>([])
    let log = Noted<[String]>([])
    let isReady = Noted(false)
    /// Every procedure's misses are to be told over `chat`.
    let isTold = Noted(false)
    /// What telling does.
    let telling = Noted<@Sendable (OwedNotice, @Sendable (OwedNotice.Note) async -> Bool) async -> Void>({ _, _ in }
    )
    /// What a run does before its row is stored.
    let work = Noted<@Sendable (Dispatching.Occurrence) async throws -> Void>({ _ in })
    var plans: [ProcedurePlan] = []

    func scheduler() -> Scheduler {
        let (clock, store, begun, cancelled, log, work, plans) = (clock, store, begun, cancelled, log, work, plans)
        let (isTold, telling, reserved) = (isTold, telling, reserved)
        return Scheduler(
            host: clock.host, store: store, policy: DispatchPolicy(),
            timings: TimingReader(host: clock.host) { _ in [:] },
            parts: SchedulerParts(
                run: { occurrence, _ in
                    if let row = try await store.row(of: Journal.Occurrence(occurrence)), row.state == .ended {
                        return
                    }
                    begun.with { $0.append(occurrence) }
                    try await work.value(occurrence)
                    try await store.append(Batch(rows: [SchedulerBench.row(occurrence, .ended)]))
                },
                reserve: { occurrence in reserved.with { $0.append(occurrence) } },
                cancel: { occurrence in _ = cancelled.with { $0.insert(occurrence) } },
                stop: { occurrence in _ = cancelled.with { $0.insert(occurrence) } }, followers: { _ in [] },
                inForce: { [.plans(changed: plans, removed: $0.subtracting(plans.map(\.key)).sorted())] },
                say: { _ in }, owed: { isTold.value ? $0.map(SchedulerBench.notice) : [] },
                tell: { await telling.value($0, $1) }, log: { line in log.with { $0.append(line) } },
                publish: { _ in }, alive: {}))
    }

    static func row(_ occurrence: Dispatching.Occurrence, _ state: RunState) -> RunRow {
        let key = occurrence.procedure
        return RunRow(
            id: "\(key.procedure)-\(occurrence.nominal)", service: key.service, environment: key.environment,
            procedure: key.procedure, nominal: occurrence.nominal, startedAt: occurrence.nominal, state: state)
    }

    static func notice(_ row: Dispatching.MissedRow) -> OwedNotice {
        let key = row.procedure
        return OwedNotice(
            id: "missed-\(key.procedure)-\(row.last)", service: key.service, environment: key.environment,
            procedure: key.procedure, count: row.count, isAtLeast: row.isAtLeast, latest: [row.last],
            causes: [row.cause], channels: ["chat": .owed])
    }

    /// Serves until the body is done with it.
    func serve(_ body: @escaping (Scheduler) async throws -> Void) async throws {
        let scheduler = scheduler()
        try await withThrowingTaskGroup { group in
            group.addTask { [isReady] in try await scheduler.serve { isReady.with { $0 = true } } }
            try await body(scheduler)
            scheduler.stop()
            try await group.next()
        }
    }

    /// Steps of telling that are durable.
    func noted() async throws -> Int {
        try await store.records(of: "dispatcher").count { $0.kind == "noted" }
    }

    func nominals() async throws -> [Instant] {
        try await store.rows(RunFilter(limit: 10_000)).map(\.nominal).sorted()
    }
}
