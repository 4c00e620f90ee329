import Dispatching
import FoundationEssentials
import Host
import Journal
import SQLiteJournal
import Schedules
import Serving
import Synchronization

/// The scheduler as `millwright serve` has it, on a journal that is on disk before anything begins; its runs do nothing.
final class Served: Sendable {
    private let host = Host.system
    /// As those who watch the folder have them.
    private let plans: [ProcedureKey: ProcedurePlan]
    private let folder: String
    private let late = Mutex<[Double]>([])
    private let began = Mutex<Duration?>(nil)

    init(count: Int, _ text: String, in folder: String) throws {
        let plans = try ServingBench.plans(count, text, in: ServingBench.zone())
        self.plans = Dictionary(plans.map { ($0.key, $0) }) { first, _ in first }
        self.folder = folder
    }

    /// What it takes where little is due: of weekly schedules ten a minute.
    func idle() async throws {
        let loaded = Machine.residentMegabytes
        try await serve { [self] in
            ServingBench.say("plans to ready, journal new, ms", try sinceStart() * 1000, digits: 0)
            try await host.sleep(.seconds(5))
            let before = (Machine.processorTime, host.steady())
            try await host.sleep(.seconds(60))
            let share = (Machine.processorTime - before.0) / (host.steady() - before.1)
            ServingBench.say("processor while 10 a minute are due, % of a core", share * 100)
            ServingBench.say("memory of the process, plans included, MB", Machine.residentMegabytes, digits: 0)
            ServingBench.say("memory of the plans alone, MB", loaded, digits: 0)
        }
        try await serve { [self] in
            ServingBench.say("plans to ready, all known to the journal, ms", try sinceStart() * 1000, digits: 0)
            ServingBench.say("memory when all is known to the journal, MB", Machine.residentMegabytes, digits: 0)
        }
    }

    /// From the instant of the schedule to the begin, in milliseconds.
    func lateness(for time: Duration) async throws {
        try await serve { [self] in try await host.sleep(time) }
        try ServingBench.say(latenesses: late.withLock { $0 })
    }

    private func sinceStart() throws -> Double {
        guard let began = began.withLock({ $0 }) else { throw Wrong(what: "it begins") }
        return (host.steady() - began).inSeconds
    }

    /// Serves while the work goes on, which begins when the scheduler is ready.
    private func serve(_ work: @escaping @Sendable () async throws -> Void) async throws {
        began.withLock { $0 = host.steady() }
        let journal = try await SQLiteJournal.writer(at: "\(folder)/journal.sqlite", host: host)
        let scheduler = Scheduler(
            host: host, store: journal, policy: DispatchPolicy(),
            timings: TimingReader(host: host, calendars: { _ in [:] }) { [plans] in plans[$0]?.timing }, parts: parts)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let ready = AsyncStream<Void>.makeStream()
            group.addTask { try await scheduler.serve { ready.continuation.finish() } }
            group.addTask {
                for await _ in ready.stream {}
                try await work()
                scheduler.stop()
            }
            try await group.waitForAll()
        }
        await journal.close()
    }

    private var parts: SchedulerParts {
        SchedulerParts(
            run: { [self] occurrence, _ in
                let lateness = (host.now() - occurrence.nominal).inSeconds * 1000
                late.withLock { $0.append(lateness) }
            },
            reserve: { _ in }, cancel: { _ in }, stop: { _ in }, followers: { _ in [] },
            inForce: { [plans] _ in [.plans(changed: plans.values.sorted { $0.key < $1.key }, removed: [])] },
            say: { _ in }, owed: { _ in [] },
            tell: { _, _ in },
            log: { print("# \($0)") },
            publish: { [folder, host] metrics in
                let text = MetricsText.text(metrics, problems: 0, holds: 0, at: host.now())
                try? Data(text.utf8).write(to: URL(filePath: "\(folder)/metrics.prom"), options: .atomic)
            }, alive: {})
    }
}
