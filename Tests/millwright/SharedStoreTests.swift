import Foundation
import Sandbox
import Testing

/// `--store postgresql://…`: the verbs on a database, and two nodes that share it.
@Suite struct SharedStoreTests {
    private func withStore(_ body: (URL, String, PostgreSQLServer, String) async throws -> Void) async throws {
        let server = try await PostgreSQLServer.shared()
        try await Gate.databases.pass {
            try await server.withDatabase { database throws in
                try await withFolder { try await body($0, server.url(database: database), server, database) }
            }
        }
    }

    @Test func theVerbsWorkOnADatabase() async throws {
        try await withStore { folder, store, _, _ throws in
            let bench = try ServeBench(folder)
            try bench.write(ServeBench.look(schedule: "daily 09:00"))
            let plan = folder.appending(path: "plans/tick.yaml").path
            let home = ["HOME": folder.path]
            let none = try await CommandLine.run(["runs", "--store", store], environment: home)
            #expect(none.exit == 74 && none.errors.contains("There is no journal"), "\(none.errors)")
            let run = try await CommandLine.run(
                ["run", plan, "every", "--store", store, "--format", "json", "--reports", folder.path],
                environment: home)
            #expect(run.exit == 0, "\(run.errors)")
            let document = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
            let id = try #require(document?["run"] as? String)
            #expect(try await CommandLine.run(["runs", "--store", store], environment: home).output.contains(id))
            #expect(try await CommandLine.run(["show", id, "--store", store], environment: home).exit == 0)
            let report = try await CommandLine.run(["report", id, "--store", store], environment: home)
            #expect(report.output.contains("disk.usage"), "\(report.errors)")
            #expect(try await CommandLine.run(["resume", id, "--store", store], environment: home).exit == 64)
            let check = try await CommandLine.run(["journal", "check", "--store", store], environment: home)
            #expect(check.exit == 0, "\(check.output)\(check.errors)")
            // Into a file of its own, and back into nothing that is there.
            let file = folder.appending(path: "moved.jsonl").path
            let out = try await CommandLine.run(["journal", "export", file, "--store", store], environment: home)
            #expect(out.exit == 0, "\(out.errors)")
            let local = "sqlite:\(folder.path)/moved/journal.sqlite"
            let into = try await CommandLine.run(["journal", "import", file, "--store", local], environment: home)
            #expect(into.output.contains("1 runs of 1"), "\(into.output)\(into.errors)")
            #expect(try await CommandLine.run(["show", id, "--store", local], environment: home).exit == 0)
            #expect(
                try await CommandLine.run(["journal", "export", file, "--store", store], environment: home).exit == 74)
        }
    }

    @Test func aServiceFileNamesTheStoreWithoutAPassword() async throws {
        try await withStore { folder, _, server, database throws in
            let services = folder.appending(path: "services.conf")
            try "[millwright]\nhost=127.0.0.1\nport=\(server.port)\ndbname=\(database)\nuser=postgres\n"
                .write(to: services, atomically: true, encoding: .utf8)
            let environment = ["HOME": folder.path, "PGSERVICEFILE": services.path]
            let file = folder.appending(path: "empty.jsonl")
            try #""#.write(to: file, atomically: true, encoding: .utf8)
            let cut = try await CommandLine.run(
                ["journal", "import", file.path, "--store", "postgresql://?service=millwright"],
                environment: environment)
            #expect(cut.exit == 74 && cut.errors.contains("ends before"), "\(cut.errors)")
            #expect(
                try await CommandLine.run(
                    ["runs", "--store", "postgresql://?service=millwright"], environment: environment
                ).output.contains("no runs yet"))
        }
    }

    @Test func aSecondNodeTakesOverWhenTheFirstIsKilled() async throws {
        try await withStore { folder, store, server, database throws in
            let nodes = try ["one", "two"].map { name in
                let bench = try ServeBench(folder.appending(path: name))
                try bench.write(ServeBench.look())
                return bench.folder
            }
            let first = try Server(in: nodes[0], ["--store", store])
            #expect(try await first.says("ready: 1 plan"), "\(first.said)")
            #expect(try await first.says(": pass"), "\(first.said)")
            let second = try Server(in: nodes[1], ["--store", store])
            #expect(try await second.says("standing by"), "\(second.said)")
            first.signal(SIGKILL)
            #expect(try await second.says(": pass", times: 2), "\(second.said)")
            second.signal(SIGTERM)
            #expect(try await second.end() == 0, "\(second.said)")
            let lost = try await server.psql(
                """
                SELECT count(*) FROM millwright.occurrence WHERE run IS NOT NULL AND run NOT IN (SELECT id FROM millwright.run);
                SELECT count(*) FROM (SELECT run, sequence - row_number() OVER (PARTITION BY run ORDER BY sequence) AS gap
                    FROM millwright.record) AS r WHERE gap <> 0;
                SELECT max(began - before) / 1000000.0 < 20 FROM (
                    SELECT started_at AS began, lag(started_at) OVER (ORDER BY started_at) AS before FROM millwright.run) AS r;
                SELECT count(*) FROM millwright.lease;
                """, database: database)
            #expect(lost == "0\n0\nt\n0")
        }
    }
}
