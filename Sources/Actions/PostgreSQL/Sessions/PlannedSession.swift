import ClientPostgreSQL
import Host
import Maintenance

/// A session as it was planned to be ended. A process id alone is used again; together with these instants, to the
/// microsecond, it is one query of one session.
struct PlannedSession: Sendable {
    let pid: Int
    let state: SessionState
    private let subject: String
    private let what: String
    private let instants: [String?]

    private static let names = ["backend-start", "xact-start", "query-start", "state-change"]

    init(_ row: Row) throws(CouldNotLook) {
        let seen = try SeenSession(row)
        pid = seen.pid
        state = seen.isIdleInTransaction ? .idleInTransaction : .active
        let seconds = (seen.isIdleInTransaction ? seen.stateSeconds : seen.querySeconds) ?? 0
        subject = seen.subject + (seen.role.map { " of \($0)" } ?? "")
        what = "\(seen.state ?? "") for \(spanText(seconds)): \(seen.statement ?? "")"
        instants = [
            try row.text("backend_start"), try row.optional("xact_start"), try row.optional("query_start"),
            try row.optional("state_change"),
        ]
    }

    init(_ unit: WorkUnit) throws(CouldNotLook) {
        guard let pid = unit.attributes["pid"].flatMap({ Int($0) }),
            let state = unit.attributes["state"].flatMap({ SessionState(rawValue: $0) }),
            unit.attributes[Self.names[0]] != nil
        else {
            throw CouldNotLook(.malformed, "The unit \(unit.id) does not say which session it is: make a new plan.")
        }
        self.pid = pid
        self.state = state
        subject = unit.title
        what = ""
        instants = Self.names.map { unit.attributes[$0] }
    }

    var parameters: [SQLParameter] { [SQLParameter(pid)] + instants.map { SQLParameter($0) } }

    func unit(_ grace: Duration) -> WorkUnit {
        var attributes = ["pid": String(pid), "state": state.rawValue]
        for (name, instant) in zip(Self.names, instants) { attributes[name] = instant }
        return WorkUnit(
            id: "\(pid) since \(instants.compactMap { $0 }.joined(separator: " "))", title: subject,
            expected: .seconds(1) + (state == .active ? grace : .zero), attributes: attributes)
    }

    /// For `explain`; what is sent besides looks again whether all of it is as planned.
    func statement(cancelOnly: Bool, _ grace: Duration) -> String {
        let steps =
            switch state {
            case .active where cancelOnly: "SELECT pg_cancel_backend(\(pid))"
            case .active:
                "SELECT pg_cancel_backend(\(pid)), and after \(grace.shortText) SELECT pg_terminate_backend(\(pid))"
            case .idleInTransaction: "SELECT pg_terminate_backend(\(pid))"
            }
        return "\(steps) -- \(subject), \(what)"
    }
}

/// The ending of one session, in a session of the changing role.
struct SessionEnding: Sendable {
    let rule: SessionRule
    let session: PlannedSession
    let context: Context

    /// Looks and calls in one statement, so that nothing comes in between. False where it is not as planned any more.
    func send(_ function: String, _ changing: ChangeSession) async throws -> Bool {
        let rows = try await changing.run([rule.standing(of: session, calling: function)])[0]
        guard try SessionStanding(rows) == .asPlanned else { return false }
        guard try rows.one().boolean("signalled") else {
            // It ended between the look and the call.
            return false
        }
        return true
    }

    func isOver(_ changing: ChangeSession, within span: Duration) async throws -> Bool {
        let end = min(context.host.steady() + span, context.deadline - .milliseconds(500))
        var pause = Duration.milliseconds(20)
        while true {
            let rows = try await changing.run([rule.standing(of: session)])[0]
            if try SessionStanding(rows) != .asPlanned { return true }
            let left = end - context.host.steady()
            guard left > .zero else { return false }
            try await context.host.sleep(min(pause, left))
            pause = min(pause * 2, .milliseconds(500))
        }
    }
}
