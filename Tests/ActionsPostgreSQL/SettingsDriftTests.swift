import ActionsPostgreSQL
import Maintenance
import Sandbox
import Testing

struct SettingsDriftTests {
    /// As a plan writes it, and whether the server's own value is that.
    static let values: [(String, String, Bool)] = [
        ("shared_buffers", "32MB", true), ("shared_buffers", "4096", true), ("shared_buffers", "32768kB", true),
        ("shared_buffers", "33554432B", true), ("shared_buffers", "0.03125GB", true), ("shared_buffers", "32 MB", true),
        ("shared_buffers", "33MB", false), ("shared_buffers", "32768", false), ("shared_buffers", "32s", false),
        ("shared_buffers", "32mb", false), ("shared_buffers", "lots", false),
        ("autovacuum", "on", true), ("autovacuum", "YES", true), ("autovacuum", "1", true),
        ("autovacuum", "off", false),
        ("random_page_cost", "4", true), ("random_page_cost", "4.0", true), ("random_page_cost", "1.1", false),
        ("checkpoint_timeout", "5min", true), ("checkpoint_timeout", "300", true),
        ("checkpoint_timeout", "300000ms", true),
        ("checkpoint_timeout", "0.0034722222222d", true), ("checkpoint_timeout", "5", false),
        ("wal_level", "MINIMAL", true), ("wal_level", "logical", false), ("statement_timeout", "0", true),
        ("statement_timeout", "0s", true), ("autovacuum_work_mem", "-1", true), ("timezone", "UTC", true),
        ("TimeZone", "UTC", true), ("log_line_prefix", "%m [%p] ", true), ("log_line_prefix", "%m [%p]", false),
        ("search_path", "\"$user\",public", true), ("synchronous_commit", "off", true),
        ("synchronous_commit", "false", true), ("default_statistics_target", "1e2", true), ("no_such", "1", false),
        ("archive_command", "", true), ("vacuum_cost_delay", "0", true), ("wal_segment_size", "16MB", true),
    ]

    @Test func valuesAreComparedAsTheServerUnderstandsThem() async throws {
        try await Bench.run { bench in
            for (name, value, isEqual) in Self.values {
                let seen = try await bench.observe(
                    "postgresql.settings-drift", ["settings": .map([.init(name, .text(value))])])
                #expect(seen.verdict == (isEqual ? .pass : .fail), "\(name) \(value) \(seen.observation.findings)")
                #expect(seen["differing"] == (isEqual ? 0 : 1))
            }
        }
    }

    @Test func tablesWithTheirOwnAreNamed() async throws {
        try await Bench.run(
            schema: """
                CREATE TABLE tuned (id int) WITH (autovacuum_vacuum_scale_factor = 0.01);
                CREATE TABLE same (id int) WITH (autovacuum_vacuum_scale_factor = 0.10, fillfactor = 70);
                CREATE TABLE shut (id int) WITH (autovacuum_enabled = false); CREATE TABLE plain (id int);
                CREATE TABLE open (id int) WITH (autovacuum_enabled = yes)
                """
        ) { bench in
            let settings: PlanValue = ["autovacuum": "on", "autovacuum_vacuum_scale_factor": "0.1"]
            let seen = try await bench.observe("postgresql.settings-drift", ["settings": settings])
            #expect(seen["differing_tables"] == 2)
            #expect(
                Set(seen.observation.findings.map(\.subject)) == [
                    "table public.tuned", "table public.shut", "autovacuum_vacuum_scale_factor",
                ])
            let spared = try await bench.observe(
                "postgresql.settings-drift", ["settings": settings, "except": ["public.tuned", "shut"]])
            #expect(spared["differing_tables"] == 0)
        }
    }

    @Test func whatADatabaseOrRoleHasForItselfIsToldApart() async throws {
        try await Bench.run { bench in
            try await bench.sql("ALTER DATABASE \(bench.database) SET work_mem = '1MB'")
            try await Bench.open(bench.server, bench.database) { fresh in
                let seen = try await fresh.observe("postgresql.settings-drift", ["settings": ["work_mem": "4MB"]])
                #expect(seen.verdict == .fail && seen["overridden"] == 1)
                #expect(seen.observation.findings.first?.cause.sentence.contains("1 MiB in this database") == true)
            }
        }
    }

    @Test func whatWaitsForARestartAndWhatTheFilesHaveWrongIsNamed() async throws {
        let server = try await PostgreSQLServer.start()
        try await server.psql(
            """
            CREATE ROLE watcher LOGIN PASSWORD 'p'; CREATE ROLE plain LOGIN PASSWORD 'p'; GRANT pg_monitor TO watcher;
            """)
        func look(_ role: String, _ parameters: PlanValue? = nil) async throws -> Seen {
            try await Bench.open(server, "postgres", roles: role == "postgres" ? nil : (role, role)) {
                try await $0.observe("postgresql.settings-drift", parameters)
            }
        }
        let files: PlanValue = ["files": "true"]
        #expect(try await look("postgres", files).verdict == .pass)
        #expect(try await look("watcher").verdict == .pass)
        // One of those that are not shown might wait.
        #expect(try await look("plain").verdict == .unknown)
        #expect(
            try await look("plain", ["settings": ["data_directory": "/x"]]).observation.findings.contains {
                $0.subject == "data_directory" && $0.severity == .unknown
            })
        #expect(try await look("watcher", files).verdict == .unknown)
        try await server.psql("ALTER SYSTEM SET max_connections = 90; SELECT pg_reload_conf()")
        #expect(try await eventually { try await look("watcher").verdict == .warn })
        for role in ["postgres", "watcher", "plain"] {
            let seen = try await look(role, ["settings": ["max_connections": "100"]])
            #expect(seen.observation.findings.contains { $0.subject == "max_connections" && $0.severity == .warn })
            #expect((seen["pending_restart"] == 1) == (role != "plain"))
        }
        let expected = try await look("watcher", ["settings": ["max_connections": "90"]])
        #expect(expected.observation.findings.contains { $0.cause.sentence.contains("waits for a restart") })
        // The server stops at a name that it does not know, and says no more of the values.
        try await Program.run("bash", ["-c", "echo 'work_mem = abc' >> \(server.folder)/data/postgresql.conf"])
        #expect(try await look("postgres", files)["file_errors"] == 1)
        try await Program.run("bash", ["-c", "echo 'wrok_mem = 64MB' >> \(server.folder)/data/postgresql.conf"])
        let wrong = try await look("postgres", files)
        #expect(wrong["file_errors"] == 1, "\(wrong.observation)")
        #expect(wrong.observation.findings.contains { $0.cause.sentence.contains("wrok_mem") })
        await server.stop()
    }
}
