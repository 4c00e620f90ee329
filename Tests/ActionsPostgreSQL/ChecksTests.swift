import ActionsPostgreSQL
import ClientPostgreSQL
import Host
import Maintenance
import Sandbox
import Testing

struct ConnectivityTests {
    @Test func aHealthyDatabaseAnswers() async throws {
        try await Bench.run { bench in
            let seen = try await bench.observe("postgresql.connectivity")
            #expect(seen.verdict == .pass)
            #expect(seen["latency"].map { $0 > 0 && $0 < 1000 } == true)
            #expect(seen["replication_lag"] == 0)
            #expect(seen.observation.summary.contains("primary"))
        }
    }

    @Test(arguments: [
        (FaultProxy.Behaviour(connection: .refuse), Cause.Code.refused), (.init(connection: .hang), .timedOut),
        (.init(connection: .close(reset: true)), .connectionLost),
        (.init(connection: .garbage(Array("HTTP/1.1 200 OK\r\n\r\n".utf8))), .malformed),
        (.init(after: (bytes: 300, event: .halfClose)), .connectionLost),
    ])
    func aDatabaseThatDoesNotAnswerIsTheFinding(_ fault: FaultProxy.Behaviour, _ code: Cause.Code) async throws {
        let server = try await PostgreSQLServer.shared()
        let proxy = try FaultProxy(to: server.port, behaviour: fault)
        defer { proxy.stop() }
        let target = StepTargets(
            OpenTarget(try kind("postgresql://postgres@127.0.0.1:\(proxy.port)/postgres"), on: .system))
        var bench = Bench(server: server, database: "postgres", target: target)
        bench.time = code == .timedOut ? .milliseconds(500) : .seconds(5)
        let seen = try await bench.observe("postgresql.connectivity")
        #expect(seen.verdict == .fail)
        #expect(seen.observation.findings.map(\.cause.code) == [code])
        // The other checks could not look: their subject is not whether the server answers.
        let size = try await failure { [bench] in _ = try await bench.observe("postgresql.size") }
        #expect(size?.code == code)
        await target.close()
    }

    @Test func whoMayNotConnectCouldNotLook() async throws {
        try await Bench.run { bench in
            let role = "shut_" + bench.database
            try await bench.makeRoles(role)
            try await bench.sql("REVOKE CONNECT ON DATABASE \(bench.database) FROM PUBLIC")
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { shut in
                let found = try await failure { _ = try await shut.observe("postgresql.connectivity") }
                #expect(found?.code == .noPermission)
            }
            try await bench.dropRoles(role)
        }
    }

    private func kind(_ url: String) throws -> PostgreSQLKind {
        guard let kind = try TargetKindDefinition(PostgreSQLKind.self).target(from: .text(url)) as? PostgreSQLKind
        else {
            throw NoSuchAction()
        }
        return kind
    }
}

struct ConnectionsTests {
    @Test func countsAreThoseOfTheServer() async throws {
        try await Bench.run { bench in
            let seen = try await bench.observe("postgresql.connections")
            #expect(seen.verdict == .pass)
            let count = try #require(seen["connections"])
            #expect(count >= 1)
            #expect(seen["used_percent"] == 100 * count / 97)
            #expect(seen["idle_in_transaction"] != nil)
        }
    }

    @Test func takenConnectionsAreSeen_AndWhoIdlesInATransaction() async throws {
        let server = try await PostgreSQLServer.start(
            settings: ["max_connections": "13", "superuser_reserved_connections": "3"])
        try await Bench.open(server, "postgres") { bench in
            var held: [StepTargets] = []
            func hold() async throws {
                let other = StepTargets(
                    OpenTarget(
                        try #require(
                            try TargetKindDefinition(PostgreSQLKind.self)
                                .target(from: .text(server.url(database: "postgres"))) as? PostgreSQLKind), on: .system)
                )
                held.append(other)
                let check = try bench.action("postgresql.connectivity", nil)
                if case .check(let check) = check.work { _ = try await check.observe(other, bench.context()) }
            }
            while held.count < 6 { try await hold() }
            #expect(try await bench.observe("postgresql.connections").verdict == .pass)
            while held.count < 8 { try await hold() }
            let warned = try await bench.observe("postgresql.connections")
            #expect(warned.verdict == .warn)
            #expect(warned["used_percent"] == 90)
            try await hold()
            #expect(try await bench.observe("postgresql.connections").verdict == .fail)
            for target in held { await target.close() }
        }
        await server.stop()
    }

    @Test func withoutTheRightTheStatesAreUnknownAndTheCountIsNot() async throws {
        try await Bench.run { bench in
            let role = "blind_" + bench.database
            try await bench.makeRoles(role)
            let other = try await OtherSession.open(bench)
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { blind in
                let seen = try await blind.observe("postgresql.connections")
                #expect(seen.verdict == .unknown)
                #expect(seen["connections"].map { $0 >= 2 } == true)
                #expect(seen["idle_in_transaction"] == nil)
                #expect(seen.observation.missing["idle_in_transaction"]?.code == .noPermission)
                #expect(seen.observation.findings.first?.cause.sentence.contains("pg_read_all_stats") == true)
                try await bench.sql("GRANT pg_read_all_stats TO \(role)")
                let granted = try await blind.observe("postgresql.connections")
                #expect(granted.verdict == .pass)
                #expect(granted["idle_in_transaction"].map { $0 >= 1 } == true)
            }
            await other.close()
            try await bench.dropRoles(role)
        }
    }

    @Test func aDatabasesOwnLimitCountsToo() async throws {
        try await Bench.run { bench in
            try await bench.sql("ALTER DATABASE \(bench.database) CONNECTION LIMIT 1")
            #expect(try await bench.observe("postgresql.connections").verdict == .fail)
        }
    }
}

struct SizeTests {
    @Test func withoutHistoryTheSizeIsKnownAndItsGrowthIsNot() async throws {
        try await Bench.run(schema: "CREATE TABLE big AS SELECT repeat('x', 1000) FROM generate_series(1, 1000)") {
            bench in
            let seen = try await bench.observe("postgresql.size")
            #expect(seen.verdict == .pass)
            #expect(seen["bytes"].map { $0 > 5_000_000 } == true)
            #expect(seen["growth_per_day"] == nil)
            #expect(seen.observation.missing["growth_per_day"]?.code == .noData)
            #expect(seen.observation.summary.contains("second run"))
            #expect(seen.observation.details.first?["table"] == "public.big")
        }
    }

    struct Past: Sendable {
        let share: Double
        let minutes: Int

        init(_ share: Double, _ minutes: Int) {
            self.share = share
            self.minutes = minutes
        }
    }

    /// Shares of today's size so many minutes ago, newest first, and what they come to.
    static let histories: [([Past], Verdict)] = [
        ([Past(1.0, 1440)], .pass), ([Past(0.9, 1440)], .pass), ([Past(0.8, 1440)], .warn), ([Past(0.8, 720)], .warn),
        ([Past(0.5, 12)], .warn), ([Past(0.99, 6)], .pass), ([Past(3.0, 1440)], .warn), ([Past(0.5, 43_200)], .pass),
        // The last run is like today, but a day ago it was half.
        ([Past(1.0, 60), Past(0.5, 1440)], .warn),
        // The point nearest to a day decides, not the oldest.
        ([Past(0.98, 1380), Past(0.1, 432_000)], .pass),
    ]

    @Test(arguments: histories)
    func growthIsJudged(_ past: [Past], _ verdict: Verdict) async throws {
        try await Bench.run { bench in
            var bench = bench
            let bytes = try #require(try await bench.observe("postgresql.size")["bytes"])
            bench.past = past.map {
                PastMeasurement(at: Host.system.now() - .seconds($0.minutes * 60), value: bytes * $0.share)
            }
            let seen = try await bench.observe("postgresql.size")
            #expect(seen.verdict == verdict, "\(seen.observation.findings)")
        }
    }

    @Test func growthIsWorkedOutOverADay() async throws {
        try await Bench.run { bench in
            var bench = bench
            let bytes = try #require(try await bench.observe("postgresql.size")["bytes"])
            bench.past = [PastMeasurement(at: Host.system.now() - .seconds(43_200), value: bytes * 0.99)]
            let seen = try await bench.observe("postgresql.size")
            let growth = try #require(seen["growth_per_day"])
            #expect(abs(growth - bytes * 0.02) < bytes * 0.0001)
            #expect(seen["growth_percent_per_day"].map { abs($0 - 2.0202) < 0.01 } == true)
        }
    }
}
