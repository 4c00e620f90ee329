import Foundation
import Sandbox
import Testing

/// Schema migrations by a service's own tool: the plan of docs/postgresql/data.md, run by the program with a small tool.
struct MigrationTests {
    /// Applies what is not applied yet, each in a transaction with its revision, as such tools do.
    private static let tool = #"""
        #!/bin/sh
        set -eu
        apply() {
            [ "$(psql -XqAt "$DATABASE_URL" -c "SELECT version_num FROM alembic_version")" = "$1" ] || return 0
            psql -Xq "$DATABASE_URL" -v ON_ERROR_STOP=1 -c "BEGIN; $3; UPDATE alembic_version SET version_num = '$2'; COMMIT"
        }
        apply 7d01 9c2e "ALTER TABLE orders ADD COLUMN placed_by text"
        """#

    private struct Bench {
        let folder: URL
        let server: PostgreSQLServer
        let database: String
        let plan: String

        /// The plan as the page has it; only the backup's place and the tool's are this machine's.
        init(_ folder: URL, _ server: PostgreSQLServer, _ database: String, backup: String) throws {
            let page = try String(
                contentsOf: CommandLine.root.appending(path: "docs/postgresql/data.md"), encoding: .utf8)
            let blocks = page.components(separatedBy: "```yaml\n").dropFirst().map {
                $0.components(separatedBy: "```")[0]
            }
            guard var text = blocks.first(where: { $0.contains("alembic") }) else { throw NoPlan() }
            let tool = folder.appending(path: "migrate").path
            for (from, to) in [
                ("[alembic, upgrade, head]", "[/bin/sh, \(tool)]"),
                ("check: backup.age, target: backups", "check: disk.usage, target: here, \(backup)"),
                ("Sunday 02:00\", lasts: 2h", "daily 00:00\", lasts: 24h"),
            ] {
                guard text.contains(from) else { throw NoPlan() }
                text = text.replacing(from, with: to)
            }
            try MigrationTests.tool.write(toFile: tool, atomically: true, encoding: .utf8)
            plan = folder.appending(path: "plan.yaml").path
            try text.write(toFile: plan, atomically: true, encoding: .utf8)
            self.folder = folder
            self.server = server
            self.database = database
        }

        func run() async throws -> CommandLine.Outcome {
            let store = "sqlite:" + folder.appending(path: "journal.sqlite").path
            return try await CommandLine.run(
                "run", plan, "migrate", "--store", store, "--format", "json",
                environment: [
                    "SHOP_DATABASE_URL": server.url(database: database), "SHOP_S3_ENDPOINT": "http://127.0.0.1:1",
                    "SHOP_S3_KEY": "k", "SHOP_S3_SECRET": "s",
                ])
        }

        func revision() async throws -> String {
            try await server.psql("SELECT version_num FROM alembic_version", database: database)
        }
    }

    private struct NoPlan: Error {}

    private func bench(backup: String = "fail: used_percent > 100%", _ body: (Bench) async throws -> Void) async throws
    {
        let server = try await PostgreSQLServer.shared()
        try await server.withDatabase { database in
            try await server.psql(
                "CREATE TABLE orders (id int); CREATE TABLE alembic_version (version_num text); "
                    + "INSERT INTO alembic_version VALUES ('7d01')", database: database)
            try await withFolder { try await body(Bench($0, server, database, backup: backup)) }
        }
    }

    @Test func itIsMigratedOnceAndProvenByTheRevision() async throws {
        try await bench { bench in
            let outcome = try await bench.run()
            #expect(outcome.exit == 0, "\(outcome.output)\(outcome.errors)")
            #expect(try await bench.revision() == "9c2e")
            // Again: nothing is pending, and the tool is not called.
            try "exit 7".write(
                to: bench.folder.appending(path: "migrate"), atomically: true, encoding: .utf8)
            #expect(try await bench.run().exit == 0)
        }
    }

    @Test func whatTheToolSaysIsNotBelieved() async throws {
        try await bench { bench in
            try "exit 0".write(to: bench.folder.appending(path: "migrate"), atomically: true, encoding: .utf8)
            let outcome = try await bench.run()
            #expect(outcome.exit == 2)
            #expect(outcome.output.contains("is at 7d01"))
        }
    }

    @Test func withoutAFreshBackupNothingIsMigrated() async throws {
        try await bench(backup: "fail: used_percent >= 0%") { bench in
            let outcome = try await bench.run()
            #expect(outcome.exit == 2)
            #expect(try await bench.revision() == "7d01")
        }
    }

    /// The tool waits for no lock longer than the plan lets it: nobody else waits behind it.
    @Test func aLockedTableEndsItSoonAndTheRevisionStays() async throws {
        try await bench { bench in
            let holder = Process()
            holder.executableURL = URL(filePath: "/usr/bin/psql")
            let input = Pipe()
            holder.arguments = ["-Xq", bench.server.url(database: bench.database)]
            holder.standardInput = input
            try holder.run()
            input.fileHandleForWriting.write(Data("BEGIN; LOCK TABLE orders;\n".utf8))
            let locked = "SELECT count(*) FROM pg_locks WHERE relation = 'orders'::regclass AND granted"
            while try await bench.server.psql(locked, database: bench.database) == "0" {}
            let began = Date()
            let outcome = try await bench.run()
            #expect(outcome.exit == 2)
            // Not only at the statement's own end, after ten minutes.
            #expect(Date().timeIntervalSince(began) < 120)
            #expect(try await bench.revision() == "7d01")
            try input.fileHandleForWriting.close()
            holder.waitUntilExit()
        }
    }
}
