import ActionsPostgreSQL
import Maintenance
import Testing

/// The session that writes a table anew is lost at every round trip, before and after, and in the midst of the rewrite,
/// while others write to the table.
struct VacuumFullKillTests {
    @Test func noRowIsLostAndNothingIsLeft() async throws {
        let count = Cut.long ?? 8
        let schema = """
            CREATE TABLE queue (id bigint PRIMARY KEY, a text) WITH (autovacuum_enabled = off);
            INSERT INTO queue SELECT i, repeat('x', 200) FROM generate_series(1, 15000) i;
            CREATE INDEX queue_a ON queue (a, id)
            """
        try await Bench.run(schema: schema) { bench in
            let loop = try KillLoop(bench, VacuumFull(), ["tables": "queue", "least-bloat": "0%"])
            let writers = try Writers.start(bench) { "INSERT INTO queue VALUES (\($0), 'w')" }
            let (proofs, met) = try await loop.run(Cut.each(1...3) + Cut.drawn(count, seed: 5, roundTrips: 3...3))
            let outcome = try await writers.stop()
            #expect(outcome.errors == [], "\(outcome.errors.first ?? "")")
            #expect(proofs.count == count + 6 && met >= 6 && outcome.committed > 0)
            let rows = try await bench.sql("SELECT count(*) || ' ' || count(DISTINCT id) FROM queue")
            #expect(rows == "\(15_000 + outcome.committed) \(15_000 + outcome.committed)")
            let left = try await bench.sql(
                """
                SELECT count(*) FILTER (WHERE relname ~ '^pg_temp_') || ' ' || (SELECT count(*) FROM pg_index i \
                JOIN pg_class c ON c.oid = i.indrelid WHERE c.relname = 'queue' AND i.indisvalid) || ' ' \
                || (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) FROM pg_class
                """)
            #expect(left == "0 2 0")
        }
    }
}
