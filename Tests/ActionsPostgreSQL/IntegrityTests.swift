import ActionsPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

struct IntegrityTests {
    /// Indexes that are hurt each in its way: an order that turned round, an entry that was never made; and whole ones.
    static let schema = """
        CREATE EXTENSION amcheck; CREATE TABLE whole AS SELECT generate_series(1, 2000) AS id;
        CREATE INDEX whole_id ON whole (id); CREATE TABLE lost AS SELECT generate_series(1, 2000) AS id;
        CREATE INDEX lost_id ON lost (id); CREATE TABLE turned AS SELECT generate_series(1, 2000) AS id;
        CREATE FUNCTION cmp(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE STRICT
            AS 'BEGIN RETURN btint4cmp($1, $2); END';
        CREATE OPERATOR CLASS turning FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
            OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 cmp(int, int);
        CREATE INDEX turned_id ON turned (id turning);
        """
    static let damage = """
        CREATE OR REPLACE FUNCTION cmp(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE STRICT
            AS 'BEGIN RETURN -btint4cmp($1, $2); END';
        UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'lost_id'::regclass;
        INSERT INTO lost VALUES (9999);
        UPDATE pg_index SET indisready = true, indisvalid = true WHERE indexrelid = 'lost_id'::regclass;
        """

    @Test func hurtIndexesAreFound() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let whole = try await bench.observe("postgresql.integrity", ["indexes": "public.*"])
            // A cluster without checksums is told so, and no more.
            #expect(whole.observation.findings.allSatisfy { $0.severity == .warn })
            #expect(whole["indexes_checked"] == 3 && whole["damaged"] == 0 && whole["indexes_left"] == 0)
            try await bench.sql(Self.damage)
            let seen = try await bench.observe(
                "postgresql.integrity", ["indexes": ["turned_id", "*.lost_id", "whole_*"]])
            #expect(seen.verdict == .fail)
            #expect(damaged(seen) == ["public.turned_id"])
            // A row that has no entry shows only where each row is looked for.
            let thorough = try await bench.observe(
                "postgresql.integrity", ["indexes": "public.*", "heap-all-indexed": "true"])
            #expect(damaged(thorough) == ["public.lost_id", "public.turned_id"])
            #expect(thorough["damaged"] == 2)
            let spared = try await bench.observe(
                "postgresql.integrity", ["indexes": "public.*", "except": ["turned_*", "public.lost_id"]])
            #expect(spared["damaged"] == 0 && spared["indexes_checked"] == 1)
            let none = try await bench.observe("postgresql.integrity", ["indexes": "no_such"])
            #expect(none.verdict == .fail)
        }
    }

    @Test func whoMayNotCallAmcheckDidNotLook() async throws {
        try await Bench.run(schema: "CREATE TABLE t AS SELECT 1 AS id; CREATE INDEX t_id ON t (id)") { bench in
            let role = "am_" + bench.database
            try await bench.makeRoles(role)
            try await bench.sql("GRANT pg_monitor TO \(role)")
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { other in
                func look() async throws -> Seen {
                    try await other.observe("postgresql.integrity", ["indexes": "t_id"])
                }
                let missing = try await look()
                #expect(missing.verdict == .unknown)
                #expect(missing.observation.missing["damaged"]?.code == .notFound)
                try await bench.sql("CREATE SCHEMA kept; CREATE EXTENSION amcheck SCHEMA kept")
                let refused = try await look()
                #expect(refused.verdict == .unknown)
                #expect(refused.observation.missing["damaged"]?.code == .noPermission)
                for right in try other.action("postgresql.integrity", ["indexes": "t_id"]).rights {
                    try await bench.sql(right.grant.replacing("{role}", with: role))
                }
                let granted = try await look()
                #expect(granted["indexes_checked"] == 1, "\(granted.observation)")
                // Who holds the table keeps this one index from being read.
                let holder = try await OtherSession.open(bench, "LOCK TABLE t")
                var short = other
                short.time = .seconds(2)
                let locked = try await short.observe("postgresql.integrity", ["indexes": "t_id"])
                #expect(locked.verdict == .unknown)
                #expect(locked["indexes_checked"] == 0)
                await holder.close()
            }
            try await bench.dropRoles(role)
        }
    }

    @Test func aRunStopsAtItsBudgetAndTheNextGoesOn() async throws {
        try await Bench.run(
            schema: """
                CREATE EXTENSION amcheck; CREATE TABLE t AS SELECT generate_series(1, 100) AS id;
                CREATE TABLE large AS SELECT generate_series(1, 20000) AS id; CREATE INDEX large_id ON large (id);
                CREATE INDEX t_1 ON t (id); CREATE INDEX t_2 ON t (id); CREATE INDEX t_3 ON t (id); VACUUM
                """
        ) { bench in
            var bench = bench
            var seen: [[String]] = []
            for _ in 0..<3 {
                let run = try await bench.observe("postgresql.integrity", ["indexes": "public.*", "budget": "40 KiB"])
                seen.append(
                    run.observation.details.compactMap { if case .text(let name)? = $0["index"] { name } else { nil } })
                let last = try #require(run["resume_after"])
                bench.past = [PastMeasurement(at: Host.system.now(), value: last)]
                // One that no run can look at is said to be so in each.
                let finding = try #require(run.observation.findings.first { $0.subject == "public.large_id" })
                #expect(finding.severity == .unknown)
            }
            #expect(
                seen == [["public.t_1", "public.t_2"], ["public.t_3", "public.t_1"], ["public.t_2", "public.t_3"]])
        }
    }

    /// A byte of a table's file, changed while the server is down, and read by somebody.
    @Test func damagedPagesThatTheServerMetAreCounted() async throws {
        let server = try await PostgreSQLServer.start()
        try await server.psql("CREATE TABLE hurt AS SELECT i, repeat('x', 100) AS pad FROM generate_series(1, 2000) i")
        try await server.psql("CREATE ROLE plain LOGIN PASSWORD 'p'")
        let file = try await server.psql("SELECT pg_relation_filepath('hurt')")
        let programs = try await server.psql("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        let data = server.folder + "/data"
        try await server.interrupt()
        try await Program.run(programs + "/pg_checksums", ["--enable", "-D", data])
        try await server.resume()
        func look(_ role: String?) async throws -> Seen {
            try await Bench.open(server, "postgres", roles: role.map { ($0, $0) }) {
                try await $0.observe("postgresql.integrity")
            }
        }
        for role in [nil, "plain"] {
            let whole = try await look(role)
            #expect(whole.verdict == .pass && whole["checksum_failures"] == 0)
        }
        try await server.interrupt()
        try await Program.run(
            "bash", ["-c", #"printf '\377' | dd of="$0" bs=1 seek=20000 conv=notrunc"#, "\(data)/\(file)"])
        try await server.resume()
        _ = try? await server.psql("SELECT count(*) FROM hurt")
        #expect(try await eventually { try await look(nil).verdict == .fail })
        let seen = try await look("plain")
        #expect(seen.verdict == .fail && seen["checksum_failures"] == 1)
        #expect(seen.observation.findings.first?.subject == "database postgres")
        // Read as if it were whole.
        try await server.psql("SELECT pg_stat_reset(); ALTER SYSTEM SET ignore_checksum_failure = on")
        try await server.psql("SELECT pg_reload_conf()")
        #expect(
            try await eventually {
                try await look("plain").observation.findings.contains { $0.subject == "ignore_checksum_failure" }
            })
        await server.stop()
    }

    private func damaged(_ seen: Seen) -> [String] {
        seen.observation.findings.filter { $0.severity == .fail }.map(\.subject).sorted()
    }
}
