import ActionsPostgreSQL
import Host
import Maintenance
import Testing

@testable import Sandbox

/// A primary and its standby, whose faults come one after the other.
struct ReplicationTests {
    @Test func whatGoesWrongBetweenAPrimaryAndItsStandbyIsSeen() async throws {
        try await Pair.run { pair in
            try await healthy(pair)
            try await paused(pair)
            try await lost(pair)
        }
    }

    private func healthy(_ pair: Pair) async throws {
        #expect(try await eventually { try await pair.primary("watcher")["standbys"] == 1 })
        for role in ["postgres", "watcher"] {
            let seen = try await pair.primary(role)
            #expect(seen.verdict == .pass, "\(role) \(seen.observation)")
            #expect(seen["standbys"] == 1 && seen["lag"].map { $0 < 5 } == true && seen["unused_slots"] == 0)
            let own = try await pair.standby(role)
            #expect(own.verdict == .pass, "\(role) \(own.observation)")
            #expect(own.observation.summary.hasPrefix("a standby"))
        }
        // The rows are there, and how far they are is not: no zero may come of it.
        for seen in [try await pair.primary("plain"), try await pair.standby("plain")] {
            #expect(seen.verdict == .unknown)
            #expect(seen["silent"] == nil)
            #expect(seen.observation.missing["silent"]?.code == .noPermission)
        }
        #expect(try await pair.primary("plain")["lag"] == nil)
        // One too few by the plan, or by what an earlier run saw.
        #expect(try await pair.primary("watcher", ["standbys": "2"]).verdict == .fail)
        #expect(try await pair.primary("watcher", past: [1, 2]).verdict == .fail)
        #expect(try await pair.primary("watcher", ["standbys": "1"], past: [1, 2]).verdict == .pass)
    }

    private func paused(_ pair: Pair) async throws {
        try await pair.follower.psql("SELECT pg_wal_replay_pause()")
        try await pair.server.psql("CREATE TABLE w AS SELECT generate_series(1, 50000) AS i; DROP TABLE w")
        #expect(try await eventually { try await pair.primary("watcher")["behind"].map { $0 > 1_000_000 } == true })
        for role in ["postgres", "watcher", "plain"] {
            let own = try await pair.standby(role)
            #expect(own.verdict == .fail, "\(role) \(own.observation)")
            #expect(own.observation.findings.contains { $0.cause.sentence.contains("Replay is paused") })
        }
        let seen = try await pair.primary("watcher")
        #expect(seen["lag"].map { $0 > 0 } == true)
        try await pair.follower.psql("SELECT pg_wal_replay_resume()")
        #expect(try await eventually { try await pair.primary("watcher").verdict == .pass })
    }

    private func lost(_ pair: Pair) async throws {
        try await pair.follower.interrupt()
        #expect(try await eventually { try await pair.primary("watcher")["standbys"] == 0 })
        try await pair.server.psql("CREATE TABLE v AS SELECT generate_series(1, 50000) AS i")
        for role in ["postgres", "watcher", "plain"] {
            let seen = try await pair.primary(role)
            // Nobody is connected: its slot is what is left of it.
            #expect(seen.verdict == .warn, "\(role) \(seen.observation)")
            #expect(seen["unused_slots"] == 1)
            #expect(seen["slot_kept"].map { $0 > 1_000_000 } == true)
            #expect(try await pair.primary(role, past: [1]).verdict == .fail)
        }
        // A slot that lost what it needs.
        try await pair.server.psql("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'; SELECT pg_reload_conf()")
        for _ in 0..<3 {
            try await pair.server.psql("SELECT pg_switch_wal(); CREATE TABLE IF NOT EXISTS u (); DROP TABLE u")
        }
        try await pair.server.psql("CHECKPOINT")
        for role in ["watcher", "plain"] {
            let seen = try await pair.primary(role)
            #expect(seen.verdict == .fail)
            #expect(seen.observation.findings.contains { $0.cause.code.rawValue == "lost-log" }, "\(seen.observation)")
        }
        // The primary goes away: a standby that receives nothing has nothing left to replay, and is not well.
        try await pair.server.psql("SELECT pg_drop_replication_slot('one')")
        try await pair.server.interrupt()
        try await pair.follower.resume()
        for role in ["postgres", "watcher"] {
            let own = try await pair.standby(role)
            #expect(own.verdict == .fail, "\(own.observation)")
            #expect(own.observation.findings.contains { $0.cause.sentence.contains("cut off") })
        }
        #expect(try await pair.standby("plain").verdict == .unknown)
    }

    @Test func withoutReplicationThereIsNothingAmiss() async throws {
        try await Bench.run { bench in
            let seen = try await bench.observe("postgresql.replication")
            #expect(seen.verdict == .pass)
            #expect(seen.observation.summary == "no standby is connected")
        }
    }
}

/// A primary and its standby, with a role that may read statistics and one that may not.
struct Pair {
    let server: PostgreSQLServer
    let follower: PostgreSQLServer

    static func run(_ body: (Pair) async throws -> Void) async throws {
        let server = try await PostgreSQLServer.start(
            settings: ["wal_level": "replica", "max_wal_senders": "4", "wal_receiver_status_interval": "1s"],
            rules: ["host replication postgres 127.0.0.1/32 trust"])
        try await doing {
            try await server.psql(
                "CREATE ROLE watcher LOGIN PASSWORD 'p'; CREATE ROLE plain LOGIN PASSWORD 'p'; "
                    + "GRANT pg_monitor TO watcher")
            let follower = try await standby(of: server)
            try await doing {
                try await body(Pair(server: server, follower: follower))
            } finally: {
                await follower.stop()
            }
        } finally: {
            await server.stop()
        }
    }

    private static func standby(of server: PostgreSQLServer) async throws -> PostgreSQLServer {
        let programs = PostgreSQLInstallation.programs
        let port = try Scratch.freePort()
        let folder = try Scratch.makeFolder("standby")
        let user = PostgreSQLInstallation.asServerUser
        let supervisor = try Supervisor.own(
            folder,
            command: user + [
                programs + "/postgres", "-D", folder + "/data", "-p", "\(port)", "-c",
                "unix_socket_directories=\(folder)/data",
            ], stopSignal: "INT", endSignal: "QUIT")
        let standby = PostgreSQLServer(port: port, supervisor: supervisor)
        try await supervisor.orEnd {
            try await Program.run(
                "install", ["-d", "-m", "0700"] + (user.isEmpty ? [] : ["-o", "postgres"]) + [folder + "/data"])
            let copy =
                user + [
                    programs + "/pg_basebackup", "-D", folder + "/data", "-R", "-X", "stream", "-c", "fast", "-C", "-S",
                    "one",
                    "-d", "host=127.0.0.1 port=\(server.port) user=postgres application_name=one",
                ]
            try await Program.run(copy[0], Array(copy.dropFirst()))
            try await standby.resume()
        }
        return standby
    }

    func primary(_ role: String, _ parameters: PlanValue? = nil, past: [Double] = []) async throws -> Seen {
        try await Self.observe(server, role, parameters, past)
    }

    func standby(_ role: String) async throws -> Seen { try await Self.observe(follower, role, nil, []) }

    private static func observe(
        _ server: PostgreSQLServer, _ role: String, _ parameters: PlanValue?, _ past: [Double]
    ) async throws -> Seen {
        let roles = role == "postgres" ? nil : (role, role)
        return try await Bench.open(server, "postgres", roles: roles) { bench in
            var bench = bench
            bench.past = past.map { PastMeasurement(at: Host.system.now() - .seconds(3600), value: $0) }
            return try await bench.observe("postgresql.replication", parameters)
        }
    }
}
