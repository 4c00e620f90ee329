import FoundationEssentials
import Host
import Journal
import Maintenance
import Plans
import Schedules
import Testing

@testable import Engine
@testable import Reports

/// A journal with the runs that a test writes, made of the same events that the engine records.
struct ReportBench {
    let store = MemoryJournal()
    var service = "shop"
    var owner: String? = "platform"
    var timezone = "UTC"
    /// `procedure: schedule` of the plan, carried by runs with a weekly report.
    var schedules: [String: String]?

    /// What a step of a run does.
    struct Step {
        var id: String
        var action = "a.check"
        var purpose: String?
        var thresholds = Thresholds()
        var observation: Observation?
        var couldNotLook: Cause?
        var statement = "SELECT 1"
        /// Rows that a change of one unit archived; `nil` for a check.
        var changed: Double?
        /// Not reached: the run is over before.
        var isLeft = false
    }

    static func at(_ text: String) -> Instant { Instant(text) ?? Instant(secondsSinceEpoch: 0) }

    @discardableResult
    func run(
        _ procedure: String, _ start: String, environment: String = "default", window: RunWindow? = nil,
        seconds: Int64 = 5, ends: Bool = true, _ steps: [Step]
    ) async throws -> RunRow {
        let id = "\(procedure)-\(start.filter { $0.isNumber })"
        let plan = RunPlan(
            service: service, environment: environment, procedure: procedure, owner: owner, timezone: timezone,
            window: window,
            steps: steps.map { step in
                RunStep(
                    id: step.id, action: step.action, isChange: step.changed != nil, summary: step.purpose,
                    targets: ["on": "db"], thresholds: step.thresholds)
            }, schedules: schedules)
        let profiles = Dictionary(uniqueKeysWithValues: zip(steps, plan.steps).map { ($0.id, Self.profile($0, $1)) })
        let began = Self.at(start)
        var writer = Writer(run: id, at: began)
        try writer.add(
            .started(
                RunStart(
                    plan: plan, profiles: profiles, nominal: began,
                    owner: ProcessIdentity(pid: 1, startTime: 1, bootID: "b"), requestedBy: "ann",
                    identities: ["db": "shop at db.example.com:5432"], windowCloses: began + .seconds(3600))))
        for step in steps where !step.isLeft { try add(step, to: &writer) }
        writer.now = began + .seconds(seconds)
        if ends { try writer.add(.ended(writer.machine.state.verdict)) }
        let row = RunRow(
            id: id, service: service, environment: environment, procedure: procedure, nominal: began, startedAt: began,
            endedAt: ends ? writer.now : nil, state: ends ? .ended : .running,
            verdict: ends ? writer.machine.state.verdict : nil)
        try await store.append(Batch(records: writer.records, bodies: writer.bodies, rows: [row]))
        return row
    }

    private static func profile(_ step: Step, _ plan: RunStep) -> StepProfile {
        let definition = StepProfile.plain(step.thresholds, sums: step.changed == nil ? [:] : ["rows": .count])
        return definition
    }

    private func add(_ step: Step, to writer: inout Writer) throws {
        let evidence = Evidence(
            source: "shop at db.example.com:5432", statement: step.statement, observedAt: writer.now,
            digest: sha256Hex(Array("\(step.id) \(writer.now)".utf8)), excerpt: "1")
        var observation = step.observation
        let details = observation?.details ?? []
        observation?.details = []
        let digest = try writer.attach(Engine.Attachment(evidence: [evidence], details: details))
        guard let rows = step.changed else {
            try writer.add(
                .observed(
                    step: step.id,
                    CheckOutcome(
                        observation: observation, couldNotLook: step.couldNotLook, attempt: 1, seconds: 0.1,
                        attachment: digest)))
            return
        }
        let unit = WorkUnit(id: "u1", title: "2024-11", size: rows, expected: .seconds(1))
        try writer.add(
            .previewed(
                step: step.id,
                PreviewOutcome(
                    preview: Preview(summary: "1 batch", units: [unit]), couldNotLook: nil, pace: 1, attachment: nil)))
        try writer.add(
            .unitPrepared(step: step.id, unit: "u1", UnitIntent(baseline: "{}", before: .pending, attachment: nil)))
        let proof = Proof("archived", measurements: [Measurement("rows", rows)])
        try writer.add(
            .unitProbed(
                step: step.id, unit: "u1",
                UnitOutcome(state: .applied(proof), error: nil, isFailure: false, seconds: 1, attachment: digest)))
    }

    /// Appends events as the engine's ledger does.
    private struct Writer {
        var machine: RunMachine
        var records: [Record] = []
        var bodies: [Body] = []
        var now: Instant
        let run: String

        init(run: String, at now: Instant) {
            machine = RunMachine(run: run)
            self.run = run
            self.now = now
        }

        mutating func add(_ event: RunEvent) throws {
            _ = machine.handle(event, at: now)
            records.append(
                Record.next(after: records.last, run: run, at: now, kind: event.kind, body: try encodeJSON(event)))
            now = now + .milliseconds(250)
        }

        mutating func attach(_ attachment: Engine.Attachment) throws -> String {
            let body = Body(try encodeJSON(attachment))
            bodies.append(body)
            return body.digest
        }
    }

    func daily(_ row: RunRow) async throws -> DailyReport { try await .read(row, from: store, in: .utc) }

    func weekly(_ row: RunRow) async throws -> WeeklyReport { try await .read(row, from: store, in: .utc) }
}

extension StepProfile {
    /// Without a catalogue.
    static func plain(_ thresholds: Thresholds, sums: [String: UnitOfMeasure]) -> StepProfile {
        let json = """
            {"thresholds":{},"aggregates":{},"sums":{},"impact":"observe","timeoutMicroseconds":1000000,\
            "isProvenElsewhere":false,"canRepair":false,"canUndo":false}
            """
        guard var profile = try? decodeJSON(StepProfile.self, Array(json.utf8)) else { fatalError("a profile's keys") }
        profile.thresholds = thresholds
        profile.sums = sums
        return profile
    }
}

extension Observation {
    static func number(
        _ name: String, _ value: Double, _ unit: UnitOfMeasure = .count, _ findings: [Finding] = []
    ) -> Observation {
        Observation(
            summary: "\(name) is \(NumberText.text(value, unit))", measurements: [Measurement(name, value, unit)],
            findings: findings)
    }
}
