import ClientPostgreSQL
import Foundation
import Host
import Maintenance
import Testing

@testable import ActionsPostgreSQL
@testable import Sandbox

struct WraparoundTests {
    /// What earlier runs measured, by name.
    private func observe(_ bench: Bench, _ past: [String: [PastMeasurement]] = [:]) async throws -> Seen {
        let action = try bench.action("postgresql.wraparound", nil)
        guard case .check(let check) = action.work else { throw NoSuchAction() }
        let host = Host.system
        let context = Context(
            host: host, deadline: host.steady() + .seconds(20), label: WorkLabel(run: "run", step: "step"),
            history: { past[$0] ?? [] })
        return Seen(try await check.observe(bench.target, context), action.thresholds)
    }

    private func dayAgo(_ value: Double) -> [PastMeasurement] {
        [PastMeasurement(at: Host.system.now() - .seconds(86_400), value: value)]
    }

    @Test func aHealthyServerIsWell_HoweverMuchItWrites() async throws {
        try await Bench.run { bench in
            let role = "plain_" + bench.database
            try await bench.makeRoles(role)
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { plain in
                let first = try await observe(plain)
                #expect(first.verdict == .pass)
                #expect(first["xid_used"].map { $0 > 0 && $0 < 5 } == true)
                #expect(first.observation.missing["xid_time_left"]?.code == .noData)
                #expect(first.observation.details.contains { $0["database"] == "template0" })
                #expect(first.observation.details.contains { $0["table"]?.asText?.hasPrefix("pg_catalog.") == true })
                let xids = try #require(first["xids"])
                let multixacts = try #require(first["multixacts"])
                // A thousand a second: always some days from the end, and frozen in time.
                let busy = try await observe(
                    plain, ["xids": dayAgo(xids - 86_400_000), "multixacts": dayAgo(multixacts)])
                #expect(busy.verdict == .pass)
                #expect(busy["xid_time_left"].map { $0 > 20 && $0 < 26 } == true)
                #expect(busy.observation.missing["multixact_time_left"]?.sentence.contains("used up") == true)
            }
            try await bench.dropRoles(role)
        }
    }

    /// Else the server would freeze everything by itself, autovacuum off or not.
    static let unfrozen = [
        "autovacuum": "off", "autovacuum_freeze_max_age": "2000000000",
        "autovacuum_multixact_freeze_max_age": "2000000000",
    ]

    @Test func aServerNearItsEndIsSeen() async throws {
        let server = try await PostgreSQLServer.start(settings: Self.unfrozen)
        try await Self.setForward(server)
        try await Bench.open(server, "postgres") { bench in
            let seen = try await observe(bench)
            #expect(seen.verdict == .fail)
            #expect(seen["xid_used"].map { $0 > 88 && $0 < 89 } == true)
            #expect(seen["multixact_used"].map { $0 > 83 && $0 < 85 } == true)
            let finding = try #require(
                seen.observation.findings.first {
                    $0.subject == "database postgres" && $0.cause.sentence.contains("transaction ids")
                })
            #expect(finding.cause.code == .wraparound)
            #expect(finding.advice?.contains("pg_catalog.") == true)
            let xids = try #require(seen["xids"])
            let fast = try await observe(bench, ["xids": dayAgo(xids - 100_000_000)])
            #expect(fast["xid_time_left"].map { $0 > 2 && $0 < 3 } == true)
            #expect(fast.observation.findings.contains { $0.cause.sentence.contains("the end is 2 d away") })
            try await bench.sql("VACUUM FREEZE")
            let tables = try await observe(bench).observation.details.filter { $0["table"] != nil }
            #expect(tables.allSatisfy { ($0["xid_age"]?.asNumber ?? .infinity) < 1000 })
        }
        await server.stop()
    }

    /// As after years: the counters alone, with the files that the server expects at such numbers.
    static func setForward(_ server: PostgreSQLServer) async throws {
        try await server.interrupt()
        let data = server.folder + "/data"
        for file in ["pg_xact/0713", "pg_multixact/offsets/6B49"] {
            try Data(count: 262_144).write(to: URL(filePath: "\(data)/\(file)"))
            if geteuid() == 0 { try await Program.run("chown", ["postgres:postgres", "\(data)/\(file)"]) }
        }
        let reset =
            PostgreSQLInstallation.asServerUser + [
                PostgreSQLInstallation.programs + "/pg_resetwal", "-x", "1900000000", "-m", "1800000000,1", data,
            ]
        try await Program.run(reset[0], Array(reset.dropFirst()))
        try await server.resume()
    }

    /// A database that autovacuum has fallen behind with, and who holds it up.
    private func scripted(age: Int, past: Double) async throws -> Observation {
        let database = Rows(
            columns: [
                "name", "own", "xid_age", "multixact_age", "xid_freeze", "multixact_freeze", "end", "xids",
                "multixacts",
            ].map { Rows.Column($0) },
            values: [
                ["shop", "t", String(age), "10", "200000000", "400000000", "2144483647", "3000000000", "10"]
            ])
        let table = Rows(
            columns: ["name", "xid_age", "multixact_age", "autovacuum", "vacuumed", "vacuuming"].map { .init($0) },
            values: [["public.orders", String(age), "0", "true", nil, "f"]])
        let holder = Rows(
            columns: ["kind", "name", "database", "transactions", "seconds", "advice"].map { .init($0) },
            values: [["prepared transaction", "'lost'", "shop", String(age), "9", "ROLLBACK PREPARED 'lost'."]])
        let unseen = Rows(columns: [.init("sessions"), .init("standbys")], values: [["0", "0"]])
        let host = Host.system
        let context = Context(
            host: host, deadline: host.steady() + .seconds(20), label: WorkLabel(run: "run", step: "step"),
            history: { $0 == "xids" ? [PastMeasurement(at: host.now() - .seconds(86_400), value: past)] : [] })
        let driver = ScriptedDatabase(answers: [database, table, holder, unseen])
        return try await Wraparound().observe(PostgreSQLAccess(driver, for: .look, in: context), in: context)
    }

    @Test func timeCountsOnlyWhereAutovacuumIsBehind() async throws {
        // 1.8 billion left at 100 million a day, 18 days; at 500 million a day, less than 4.
        let behind = try await scripted(age: 300_000_000, past: 2_900_000_000)
        #expect(behind.findings.map(\.severity) == [.warn])
        #expect(behind.findings.first?.advice?.contains("prepared transaction 'lost'") == true)
        #expect(behind.findings.first?.advice?.contains("public.orders") == true)
        #expect(try await scripted(age: 300_000_000, past: 2_500_000_000).findings.map(\.severity) == [.fail])
        #expect(try await scripted(age: 200_000_000, past: 2_500_000_000).findings.isEmpty)
        #expect(try await scripted(age: 300_000_000, past: 2_999_000_000).findings.isEmpty)
    }
}

/// Answers as a server would that cannot be had in a test.
private struct ScriptedDatabase: PostgreSQLDriver {
    let identity = "postgresql scripted"
    let answers: [Rows]

    func look(_ statements: [SQLStatement], until deadline: Duration) async throws -> [Rows] { answers }
    func copyOut(
        _ statement: SQLStatement, until deadline: Duration, _ sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        throw NoSuchAction()
    }
    func server(until deadline: Duration) async throws -> ServerDescription {
        ServerDescription(version: 150_000, flavour: .plain, isPooled: false)
    }
    func session<Value: Sendable>(
        until deadline: Duration, _ body: @escaping @Sendable (any PostgreSQLSession) async throws -> Value
    ) async throws -> Value {
        throw NoSuchAction()
    }
}

struct BurnRateTests {
    private let now = Host.system.now()

    private func rate(
        _ count: Double, _ past: [(hours: Int64, value: Double)], modulus: Double? = nil
    ) -> Result<Double, CouldNotLook> {
        let points = past.map { PastMeasurement(at: now - .seconds($0.hours * 3600), value: $0.value) }
        return BurnRate(count: count, at: now, past: points, modulus: modulus).perDay
    }

    @Test func theRateIsThatOfADay() throws {
        #expect(try rate(2000, [(1, 1990), (23, 1041), (240, 0)]).get().rounded() == 1001)
        #expect(try rate(2000, [(12, 1000)]).get() == 2000)
        #expect(try rate(2000, [(24, 2000)]).get() == 0)
    }

    @Test func whatCannotBeComparedIsNoRate() {
        #expect(throws: CouldNotLook.self) { try rate(2000, []).get() }
        #expect(throws: CouldNotLook.self) { try rate(2000, [(0, 1)]).get() }
        // Restored, or failed over to another.
        #expect(throws: CouldNotLook.self) { try rate(2000, [(24, 3000)]).get() }
        #expect(throws: CouldNotLook.self) { try rate(2000, [(24, 3000)], modulus: 4_294_967_296).get() }
    }

    @Test func aCounterThatBeginsAnewGoesOn() throws {
        #expect(try rate(100, [(24, 4_294_967_196)], modulus: 4_294_967_296).get() == 200)
    }
}
