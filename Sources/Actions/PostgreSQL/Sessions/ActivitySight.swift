import ClientPostgreSQL
import Maintenance

/// The sessions that run long, wait or block, and how they hang together.
struct ActivitySight {
    struct Wait {
        let object: String
        let mode: String
        let seconds: Double
        let blockers: [Int]
    }

    private(set) var sessions: [Int: SeenSession] = [:]
    private(set) var waits: [Int: Wait] = [:]
    /// The oldest query first.
    private(set) var long: [SeenSession] = []
    private(set) var waiting = 0
    let tree: LockTree
    private let prepared: [String]

    init(_ rows: Rows, prepared: Rows) throws {
        for row in rows.rows {
            let session = try SeenSession(row)
            sessions[session.pid] = session
            waiting = try row.integer("waiting")
            if try row.boolean("long") { long.append(session) }
            guard let object = try row.optional("object") else { continue }
            let blockers = try row.text("blockers").split(separator: ",").compactMap { Int($0) }
            waits[session.pid] = Wait(
                object: object, mode: try row.text("mode"), seconds: try row.number("wait_seconds"),
                blockers: blockers)
        }
        tree = LockTree(blockers: waits.mapValues(\.blockers))
        self.prepared = try prepared.rows.map { row in
            let since = spanText(try row.number("seconds"))
            return "'\(try row.text("gid"))' of \(try row.text("role")), prepared \(since) ago"
        }
    }

    var longestWait: Double { waits.values.map(\.seconds).max() ?? 0 }

    func subject(_ pid: Int) -> String {
        if pid == 0 { return prepared.count == 1 ? "prepared transaction \(prepared[0])" : "prepared transactions" }
        return sessions[pid]?.subject ?? "process \(pid)"
    }

    /// What the one at the root does meanwhile.
    func doing(_ pid: Int) -> String {
        if pid == 0 { return prepared.count > 1 ? prepared.joined(separator: "; ") + "." : "Nobody is at it any more." }
        guard let session = sessions[pid] else { return "It has ended meanwhile." }
        if session.isHidden { return "What it does is not shown to this role." }
        if session.isIdleInTransaction {
            return "It does nothing, in a transaction, for \(spanText(session.stateSeconds ?? 0))."
        }
        if waits[pid] != nil { return "It waits in a ring itself, which the server breaks." }
        return "It has been at its query for \(spanText(session.querySeconds ?? 0))."
    }

    func advice(_ pid: Int) -> String {
        if pid == 0 { return "COMMIT PREPARED or ROLLBACK PREPARED, as who prepared it would have." }
        if sessions[pid]?.isIdleInTransaction == true {
            return "Let its application commit or roll back, or end it: SELECT pg_terminate_backend(\(pid))."
        }
        return "Look at what it does, in the details; SELECT pg_cancel_backend(\(pid)) ends its query. Those behind it "
            + "go on by themselves."
    }

    /// The trees from their roots down, then the queries that run long and stand in none.
    var details: [[String: JSONValue]] {
        var details: [[String: JSONValue]] = []
        for root in tree.roots {
            for node in root.nodes { details.append(self.details(node, root)) }
        }
        let inTree = Set(tree.roots.flatMap { $0.nodes.map(\.pid) })
        details += long.filter { !inTree.contains($0.pid) }.map(\.details)
        return Array(details.prefix(PostgreSQLActionLimits.details))
    }

    private func details(_ node: LockTree.Node, _ root: LockTree.Root) -> [String: JSONValue] {
        var details = sessions[node.pid]?.details ?? ["pid": .number(Double(node.pid))]
        if node.pid == 0 { details["prepared"] = .text(prepared.joined(separator: "; ")) }
        details["root"] = .number(Double(root.pid))
        details["depth"] = .number(Double(node.depth))
        if let blocker = node.blockedBy { details["blocked_by"] = .number(Double(blocker)) }
        if let wait = waits[node.pid] {
            details["waits_for"] = .text("\(wait.object) (\(wait.mode))")
            details["wait_seconds"] = .number((wait.seconds * 10).rounded() / 10)
        }
        return details
    }
}
