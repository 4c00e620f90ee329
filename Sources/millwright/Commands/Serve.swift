import ArgumentParser
import Dispatching
import Engine
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
            Prometheus. Under systemd: Type=notify, and WatchdogSec where wanted. Several nodes with one journal in \
            PostgreSQL share the runs.
            """)

    @Option(help: "The folder with the plans.")
    var plans = "plans"

    @OptionGroup var store: StoreOptions

    @Option(
        name: .customLong("place"),
        help: ArgumentHelp(
            "A place from which this node can work; may be given several times. Default: \(RunPlan.anyPlace).",
            valueName: "place"))
    var places: [String] = []

    @Flag(help: "Looks and previews, and changes nothing: beside the old cron, before it is trusted.")
    var observeOnly = false

    @Option(help: "Where the plans' reports are written.")
    var reports = "reports"

    func run() async throws {
        let composition = Composition()
        let host = composition.host
        let holds = try composition.holds(store)
        let state = URL(filePath: holds.path).deletingLastPathComponent()
        let folder = PlanFolder(
            plans, host: host, catalogue: composition.catalogue,
            compiled: state.appending(path: "plans.compiled").path)
        let watchman = Watchman(folder, holds: holds, host: host, log: Output.diagnostic)
        async let looked = watchman.lookAtPlans()
        let journal = try await composition.journalOrNew(store)
        _ = await looked
        // A journal that was set aside, or put back, has just held everything.
        _ = watchman.lookAtRest()
        guard watchman.hasFolder else { throw ExitStatus.wrongPlan }
        let finder = FactFinder(store: journal, catalogue: composition.catalogue) { watchman.plan(of: $0) }
        let node = ServingNode(
            composition: composition, journal: journal, holds: holds, inbox: try composition.inbox(store),
            watchman: watchman,
            facts: FactWatch(finder, of: { watchman.relatives }, host: host, log: Output.diagnostic),
            notifier: ServiceNotifier(host: host), metrics: state.appending(path: "metrics.prom"),
            places: places.isEmpty ? [RunPlan.anyPlace] : Set(places), observeOnly: observeOnly, reports: reports,
            plans: plans)
        let term = DispatchTerm()
        let signals = StopSignals {
            node.notifier.stopping()
            term.stop()
        }
        try await node.serve(term)
        withExtendedLifetime(signals) {}
        await journal.close()
    }
}
