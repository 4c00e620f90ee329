import Maintenance
import TestSupport

extension DatabaseFault {
    private static let table = """
        CREATE TABLE queue (id int PRIMARY KEY, a text) WITH (autovacuum_enabled = off); \
        INSERT INTO queue SELECT i, repeat('x', 500) FROM generate_series(1, 25000) i;
        """

    static let bloat: [DatabaseFault] = [
        DatabaseFault(
            "postgresql.bloat", "healthy", "nothing is wrong", .pass, .hidden, .hidden,
            sql: table + "ANALYZE queue; CREATE TABLE small AS SELECT 1 AS a"),
        DatabaseFault(
            "postgresql.bloat", "bloated-table", "nine rows of ten were deleted", FaultAnswer(.warn, .threshold),
            .hidden, .hidden, sql: table + "DELETE FROM queue WHERE id % 10 > 0"),
        DatabaseFault(
            "postgresql.bloat", "stale-statistics", "rows were deleted after the last ANALYZE",
            FaultAnswer(.warn, .threshold), .hidden, .hidden,
            sql: table + "ANALYZE queue; SELECT pg_stat_force_next_flush(); DELETE FROM queue WHERE id % 10 > 0"),
        DatabaseFault(
            "postgresql.bloat", "locked-table", "another session holds a table exclusively",
            FaultAnswer(.unknown, .busy), FaultAnswer(.unknown, .busy), FaultAnswer(.unknown, .busy)
        ) { bench in
            try await bench.sql(table)
            let other = try await OtherSession.open(bench, "LOCK TABLE queue")
            return { await other.close() }
        },
    ]
}
