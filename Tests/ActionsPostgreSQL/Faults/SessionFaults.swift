import Maintenance
import Sandbox
import TestSupport

@testable import ActionsPostgreSQL

extension DatabaseFault {
    static let sessions: [DatabaseFault] = activity + idleInTransaction + slowStatements + terminate

    private static let blocks = FaultAnswer(.warn, .blocks)

    private static let activity: [DatabaseFault] = [
        DatabaseFault("postgresql.activity", "healthy", "nothing is wrong", .pass, .pass, .hidden) { bench in
            try await idle(bench)
        },
        DatabaseFault(
            "postgresql.activity", "long-query", "a query runs longer than is well", with: ["long": "0s"],
            FaultAnswer(.warn, .longQuery), FaultAnswer(.warn, .longQuery), .hidden
        ) { bench in
            try await sleeping(bench)
        },
        DatabaseFault(
            "postgresql.activity", "lock-wait", "a session waits for one that does nothing", with: ["wait": "0s"],
            blocks, blocks, .hidden
        ) { bench in
            try await bench.sql(ActivityTests.schema)
            let idle = try await OtherSession.open(bench, "UPDATE t SET x = 1 WHERE id = 1")
            let waiting = try await BusySession.begin(bench, "waiting", "UPDATE t SET x = 2 WHERE id = 1")
            return {
                await idle.close()
                await waiting.ended()
            }
        },
        DatabaseFault(
            "postgresql.activity", "prepared-transaction-blocks",
            "a session waits for a forgotten prepared transaction",
            with: ["wait": "0s"], settings: ["max_prepared_transactions": "2"], blocks, blocks, .hidden
        ) { bench in
            try await bench.sql(ActivityTests.schema)
            try await bench.sql("BEGIN; UPDATE t SET x = 1 WHERE id = 1; PREPARE TRANSACTION 'forgotten'")
            let waiting = try await BusySession.begin(bench, "waiting", "UPDATE t SET x = 2 WHERE id = 1")
            return {
                try await bench.sql("ROLLBACK PREPARED 'forgotten'")
                await waiting.ended()
            }
        },
    ]

    private static let idles = FaultAnswer(.warn, .idleInTransaction)

    private static let idleInTransaction: [DatabaseFault] = [
        DatabaseFault("postgresql.idle-in-transaction", "healthy", "nothing is wrong", .pass, .pass, .hidden) { bench in
            try await sleeping(bench)
        },
        DatabaseFault(
            "postgresql.idle-in-transaction", "idle-in-transaction", "a session does nothing in its transaction",
            with: ["long": "0s"], idles, idles, .hidden
        ) { bench in
            try await idle(bench)
        },
        DatabaseFault(
            "postgresql.idle-in-transaction", "idle-and-blocks", "and another one waits for it", with: ["wait": "0s"],
            FaultAnswer(.fail, .blocks), FaultAnswer(.fail, .blocks), .hidden
        ) { bench in
            try await bench.sql(ActivityTests.schema)
            let idle = try await OtherSession.open(bench, "UPDATE t SET x = 1 WHERE id = 1")
            let waiting = try await BusySession.begin(bench, "waiting", "UPDATE t SET x = 2 WHERE id = 1")
            return {
                await idle.close()
                await waiting.ended()
            }
        },
    ]

    private static let noExtension = FaultAnswer(.unknown, .notFound)
    private static let slow = FaultAnswer(.warn, .slowStatement)
    private static let counting = ["shared_preload_libraries": "pg_stat_statements"]

    private static let slowStatements: [DatabaseFault] = [
        DatabaseFault(
            "postgresql.slow-statements", "healthy", "nothing is wrong", settings: counting, .pass, .pass, .pass,
            sql: "CREATE EXTENSION pg_stat_statements"),
        DatabaseFault(
            "postgresql.slow-statements", "no-extension", "nothing counts statements", noExtension, noExtension,
            noExtension, sql: ""),
        DatabaseFault(
            "postgresql.slow-statements", "not-loaded", "the extension is there, and the server does not load it",
            noExtension, noExtension, noExtension, sql: "CREATE EXTENSION pg_stat_statements"),
        DatabaseFault(
            "postgresql.slow-statements", "slow-statement", "a statement takes long whenever it is called",
            with: ["slow": "90ms", "min-calls": "3"], settings: counting, slow, slow, .hidden,
            sql: """
                CREATE EXTENSION pg_stat_statements;
                SELECT pg_sleep(0.1); SELECT pg_sleep(0.1); SELECT pg_sleep(0.1)
                """),
    ]

    private static let terminate: [DatabaseFault] = [
        DatabaseFault(
            "postgresql.terminate", "idle-in-transaction", "a session is to be ended",
            with: ["states": "idle-in-transaction", "older-than": "1s"], .pass, FaultAnswer(.fail, .noPermission),
            .hidden
        ) { bench in
            let role = "app_" + bench.database
            try await bench.makeRoles(role)
            let idle = try await OtherSession.open(bench, user: role)
            _ = try await eventually {
                try await bench.sql(
                    """
                    SELECT count(*) FROM pg_stat_activity WHERE usename = '\(role)' \
                    AND clock_timestamp() - state_change > interval '1 s'
                    """) == "1"
            }
            return {
                await idle.close()
                try await bench.dropRoles(role)
            }
        }
    ]

    static func idle(_ bench: Bench) async throws -> Undo? {
        let session = try await OtherSession.open(bench)
        return { await session.close() }
    }

    static func sleeping(_ bench: Bench) async throws -> Undo? {
        let session = try await BusySession.begin(bench, "sleeping", "SELECT pg_sleep(600)")
        return {
            try await bench.endOthers()
            await session.ended()
        }
    }
}
