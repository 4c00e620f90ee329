public import Engine
public import Host
public import Journal
public import Maintenance
import Plans

/// A run as everything outside shows it: the JSON of the command line, and what the reports are made from.
public struct RunDocument: Codable, Sendable {
    public var schemaVersion = 1
    public let run: String
    public let service: String
    public let environment: String
    public let procedure: String
    /// `running`, `interrupted` (its process is gone), or `ended`.
    public let state: String
    public let verdict: Verdict?
    /// Why nothing is known of it, where every step was skipped.
    public let cause: Cause?
    public let counts: Counts
    public let requestedBy: String
    public let windowCloses: Instant?
    public let windowOverride: String?
    public let startedAt: Instant?
    public let endedAt: Instant?
    public let resumptions: Int
    public let steps: [Step]
    /// Occurrences before it that no run kept.
    public let missed: MissedOccurrences?
    /// Whom it told, and what came of that; none of it alters the verdict.
    public let deliveries: [Delivery]

    public struct Counts: Codable, Sendable {
        public var pass = 0
        public var warn = 0
        public var fail = 0
        public var unknown = 0
        /// Not run, for a stated reason.
        public var skipped = 0
    }

    public struct Value: Codable, Sendable {
        public let value: Double
        public let unit: String
    }

    public struct Units: Codable, Sendable {
        public let done: Int
        public let total: Int
    }

    public struct Step: Codable, Sendable {
        public let id: String
        public let action: String
        public let summary: String
        public let targets: [String: String]
        /// pending, running, skipped or done.
        public let state: String
        public let verdict: Verdict?
        public let cause: Cause?
        public let measurements: [String: Value]
        public let thresholds: Thresholds
        public let findings: [Finding]
        public let details: [[String: JSONValue]]
        public let units: Units?
        public let evidence: [Evidence]
        /// Who agreed to what it did; absent where nobody was to.
        public let agreed: [Agreement]?
        public let startedAt: Instant?
        public let endedAt: Instant?
    }

    public struct Agreement: Codable, Sendable {
        public let by: String
        public let at: Instant
        /// What was said with it; of one from before the run, how it was given.
        public let note: String?
    }
}

extension RunDocument {
    /// Reads a run from the journal; `isAlive` tells whether the process that owns it still works on it.
    public static func read(
        _ row: RunRow, from store: any JournalStore, isAlive: Bool
    ) async throws -> RunDocument {
        let machine = try RunMachine(replaying: try await store.records(of: row.id), of: row.id)
        return try await make(machine.state, from: store, isAlive: isAlive)
    }

    /// Makes the document of a run, with the evidence that lies beside its records.
    public static func make(
        _ run: Run, from store: any JournalStore, isAlive: Bool = false
    ) async throws -> RunDocument {
        var counts = Counts()
        var steps: [Step] = []
        for (index, step) in run.steps.enumerated() {
            count(step, into: &counts)
            guard let plan = run.start?.plan.steps[index] else { continue }
            var attachments: [Attachment] = []
            for digest in step.attachments {
                guard let bytes = try await store.body(digest) else { continue }
                attachments.append(try decodeJSON(Attachment.self, bytes))
            }
            steps.append(Step(step, plan, run, attachments))
        }
        var state = isAlive ? "running" : "interrupted"
        var (verdict, cause) = (Verdict?.none, Cause?.none)
        if case .ended(let final) = run.phase {
            state = "ended"
            (verdict, cause) = (final, run.nothingSeen)
        }
        return RunDocument(
            run: run.id, service: run.start?.plan.service ?? "", environment: run.start?.plan.environment ?? "",
            procedure: run.start?.plan.procedure ?? "", state: state, verdict: verdict, cause: cause, counts: counts,
            requestedBy: run.start?.requestedBy ?? "", windowCloses: run.start?.windowCloses,
            windowOverride: run.start?.windowOverride, startedAt: run.startedAt, endedAt: run.endedAt,
            resumptions: run.resumptions, steps: steps, missed: run.missed,
            deliveries: try await deliveries(run, store))
    }

    private static func deliveries(_ run: Run, _ store: any JournalStore) async throws -> [Delivery] {
        var deliveries: [Delivery] = []
        for delivery in run.deliveries {
            var evidence: [Evidence] = []
            for digest in delivery.attachments {
                guard let bytes = try await store.body(digest) else { continue }
                evidence += try decodeJSON(Attachment.self, bytes).evidence
            }
            deliveries.append(Delivery(delivery, evidence))
        }
        return deliveries
    }

    private static func count(_ step: StepState, into counts: inout Counts) {
        switch step.verdict {
        case .pass?: counts.pass += 1
        case .warn?: counts.warn += 1
        case .fail?: counts.fail += 1
        case .unknown?: counts.unknown += 1
        case nil: counts.skipped += step.phase == .skipped ? 1 : 0
        }
    }

    /// How long it took, where it has ended.
    public var duration: Duration? {
        guard let startedAt, let endedAt else { return nil }
        return endedAt - startedAt
    }
}

extension RunDocument.Step {
    init(_ step: StepState, _ plan: RunStep, _ run: Run, _ attachments: [Attachment]) {
        let tally = Tally(step.units)
        self.init(
            id: step.id, action: plan.action, summary: step.summary,
            targets: plan.targets.mapValues { run.start?.identities[$0] ?? $0 }, state: Self.word(step.phase),
            verdict: step.verdict, cause: step.cause,
            measurements: Dictionary(
                step.measurements.map { ($0.name, RunDocument.Value(value: $0.value, unit: $0.unit.rawValue)) }
            ) { first, _ in first },
            thresholds: run.start?.profiles[step.id]?.thresholds ?? Thresholds(), findings: step.findings,
            details: attachments.flatMap(\.details),
            units: step.units.isEmpty ? nil : RunDocument.Units(done: tally.done, total: tally.total),
            evidence: attachments.flatMap(\.evidence), agreed: Self.agreed(step, plan), startedAt: step.startedAt,
            endedAt: step.endedAt)
    }

    private static func agreed(_ step: StepState, _ plan: RunStep) -> [RunDocument.Agreement]? {
        guard let approval = plan.approval, let proposal = step.proposal, proposal.isAgreed else { return nil }
        return step.decisions.filter {
            $0.word == .agreed && $0.proposal == proposal.digest && approval.by.contains($0.by)
        }.map { RunDocument.Agreement(by: $0.by, at: $0.at, note: $0.note) }
    }

    static func word(_ phase: StepState.Phase) -> String {
        switch phase {
        case .pending: "pending"
        case .observing, .previewing, .working, .proving, .undoing, .takingBack: "running"
        case .awaitingWindow, .awaitingDecision, .waiting: "waiting"
        case .skipped: "skipped"
        case .done: "done"
        }
    }
}
