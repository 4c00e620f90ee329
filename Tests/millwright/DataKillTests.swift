import Foundation
import Sandbox
import Testing

/// kill -9 of the program just before a write of its journal, while it archives, takes orphans away, and makes and drops
/// partitions, and pgbench writes all the time. `make test` takes a sample; `DATA_KILLS=N` takes every N-th write.
struct DataKillTests {
    private static let plan = """
        service: data
        targets: { db: { postgresql: "${env:DATA_URL}" } }
        windows: { always: { opens: "daily 00:00", lasts: 24h } }
        procedures:
          monthly:
            window: always
            steps:
              - id: archive
                do: postgresql.archive
                with: { table: log, into: log_old, column: at, older-than: 1 year, batch: 40 }
              - id: orphans
                do: postgresql.delete-orphans
                with: { table: lines, columns: order_id, parent: orders, parent-columns: id, into: lost, batch: 40 }
              - { id: make, do: postgresql.create-partitions, with: { table: days, every: 1 day, ahead: 3 } }
              - { id: drop, do: postgresql.drop-partitions, with: { table: days, older-than: 10 days, archive: days_old } }
              - { id: seen, check: postgresql.partitions, with: { tables: days, ahead: 3, retain: 10 days } }
        """

    private static let schema = """
        DROP SCHEMA public CASCADE; CREATE SCHEMA public;
        CREATE TABLE witness (id bigint PRIMARY KEY); CREATE SEQUENCE ids START 100000;
        CREATE TABLE log (id bigint PRIMARY KEY, at timestamptz NOT NULL);
        CREATE TABLE log_old (LIKE log INCLUDING INDEXES);
        INSERT INTO log SELECT g, now() - interval '2 years' FROM generate_series(1, 120) g;
        CREATE TABLE orders (id bigint PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 9);
        CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint); CREATE TABLE lost (LIKE lines INCLUDING INDEXES);
        INSERT INTO lines SELECT g, -g FROM generate_series(1, 80) g;
        CREATE TABLE days (id bigint, at timestamptz NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        DO $$DECLARE d timestamptz := date_trunc('day', now()); BEGIN FOR i IN -13..0 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF days FOR VALUES FROM (%L) TO (%L)', 'days_p' || to_char(
            d + make_interval(days => i), 'YYYYMMDD'), d + make_interval(days => i), d + make_interval(days => i + 1));
        END LOOP; END$$;
        INSERT INTO days SELECT g, date_trunc('day', now()) - make_interval(days => g % 14) FROM generate_series(1, 140) g;
        CREATE TABLE days_old (LIKE days INCLUDING INDEXES); INSERT INTO days_old SELECT * FROM days;
        """

    /// In one transaction, so that what is to be there is known.
    private static let writing = """
        SELECT nextval('ids') AS id \\gset
        BEGIN;
        INSERT INTO witness VALUES (:id); INSERT INTO log VALUES (:id, now());
        INSERT INTO lines VALUES (:id, 1 + :id % 9); INSERT INTO days VALUES (:id, now());
        COMMIT;
        \\sleep 5 ms
        """

    /// Rows that are lost or doubled in each pair of tables, leftovers of partitions, and those that are attached.
    private static let left = """
        SELECT concat_ws(' ',
        (SELECT count(*) - count(DISTINCT id) + abs(count(*) - 120 - (SELECT count(*) FROM witness)) FROM
            (SELECT id FROM log UNION ALL SELECT id FROM log_old) r),
        (SELECT count(*) - count(DISTINCT id) + abs(count(*) - 80 - (SELECT count(*) FROM witness)) FROM
            (SELECT id FROM lines UNION ALL SELECT id FROM lost) r),
        (SELECT abs(count(*) - 140 - (SELECT count(*) FROM witness)) FROM
            (SELECT id FROM days UNION SELECT id FROM days_old) r),
        (SELECT count(*) FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind = 'r'
            AND c.relname LIKE 'days_p%' AND (i.inhparent IS NULL OR i.inhdetachpending)),
        (SELECT count(*) FROM pg_inherits WHERE inhparent = 'days'::regclass),
        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database
            WHERE datname = current_database())))
        """

    private struct Bench {
        let folder: URL
        let shim: URL
        let url: String
        let server: PostgreSQLServer
        let database: String

        func run(_ journal: String, killAt write: Int?) async throws -> CommandLine.Outcome {
            var environment = ["DATA_URL": url, "LD_PRELOAD": shim.path, "KILL_FILE": "-wal"]
            environment["KILL_COUNT"] = folder.appending(path: "count").path
            environment["KILL_AT"] = write.map(String.init)
            return try await CommandLine.run(
                "run", folder.appending(path: "plan.yaml").path, "monthly", "--store", "sqlite:\(journal)", "--format",
                "json", environment: environment)
        }

        /// False when the run was over before that write.
        func killAndTakeOver(_ write: Int) async throws -> Bool {
            let journal = folder.appending(path: "\(write).sqlite").path
            try await server.psql(DataKillTests.schema, database: database)
            let writers = try Self.writers(folder, url)
            // Not by SIGTERM, which it may have inherited as blocked.
            defer { if writers.isRunning { kill(writers.processIdentifier, SIGKILL) } }
            let first = try await run(journal, killAt: write)
            let wasKilled = first.exit == 128 + SIGKILL
            if wasKilled {
                let second = try await run(journal, killAt: nil)
                #expect(
                    second.exit <= 1, "write \(write): \(second.exit) \(second.output.suffix(2000))\(second.errors)")
            } else {
                #expect(first.exit <= 1, "\(first.output.suffix(2000))\(first.errors)")
            }
            kill(writers.processIdentifier, SIGKILL)
            writers.waitUntilExit()
            #expect(try await server.psql(DataKillTests.left, database: database) == "0 0 0 0 14 0", "write \(write)")
            return wasKilled
        }

        private static func writers(_ folder: URL, _ url: String) throws -> Process {
            let script = folder.appending(path: "writing.sql")
            try DataKillTests.writing.write(to: script, atomically: true, encoding: .utf8)
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["pgbench", "-n", "-c", "2", "-T", "600", "-f", script.path, url]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            return process
        }
    }

    @Test func killedAtAnyWriteNothingIsLostDoubledOrLeft() async throws {
        let server = try await PostgreSQLServer.shared()
        try await server.withDatabase { database in
            try await withFolder { folder in
                try Self.plan.write(to: folder.appending(path: "plan.yaml"), atomically: true, encoding: .utf8)
                let bench = Bench(
                    folder: folder, shim: try KillBench.makeShim(in: folder), url: server.url(database: database),
                    server: server, database: database)
                // A whole run, which counts the writes.
                #expect(try await bench.killAndTakeOver(1_000_000) == false)
                let count = try String(contentsOf: folder.appending(path: "count"), encoding: .utf8)
                let writes = Int(count.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
                #expect(writes > 20)
                let every = ProcessInfo.processInfo.environment["DATA_KILLS"].flatMap { Int($0) }
                var killed = 0
                for write in stride(from: 2, through: writes, by: every ?? max(1, writes / 5)) {
                    killed += try await bench.killAndTakeOver(write) ? 1 : 0
                }
                #expect(killed >= 4)
                if let every { try report(writes, killed, every) }
            }
        }
    }

    private func report(_ writes: Int, _ killed: Int, _ every: Int) throws {
        let text = """
            # kill -9 in the midst of data upkeep

            `DATA_KILLS=\(every) swift test --filter millwrightTests.DataKillTests`: a run that archives, takes orphans away, and makes and
            drops partitions has \(writes) writes and syncs of the journal. Killed just before \(every == 1 ? "each" : "every \(every)th"), under pgbench:
            \(killed) runs killed; after the takeover 0 rows lost or doubled, 0 tables and half-detached partitions left, 0 locks held, and
            each run ended with pass or warn.

            """
        let page = CommandLine.root.appending(path: "docs/figures/data-kill.md")
        try text.write(to: page, atomically: true, encoding: .utf8)
    }
}
