import ActionsPostgreSQL
import Maintenance
import Sandbox
import Testing

/// What else than the database takes the server's disk.
struct SizesTests {
    @Test func databasesAndTheLogAreMeasured_ByWhomMay() async throws {
        let server = try await PostgreSQLServer.start(
            settings: ["wal_level": "replica", "max_wal_senders": "2", "max_wal_size": "32MB", "min_wal_size": "32MB"])
        try await server.psql(
            """
            CREATE DATABASE other; REVOKE CONNECT ON DATABASE other FROM PUBLIC; CREATE ROLE plain LOGIN PASSWORD 'p';
            CREATE ROLE watcher LOGIN PASSWORD 'p'; GRANT pg_monitor TO watcher; CREATE TABLE t (id int)
            """)
        func look(_ role: String) async throws -> Seen {
            try await Bench.open(server, "postgres", roles: role == "postgres" ? nil : (role, role)) {
                try await $0.observe("postgresql.size")
            }
        }
        for role in ["postgres", "watcher"] {
            let seen = try await look(role)
            #expect(seen.verdict == .pass, "\(role) \(seen.observation.findings)")
            // Four databases of much the same size.
            let (one, all) = (try #require(seen["bytes"]), try #require(seen["all_bytes"]))
            #expect(all > 3.5 * one && all < 5 * one)
            #expect(seen["wal_bytes"].map { $0 >= 16_777_216 } == true)
            #expect(seen.observation.details.contains { $0["database"] == "other" })
            #expect(seen.observation.details.contains { $0["tablespace"] == "pg_default" })
        }
        let plain = try await look("plain")
        #expect(plain.verdict == .pass)
        #expect(plain["all_bytes"] == nil && plain["wal_bytes"] == nil)
        #expect(plain.observation.missing["all_bytes"]?.code == .noPermission)
        #expect(plain.observation.missing["wal_bytes"]?.code == .noPermission)
        // A slot keeps the log far beyond what is meant.
        try await server.psql("SELECT pg_create_physical_replication_slot('gone', true)")
        for _ in 0..<6 { try await server.psql("INSERT INTO t VALUES (1); SELECT pg_switch_wal()") }
        let full = try await look("watcher")
        #expect(full.verdict == .warn)
        #expect(full.observation.findings.map(\.subject) == ["write-ahead log"])
        await server.stop()
    }
}
