import ClientPrograms
import Dispatching
import Engine
import Evidence
import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Serving

/// One instance of `serve`: it dispatches while no other node does, and works on the runs that are left to its place.
struct ServingNode: Sendable {
    let composition: Composition
    let journal: CheckpointedJournal
    let holds: HoldFile
    let inbox: Inbox
    let watchman: Watchman
    let facts: FactWatch
    let notifier: ServiceNotifier
    let metrics: URL
    let places: Set<String>
    let observeOnly: Bool
    let reports: String
    let plans: String

    /// Between two attempts to stand by while the journal cannot be reached.
    private static let retry = Duration.seconds(1)

    private var host: Host { composition.host }

    /// Until it is asked to stop.
    func serve(_ term: DispatchTerm) async throws {
        let owner = try Programs.own(on: host)
        let driven = DrivenRuns(owner: owner, driver: driver, driven: report)
        _ = await watchman.learn(past)
        _ = await facts.look()
        try await journal.keeping {
            guard let shared = journal.inner as? LeasedJournal else {
                return try await dispatch(driven, owner, term)
            }
            try await share(shared.keeper, driven, owner, term)
        }
        Self.log("stopped")
    }

    /// Beside other nodes.
    private func share(
        _ keeper: LeaseKeeper, _ driven: DrivenRuns, _ owner: ProcessIdentity, _ term: DispatchTerm
    ) async throws {
        let words = SharedWords(store: journal, inbox: inbox, host: host, log: Self.log)
        let shared = SharedRuns(host: host, store: journal, keeper: keeper, words: words, driver: driver)
        let node = NodeRuns(
            host: host, store: journal, keeper: keeper, runs: driven, places: places, log: Self.log)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await words.carry { driven.inHand } }
            group.addTask { await shared.watch() }
            async let work: Void = node.work()
            defer { group.cancelAll() }
            do { try await dispatch(shared, owner, term) } catch {
                node.stop()
                await work
                throw error
            }
            node.stop()
            await work
        }
    }

    /// Dispatches whenever no other node does, until it is asked to stop.
    private func dispatch(_ work: any RunWork, _ owner: ProcessIdentity, _ term: DispatchTerm) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                var told: String?
                while !term.isStopping {
                    do { try await self.term(term) { runs(work, owner) } } catch let error as JournalError {
                        if error.code == .stale {
                            Self.log("\(error.sentence) Another node may dispatch now.")
                            continue
                        }
                        if told != error.sentence { Self.log("\(error.sentence) It is tried again until it works.") }
                        told = error.sentence
                        try await host.sleep(Self.retry)
                    }
                }
                return true
            }
            group.addTask {
                await StandingApprovals(store: journal, inbox: inbox, host: host).keep(Self.log)
                return false
            }
            group.addTask {
                await ToldEvents(store: journal, inbox: inbox, host: host).keep(Self.log) { facts.ask() }
                return false
            }
            // Who only stands by has nothing to bring to its end.
            group.addTask { await !term.stopped() }
            if let period = notifier.watchdog {
                group.addTask {
                    while (try? await host.sleep(period / 2)) != nil {
                        // Who dispatches shows by itself that it does not hang.
                        if !term.post(.tick) { notifier.alive() }
                    }
                    return false
                }
            }
            // Also while it stands by, so that it can begin at once.
            group.addTask {
                await watchman.watch(past) { term.post($0) }
                return false
            }
            group.addTask {
                await facts.watch { term.post($0) }
                return false
            }
            defer { group.cancelAll() }
            while let isOver = try await group.next() { if isOver { return } }
        }
    }

    /// From the lease of the dispatcher to its loss, or to the end.
    private func term(_ term: DispatchTerm, _ runs: @escaping @Sendable () -> ScheduledRuns) async throws {
        try await journal.whileTaken(
            Claim(Scheduler.stream),
            waiting: { lease in
                Self.log(
                    "standing by: \(lease.node) dispatches; this node works on what is left to it, and dispatches when "
                        + "that one is gone")
                notifier.ready("standing by")
            }, { try await dispatchNow(runs(), term) })
    }

    private func dispatchNow(_ runs: ScheduledRuns, _ term: DispatchTerm) async throws {
        let scheduler = scheduler(runs)
        guard term.begin(scheduler) else { return }
        defer { term.end() }
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await Pruner(journal: journal, host: host).keep({ watchman.retention }, log: Self.log) }
            try await scheduler.serve {
                let count = watchman.count
                let mode = observeOnly ? ", observing only" : ""
                Self.log("ready: \(count) \(count == 1 ? "plan" : "plans") of \(plans)\(mode)")
                notifier.ready("\(count) plans")
            }
            group.cancelAll()
        }
    }

    private func scheduler(_ runs: ScheduledRuns) -> Scheduler {
        let teller = Teller(
            host: host, catalogue: composition.catalogue, plan: { watchman.plan(of: $0) }, log: Self.log)
        return Scheduler(
            host: host, store: journal, policy: DispatchPolicy(observeOnly: observeOnly),
            timings: TimingReader(
                host: host, calendars: { watchman.plan(of: $0)?.calendars ?? [:] },
                inForce: { watchman.timing(of: $0) }),
            parts: SchedulerParts(
                run: { try await runs.run($0, observeOnly: $1) },
                reserve: { try await runs.reserve($0) },
                cancel: { await runs.cancel($0, Cause(.cancelled, "Another run of its procedure takes its place.")) },
                stop: { runs.stop($0) },
                followers: { watchman.followers(of: $0) },
                inForce: { watchman.inForce($0) + facts.inForce }, say: { teller.say($0) },
                owed: { teller.owed($0) }, tell: { await teller.tell($0, $1) },
                log: Self.log,
                publish: { [metrics, host] seen in
                    let text = MetricsText.text(
                        seen, problems: watchman.problems, holds: watchman.holds, at: host.now())
                    await OffPool.finish { try? Data(text.utf8).write(to: metrics, options: .atomic) }
                },
                alive: { if notifier.watchdog != nil { notifier.alive() } }))
    }

    /// Made anew each time: what others began meanwhile is in the journal, and what this node knew of it is not true any more.
    private func runs(_ work: any RunWork, _ owner: ProcessIdentity) -> ScheduledRuns {
        ScheduledRuns(
            work, host: host, catalogue: composition.catalogue, store: journal, owner: owner,
            plan: { watchman.plan(of: $0) },
            ended: { key in
                facts.ask()
                watchman.ended(key)
            })
    }

    @Sendable private func past(_ key: ProcedureKey) async throws -> Duration? {
        try await History.expected(
            service: key.service, environment: key.environment, procedure: key.procedure, from: journal)
    }

    @Sendable private func driver() -> RunDriver {
        composition.driver(journal, RunObserver(), held: holds, inbox: inbox, observeOnly: observeOnly)
    }

    @Sendable private func report(_ run: Run) async {
        let plan = run.start?.plan
        Self.log("\(plan?.service ?? "") \(plan?.procedure ?? "") \(run.id): \(run.verdict.rawValue)")
        _ = await ReportWriter(composition: composition, journal: journal, folder: reports).write(run)
    }

    @Sendable private static func log(_ text: String) { Output.diagnostic(text) }
}
