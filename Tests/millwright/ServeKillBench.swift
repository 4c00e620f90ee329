import Foundation
import Sandbox

/// Nodes with what each has of its own, the journal that they share, and what they have done.
struct ServeKillBench {
    let folder: URL
    let nodes: [URL]
    let store: String
    /// Only of nodes that share a journal: its server, which holds the table whose rows they move as well.
    let server: PostgreSQLServer?
    let plans: ServeKillPlans

    static let journal = "journal"
    static let shop = "shop"

    /// - Parameter count: Nodes on a database; `nil` is one node on a file.
    static func make(in folder: URL, nodes count: Int?) async throws -> ServeKillBench {
        let plans = try ServeKillPlans(in: folder.appending(path: "effects"))
        let nodes = (1...(count ?? 1)).map { folder.appending(path: "node-\($0)") }
        var server: PostgreSQLServer?
        var store = "sqlite:\(nodes[0].path)/state/journal.sqlite"
        if count != nil {
            // Whatever is confirmed is in the server's files when its processes are killed.
            let own = try await PostgreSQLServer.start(settings: ["synchronous_commit": "on"])
            for database in [journal, shop] { try await own.psql("CREATE DATABASE \(database)") }
            try await own.psql(ServeKillPlans.tables, database: shop)
            (server, store) = (own, own.url(database: journal))
        }
        for node in nodes {
            try FileManager.default.createDirectory(
                at: node.appending(path: "state"), withIntermediateDirectories: true)
            try plans.write(to: node.appending(path: "plans"), database: server?.url(database: shop))
        }
        return ServeKillBench(folder: folder, nodes: nodes, store: store, server: server, plans: plans)
    }

    var services: Set<String> { ServeKillPlans.marking.union(server == nil ? ["watch"] : ["watch", "archive"]) }

    func start(_ node: Int) throws -> Server { try Server(in: nodes[node], ["--store", store]) }

    func command(_ arguments: String..., node: Int = 0) async throws -> CommandLine.Outcome {
        try await CommandLine.run(arguments + ["--store", store], environment: ["HOME": nodes[node].path])
    }

    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs that began before an instant and are not over.
    func unfinished(before instant: Double) async throws -> [String] {
        let outcome = try await command("runs", "--limit", "1000", "--format", "json")
        guard outcome.exit == 0,
            let runs = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]]
        else { throw Failed(description: outcome.errors) }
        return try runs.filter {
            try $0["state"] as? String != "ended" && ServeKillHistory.seconds($0["startedAt"]) < instant
        }.map { "\($0["service"] ?? "") \($0["run"] ?? "") \($0["state"] ?? "")" }
    }

    func history() async throws -> ServeKillHistory {
        let file = folder.appending(path: "journal.jsonl")
        let outcome = try await command("journal", "export", file.path)
        guard outcome.exit == 0 else { throw Failed(description: "the export: \(outcome.errors)") }
        return try ServeKillHistory(exported: file)
    }

    /// What `journal check` finds wrong, with the keys of all nodes.
    func problems() async throws -> String? {
        var keys: [String] = []
        for node in nodes.indices {
            let key = try await command("evidence", "key", node: node)
            guard key.exit == 0, let fingerprint = key.output.split(separator: "\n").last else {
                return "no key of node \(node): \(key.errors)"
            }
            keys += ["--key", String(fingerprint)]
        }
        let check = try await CommandLine.run(
            ["journal", "check", "--store", store] + keys, environment: ["HOME": nodes[0].path])
        return check.exit == 0 ? nil : check.output + check.errors
    }

    /// Rows that are not in exactly one of the two tables.
    func movedWrongly() async throws -> Int {
        guard let server else { return 0 }
        let counts = try await server.psql(
            """
            SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM item UNION ALL SELECT id FROM item_archive) AS i
            """, database: Self.shop
        ).split(separator: "|").compactMap { Int($0) }
        guard counts.count == 2 else { throw Failed(description: "the rows could not be counted") }
        return abs(counts[0] - ServeKillPlans.rows) + abs(counts[1] - ServeKillPlans.rows)
    }

    func moved() async throws -> Int {
        Int(try await server?.psql("SELECT count(*) FROM item_archive", database: Self.shop) ?? "0") ?? 0
    }

    /// Processes that a node started, or what it started: whoever knows the folder by its environment.
    func processes() -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.filter { pid in
            guard Int(pid) != nil, let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
                return false
            }
            return bytes.range(of: Data(folder.path.utf8)) != nil
        }.map { pid in
            let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
            return "\(pid) \(String(decoding: line, as: UTF8.self).replacing("\0", with: " "))"
        }
    }
}
