import Maintenance
import Sandbox
import TestSupport

@testable import ActionsPostgreSQL

extension DatabaseFault {
    static let vacuuming: [DatabaseFault] = wraparound + statisticsAge + autovacuum

    private static let atItsEnd = FaultAnswer(.fail, .wraparound)

    private static let wraparound: [DatabaseFault] = [
        DatabaseFault("postgresql.wraparound", "healthy", "nothing is wrong", .pass, .pass, .pass, sql: ""),
        DatabaseFault(
            "postgresql.wraparound", "near-the-end", "88 % of the transaction ids are used up, and nothing is frozen",
            settings: WraparoundTests.unfrozen, atItsEnd, atItsEnd, atItsEnd
        ) { bench in
            try await WraparoundTests.setForward(bench.server)
            return nil
        },
    ]

    private static let stale = FaultAnswer(.warn, .staleStatistics)

    private static let statisticsAge: [DatabaseFault] = [
        DatabaseFault("postgresql.statistics-age", "healthy", "nothing is wrong", .pass, .pass, .pass) { bench in
            try await filled(bench, "CREATE TABLE well (id int)", "well")
            try await bench.sql("ANALYZE well")
            return nil
        },
        DatabaseFault(
            "postgresql.statistics-age", "never-analyzed", "a table that autovacuum leaves alone was never analyzed",
            stale, stale, stale
        ) { bench in
            try await filled(bench, "CREATE TABLE never (id int) WITH (autovacuum_enabled = false)", "never")
        },
        DatabaseFault(
            "postgresql.statistics-age", "partitioned", "a partitioned table has no statistics of its own", stale,
            stale,
            stale
        ) { bench in
            try await filled(
                bench,
                """
                CREATE TABLE parted (id int) PARTITION BY RANGE (id);
                CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (9999)
                """, "part")
            try await bench.sql("ANALYZE part")
            return nil
        },
    ]

    /// Returns when the server has counted the rows.
    @discardableResult
    private static func filled(_ bench: Bench, _ schema: String, _ table: String) async throws -> Undo? {
        try await bench.sql("\(schema); INSERT INTO \(table) SELECT generate_series(1, 5000)")
        _ = try await eventually {
            try await bench.sql("SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = '\(table)'") == "5000"
        }
        return nil
    }

    private static let held = FaultAnswer(.warn, .heldRows)
    private static let off = FaultAnswer(.warn, .leftAlone)
    private static let different = FaultAnswer(.fail, .differentSetting)

    private static let autovacuum: [DatabaseFault] = [
        DatabaseFault("postgresql.autovacuum", "healthy", "nothing is wrong", .pass, .pass, .hidden) { bench in
            try await idle(bench)
        },
        DatabaseFault(
            "postgresql.autovacuum", "old-transaction", "an open transaction keeps dead rows alive",
            with: ["holder-transactions": "1"], held, held, .hidden
        ) { bench in
            let undo = try await idle(bench)
            try await bench.sql("CREATE TABLE t (id int); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)")
            return undo
        },
        DatabaseFault(
            "postgresql.autovacuum", "off-for-a-table", "autovacuum is off for a table", off, off, .hidden
        ) { bench in
            try await bench.sql("CREATE TABLE t (id int) WITH (autovacuum_enabled = false)")
            return try await idle(bench)
        },
        DatabaseFault(
            "postgresql.autovacuum", "other-settings", "the settings are not those that the plan expects",
            with: ["expect": ["autovacuum_vacuum_scale_factor": "0.1"]], different, different, different, sql: ""),
    ]
}
