import Engine
import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Sandbox

/// A small sandbox and the plan of the STEAMTRAP service, run by the engine as the command line would.
struct FaultBench {
    let sandbox: SteamTrapSandbox
    let plan: Plan
    let host: Host
    /// One journal for all runs, so that growth is seen against the healthy ones.
    let journal = MemoryJournal()
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// `FAULTS=a,b` runs these alone, while one is worked on.
    static let only = ProcessInfo.processInfo.environment["FAULTS"]?.split(separator: ",").map(String.init)

    static func isChosen(_ fault: Fault) -> Bool { only.map { $0.contains(fault.name) } ?? true }

    static func start(rows: Int = 60_000) async throws -> FaultBench {
        let logs = SteamTrapLogSize(linesPerHour: 360, age: .seconds(25 * 3600))
        let sandbox = try await SteamTrapSandbox.start(
            size: SteamTrapSize(rows: rows, keys: 3000, logs: logs, clusterSpeed: 8))
        var host = Host.system
        let values = Dictionary(sandbox.environment.map { ($0.name, $0.value) }) { first, _ in first }
        host.environment = { values[$0] }
        let plan = try PlanLoader.load(
            path: root.appending(path: "plans/steamtrap.yaml").path, host: host, catalogue: catalogue)
        return FaultBench(sandbox: sandbox, plan: plan, host: host)
    }

    /// Gives the changes something to do again.
    func replenish() async throws {
        try await sandbox.sql(
            """
            UPDATE trap_inspections SET detected_at = detected_at - interval '3 years' WHERE id IN
                (SELECT id FROM trap_inspections WHERE detected_at < now() - interval '30 days' ORDER BY id LIMIT 300);
            TRUNCATE maintenance_tickets;
            """)
        let fill = "for i = 1, 200 do redis.call('SET', 'steam-trap:cache:report:' .. i, i, 'EX', 3600) end"
        _ = try await sandbox.cache.command(["EVAL", fill, "0"])
    }

    func runAll() async throws -> [SeenStep] { try await run("daily-health") + run("weekly") }

    /// What each step of the plan looks at: a fault is run against the steps that it concerns.
    private static let steps: [String: [String: Set<Fault.Place>]] = [
        "daily-health": [
            "pods": [.pods], "api-health": [.health], "database": [.connect], "inspections": [.connect, .inspections],
            "connections": [.connect, .connections], "sensors": [.sensors], "errors": [.errors],
            "latency": [.latency], "success-rate": [.successRate], "size": [.connect, .size], "backup": [.backups],
            "certificate": [.certificate], "volumes": [.volumes], "scan": [.scans],
        ],
        "weekly": [
            "logs": [.logs], "clear-cache": [.keys], "vacuum": [.connect, .vacuum],
            "calibration-tickets": [.connect, .tickets], "model": [.accuracy], "retraining": [.retraining, .accuracy],
            "python-packages": [.dependencies], "node-packages": [.dependencies], "archive": [.connect, .archive],
            "restart": [.rollout],
        ],
    ]

    /// The steps that the fault concerns.
    func run(_ fault: Fault) async throws -> [SeenStep] {
        var seen: [SeenStep] = []
        for (procedure, steps) in Self.steps.sorted(by: { $0.key < $1.key }) {
            let concerned = steps.filter { $0.value.intersection(fault.places).isEmpty == false }.map(\.key)
            if !concerned.isEmpty { seen += try await run(procedure, only: Set(concerned)) }
        }
        return seen
    }

    /// Runs a procedure, or one step of it.
    func run(_ procedure: String, only ids: Set<String>? = nil) async throws -> [SeenStep] {
        let whole = try plan.runnable(procedure: procedure, catalogue: Self.catalogue)
        let hurried = RunPlan(
            service: whole.service, environment: whole.environment, procedure: procedure, targets: whole.targets,
            steps: whole.steps.filter { ids?.contains($0.id) ?? true }.map(Self.hurried))
        return try await Self.run(hurried, on: host, in: journal).steps.map { step in
            SeenStep(
                procedure: procedure, step: step.id, verdict: step.verdict, code: step.cause?.code.rawValue ?? "",
                sentence: step.cause?.sentence ?? step.summary)
        }
    }

    /// A run by whatever the program itself can do.
    static func run(
        _ plan: RunPlan, on host: Host = .system, in journal: any JournalStore = MemoryJournal()
    ) async throws -> Run {
        let start = RunStart.make(
            plan, catalogue: catalogue, host: host, nominal: host.now(),
            owner: ProcessIdentity(pid: 1, startTime: 1, bootID: "test"), requestedBy: "test")
        let driver = RunDriver(host: host, catalogue: catalogue, store: journal)
        return try await driver.begin(RunID.make(at: host.now(), host), start)
    }

    /// The same step with no patience, so that what hangs is known soon.
    private static func hurried(_ step: RunStep) -> RunStep {
        RunStep(
            id: step.id, action: step.action, isChange: step.isChange, parameters: step.parameters,
            targets: step.targets,
            thresholds: step.thresholds, when: step.when, limits: step.limits,
            timeoutMicroseconds: step.isChange
                ? (step.targets.values.contains("cluster") ? 20_000_000 : 8_000_000) : 4_000_000,
            guardSteps: step.guardSteps?.map(hurried),
            onFailure: .continue, proof: step.proof.map(hurried))
    }
}
