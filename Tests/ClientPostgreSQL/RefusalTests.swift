import Foundation
import Host
import Maintenance
import Sandbox
import Testing

@testable import ClientPostgreSQL

struct RefusalTests {
    @Test func aLookCannotAlterAnything() async throws {
        try await withDatabase { server, database, client in
            try await server.psql("CREATE TABLE t (id int); INSERT INTO t VALUES (1)", database: database)
            let attempts = [
                "INSERT INTO t VALUES (2)", "WITH gone AS (DELETE FROM t RETURNING id) SELECT * FROM gone",
                "SELECT set_config('transaction_read_only', 'off', true)", "TRUNCATE t", "VACUUM t",
                "DO $$ BEGIN COMMIT; INSERT INTO t VALUES (3); END $$", "SELECT 1; INSERT INTO t VALUES (4)",
            ]
            for sql in attempts {
                let found = try await cause { _ = try await client.access().query(sql) }
                #expect(found != nil, "\(sql)")
            }
            let refused = try await cause { _ = try await client.access().query(attempts[0]) }
            #expect(refused?.code == .notSupported)
            #expect(refused?.sentence.contains("25006") == true)
            // These succeed, and still nothing that follows them is let through.
            _ = try await client.access().query("SET TRANSACTION READ ONLY")
            _ = try await client.access().query("COMMIT")
            #expect(try await server.psql("SELECT count(*) FROM t", database: database) == "1")
        }
    }

    @Test func errorsOfTheServerHaveTheirCause() async throws {
        try await withDatabase { server, database, client in
            try await server.psql("CREATE TABLE t (id int PRIMARY KEY)", database: database)
            let cases: [(String, Cause.Code)] = [
                ("SELECT * FROM missing", .notFound), ("SELECT missing FROM t", .notFound),
                ("SELEC 1", .rejected), ("SELECT 1/0", .rejected), ("SELECT pg_sleep(30)", .timedOut),
            ]
            for (sql, code) in cases {
                let found = try await cause { _ = try await client.access(within: .milliseconds(800)).query(sql) }
                #expect(found?.code == code, "\(sql): \(found?.sentence ?? "no error")")
            }
            #expect(try await client.access().query("SELECT 1 AS one").one().integer("one") == 1)
        }
    }

    @Test func anErrorQuotesNoData() async throws {
        try await withDatabase { server, database, client in
            try await server.psql(
                "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE 'row of Jane Doe'; END$$",
                database: database)
            for sql in ["SELECT $1::int AS n", "SELECT f(), $1::text", "SELECT $1::date"] {
                let found = try await cause { _ = try await client.access().query(sql, ["s3cret-of-jane"]) }
                #expect(found?.sentence.contains("jane") == false)
                #expect(found?.sentence.contains("Jane") == false)
            }
        }
    }

    @Test func aLackingRightNamesItsObject() async throws {
        try await withDatabase { server, database, _ in
            let role = "reader_" + database
            try await server.psql(
                "CREATE ROLE \(role) LOGIN PASSWORD 'right'; CREATE TABLE trap_inspections (id int)",
                database: database)
            try await withTarget(.text(server.url(database: database, user: role, password: "right"))) { _, client in
                let found = try await cause { _ = try await client.access().query("SELECT * FROM trap_inspections") }
                #expect(found?.code == .noPermission)
                #expect(found?.sentence.contains("trap_inspections") == true)
            }
            try await server.psql("DROP OWNED BY \(role); DROP ROLE \(role)", database: database)
        }
    }

    @Test func aWrongPasswordIsTold_AndNeverShown() async throws {
        try await withDatabase { server, database, _ in
            let role = "signer_" + database
            try await server.psql("CREATE ROLE \(role) LOGIN PASSWORD 'right'")
            let url = server.url(database: database, user: role, password: "wr0ng-passw0rd")
            try await withTarget(.text(url)) { kind, client in
                let found = try await cause { _ = try await client.access().query("SELECT 1") }
                #expect(found?.code == .signInFailed, "\(found?.sentence ?? "")")
                #expect(found?.sentence.contains("wr0ng") == false)
                #expect(kind.identity == "postgresql 127.0.0.1:\(server.port)/\(database) as \(role)")
                #expect(kind.secrets.map { $0.reveal() } == [url, "wr0ng-passw0rd"])
            }
            try await withTarget(.text(server.url(database: database, user: role))) { _, client in
                let found = try await cause { _ = try await client.access().query("SELECT 1") }
                #expect(found?.code == .signInFailed)
            }
            try await withTarget(.text(server.url(database: database, user: "nobody_here", password: "x"))) {
                _, client in
                let seen1 = try await cause { _ = try await client.access().query("SELECT 1") }
                #expect(seen1?.code == .signInFailed)
            }
            try await server.psql("DROP ROLE \(role)")
        }
    }

    @Test func aDatabaseThatIsNotThere() async throws {
        let server = try await PostgreSQLServer.shared()
        try await withTarget(.text(server.url(database: "no_such_database"))) { _, client in
            let found = try await cause { _ = try await client.access().query("SELECT 1") }
            #expect(found?.code == .notFound)
            #expect(found?.sentence.contains("no_such_database") == true)
        }
    }

    @Test(arguments: [
        (FaultProxy.Behaviour(connection: .refuse), Cause.Code.refused),
        (.init(connection: .hang), .timedOut),
        (.init(connection: .close(reset: false)), .connectionLost),
        (.init(connection: .close(reset: true)), .connectionLost),
        (.init(connection: .garbage(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))), .malformed),
        (.init(after: (bytes: 30, event: .stall)), .timedOut),
        (.init(after: (bytes: 30, event: .cut)), .connectionLost),
        (.init(after: (bytes: 600, event: .halfClose)), .connectionLost),
    ])
    func aNetworkThatFails(_ fault: FaultProxy.Behaviour, _ code: Cause.Code) async throws {
        let server = try await PostgreSQLServer.shared()
        let proxy = try FaultProxy(to: server.port, behaviour: fault)
        defer { proxy.stop() }
        try await withTarget(.text("postgresql://postgres@127.0.0.1:\(proxy.port)/postgres")) { _, client in
            let start = Host.system.steady()
            // A fault that is not seen at once has this long to be mistaken for slowness.
            let time: Duration = code == .timedOut ? .milliseconds(500) : .seconds(5)
            let found = try await cause {
                _ = try await client.access(within: time).query("SELECT generate_series(1, 1000)")
            }
            #expect(found?.code == code, "\(found?.sentence ?? "no error")")
            #expect(Host.system.steady() - start < time + .milliseconds(700))
        }
    }

    @Test func noHostOfThatName() async throws {
        try await withTarget(.text("postgresql://a@no-such-host.invalid/db")) { _, client in
            let found = try await cause { _ = try await client.access().query("SELECT 1") }
            #expect(found?.code == .unreachable)
        }
    }

    @Test func ofSeveralHostsTheFirstThatAnswersIsTaken() async throws {
        let server = try await PostgreSQLServer.shared()
        let hanging = try FaultProxy(to: server.port, behaviour: .hang)
        defer { hanging.stop() }
        let url = "postgresql://postgres@127.0.0.1:\(hanging.port),127.0.0.1:\(server.port)/postgres?sslmode=disable"
        try await withTarget(.text(url)) { _, client in
            let row = try await client.access(within: .seconds(2)).query("SELECT 1 AS one").one()
            #expect(try row.integer("one") == 1)
        }
    }

    @Test func allConnectionsTaken() async throws {
        try await withDatabase { server, database, client in
            let role = "limited_" + database
            try await server.psql("CREATE ROLE \(role) LOGIN PASSWORD 'p' CONNECTION LIMIT 0")
            try await withTarget(.text(server.url(database: database, user: role, password: "p"))) { _, client in
                let seen2 = try await cause { _ = try await client.access().query("SELECT 1") }
                #expect(seen2?.code == .busy)
            }
            try await server.psql("DROP ROLE \(role)")
        }
    }
}
