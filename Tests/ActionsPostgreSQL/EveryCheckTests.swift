import ActionsPostgreSQL
import ClientPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

import struct TestSupport.FaultAnswer

/// What holds of every check that needs no parameters: no false alarm on a healthy server, no pass without a look, and
/// nothing left behind by a server that hangs.
struct EveryCheckTests {
    static let checks: [String] = PostgreSQLActions.all.filter {
        !$0.isChange && (try? $0.configured(with: nil)) != nil
    }
    .map(\.name)

    /// What even a superuser is told of a healthy server: causes that say why, and are no alarms.
    static let known: [String: FaultAnswer] = [:]

    @Test func aHealthyServerRaisesNoAlarm_AndWhoMayNotLookIsToldSo() async throws {
        try await Self.healthy { server in
            var seen: [String: [String: FaultAnswer]] = [:]
            for role in ["postgres", "managed", "plain"] {
                seen[role] = try await Self.answers(server.url(role), Self.checks)
            }
            for check in Self.checks {
                let expected = Self.known[check] ?? .pass
                #expect(seen["postgres"]?[check] == expected, "\(check)")
                for role in ["managed", "plain"] {
                    let answer = seen[role]?[check]
                    #expect([expected, .hidden].contains(answer), "\(check) as \(role): \(answer?.description ?? "")")
                }
            }
            // Through a pooler nothing is seen otherwise.
            for mode in ["transaction", "session"] {
                let pooler = try await PgBouncer.start(before: server.server, mode: mode, roles: ["managed"])
                for role in ["postgres", "managed"] {
                    let answers = try await Self.answers(pooler.url(role), Self.checks)
                    for check in Self.checks {
                        #expect(answers[check] == seen[role]?[check], "\(check) as \(role) in \(mode) mode")
                    }
                }
                try await refuses(changesThrough: pooler, server.server)
                await pooler.stop()
            }
        }
    }

    private func refuses(changesThrough pooler: PgBouncer, _ server: PostgreSQLServer) async throws {
        let target = try Self.target(pooler.url("postgres"))
        let bench = Bench(server: server, database: "postgres", target: target)
        let changes: [(String, PlanValue)] = [
            ("postgresql.set", ["settings": ["work_mem": "10MB"]]), ("postgresql.vacuum", ["tables": "public.*"]),
            ("postgresql.update-extension", ["extensions": "hstore"]),
        ]
        for (name, parameters) in changes {
            let change = try bench.change(name, parameters)
            let unit = try #require(try await bench.preview(change).units.first, "\(name)")
            let baseline = try await bench.prepare(change, unit)
            let refused = try await failure { try await bench.apply(change, unit, baseline) }
            #expect(refused?.code == .notSupported && refused?.isFailed == true)
            #expect(refused?.sentence.contains("pooler") == true)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
        }
        await target.close()
    }

    /// Stopped in the middle of sessions, and before new ones.
    @Test(arguments: [true, false])
    func aServerThatHangsIsUnknownToAll_AndNothingStaysOpen(_ isConnected: Bool) async throws {
        let server = try await PostgreSQLServer.start()
        let process = try #require(server.supervisor.serverProcess)
        func signal(_ name: String) async throws {
            try await Program.run("bash", ["-c", "kill -\(name) $0 $(pgrep -P $0)", String(process)])
        }
        var bench = Bench(
            server: server, database: "postgres",
            target: try Self.target(server.url(database: "postgres")))
        if isConnected {
            _ = try await Self.answers(bench, Self.checks)
            #expect((1...2).contains(try await Self.connections(to: server.port)))
        }
        try await signal("STOP")
        bench.time = .seconds(1)
        let clock = ContinuousClock()
        let begun = clock.now
        let answers = try await Self.answers(bench, Self.checks)
        #expect(clock.now - begun < .seconds(5))
        for check in Self.checks {
            // Whether it answers is what this one looks at.
            let verdict: Verdict = check == "postgresql.connectivity" ? .fail : .unknown
            #expect(answers[check] == FaultAnswer(verdict, .timedOut), "\(check)")
        }
        await bench.target.close()
        let areGone = try await eventually(within: .seconds(5)) { try await Self.connections(to: server.port) == 0 }
        #expect(areGone)
        try await signal("CONT")
        #expect(
            try await eventually(within: .seconds(20)) {
                try await server.psql(
                    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                )
                    == "0"
            })
        await server.stop()
    }

    /// Connections of this machine to a port that are established.
    private static func connections(to port: Int) async throws -> Int {
        let hexadecimal = String(port, radix: 16, uppercase: true)
        let end = ":" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
        // Foundation would read the file's first page only.
        return try await Program.run("cat", ["/proc/net/tcp"]).split(separator: "\n").filter { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[2].hasSuffix(end) && fields[3] == "01"
        }.count
    }

    /// All of them at once, over the two connections of one target.
    private static func answers(_ url: String, _ checks: [String]) async throws -> [String: FaultAnswer] {
        let target = try target(url)
        let bench = Bench(server: try await PostgreSQLServer.shared(), database: "postgres", target: target)
        let answers = try await answers(bench, checks)
        await target.close()
        return answers
    }

    private static func answers(_ bench: Bench, _ checks: [String]) async throws -> [String: FaultAnswer] {
        try await withThrowingTaskGroup(of: (String, FaultAnswer).self) { group in
            for check in checks { group.addTask { (check, try await bench.answer(check, nil)) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private static func target(_ url: String) throws -> StepTargets {
        try StepTargets(open(TargetKindDefinition(PostgreSQLKind.self).target(from: .text(url))))
    }

    private static func open(_ kind: any TargetKind) -> OpenTarget { OpenTarget(kind, on: .system) }

    /// A server with checksums, an archive, a table that is looked after; and a role such as a managed service gives.
    private static func healthy(_ body: (HealthyServer) async throws -> Void) async throws {
        let server = try await PostgreSQLServer.start(settings: [
            "wal_level": "replica", "max_wal_senders": "2", "archive_mode": "on",
            "archive_command": "cp %p archived_%f",
            "shared_preload_libraries": "pg_stat_statements", "track_io_timing": "on",
        ])
        try await doing {
            let programs = try await server.psql("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
            try await server.interrupt()
            try await Program.run(programs + "/pg_checksums", ["--enable", "-D", server.folder + "/data"])
            try await server.resume()
            try await server.psql(
                """
                CREATE ROLE managed LOGIN PASSWORD 'p'; CREATE ROLE plain LOGIN PASSWORD 'p'; GRANT pg_monitor TO managed;
                CREATE EXTENSION pg_stat_statements; CREATE EXTENSION hstore VERSION '1.7';
                CREATE TABLE traps (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, site int, note text);
                INSERT INTO traps (site, note) SELECT g % 10, repeat('x', 50) FROM generate_series(1, 5000) g;
                SELECT pg_switch_wal()
                """)
            // Analyzing leaves dead rows in the catalogs itself.
            try await server.psql("VACUUM ANALYZE")
            try await server.psql("VACUUM")
            try await body(HealthyServer(server: server))
        } finally: {
            await server.stop()
        }
    }

    private struct HealthyServer {
        let server: PostgreSQLServer
        func url(_ role: String) -> String {
            server.url(database: "postgres", user: role, password: role == "postgres" ? nil : "p")
        }
    }
}
