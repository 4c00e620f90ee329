import ClientPostgreSQL
import Maintenance

/// A session as the server showed it.
struct SeenSession: Sendable {
    let pid: Int
    let database: String?
    let role: String?
    let application: String?
    let state: String?
    let querySeconds: Double?
    let transactionSeconds: Double?
    let stateSeconds: Double?
    let waitsFor: String?
    let isHidden: Bool
    let statement: String?

    init(_ row: Row) throws(CouldNotLook) {
        pid = try row.integer("pid")
        database = try row.optional("database")
        role = try row.optional("role")
        application = try row.optional("application").flatMap { $0.isEmpty ? nil : $0 }
        state = try row.optional("state")
        querySeconds = try row.optional("query_seconds").flatMap { Double($0) }
        transactionSeconds = try row.optional("transaction_seconds").flatMap { Double($0) }
        stateSeconds = try row.optional("state_seconds").flatMap { Double($0) }
        waitsFor = try row.optional("waits_for")
        isHidden = try row.optional("hidden") == "t"
        statement = try row.optional("statement")
    }

    /// `process 123 (batch)`.
    var subject: String { "process \(pid)" + (application.map { " (\($0))" } ?? "") }

    var isIdleInTransaction: Bool { state?.hasPrefix("idle in transaction") == true }

    var details: [String: JSONValue] {
        var details: [String: JSONValue] = ["pid": .number(Double(pid))]
        func put(_ name: String, _ text: String?) { if let text { details[name] = .text(text) } }
        func put(_ name: String, _ seconds: Double?) {
            if let seconds { details[name] = .number((seconds * 10).rounded() / 10) }
        }
        put("database", database)
        put("user", role)
        put("application", application)
        put("state", isHidden ? "not shown to this role" : state)
        put("seconds", isIdleInTransaction ? stateSeconds : querySeconds)
        put("transaction_seconds", transactionSeconds)
        put("waits_for", waitsFor)
        put("statement", statement)
        return details
    }
}

/// `12 s`, `7 min`, `3 h`: how long, for people.
func spanText(_ seconds: Double) -> String {
    switch max(0, seconds) {
    case let short where short < 10: "\(((short * 10).rounded() / 10).written) s"
    case let some where some < 120: "\(Int(some)) s"
    case let some where some < 7200: "\(Int(some / 60)) min"
    case let some where some < 172_800: "\(Int(some / 3600)) h"
    case let long: "\(Int(min(long, 1e12) / 86_400)) d"
    }
}

/// `1 session`, `2 sessions`.
func counted(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
