import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientPostgreSQL

struct ConcurrencyTests {
    @Test func twentyLooksShareTwoConnections() async throws {
        try await withDatabase { server, database, client in
            let most = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await client.access().query(
                            """
                            SELECT count(*) AS n FROM pg_stat_activity, pg_sleep(0.02) \
                            WHERE datname = current_database() AND application_name = 'millwright'
                            """
                        ).one().integer("n")
                    }
                }
                return try await group.reduce(0) { max($0, $1) }
            }
            #expect(most == 2)
        }
    }

    @Test func aCancelledLookReturnsAtOnceAndTheServerStops() async throws {
        try await withDatabase { server, database, client in
            let running =
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(41)%' AND state = 'active' "
                + "AND datname = '\(database)' AND pid <> pg_backend_pid()"
            let task = Task { try await client.access(within: .seconds(60)).query("SELECT pg_sleep(41)") }
            let seen1 = try await eventually { try await server.psql(running) == "1" }
            #expect(seen1)
            let start = Host.system.steady()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(Host.system.steady() - start < .seconds(1))
            let seen2 = try await eventually { try await server.psql(running) == "0" }
            #expect(seen2)
            #expect(try await client.access().query("SELECT 1 AS one").one().integer("one") == 1)
        }
    }

    @Test func whoWaitsForAConnectionCanBeCancelled() async throws {
        try await withDatabase { _, _, client in
            let holders = (0..<2).map { _ in
                Task { try await client.access(within: .seconds(60)).query("SELECT pg_sleep(43)") }
            }
            try await Host.system.sleep(.milliseconds(100))
            let waiter = Task { try await client.access(within: .seconds(60)).query("SELECT 1") }
            let late = try await cause { _ = try await client.access(within: .milliseconds(200)).query("SELECT 1") }
            #expect(late?.code == .timedOut)
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
            for holder in holders {
                holder.cancel()
                await #expect(throws: CancellationError.self) { try await holder.value }
            }
            #expect(try await client.access().query("SELECT 1 AS one").one().integer("one") == 1)
        }
    }

    @Test func theServerEndsAStatementAtTheDeadline() async throws {
        try await withDatabase { server, database, client in
            let start = Host.system.steady()
            let found = try await cause {
                _ = try await client.access(within: .seconds(3)).query("SELECT pg_sleep(47)")
            }
            #expect(found?.code == .timedOut)
            #expect(found?.sentence.contains("57014") == true, "\(found?.sentence ?? "")")
            #expect(Host.system.steady() - start < .milliseconds(3300))
            let left =
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(47)%' AND state = 'active' "
                + "AND datname = '\(database)'"
            #expect(try await server.psql(left) == "0")
        }
    }

    @Test func aLockedTableIsBusyAndNotSlow() async throws {
        try await withDatabase { server, database, client in
            try await server.psql("CREATE TABLE t (id int)", database: database)
            try await client.access(.change).changing { session in
                try await session.transaction { session in
                    try await session.execute("LOCK TABLE t")
                    let found = try await cause {
                        _ = try await client.access(within: .seconds(1)).query("SELECT * FROM t")
                    }
                    #expect(found?.code == .busy)
                }
            }
        }
    }

    @Test func aTerminatedBackendIsAConnectionLost_AndTheNextLookConnectsAnew() async throws {
        try await withDatabase { server, database, client in
            let victim = Task { try await client.access(within: .seconds(60)).query("SELECT pg_sleep(53)") }
            let kill =
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(53)%' "
                + "AND state = 'active' AND datname = '\(database)' AND pid <> pg_backend_pid()"
            let seen3 = try await eventually { try await server.psql(kill) == "1" }
            #expect(seen3)
            let found = try await cause { _ = try await victim.value }
            #expect(found?.code == .connectionLost)
            // Now while nobody uses them.
            _ = try await client.access().query("SELECT 1")
            try await server.psql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database)' AND pid <> pg_backend_pid()"
            )
            let gone = "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database)'"
            let seen4 = try await eventually { try await server.psql(gone) == "0" }
            #expect(seen4)
            #expect(try await client.access().query("SELECT 1 AS one").one().integer("one") == 1)
        }
    }

    @Test func nothingIsLeftOpenAfterClose() async throws {
        let server = try await PostgreSQLServer.shared()
        try await server.withDatabase { database in
            try await withTarget(.text(server.url(database: database))) { _, client in
                _ = try await client.access().query("SELECT 1")
            }
            let left = "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database)'"
            let seen5 = try await eventually { try await server.psql(left) == "0" }
            #expect(seen5)
        }
    }

    @Test func manyRowsAreGatheredAndTooManyAreRefused() async throws {
        try await withDatabase { _, _, client in
            let rows = try await client.access().query("SELECT n, 'row ' || n AS t FROM generate_series(1, 100000) n")
            #expect(rows.count == 100_000)
            #expect(rows.values.last == ["100000", "row 100000"])
            for sql in [
                "SELECT generate_series(1, 1000000)", "SELECT repeat('x', 1000000) FROM generate_series(1, 100)",
                "SELECT repeat('x', 60000000)",
            ] {
                let found = try await cause { _ = try await client.access().query(sql) }
                #expect(found?.code == .tooLarge, "\(sql)")
            }
            #expect(try await client.access().query("SELECT 1 AS one").one().integer("one") == 1)
        }
    }

    @Test func looksAreOneRoundTrip() async throws {
        try await withDatabase { server, database, _ in
            let proxy = try FaultProxy(to: server.port, behaviour: .latency(.milliseconds(50)))
            defer { proxy.stop() }
            try await withTarget(.text("postgresql://postgres@127.0.0.1:\(proxy.port)/\(database)")) { _, client in
                _ = try await client.access().query("SELECT 1")
                let start = Host.system.steady()
                let answers = try await client.access().look([
                    SQLStatement("SELECT 1 AS n"), SQLStatement("SELECT 2 AS n"), SQLStatement("SELECT 3 AS n"),
                ])
                let taken = Host.system.steady() - start
                #expect(try answers.map { try $0.one().integer("n") } == [1, 2, 3])
                #expect(taken < .milliseconds(95), "\(taken)")
            }
        }
    }
}
