import Host
import Maintenance
import Sandbox
import Synchronization
import Testing

@testable import ClientPostgreSQL

struct ChangeSessionTests {
    @Test func aTransactionIsCommittedOrRolledBackWhole() async throws {
        try await withDatabase { server, database, client in
            try await server.psql("CREATE TABLE t (id int PRIMARY KEY)", database: database)
            let access = client.access(.change)
            try await access.changing { session in
                try await session.transaction { try await $0.execute("INSERT INTO t VALUES (1), (2)") }
            }
            let found = try await cause {
                try await access.changing { session in
                    try await session.transaction { session in
                        try await session.execute("INSERT INTO t VALUES (3)")
                        try await session.execute("INSERT INTO t VALUES (1)")
                    }
                }
            }
            #expect(found?.code == .rejected)
            #expect(found?.sentence.contains("t_pkey") == true)
            #expect(try await server.psql("SELECT count(*) FROM t", database: database) == "2")
        }
    }

    @Test func workIsLabelledAndFoundByItsLock() async throws {
        try await withDatabase { server, database, client in
            let access = client.access(.change, unit: "public.t */ x")
            let label = WorkLabel(run: "r1", step: "s1", unit: "public.t */ x")
            #expect(try await access.running(label) == nil)
            try await access.changing { session in
                let row = try await session.execute("SELECT pg_backend_pid() AS pid, current_query() AS text").one()
                #expect(try await access.running(label) == row.integer("pid"))
                #expect(try row.text("text").hasPrefix("/* millwright r1/s1/public.t__/_x */ SELECT"))
                // Somebody else's attempt at the same work.
                let found = try await cause { try await client.access(.change, unit: label.unit).changing { _ in } }
                #expect(found?.code == .busy)
            }
            #expect(try await access.running(label) == nil)
            try await client.access(.change, unit: label.unit).changing { _ in }
        }
    }

    @Test func aCancelledChangeLeavesNeitherLockNorRows() async throws {
        try await withDatabase { server, database, client in
            try await server.psql("CREATE TABLE t (id int)", database: database)
            let access = client.access(.change, within: .seconds(60))
            let task = Task {
                try await access.changing { session in
                    try await session.transaction { session in
                        try await session.execute("INSERT INTO t VALUES (1)")
                        try await session.execute("SELECT pg_sleep(59)")
                    }
                }
            }
            let label = WorkLabel(run: "r1", step: "s1")
            let sleeping =
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(59)%' AND state = 'active' "
                + "AND datname = '\(database)' AND pid <> pg_backend_pid()"
            let seen1 = try await eventually { try await server.psql(sleeping) == "1" }
            #expect(seen1)
            let start = Host.system.steady()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(Host.system.steady() - start < .seconds(1))
            let seen2 = try await eventually { try await access.running(label) == nil }
            #expect(seen2)
            #expect(try await server.psql("SELECT count(*) FROM t", database: database) == "0")
        }
    }

    @Test func aConnectionLostWhileCommittingMayHaveCommitted() async throws {
        try await withDatabase { server, database, _ in
            try await server.psql("CREATE TABLE t (id int)", database: database)
            let proxy = try FaultProxy(to: server.port)
            defer { proxy.stop() }
            try await withTarget(.text("postgresql://postgres@127.0.0.1:\(proxy.port)/\(database)")) { _, client in
                let found = try await cause {
                    try await client.access(.change).changing { session in
                        try await session.transaction { session in
                            try await session.execute("INSERT INTO t VALUES (1)")
                            proxy.dropConnections()
                        }
                    }
                }
                #expect(found?.code == .perhapsApplied)
            }
        }
    }

    @Test func changesUseTheChangingRoleAndLooksTheLookingOne() async throws {
        try await withDatabase { server, database, _ in
            let (looker, changer) = ("look_" + database, "change_" + database)
            try await server.psql(
                "CREATE ROLE \(looker) LOGIN PASSWORD 'l'; CREATE ROLE \(changer) LOGIN PASSWORD 'c'",
                database: database)
            let settings = PlanValue.map([
                .init("look", .text(server.url(database: database, user: looker, password: "l"))),
                .init("change", .text(server.url(database: database, user: changer, password: "c"))),
            ])
            try await withTarget(settings) { kind, client in
                #expect(
                    kind.identity
                        == "postgresql 127.0.0.1:\(server.port)/\(database) as \(looker) (changes as \(changer))")
                let access = client.access(.change)
                #expect(try await access.query("SELECT current_user::text AS u").one().text("u") == looker)
                let user = try await access.changing {
                    try await $0.execute("SELECT current_user::text AS u").one().text("u")
                }
                #expect(user == changer)
                // Both roles in turn, and never more than two connections.
                for _ in 0..<3 {
                    _ = try await access.query("SELECT 1")
                    try await access.changing { _ in }
                }
                let count = try await server.psql("SELECT count(*) FROM pg_stat_activity WHERE datname = '\(database)'")
                #expect(["1", "2"].contains(count))
            }
            try await withTarget(.map([settings["look"].map { .init("look", $0) }].compactMap { $0 })) { _, client in
                let seen3 = try await cause { try await client.access(.change).changing { _ in } }
                #expect(seen3?.code == .misconfigured)
            }
            let looking = try await withTarget(settings) { _, client in
                try await cause { try await client.access(.look).changing { _ in } }
            }
            #expect(looking?.code == .notSupported)
            try await server.psql(
                "DROP OWNED BY \(looker), \(changer); DROP ROLE \(looker), \(changer)", database: database)
        }
    }

    @Test func copyGoesInAndOutUnchanged() async throws {
        try await withDatabase { server, database, client in
            try await server.psql("CREATE TABLE t (id int, note text, raw bytea)", database: database)
            let lines = (1...20_000).map { "\($0)\tnaïve \\t \($0)\t\\\\x00ff\n" }
            let next = Mutex(0)
            let stored = try await client.access(.change).changing { session in
                try await session.transaction { session in
                    try await session.copyIn("COPY t FROM STDIN") {
                        next.withLock { index in
                            guard index < lines.count else { return nil }
                            defer { index += 100 }
                            return Array(lines[index..<min(index + 100, lines.count)].joined().utf8)
                        }
                    }
                }
            }
            #expect(stored == 20_000)
            let out = Mutex<[UInt8]>([])
            try await client.access().copyOut("COPY (SELECT * FROM t ORDER BY id) TO STDOUT") { chunk in
                out.withLock { $0 += chunk }
            }
            #expect(out.withLock { $0 } == Array(lines.joined().utf8))
            // A source that fails leaves nothing behind.
            struct Broken: Error {}
            await #expect(throws: Broken.self) {
                try await client.access(.change).changing { session in
                    _ = try await session.copyIn("COPY t FROM STDIN") { throw Broken() }
                }
            }
            #expect(try await server.psql("SELECT count(*) FROM t", database: database) == "20000")
            let seen4 = try await cause { try await client.access().copyOut("COPY t FROM STDIN") { _ in } }
            #expect(seen4?.code == .notSupported)
        }
    }

    @Test func evidenceIsLeftByEveryLookAndChange() async throws {
        try await withDatabase { _, _, client in
            let log = EvidenceLog(host: .system)
            let access = client.access(.change, evidence: log)
            _ = try await access.query("SELECT $1::int AS n", [7])
            try await access.changing { try await $0.execute("SELECT 8 AS n") }
            let statements = log.drain().map(\.statement)
            #expect(statements.contains("SELECT $1::int AS n\n-- $1 = '7'"))
            #expect(statements.contains("SELECT 8 AS n"))
        }
    }

    @Test func behindAPoolerAChangeIsRefused() async throws {
        let pooled = try ServerDescription(
            Row(
                columns: [.init("version"), .init("process"), .init("rds"), .init("aurora")],
                values: ["150020", "4711", "t", "f"]), clientProcess: 12)
        #expect(pooled.isPooled && pooled.flavour == .rds && pooled.versionText == "15.20")
        try await withDatabase { _, _, client in
            #expect(try await client.access().server().isPooled == false)
            let access = PostgreSQLAccess(
                PooledDriver(inner: client), for: .change,
                in: Context(
                    host: .system, deadline: Host.system.steady() + .seconds(5), label: .init(run: "r", step: "s")))
            let found = try await cause { try await access.changing { _ in } }
            #expect(found?.code == .notSupported)
        }
    }
}

/// The real server, seen as if a pooler stood between.
private struct PooledDriver: PostgreSQLDriver {
    let inner: PostgreSQLClient

    var identity: String { inner.identity }
    func look(_ statements: [SQLStatement], until deadline: Duration) async throws -> [Rows] {
        try await inner.look(statements, until: deadline)
    }
    func copyOut(
        _ statement: SQLStatement, until deadline: Duration, _ sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        try await inner.copyOut(statement, until: deadline, sink)
    }
    func server(until deadline: Duration) async throws -> ServerDescription { Self.pooled }
    func session<Value: Sendable>(
        until deadline: Duration, _ body: @escaping @Sendable (any PostgreSQLSession) async throws -> Value
    ) async throws -> Value {
        try await inner.session(until: deadline) { try await body(PooledSession(inner: $0)) }
    }

    static let pooled = ServerDescription(version: 150_000, flavour: .plain, isPooled: true)
}

private struct PooledSession: PostgreSQLSession {
    let inner: any PostgreSQLSession
    var identity: String { inner.identity }
    var server: ServerDescription { get async throws { PooledDriver.pooled } }
    func run(_ statements: [SQLStatement]) async throws -> [Rows] { try await inner.run(statements) }
    func copyIn(_ statement: SQLStatement, _ source: @escaping @Sendable () throws -> [UInt8]?) async throws -> Int {
        try await inner.copyIn(statement, source)
    }
}
