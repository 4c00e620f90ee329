import ClientRedis
import Host
import Maintenance
import Sandbox
import TestSupport
import Testing

@testable import ActionsRedis

struct ServerStateTests {
    @Test func theServerAnswers_OrThatItDoesNotIsTheFinding() async throws {
        let server = try await RedisServer.shared()
        let seen = try await observe("redis.connectivity", url: ["url": server.url()])
        #expect(seen.answer == .pass)
        #expect(seen["latency"].map { $0 > 0 && $0 < 1000 } == true)
        #expect(seen.observation.summary.contains("standalone, a primary"))
        let proxy = try FaultProxy(to: server.port, behaviour: FaultProxy.Behaviour(connection: .refuse))
        defer { proxy.stop() }
        let refused = try await observe("redis.connectivity", url: ["url": "redis://127.0.0.1:\(proxy.port)/0"])
        #expect(refused.answer == FaultAnswer(.fail, .refused))
        let wrong = try await observe("redis.connectivity", url: ["url": "redis://a:b@127.0.0.1:\(server.port)/0"])
        #expect(wrong.answer == FaultAnswer(.fail, .signInFailed))
    }

    @Test func snapshotsThatFailOrAreOverdue() async throws {
        try await withServer { server in
            let url = ["url": server.url()]
            let cache = try await observe("redis.persistence", url: url)
            #expect(cache.answer == .pass)
            #expect(cache.observation.summary.contains("no snapshots by rule"))
            let expected = try await observe(
                "redis.persistence", ["expect": .list([.text("snapshots"), .text("append-only")])], url: url)
            #expect(expected.answer == FaultAnswer(.fail, .threshold))
            #expect(expected.observation.findings.count == 2)
            try await server.said("CONFIG", "SET", "save", "3600 1")
            try await server.said("SET", "a", "1")
            #expect(try await observe("redis.persistence", url: url).answer == .pass)
            try await Host.system.sleep(.milliseconds(1100))
            let old = try await observe("redis.persistence", ["max-age": .text("1s")], url: url)
            #expect(old.answer == FaultAnswer(.fail, .stale))
            try await server.said("SAVE")
            #expect(try await observe("redis.persistence", ["max-age": .text("1s")], url: url).answer == .pass)
        }
    }

    @Test func aSaveThatFailedIsSeen() async throws {
        try await withServer { server in
            // A folder is where the file would go.
            try await Program.run("mkdir", [server.supervisor.folder + "/dump.rdb"])
            try await server.said("SET", "a", "1")
            try await server.said("BGSAVE")
            try await server.wait("rdb_last_bgsave_status", "err")
            let seen = try await observe("redis.persistence", url: ["url": server.url()])
            #expect(seen.answer == FaultAnswer(.fail, .rejected))
            #expect(seen.sentences.contains("last snapshot failed"))
        }
    }

    @Test func theAppendOnlyFileIsMeasured() async throws {
        try await withServer("--appendonly", "yes") { server in
            try await server.said("SET", "a", "1")
            let seen = try await observe(
                "redis.persistence", ["expect": .text("append-only")], url: ["url": server.url()])
            #expect(seen.answer == .pass)
            #expect(seen["append_only_bytes"].map { $0 > 0 } == true)
        }
    }

    @Test(arguments: [
        ("rdb_last_save_time:1000\nuptime_in_seconds:9000", 8000.0, "the last snapshot"),
        ("rdb_last_save_time:8000\nuptime_in_seconds:2000", 10_000, "the start"),
    ])
    func aRuleThatIsOverdue(_ fields: String, _ now: Double, _ since: String) throws {
        let text = """
            \(fields)
            rdb_changes_since_last_save:150
            rdb_last_bgsave_status:ok
            rdb_last_bgsave_time_sec:-1
            aof_enabled:0
            """
        let state = try PersistenceState(ServerInfo(text, identity: "redis"), now: now)
        let rules = SaveRule.all("3600 1 300 100")
        #expect(rules == [SaveRule(seconds: 3600, changes: 1), SaveRule(seconds: 300, changes: 100)])
        let overdue = state.overdue(.success([SaveRule(seconds: 300, changes: 100)]), maxAge: nil)
        #expect(overdue?.contains(since) == true)
        #expect(state.overdue(.success([SaveRule(seconds: 300, changes: 200)]), maxAge: nil) == nil)
        #expect(state.overdue(.success([]), maxAge: nil) == nil)
    }

    @Test func replicasAreCountedAndTheirLinkIsSeenFromBothEnds() async throws {
        try await withServer("--repl-diskless-sync-delay", "0") { primary in
            let lone = try await observe("redis.replication", url: ["url": primary.url()])
            #expect(lone.answer == .pass)
            #expect(lone["replicas"] == 0)
            #expect(lone.observation.missing["lag"]?.code == .noData)
            try await withServer("--replicaof", "127.0.0.1", String(primary.port)) { replica in
                try await replica.wait("master_link_status", "up")
                try await primary.wait("connected_slaves", "1")
                let followed = try await followed(primary)
                #expect(followed.answer == .pass)
                #expect(followed["replicas"] == 1)
                #expect(followed["lag"].map { $0 <= 2 } == true)
                let following = try await observe(
                    "redis.replication", ["role": .text("replica")], url: ["url": replica.url()])
                #expect(following.answer == .pass)
                #expect(following["lag"] != nil)
                let role = try await observe(
                    "redis.replication", ["role": .text("primary")], url: ["url": replica.url()])
                #expect(role.answer == FaultAnswer(.fail, .threshold))
                let few = try await observe(
                    "redis.replication", ["replicas": .text("2")], url: ["url": primary.url()])
                #expect(few.answer == FaultAnswer(.fail, .threshold))
                try await replica.said("CONFIG", "SET", "replica-read-only", "no")
                #expect(
                    try await observe("redis.replication", url: ["url": replica.url()]).answer == .overThreshold)
                try await primary.interrupt()
                try await replica.wait("master_link_status", "down")
                let cut = try await observe("redis.replication", url: ["url": replica.url()])
                #expect(cut.answer == FaultAnswer(.fail, .connectionLost))
                try await primary.resume()
            }
        }
    }

    /// What the primary says once its replica follows.
    private func followed(_ primary: RedisServer) async throws -> Seen {
        for _ in 0..<200 {
            let text = try await primary.command(["INFO", "replication"])
            if text.contains("state=online") { break }
            try await Host.system.sleep(.milliseconds(20))
        }
        return try await observe(
            "redis.replication", ["replicas": .text("1"), "role": .text("primary")], url: ["url": primary.url()])
    }

    @Test(arguments: [
        ("state=online,offset=100,lag=1", FaultAnswer.pass), ("state=wait_bgsave,offset=0,lag=0", .init(.warn, .busy)),
        ("state=online,offset=100,lag=30", .overThreshold),
        ("state=online,offset=100,lag=70", .init(.fail, .threshold)),
        ("state=online,offset=-5000,lag=1", .overThreshold),
    ])
    func aReplicaThatFallsBehind(_ state: String, _ answer: FaultAnswer) async throws {
        let info = """
            role:master
            connected_slaves:1
            slave0:ip=10.0.0.1,port=6379,\(state)
            master_repl_offset:110
            repl_backlog_size:1000
            """
        let seen = try await observed(ReplicationState(), info) { _ in }
        #expect(FaultAnswer(seen, Thresholds()) == answer)
    }

    @Test func clientsAreCountedAgainstTheLimit() async throws {
        try await withServer("--maxclients", "20") { server in
            let url = ["url": server.url()]
            let few = try await observe("redis.clients", url: url)
            #expect(few.answer == .pass)
            #expect(few["used_percent"].map { $0 < 20 } == true)
            #expect(few.observation.missing["rejected"]?.code == .noData)
            var held: [StepTargets] = []
            func hold() async throws {
                let target = try Bench.open(url)
                held.append(target)
                let access = try await target.access(RedisKind.self, for: .look, in: context())
                _ = try await access.ask(RedisCommand("PING"))
            }
            while held.count < 16 { try await hold() }
            // redis-cli itself is one.
            try await server.wait("connected_clients", "17")
            let many = try await observe("redis.clients", url: url, in: context(after: few))
            #expect(many.answer == .overThreshold)
            #expect(many["rejected"] == 0)
            while held.count < 18 { try await hold() }
            try await server.wait("connected_clients", "19")
            let full = try await observe("redis.clients", url: url, in: context(after: few))
            #expect(full.answer == FaultAnswer(.fail, .threshold))
            try await server.wait("connected_clients", "19")
            while held.count < 20 { try await hold() }
            let turned = await causeThrown { _ = try await observe("redis.clients", url: url) }
            #expect(turned?.code == .busy)
            for _ in 0..<4 { await held.removeLast().close() }
            try await server.wait("connected_clients", "17")
            let after = try await observe("redis.clients", url: url, in: context(after: few))
            #expect(after["rejected"].map { $0 >= 1 } == true)
            for target in held { await target.close() }
        }
    }
}
