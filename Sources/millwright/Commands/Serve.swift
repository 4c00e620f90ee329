import ArgumentParser
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

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the procedures of all plans of a folder by their schedules, until it is stopped.",
        discussion: """
            Plans are read again when their files change; one that has become wrong leaves the plan that it was. SIGTERM \
            lets the runs in hand reach a safe point. What it tells of itself lies beside the journal as metrics.prom, for \
            Prometheus. Under systemd: Type=notify, and WatchdogSec where wanted.
            """)

    @Option(help: "The folder with the plans.")
    var plans = "plans"

    @OptionGroup var store: StoreOptions

    @Flag(help: "Looks and previews, and changes nothing: beside the old cron, before it is trusted.")
    var observeOnly = false

    @Option(help: "Where the plans' reports are written.")
    var reports = "reports"

    func run() async throws {
        let composition = Composition()
        let host = composition.host
        let notifier = ServiceNotifier(host: host)
        let journal = try await composition.journalOrNew(store)
        let holds = try composition.holds(store)
        let state = URL(filePath: holds.path).deletingLastPathComponent()
        let folder = PlanFolder(
            plans, host: host, catalogue: composition.catalogue,
            compiled: state.appending(path: "plans.compiled").path)
        let watchman = Watchman(
            folder, holds: holds, host: host,
            past: { key in
                try await History.expected(
                    service: key.service, environment: key.environment, procedure: key.procedure, from: journal)
            }, log: Self.log)
        _ = watchman.look()
        guard watchman.hasFolder else { throw ExitStatus.wrongPlan }
        _ = await watchman.learn()
        let finder = FactFinder(store: journal, catalogue: composition.catalogue) { watchman.plan(of: $0) }
        let facts = FactWatch(finder, of: { watchman.relatives }, host: host, log: Self.log)
        _ = await facts.look()
        let scheduler = scheduler(
            composition, journal, try runs(composition, journal, holds, watchman, facts), watchman, facts, notifier,
            metrics: state.appending(path: "metrics.prom"))
        let signals = StopSignals {
            notifier.stopping()
            scheduler.stop()
        }
        try await journal.take(Scheduler.stream) { lease in
            Self.log("standing by: \(lease.node) dispatches, and this node takes over when that one is gone")
            notifier.ready("standing by")
        }
        try await journal.whileTaken { [self] in
            try await dispatch(scheduler, journal, watchman, facts, notifier, host)
        }
        withExtendedLifetime(signals) {}
        await journal.close()
    }

    /// Until somebody asks it to stop.
    private func dispatch(
        _ scheduler: Scheduler, _ journal: CheckpointedJournal, _ watchman: Watchman, _ facts: FactWatch,
        _ notifier: ServiceNotifier, _ host: Host
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await watchman.watch(scheduler) }
            group.addTask { await facts.watch(scheduler) }
            group.addTask {
                let pruner = Pruner(journal: journal, host: host)
                await pruner.keep({ watchman.retention }, log: Self.log)
            }
            if let period = notifier.watchdog {
                group.addTask { while (try? await host.sleep(period / 2)) != nil { scheduler.post(.tick) } }
            }
            try await scheduler.serve {
                let count = watchman.count
                let mode = observeOnly ? ", observing only" : ""
                Self.log("ready: \(count) \(count == 1 ? "plan" : "plans") of \(plans)\(mode)")
                notifier.ready("\(count) plans")
            }
            Self.log("stopped")
            group.cancelAll()
        }
    }

    private func scheduler(
        _ composition: Composition, _ journal: any JournalStore, _ runs: ScheduledRuns, _ watchman: Watchman,
        _ facts: FactWatch, _ notifier: ServiceNotifier, metrics: URL
    ) -> Scheduler {
        let host = composition.host
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
                cancel: { runs.cancel($0, Cause(.cancelled, "Millwright was asked to stop.")) },
                followers: { watchman.followers(of: $0) },
                inForce: { watchman.inForce($0) + facts.inForce }, say: { teller.say($0) },
                owed: { teller.owed($0) }, tell: { await teller.tell($0, $1) },
                log: Self.log,
                publish: { seen in
                    let text = MetricsText.text(
                        seen, problems: watchman.problems, holds: watchman.holds, at: host.now())
                    await OffPool.finish { try? Data(text.utf8).write(to: metrics, options: .atomic) }
                },
                alive: { if notifier.watchdog != nil { notifier.alive() } }))
    }

    private func runs(
        _ composition: Composition, _ journal: any JournalStore, _ holds: HoldFile, _ watchman: Watchman,
        _ facts: FactWatch
    ) throws -> ScheduledRuns {
        let inbox = try composition.inbox(store)
        let writer = ReportWriter(composition: composition, journal: journal, folder: reports)
        return ScheduledRuns(
            host: composition.host, catalogue: composition.catalogue, store: journal,
            owner: try Programs.own(on: composition.host),
            driver: { [observeOnly] in
                composition.driver(
                    journal, RunObserver(), held: holds, inbox: inbox, observeOnly: observeOnly)
            },
            plan: { watchman.plan(of: $0) },
            ended: { run in
                facts.ask()
                let plan = run.start?.plan
                if let plan {
                    watchman.ended(
                        ProcedureKey(
                            service: plan.service, environment: plan.environment, procedure: plan.procedure))
                }
                Self.log("\(plan?.service ?? "") \(plan?.procedure ?? "") \(run.id): \(run.verdict.rawValue)")
                _ = await writer.write(run)
            })
    }

    @Sendable private static func log(_ text: String) { Output.diagnostic(text) }
}
