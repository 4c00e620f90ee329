import ActionsPostgreSQL
import Host
import Maintenance
import Testing

@testable import Sandbox

/// On a server of their own: ALTER SYSTEM belongs to the whole server.
@Suite(.serialized)
struct SetSettingsTests {
    @Test func itIsWrittenLoadedAndSeen_AndTakenBack() async throws {
        try await own { bench in
            // What is there from before comes back as it was written.
            try await bench.sql("ALTER SYSTEM SET work_mem = '8MB'; SELECT pg_reload_conf()")
            #expect(try await eventually { try await bench.sql("SHOW work_mem") == "8MB" })
            let change = try bench.change(
                "postgresql.set",
                [
                    "settings": [
                        "work_mem": "10MB", "random_page_cost": "1.1", "log_destination": "stderr, csvlog",
                        "search_path": "app, \"$user\"", "autovacuum": "on",
                    ], "reset": "fsync",
                ])
            let preview = try await bench.preview(change)
            #expect(preview.findings.isEmpty, "\(preview.findings)")
            // What is so already is left alone.
            #expect(
                preview.units.map(\.id) == ["log_destination", "random_page_cost", "search_path", "work_mem", "fsync"])
            #expect(preview.units.contains { $0.title.contains("work_mem: 8 MiB → 10MB (user, after a reload)") })
            #expect(preview.statements.last == "SELECT pg_reload_conf()")
            #expect(preview.statements.contains(#"ALTER SYSTEM SET "search_path" TO 'app', '$user'"#))
            let before = try await entries(bench)
            var baselines: [[UInt8]] = []
            for unit in preview.units {
                let baseline = try await bench.prepare(change, unit)
                baselines.append(baseline)
                #expect(try await bench.probe(change, unit, baseline) == .pending)
                try await bench.apply(change, unit, baseline)
                guard case .applied(let proof) = try await bench.probe(change, unit, baseline) else {
                    throw NotProven()
                }
                #expect(proof.findings.isEmpty && proof["needs_restart"] == 0)
            }
            #expect(try await bench.sql("SHOW work_mem") == "10MB")
            #expect(try await bench.sql("SHOW search_path") == #"app, "$user""#)
            #expect(try await bench.sql("SHOW fsync") == "on")
            #expect(try await bench.preview(change).units.isEmpty)
            for (unit, baseline) in zip(preview.units, baselines).reversed() {
                for _ in 0..<2 { try await bench.undo(change, unit, baseline) }
                #expect(try await bench.probe(change, unit, baseline) == .pending)
            }
            #expect(try await entries(bench) == before)
            #expect(try await eventually { try await bench.sql("SHOW work_mem") == "8MB" })
        }
    }

    @Test func whatNeedsARestartIsNamed() async throws {
        try await own { bench in
            let change = try bench.change("postgresql.set", ["settings": ["max_connections": "70"]])
            let preview = try await bench.preview(change)
            #expect(preview.findings.map(\.severity) == [.warn] && preview["needs_restart"] == 1)
            let unit = try #require(preview.units.first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.apply(change, unit, baseline)
            guard case .applied(let proof) = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(proof.findings.map(\.cause.code.rawValue) == ["needs-restart"])
            #expect(proof["needs_restart"] == 1)
            // Nothing is left to write, and still it is not in force.
            let again = try await bench.preview(change)
            #expect(again.units.isEmpty && again.findings.map(\.cause.code.rawValue) == ["needs-restart"])
            try await bench.undo(change, unit, baseline)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            #expect(try await entries(bench).contains("max_connections = '80'"))
            // Done again, and restarted: then it is in force, and nothing is left to say.
            try await bench.apply(change, unit, try await bench.prepare(change, unit))
            try await bench.server.interrupt()
            try await bench.server.resume()
            try await Bench.open(bench.server, "postgres") { fresh in
                guard case .applied(let proof) = try await fresh.probe(change, unit, baseline) else {
                    throw NotProven()
                }
                #expect(proof.findings.isEmpty && proof["needs_restart"] == 0)
            }
        }
    }

    /// A setting that only new sessions begin with, and one that the database has of its own.
    @Test func whatOpenSessionsDoNotTakeOnIsProvenAllTheSame() async throws {
        try await own { bench in
            try await bench.sql("ALTER DATABASE postgres SET work_mem = '1MB'")
            try await Bench.open(bench.server, "postgres") { bench in
                let change = try bench.change(
                    "postgresql.set", ["settings": ["log_connections": "on", "work_mem": "10MB"]])
                let preview = try await bench.preview(change)
                #expect(preview.findings.map(\.subject) == ["work_mem"])
                let proofs = try await bench.doAll(change, preview)
                #expect(proofs.count == 2)
                #expect(proofs.flatMap(\.findings).map(\.cause.code.rawValue) == ["differs"])
                #expect(try await bench.sql("SHOW log_connections") == "on")
            }
        }
    }

    static let refusals: [(String, String, Cause.Code, String)] = [
        ("no_such", "1", .notFound, "no such setting"), ("work_mem", "lots", .outOfRange, "refuses lots"),
        ("work_mem", "1kB", .outOfRange, "64 to"), ("max_connections", "0", .outOfRange, "1 to"),
        ("wal_level", "all", .outOfRange, "minimal, replica, logical"), ("autovacuum", "maybe", .outOfRange, "maybe"),
        ("data_checksums", "on", .notSupported, "built in"), ("server_version", "16", .notSupported, "built in"),
        ("primary_conninfo", "host=a password=b", .notSupported, "secret"),
        ("DateStyle", "nonsense", .outOfRange, "refuses"), ("timezone", "Nowhere/Land", .outOfRange, "refuses"),
        ("data_directory", "/x", .notSupported, "where the configuration is"),
    ]

    @Test func whatTheServerWouldRefuseIsRefusedBefore() async throws {
        try await own { bench in
            for (name, value, code, words) in Self.refusals {
                let preview = try await bench.preview(
                    bench.change("postgresql.set", ["settings": .map([.init(name, .text(value))])]))
                #expect(preview.findings.map(\.cause.code) == [code], "\(name) \(preview.findings)")
                #expect(preview.findings.allSatisfy { $0.severity == .fail })
                #expect(preview.findings.first?.cause.sentence.contains(words) == true, "\(preview.findings)")
            }
            // Only tried: nothing is altered by a preview.
            #expect(try await bench.sql("SHOW timezone") == "UTC")
        }
    }

    @Test func aCrashAtEachStepLeavesWhatCanBeFinished() async throws {
        try await own { bench in
            let change = try bench.change("postgresql.set", ["settings": ["work_mem": "10MB"]])
            let unit = try #require(try await bench.preview(change).units.first)
            let baseline = try await bench.prepare(change, unit)
            // Written, and the process died before the reload.
            try await bench.sql("ALTER SYSTEM SET work_mem TO '10MB'")
            guard case .partial = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            try await change.repair?(unit, baseline, bench.target, bench.context(unit: unit.id))
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            // Taking back died likewise.
            try await bench.sql("ALTER SYSTEM RESET work_mem")
            try await bench.undo(change, unit, baseline)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            #expect(try await eventually { try await bench.sql("SHOW work_mem") == "4MB" })
            // What somebody else wrote meanwhile is theirs.
            try await bench.sql("ALTER SYSTEM SET work_mem TO '32MB'; SELECT pg_reload_conf()")
            for body in [bench.apply, bench.undo] {
                let refused = try await failure { try await body(change, unit, baseline) }
                #expect(refused?.isFailed == true)
                #expect(refused?.sentence.contains("somebody else") == true)
            }
            #expect(try await bench.sql("SHOW work_mem") == "32MB")
        }
    }

    @Test func withThePrintedRightsAnOrdinaryRoleCan() async throws {
        try await own { bench in
            try await bench.sql("CREATE ROLE looker LOGIN PASSWORD 'p'; CREATE ROLE changer LOGIN PASSWORD 'p'")
            let parameters: PlanValue = ["settings": ["work_mem": "10MB", "max_connections": "70"]]
            try await Bench.open(bench.server, "postgres", roles: ("looker", "changer")) { limited in
                let change = try limited.change("postgresql.set", parameters)
                let blind = try await limited.preview(change)
                #expect(blind.findings.allSatisfy { $0.severity == .unknown && $0.cause.code == .noPermission })
                #expect(!blind.findings.isEmpty)
                // As on a server where only the statistics are open: what is in force at once can be seen without the file.
                try await bench.sql("GRANT pg_monitor TO looker")
                let monitor = try await limited.preview(change)
                #expect(monitor.findings.map(\.subject) == ["max_connections"])
                #expect(monitor.findings.first?.severity == .unknown)
                let one = try limited.change("postgresql.set", ["settings": ["work_mem": "10MB"]])
                let unit = try #require(try await limited.preview(one).units.first)
                let baseline = try await limited.prepare(one, unit)
                let refused = try await failure { try await limited.apply(one, unit, baseline) }
                #expect(refused?.code == .noPermission && refused?.isFailed == true)
                #expect(try await limited.probe(one, unit, baseline) == .pending)
                #expect(try await entries(bench).contains("work_mem") == false)
                for right in try limited.action("postgresql.set", parameters).rights {
                    try await bench.sql(
                        right.grant.replacing("{role}", with: right.purpose == .look ? "looker" : "changer"))
                }
                #expect(try await limited.doAll(change, limited.preview(change)).count == 2)
            }
        }
    }

    @Test func theFileNeedNotBeReadForWhatIsInForceAtOnce() async throws {
        try await own { bench in
            try await bench.sql(
                """
                CREATE ROLE looker LOGIN PASSWORD 'p'; GRANT pg_monitor TO looker; CREATE ROLE changer LOGIN PASSWORD 'p';
                GRANT ALTER SYSTEM ON PARAMETER work_mem TO changer; GRANT EXECUTE ON FUNCTION pg_reload_conf() TO changer;
                ALTER SYSTEM SET work_mem = '8MB'; SELECT pg_reload_conf()
                """)
            #expect(try await eventually { try await bench.sql("SHOW work_mem") == "8MB" })
            try await Bench.open(bench.server, "postgres", roles: ("looker", "changer")) { limited in
                let change = try limited.change("postgresql.set", ["settings": ["work_mem": "10MB"]])
                let unit = try #require(try await limited.preview(change).units.first)
                let baseline = try await limited.prepare(change, unit)
                try await limited.apply(change, unit, baseline)
                guard case .applied = try await limited.probe(change, unit, baseline) else { throw NotProven() }
                try await limited.undo(change, unit, baseline)
                #expect(try await limited.probe(change, unit, baseline) == .pending)
                #expect(try await eventually { try await bench.sql("SHOW work_mem") == "8MB" })
            }
        }
    }

    private func entries(_ bench: Bench) async throws -> String {
        try await bench.sql(
            "SELECT string_agg(l, E'\\n' ORDER BY l) FROM regexp_split_to_table(pg_read_file('postgresql.auto.conf'), E'\\n') l "
                + "WHERE l !~ '^#' AND l <> ''")
    }

    /// One server for all, one after the other; each leaves the settings as they were.
    private func own(_ body: (Bench) async throws -> Void) async throws {
        let server = try await Self.server.value()
        try await doing {
            try await Bench.open(server, "postgres", body)
        } finally: {
            for name in ["work_mem", "random_page_cost", "log_destination", "search_path", "log_connections"] {
                _ = try? await server.psql("ALTER SYSTEM RESET \(name)")
            }
            _ = try? await server.psql("ALTER SYSTEM SET max_connections = 80")
            _ = try? await server.psql("ALTER SYSTEM SET fsync = off")
            _ = try? await server.psql("ALTER DATABASE postgres RESET ALL; SELECT pg_reload_conf()")
            for role in ["looker", "changer"] {
                _ = try? await server.psql("DROP OWNED BY \(role)")
                _ = try? await server.psql("DROP ROLE IF EXISTS \(role)")
            }
        }
    }

    private static let server = Shared { try await PostgreSQLServer.start(settings: ["max_connections": "80"]) }
}
