import Foundation
import Sandbox

/// A small STEAMTRAP service, and the program killed at a chosen write of its journal.
struct KillBench {
    let sandbox: SteamTrapSandbox
    let shim: URL
    let folder: URL
    /// The plan of the service, without the time that new pods are watched for.
    let plan: String

    /// What kills the program that is told so by its environment.
    static func makeShim(in folder: URL) throws -> URL {
        let shim = folder.appending(path: "kill-at-write.so")
        let source = CommandLine.root.appending(path: "Tests/Fixtures/kill-at-write.c")
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = ["clang", "-shared", "-fPIC", "-O1", "-o", shim.path, source.path, "-ldl"]
        try compiler.run()
        compiler.waitUntilExit()
        return shim
    }

    static func start(in folder: URL) async throws -> KillBench {
        let shim = try makeShim(in: folder)
        let size = SteamTrapSize(rows: 6000, keys: 900, logs: SteamTrapLogSize(linesPerHour: 5), clusterSpeed: 20)
        let sandbox = try await SteamTrapSandbox.start(size: size)
        // The model is too bad, so that each run has a retraining to start.
        sandbox.api.spoil("kill") { $0.accuracy = "0.87" }
        let plans = CommandLine.root.appending(path: "plans")
        let plan = folder.appending(path: "steamtrap.yaml")
        try String(contentsOf: plans.appending(path: "steamtrap.yaml"), encoding: .utf8)
            .replacing("settle: 2s", with: "settle: 0s").write(to: plan, atomically: true, encoding: .utf8)
        try FileManager.default.copyItem(
            at: plans.appending(path: "estate.yaml"), to: folder.appending(path: "estate.yaml"))
        return KillBench(sandbox: sandbox, shim: shim, folder: folder, plan: plan.path)
    }

    /// Gives the weekly maintenance something to do: rows to archive, keys to delete, tickets to write.
    func replenish() async throws {
        try await sandbox.sql(
            """
            UPDATE trap_inspections SET detected_at = detected_at - interval '3 years' WHERE id IN
                (SELECT id FROM trap_inspections WHERE detected_at < now() - interval '30 days' ORDER BY id LIMIT 60);
            TRUNCATE maintenance_tickets;
            """)
        let fill = "for i = 1, 150 do redis.call('SET', 'steam-trap:cache:report:' .. i, i, 'EX', 3600) end"
        _ = try await sandbox.cache.command(["EVAL", fill, "0"])
    }

    /// Runs the weekly maintenance, killed just before the n-th write; `nil` lets it live and counts.
    func weekly(journal: String, killAt write: Int?) async throws -> CommandLine.Outcome {
        var environment = Dictionary(sandbox.environment.map { ($0.name, $0.value) }) { first, _ in first }
        environment["LD_PRELOAD"] = shim.path
        environment["KILL_FILE"] = "-wal"
        environment["KILL_COUNT"] = folder.appending(path: "count").path
        environment["KILL_AT"] = write.map(String.init)
        return try await CommandLine.run(
            "run", plan, "weekly", "--store", "sqlite:\(journal)", "--override-window", "--reason",
            "kill", "--reports", folder.appending(path: "reports").path, "--format", "json", environment: environment)
    }

    /// How many writes a whole run has.
    func writes() throws -> Int {
        let text = try String(contentsOf: folder.appending(path: "count"), encoding: .utf8)
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    /// Inspections in both tables, and of them how many distinct: equal, and always the same number.
    func inspections() async throws -> (all: Int, distinct: Int) {
        let counts = try await sandbox.sql(
            """
            SELECT count(*) || ' ' || count(DISTINCT id) FROM
                (SELECT id FROM trap_inspections UNION ALL SELECT id FROM trap_inspections_archive) AS inspections
            """
        ).split { $0.isWhitespace }.compactMap { Int($0) }
        return (counts.first ?? -1, counts.last ?? -2)
    }

    /// Sensors with more than one open ticket.
    func duplicateTickets() async throws -> Int {
        let text = try await sandbox.sql(
            "SELECT count(*) FROM (SELECT 1 FROM maintenance_tickets GROUP BY sensor_id, ticket_type HAVING count(*) > 1) d"
        )
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }

    /// How often the inspectors were rolled out, and how many Jobs were made of the retraining.
    func work() throws -> (rollouts: Int, trainings: Int) {
        let store = sandbox.world.store
        let inspector = try store.get(.deployments, "steam-trap-inspector", in: SteamTrapCluster.namespace)
        let jobs = store.list(.jobs, in: SteamTrapCluster.namespace).items
        return (
            inspector["metadata"]?["annotations"]?["deployment.kubernetes.io/revision"]?.string.flatMap { Int($0) }
                ?? -1,
            jobs.count { $0[dotted: "metadata.ownerReferences"]?[0]?["name"]?.string == "ml-model-retraining" }
        )
    }

    /// Archived logs that are not whole.
    func brokenArchives() async throws -> [String] {
        let folder = sandbox.objects.server.folder(of: SteamTrapObjects.logs)
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        var broken: [String] = []
        for name in names where name.hasSuffix(".gz") {
            let test = Process()
            test.executableURL = URL(filePath: "/usr/bin/env")
            test.arguments = ["gzip", "-t", folder + "/" + name]
            try test.run()
            test.waitUntilExit()
            if test.terminationStatus != 0 { broken.append(name) }
        }
        return broken
    }

    /// The steps of a run that did not pass, but for the model, which is too bad on purpose.
    static func notWell(_ output: String) throws -> [String] {
        let document = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
        let steps = document?["steps"] as? [[String: Any]] ?? []
        if steps.isEmpty { return ["no steps: \(output.prefix(300))"] }
        return steps.compactMap { step in
            let id = step["id"] as? String ?? ""
            let verdict = step["verdict"] as? String ?? "none"
            if verdict == "pass" || verdict == "warn" || (id == "model" && verdict == "fail") { return nil }
            return "\(id) \(verdict): \(step["summary"] ?? "")"
        }
    }

    /// Processes that carry a label of the run's work; other tests have children of their own.
    static func leftChildren(of journal: String) async throws -> [String] {
        let runs = try await CommandLine.run("runs", "--store", journal, "--format", "json").output
        let ids = runs.matches(of: /"run" : "([^"]+)"/).map { "MILLWRIGHT_WORK=\($0.1)/" }
        return (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.filter { pid in
            guard Int(pid) != nil, let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
                return false
            }
            let environment = String(decoding: bytes, as: UTF8.self)
            return ids.contains { environment.contains($0) }
        } ?? []
    }
}
