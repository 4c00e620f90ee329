import ActionsPostgreSQL
import ClientPostgreSQL
import Foundation
import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

/// The session of a change is lost at every round trip, before and after, and in the midst of it, while others write.
struct KillTests {
    /// Rows by key over two tables: how many, how many different, and how many of them are in both.
    private static func rows(_ bench: Bench, _ table: String, _ archive: String) async throws -> String {
        try await bench.sql(
            """
            SELECT count(*) || ' ' || count(DISTINCT id) FROM
            (SELECT id FROM \(table) UNION ALL SELECT id FROM \(archive)) r
            """)
    }

    @Test func archivedRowsAreNeverLostOrDoubled() async throws {
        let count = Cut.long ?? 12
        let schema = """
            CREATE TABLE log (id bigint PRIMARY KEY, at timestamptz NOT NULL, note text);
            CREATE TABLE log_old (LIKE log INCLUDING INDEXES);
            INSERT INTO log SELECT g, now() - interval '2 years', 'n' || g FROM generate_series(1, \((count + 12) * 40)) g;
            """
        try await Bench.run(schema: schema) { bench in
            let loop = try KillLoop(
                bench, Archive(),
                ["table": "log", "into": "log_old", "column": "at", "older-than": "1 year", "batch": "40"])
            let writers = try Writers.start(bench) { "INSERT INTO log VALUES (\($0), now(), 'w')" }
            let (proofs, met) = try await loop.run(
                Cut.each(1...6) + Cut.drawn(count, seed: 1, roundTrips: 2...6))
            let outcome = try await writers.stop()
            #expect(outcome.errors == [])
            #expect(proofs.compactMap { $0["rows"] }.reduce(0, +) == Double((count + 12) * 40) && met >= 10)
            let all = (count + 12) * 40 + outcome.committed
            #expect(try await Self.rows(bench, "log", "log_old") == "\(all) \(all)")
            try Figures.note("archive", met, outcome)
        }
    }

    @Test func orphansAreNeverLostOrDoubled() async throws {
        let count = Cut.long ?? 12
        let rows = (count + 14) * 20
        let schema = """
            CREATE TABLE orders (id bigint PRIMARY KEY); INSERT INTO orders SELECT g FROM generate_series(1, 50) g;
            CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint);
            CREATE TABLE lost (LIKE lines INCLUDING INDEXES);
            INSERT INTO lines SELECT g, -g FROM generate_series(1, \(rows)) g;
            """
        try await Bench.run(schema: schema) { bench in
            let loop = try KillLoop(
                bench, DeleteOrphans(),
                [
                    "table": "lines", "columns": "order_id", "parent": "orders", "parent-columns": "id", "into": "lost",
                    "batch": "20",
                ])
            // Parents of rows that are without one come as well, at any moment.
            let writers = try Writers.start(bench) { number in
                number % 7 == 0
                    ? "INSERT INTO orders SELECT -\(number % rows) - 1 ON CONFLICT DO NOTHING"
                    : "INSERT INTO lines VALUES (\(number), 1 + \(number) % 50)"
            }
            let (_, met) = try await loop.run(Cut.each(1...7) + Cut.drawn(count, seed: 2, roundTrips: 2...7))
            let outcome = try await writers.stop()
            #expect(outcome.errors == [] && met >= 12)
            let all = try await bench.sql("SELECT count(*) FROM lines WHERE id >= 10000000")
            #expect(
                try await Self.rows(bench, "lines", "lost") == "\(rows + (Int(all) ?? 0)) \(rows + (Int(all) ?? 0))")
            // Whoever had a parent when they were planned is there.
            #expect(try await bench.sql("SELECT count(*) FROM lost WHERE order_id > 0") == "0")
            try Figures.note("delete-orphans", met, outcome)
        }
    }

    @Test func partitionsAreMadeOnceOrNotAtAll() async throws {
        let count = Cut.long ?? 12
        try await Bench.run(schema: PartitionTables.thousands(2) + "INSERT INTO events VALUES (1)") { bench in
            try await bench.sql("CREATE SEQUENCE numbers START 2")
            let loop = try KillLoop(
                bench, CreatePartitions(), ["table": "events", "every": "1000", "ahead": .text(String(count + 20))])
            let writers = try Writers.start(bench) { _ in
                "INSERT INTO events SELECT 1 + nextval('numbers') % 2000 ON CONFLICT DO NOTHING"
            }
            let (proofs, met) = try await loop.run(Cut.each(1...8) + Cut.drawn(count, seed: 3, roundTrips: 2...8))
            let outcome = try await writers.stop()
            #expect(outcome.errors == [] && met >= 14)
            #expect(proofs.count == count + 16)
            // Nothing that is not attached, and each range once: the server itself refuses overlaps.
            let tables = try await bench.sql(
                """
                SELECT count(*) || ' ' || count(i.inhparent) FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
                WHERE c.relkind = 'r' AND c.relname LIKE 'events%'
                """)
            #expect(tables == "\(count + 18) \(count + 18)")
            try Figures.note("create-partitions", met, outcome)
        }
    }

    @Test(arguments: [false, true])
    func partitionsGoWithTheirRowsKept(_ hasDefault: Bool) async throws {
        let count = Cut.long ?? 12
        let days = count + 32
        let schema = """
            CREATE TABLE log (id bigint, at timestamptz NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
            DO $$DECLARE d timestamptz := date_trunc('day', now()); BEGIN FOR i IN -\(days)..1 LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF log FOR VALUES FROM (%L) TO (%L)', 'log_p' || to_char(
                d + make_interval(days => i), 'YYYYMMDD'), d + make_interval(days => i), d + make_interval(days => i + 1));
            END LOOP; END$$;
            \(hasDefault ? "CREATE TABLE log_default PARTITION OF log DEFAULT;" : "")
            INSERT INTO log SELECT g, date_trunc('day', now()) - make_interval(days => 1 + g % \(days)) FROM generate_series(1, 20 * \(days)) g;
            CREATE TABLE log_old (LIKE log INCLUDING INDEXES); INSERT INTO log_old SELECT * FROM log;
            """
        try await Bench.run(schema: schema) { bench in
            let loop = try KillLoop(
                bench, DropPartitions(), ["table": "log", "older-than": "2 days", "archive": "log_old"],
                repair: { try await $0.repair($1, since: $2, $3, in: $4) })
            let writers = try Writers.start(bench) { "INSERT INTO log VALUES (\($0), now())" }
            let (proofs, met) = try await loop.run(Cut.each(1...14) + Cut.drawn(count, seed: 4, roundTrips: 3...14))
            let outcome = try await writers.stop()
            #expect(outcome.errors == [], "\(outcome.errors.first ?? "")")
            #expect(proofs.compactMap { $0["rows"] }.reduce(0, +) == Double(20 * (count + 28)) && met >= 24)
            let left = try await bench.sql(
                """
                SELECT count(*) || ' ' || count(i.inhparent) || ' ' || count(*) FILTER (WHERE i.inhdetachpending)
                FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind = 'r' AND c.relname ~ '^log_(p|d)'
                """)
            let expected = days + 2 - (count + 28) + (hasDefault ? 1 : 0)
            #expect(left == "\(expected) \(expected) 0")
            let all = 20 * days + outcome.committed
            let seen = try await bench.sql(
                "SELECT count(DISTINCT id) FROM (SELECT id FROM log UNION ALL SELECT id FROM log_old) r")
            #expect(seen == String(all))
            try Figures.note("drop-partitions" + (hasDefault ? " beside DEFAULT" : ""), met, outcome)
        }
    }

    /// The loop itself: what moves rows in two transactions is found out by it.
    @Test func whatIsNotAtomicIsFoundOut() async throws {
        let schema = """
            CREATE TABLE log (id bigint PRIMARY KEY, at timestamptz NOT NULL, note text);
            CREATE TABLE log_old (LIKE log INCLUDING INDEXES);
            INSERT INTO log SELECT g, now() - interval '2 years', 'n' || g FROM generate_series(1, 400) g;
            """
        try await Bench.run(schema: schema) { bench in
            let loop = try KillLoop(
                bench, InTwoTransactions(),
                ["table": "log", "into": "log_old", "column": "at", "older-than": "1 year", "batch": "40"])
            await #expect(throws: LeftHalf.self) { try await loop.run(Cut.each(1...5)) }
        }
    }
}

/// The lines of the long version, for the page of figures.
private enum Figures {
    private static let lines = Mutex<[String]>([])

    static func note(_ action: String, _ kills: Int, _ outcome: Writers.Outcome) throws {
        guard let count = Cut.long else { return }
        let longest = outcome.longest.microseconds / 1000
        let all = lines.withLock { lines in
            lines.append("| \(action) | \(kills) | \(outcome.committed) | \(longest) ms |")
            return lines.sorted().joined(separator: "\n")
        }
        let page = """
            # Sessions killed in the midst of data upkeep

            `DATA_KILLS=\(count) swift test --filter 'ActionsPostgreSQLTests.KillTests'`: the session of each change is killed before and
            after every round trip and \(count) times at a random moment, while three writers go on; then it is resumed as after a crash. 0 rows
            lost or doubled, 0 tables and half-detached partitions left, 0 errors of writers. The writers' longest statement is from asking to
            answer, with the machine shared by server, writers and test.

            | action | kills that met it at work | transactions of writers | their longest |
            | --- | --- | --- | --- |
            \(all)

            """
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        try page.write(to: root.appending(path: "docs/figures/data-sessions.md"), atomically: true, encoding: .utf8)
    }
}

/// As scripts archive: it copies, and then deletes.
private struct InTwoTransactions: Change {
    typealias Kind = PostgreSQLKind
    typealias Baseline = Archive.Baseline

    var archive = Archive()
    static let declaration = Archive.declaration
    static let parameters = Archive.parameters.map { $0.inside(\InTwoTransactions.archive) }
    var impact: Impact { .online }

    func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        try await archive.preview(access, in: context)
    }

    func prepare(_ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context) async throws -> Baseline {
        try await archive.prepare(unit, access, in: context)
    }

    func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        try await archive.probe(unit, since: baseline, access, in: context)
    }

    func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let keys = ["low", "high"].compactMap { unit.attributes[$0]?.filter(\.isNumber) }
        let range = "id BETWEEN \(keys[0]) AND \(keys[1])"
        try await access.changing { session in
            try await session.execute("INSERT INTO log_old SELECT * FROM log WHERE \(range)")
            try await session.execute("DELETE FROM log WHERE \(range)")
        }
    }
}
