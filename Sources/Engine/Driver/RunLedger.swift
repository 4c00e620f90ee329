import Host
public import Journal
import Maintenance
import Plans

/// An event on its way into the journal, with what lies beside it.
struct Delivery: Sendable {
    let event: RunEvent
    /// The event as it is recorded, where it was written already.
    var body: [UInt8]?
    var bodies: [Body] = []
    /// Told when the event is durable, or why it could not be made so.
    var recorded: (@Sendable (Result<Void, JournalError>) -> Void)?
}

/// What reaches the driver.
enum Message: Sendable {
    /// Of a command; `nil` when the run is being torn down.
    case answer(Delivery?)
    /// Of somebody else: a child was started, a person asks to stop.
    case note(Delivery)
    /// Of a command that only let time pass.
    case rested(Delivery?)
    /// The process is to stop.
    case letGo
}

/// A run and its journal as one: an event counts only once it is durable.
struct RunLedger: Sendable {
    private let store: any JournalStore
    private let host: Host
    private(set) var machine: RunMachine
    private var tip: ChainTip
    private var row: RunRow?

    init(run: String, store: any JournalStore, host: Host) {
        self.store = store
        self.host = host
        machine = RunMachine(run: run)
        tip = .none
    }

    var run: Run { machine.state }

    /// Reads the run again from its records. Its commands are not handed out: they were, and nobody knows what became
    /// of them.
    mutating func replay(_ records: [Record], _ row: RunRow) throws {
        machine = try RunMachine(replaying: records, of: machine.state.id)
        tip = records.last.map { ChainTip($0) } ?? .none
        self.row = row
    }

    /// Makes the events durable together, then lets them count; the commands are for the caller to hand out.
    mutating func commit(_ deliveries: [Delivery]) async throws(JournalError) -> [RunCommand] {
        var next = self
        var batch = Batch()
        var commands: [RunCommand] = []
        var deliveries = deliveries[...]
        while let delivery = deliveries.popFirst() ?? Self.end(commands, next.run) {
            guard next.machine.isNews(delivery.event) else { continue }
            let now = host.now()
            let body: [UInt8]
            do { body = try delivery.body ?? encodeJSON(delivery.event) } catch {
                throw JournalError(.corrupt, "An event could not be written as JSON: \(error).", run: run.id)
            }
            let record = Record.next(
                after: next.tip, run: run.id, at: now, kind: delivery.event.kind, body: body)
            let before = next.machine.state
            commands += next.machine.handle(delivery.event, at: now)
            next.tip = ChainTip(record)
            next.row = next.machine.state.row(after: next.row, delivery.event)
            batch.records.append(record)
            batch.bodies += delivery.bodies
            batch.points += History.points(of: delivery.event, before: before, after: next.machine.state, at: now)
        }
        if let row = next.row, row != self.row { batch.rows = [row] }
        try await store.append(batch)
        self = next
        return commands
    }

    /// Nobody need do anything for the end: it is written with what led to it.
    private static func end(_ commands: [RunCommand], _ run: Run) -> Delivery? {
        if case .ended = run.phase { return nil }
        return commands.lazy.compactMap(\.verdictAtEnd).last.map { Delivery(event: .ended($0)) }
    }
}

extension RunMachine {
    /// The run as its records, from the first on, made it.
    public init(replaying records: [Record], of run: String) throws {
        self.init(run: run)
        try Record.verifyChain(records)
        for record in records { _ = handle(try decodeJSON(RunEvent.self, record.body), at: record.at) }
    }
}

extension Run {
    /// The run's row in the index, as the event leaves it.
    func row(after row: RunRow?, _ event: RunEvent) -> RunRow? {
        guard let start, let startedAt else { return row }
        var next =
            row
            ?? RunRow(
                id: id, service: start.plan.service, environment: start.plan.environment,
                procedure: start.plan.procedure, nominal: start.nominal, startedAt: startedAt, state: .running,
                owner: start.owner)
        if case .resumed(let owner) = event { next.owner = owner }
        if case .ended(let verdict) = phase {
            next.state = .ended
            next.verdict = verdict
            next.endedAt = endedAt
            next.owner = nil
        }
        return next
    }
}

/// What later runs compare with.
public enum History {
    /// Under this name lies how long a unit took against what was declared for it.
    static let pace = "unit-pace"
    /// Under this name lies how long a whole run took.
    static let runSeconds = "run-seconds"

    /// The key of a step's history.
    public static func key(_ start: RunStart, step: String) -> String {
        "\(key(start.plan.service, start.plan.environment, start.plan.procedure))/\(step)"
    }

    /// The measurements of the steps that the event completed, and the pace of a unit that it proved.
    static func points(of event: RunEvent, before: Run, after: Run, at now: Instant) -> [HistoryPoint] {
        guard let start = after.start else { return [] }
        var points: [HistoryPoint] = []
        for (old, new) in zip(before.steps, after.steps) where !old.isOver && new.phase == .done {
            // Of work that was taken back the points are there already, and it is not the step's work any more.
            if new.takenBackFor != nil { continue }
            let key = key(start, step: new.id)
            points += new.measurements.map { HistoryPoint(key: key, name: $0.name, at: now, value: $0.value) }
        }
        if case .unitProbed(let step, let unit, let outcome) = event, case .applied = outcome.state,
            outcome.error == nil,
            before.step(step)?.units.contains(where: { $0.unit.id == unit && $0.isRecovered }) == false,
            let expected = before.step(step)?.units.first(where: { $0.unit.id == unit })?.unit.expected,
            expected > .zero
        {
            let ratio = outcome.seconds / expected.inSeconds
            points.append(HistoryPoint(key: key(start, step: step), name: pace, at: now, value: ratio))
        }
        if case .ended = event, let took = after.wholeDuration {
            let key = key(start.plan.service, start.plan.environment, start.plan.procedure)
            points.append(HistoryPoint(key: key, name: runSeconds, at: now, value: took.inSeconds))
        }
        return points
    }

    /// The 95th percentile of what units took against what was declared; 1 until there are enough of them to say.
    static func pace(_ past: [PastMeasurement]) -> Double { percentile(past) ?? 1 }

    /// How long a run of the procedure takes: the 95th percentile of earlier whole ones; `nil` until there are enough of
    /// them to say.
    public static func expected(
        service: String, environment: String, procedure: String, from store: any JournalStore
    ) async throws(JournalError) -> Duration? {
        let past = try await store.points(
            key: key(service, environment, procedure), name: runSeconds, limit: EngineLimits.earlierRuns)
        return percentile(past).map { .seconds($0) }
    }

    /// How much time a begin needs of windows that are so long, after what earlier runs took. What once took about as long
    /// as its window is begun again all the same: what does not fit is left, unit by unit.
    public static func budget(_ past: Duration, in windows: [Duration]) -> Duration {
        windows.map { min(past, $0 * 3 / 4) }.min() ?? past
    }

    private static func key(_ service: String, _ environment: String, _ procedure: String) -> String {
        "\(service)/\(environment)/\(procedure)"
    }

    private static func percentile(_ past: [PastMeasurement]) -> Double? {
        guard past.count >= EngineLimits.paceSamples else { return nil }
        let sorted = past.map(\.value).sorted()
        return sorted[min(sorted.count - 1, sorted.count * 95 / 100)]
    }
}

extension Run {
    /// How long its steps took, where it did all that its procedure says and ended well, in one go. One that asks takes as
    /// long as people do, which says nothing of the next.
    fileprivate var wholeDuration: Duration? {
        guard let startedAt, let end = steps.compactMap(\.endedAt).max(), start?.isWhole == true,
            start?.plan.asks == nil, verdict == .pass || verdict == .warn, resumptions == 0, stepsLeft.isEmpty,
            opening.map({ $0.opens == startedAt }) ?? true
        else { return nil }
        return end - startedAt
    }
}
