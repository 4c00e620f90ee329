import ActionsPostgreSQL
import Maintenance
import Sandbox
import Testing

/// One server that archives, whose faults come one after the other: archiving belongs to the whole server.
@Suite(.serialized)
struct WALArchivingTests {
    @Test func whatGoesWrongWithTheArchiveIsSeen() async throws {
        let server = try await PostgreSQLServer.start(settings: [
            "wal_level": "replica", "archive_mode": "on", "max_wal_senders": "2",
            "archive_command": "test ! -f %f.kept && cp %p \"$PWD/../%f.kept\"",
        ])
        // The server's own user must be able to write there.
        try await Program.run("chmod", ["0777", server.folder])
        try await Bench.open(server, "postgres") { bench in
            try await bench.sql("CREATE ROLE plain LOGIN PASSWORD 'p'; CREATE ROLE watcher LOGIN PASSWORD 'p'")
            try await bench.sql("GRANT pg_monitor TO watcher; CREATE TABLE z (i int)")
            let idle = try await bench.observe("postgresql.wal-archiving")
            #expect(idle.verdict == .pass, "\(idle.observation)")
            try await write(2, bench)
            #expect(try await eventually { try await archived(bench) >= 2 })
            for role in ["postgres", "watcher", "plain"] {
                try await asRole(role, bench) { seen in
                    #expect(seen.verdict == (role == "plain" ? .unknown : .pass), "\(role) \(seen.observation)")
                    #expect(seen["segments_behind"] == 0)
                    #expect((seen["waiting"] == nil) == (role == "plain"))
                }
            }
            try await failing(bench)
            try await keepingNothing(bench)
        }
        await server.stop()
    }

    private func failing(_ bench: Bench) async throws {
        try await set("false", bench)
        try await write(3, bench)
        #expect(try await eventually { try await bench.sql("SELECT failed_count > 0 FROM pg_stat_archiver") == "t" })
        for role in ["postgres", "watcher", "plain"] {
            try await asRole(role, bench) { seen in
                #expect(seen.verdict == .fail, "\(role)")
                #expect(seen.observation.findings.contains { $0.cause.sentence.contains("last attempt failed") })
                #expect(seen["segments_behind"].map { $0 >= 3 } == true)
                #expect(role == "plain" || seen["waiting"].map { $0 >= 3 } == true)
            }
        }
        // Segments that have waited since yesterday, whatever the archiver says.
        try await Program.run(
            "bash", ["-c", "touch -d yesterday \(bench.server.folder)/data/pg_wal/archive_status/*.ready"])
        #expect(try await bench.observe("postgresql.wal-archiving")["oldest_waiting"].map { $0 > 80_000 } == true)
    }

    /// It works again by every counter, and there is no archive.
    private func keepingNothing(_ bench: Bench) async throws {
        for command in ["/bin/true", ":", "exit 0", "echo %p"] {
            try await set(command, bench)
            let seen = try await bench.observe("postgresql.wal-archiving")
            #expect(seen.verdict == .fail)
            #expect(
                seen.observation.findings.contains { $0.cause.sentence.contains("keeps nothing") }, "\(command)")
        }
        try await set("", bench)
        let unset = try await bench.observe("postgresql.wal-archiving")
        #expect(unset.observation.findings.contains { $0.cause.sentence.contains("neither a command") })
        // What the command says is nobody's business: it may hold a key.
        try await set("cp %p /archive/%f --key=hidden4711", bench)
        let context = bench.context()
        guard case .check(let check) = try bench.action("postgresql.wal-archiving", nil).work else { return }
        let seen = try await check.observe(bench.target, context)
        #expect(!"\(seen)".contains("hidden4711"))
        #expect(!context.evidence.drain().contains { $0.excerpt.contains("hidden4711") })
    }

    @Test func withArchivingOffItIsAFailureUnlessThatIsMeant() async throws {
        try await Bench.run { bench in
            let seen = try await bench.observe("postgresql.wal-archiving")
            #expect(seen.verdict == .fail)
            #expect(seen.observation.findings.first?.cause.sentence.contains("archive_mode is off") == true)
            let meant = try await bench.observe("postgresql.wal-archiving", ["required": "false"])
            #expect(meant.verdict == .pass)
            #expect(meant.observation.summary.contains("archive_mode is off"))
        }
    }

    private func set(_ command: String, _ bench: Bench) async throws {
        try await bench.sql("ALTER SYSTEM SET archive_command = \(quoted(command)); SELECT pg_reload_conf()")
        #expect(try await eventually { try await bench.sql("SHOW archive_command") == command })
    }

    private func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    private func write(_ segments: Int, _ bench: Bench) async throws {
        for _ in 0..<segments { try await bench.sql("INSERT INTO z VALUES (1); SELECT pg_switch_wal()") }
    }

    private func archived(_ bench: Bench) async throws -> Int {
        Int(try await bench.sql("SELECT archived_count FROM pg_stat_archiver")) ?? 0
    }

    private func asRole(_ role: String, _ bench: Bench, _ body: (Seen) throws -> Void) async throws {
        guard role != "postgres" else { return try body(try await bench.observe("postgresql.wal-archiving")) }
        try await Bench.open(bench.server, "postgres", roles: (role, role)) { other in
            try body(try await other.observe("postgresql.wal-archiving"))
        }
    }
}
