import Maintenance
import Sandbox
import TestSupport

extension DatabaseFault {
    static let settings: [DatabaseFault] = drift + set + extensions

    private static let differs = FaultAnswer(.fail, Cause.Code(rawValue: "differs"))
    private static let needsRestart = FaultAnswer(.warn, Cause.Code(rawValue: "needs-restart"))
    private static let refused = FaultAnswer(.fail, .noPermission)

    private static let drift = [
        DatabaseFault(
            "postgresql.settings-drift", "healthy", "nothing is wrong", with: ["settings": ["work_mem": "4MB"]],
            settings: [:], .pass, .pass, .hidden, sql: ""),
        DatabaseFault(
            "postgresql.settings-drift", "another-value", "a setting is not as expected",
            with: ["settings": ["work_mem": "64MB"]], differs, differs, differs, sql: ""),
        DatabaseFault(
            "postgresql.settings-drift", "own-of-a-table", "a table has autovacuum turned off",
            with: ["settings": ["autovacuum": "on"]], differs, differs, differs,
            sql: "CREATE TABLE t (id int) WITH (autovacuum_enabled = off)"),
        DatabaseFault(
            "postgresql.settings-drift", "waits-for-restart", "a new value waits for a restart", settings: [:],
            needsRestart, needsRestart, .hidden
        ) { bench in
            try await bench.sql("ALTER SYSTEM SET max_connections = 90; SELECT pg_reload_conf()")
            _ = try await eventually {
                try await bench.sql("SELECT count(*) FROM pg_settings WHERE pending_restart") == "1"
            }
            return nil
        },
    ]

    private static let set = [
        DatabaseFault(
            "postgresql.set", "healthy", "nothing is wrong", with: ["settings": ["work_mem": "10MB"]], settings: [:],
            .pass, refused, .hidden, sql: ""),
        DatabaseFault(
            "postgresql.set", "needs-restart", "the setting needs a restart",
            with: ["settings": ["max_connections": "90"]], settings: [:], needsRestart, .hidden, .hidden, sql: ""),
        DatabaseFault(
            "postgresql.set", "no-value", "the server refuses the value", with: ["settings": ["work_mem": "lots"]],
            FaultAnswer(.fail, .outOfRange), FaultAnswer(.fail, .outOfRange), FaultAnswer(.fail, .outOfRange), sql: ""),
    ]

    private static let extensions = [
        DatabaseFault(
            "postgresql.update-extension", "healthy", "nothing is wrong", .pass, refused, refused,
            sql: "CREATE EXTENSION hstore VERSION '1.6'"),
        DatabaseFault(
            "postgresql.update-extension", "no-way", "no script leads to the version",
            with: ["extensions": "hstore", "to": "9.9"], FaultAnswer(.fail, .notSupported),
            FaultAnswer(.fail, .notSupported), FaultAnswer(.fail, .notSupported), sql: "CREATE EXTENSION hstore"),
    ]
}
