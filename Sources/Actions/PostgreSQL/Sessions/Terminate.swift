import ClientPostgreSQL
import Host
import Maintenance

/// Ends sessions by a rule: those that run long, and those that hold a transaction open and do nothing.
struct Terminate: Change {
    typealias Kind = PostgreSQLKind

    var rule = SessionRule()
    var grace = Duration.seconds(5)
    var cancelOnly = false

    init() {}

    static let declaration = Declaration(
        name: "postgresql.terminate",
        summary:
            "Ends long queries and idle transactions by a rule, cancelling first, and proves that they have ended.",
        measurements: [
            MeasurementDeclaration("sessions", "Sessions that were ended, or whose query or transaction was."),
            MeasurementDeclaration("moved_on", "Planned sessions that had gone on by themselves, and were left alone."),
            MeasurementDeclaration(
                "spared", "Sessions to which the rule applies and that are left alone: ours, excepted, of superusers.",
                aggregate: .last),
        ],
        timeout: .seconds(60),
        applies: "Every PostgreSQL from 13 on, not through a pooler. On RDS and Aurora too. Sessions of superusers are "
            + "left alone unless `users` names the role without a pattern, and can be ended by a superuser alone. "
            + "Autovacuum, replication and background processes are never touched.",
        example: "{ states: idle-in-transaction, older-than: 10m, except-applications: [batch-*] }",
        limits: ["sessions"])

    static let parameters: [Parameter<Terminate>] = [
        .required(
            "states", \.rule.states, "Which sessions: those in a query, or those idle in a transaction, or both."),
        .required(
            "older-than", \.rule.olderThan,
            "How long the query must have been running, or the session doing nothing in its transaction; at least 1s."),
        .optional("users", \.rule.users, default: [], "Only sessions of these users; all where none is given."),
        .optional("applications", \.rule.applications, default: [], "Only sessions of these applications."),
        .optional(
            "statements", \.rule.statements, default: [],
            "Only sessions whose statement fits one of these patterns, such as *pg_dump* or select*; upper and lower "
                + "case are alike; the server knows the first kilobyte. Without it VACUUM, ANALYZE, CREATE INDEX, REINDEX, "
                + "CLUSTER and REFRESH are left alone."),
        .optional("except-users", \.rule.exceptUsers, default: [], "Users whose sessions are left alone."),
        .optional(
            "except-applications", \.rule.exceptApplications, default: [],
            "Applications whose sessions are left alone."),
        .optional(
            "grace", \.grace, default: .seconds(5),
            "How long a query may take to end after it was cancelled, before its session is ended."),
        .optional(
            "cancel-only", \.cancelOnly, default: false,
            "Whether a session stays that does not heed the cancelling; then idle ones cannot be ended at all."),
        .optional(
            "every-database", \.rule.everyDatabase, default: false,
            "Whether the rule applies to the sessions of the server's other databases as well."),
    ]

    func validate() throws(ValueError) {
        guard !rule.states.isEmpty else { throw ValueError("no state is named", path: ["states"]) }
        guard rule.olderThan >= .seconds(1) else { throw ValueError("at least 1s", path: ["older-than"]) }
        guard grace >= .milliseconds(100), grace <= .seconds(600) else {
            throw ValueError("between 100ms and 10m", path: ["grace"])
        }
        guard !cancelOnly || rule.states == [.active] else {
            throw ValueError(
                "what is idle has nothing to cancel: give `states: active`, or leave it out", path: ["cancel-only"])
        }
    }

    /// The work of a transaction that is not committed is lost, and its client sees an error.
    var impact: Impact { .disruptive }

    var rights: [Right] {
        let signal = "to end other roles' sessions"
        let see = "to see, in the moment of the ending, what the session does"
        return [
            .connect(.look), .readStatistics("to see what other roles' sessions do and since when"),
            .connect(.change), .postgresql(.change, "GRANT pg_signal_backend TO {role};", signal),
            .postgresql(.change, "GRANT pg_read_all_stats TO {role};", see),
        ]
    }

    func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        let answers = try await access.look([rule.counting(), rule.finding()])
        let counts = try answers[0].one()
        let sessions = try answers[1].rows.map { try PlannedSession($0) }
        guard sessions.count <= PostgreSQLActionLimits.plannedSessions else {
            throw CouldNotLook(
                .tooLarge,
                "The rule applies to more than \(PostgreSQLActionLimits.plannedSessions) sessions: narrow it.")
        }
        let spared = try counts.integer("spared")
        return Preview(
            summary: "\(counted(sessions.count, "session")) would be ended" + (spared > 0 ? ", \(spared) spared" : ""),
            units: sessions.map { $0.unit(grace) }, measurements: [Measurement("spared", spared)],
            findings: try HiddenSessions(counts).map { [$0.finding] } ?? [],
            statements: sessions.map { $0.statement(cancelOnly: cancelOnly, grace) })
    }

    /// Whether the session was still as planned when its turn came.
    struct Baseline: Codable, Sendable {
        let wasPlanned: Bool
    }

    func prepare(_ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context) async throws -> Baseline {
        Baseline(wasPlanned: try await standing(unit, access) == .asPlanned)
    }

    /// It is in place where the planned query, or the planned idling, is over: by us or by itself.
    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        let standing = try await standing(unit, access)
        if standing == .asPlanned {
            if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
            return .pending
        }
        let ended = baseline.wasPlanned && standing != .spared
        return .applied(
            Proof(
                "\(unit.title): \(standing.words)",
                measurements: [Measurement("sessions", ended ? 1 : 0), Measurement("moved_on", ended ? 0 : 1)]))
    }

    func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let ending = SessionEnding(rule: rule, session: try PlannedSession(unit), context: context)
        try await access.changing { [grace, cancelOnly] session in
            if ending.session.state == .active {
                guard try await ending.send("pg_cancel_backend", session) else { return }
                if try await ending.isOver(session, within: grace) { return }
                if cancelOnly { throw ChangeFailed(.timedOut, "\(unit.title) did not heed the cancelling.") }
            }
            guard try await ending.send("pg_terminate_backend", session) else { return }
            guard try await !ending.isOver(session, within: PostgreSQLActionLimits.sessionEnd) else { return }
            throw ChangeFailed(
                .timedOut, "\(unit.title) was told to end and is still there: it may be rolling back much.")
        }
    }

    private func standing(_ unit: WorkUnit, _ access: PostgreSQLAccess) async throws -> SessionStanding {
        let session = try PlannedSession(unit)
        return try SessionStanding(try await access.look([rule.standing(of: session)])[0])
    }
}
