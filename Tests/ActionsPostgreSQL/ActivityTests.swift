import Host
import Maintenance
import Sandbox
import Testing

@testable import ActionsPostgreSQL

/// A session of an application that is in the middle of a statement.
struct BusySession {
    private let task: Task<Void, Never>

    /// Returns when it works, or waits, for at least as long.
    static func begin(
        _ bench: Bench, _ application: String, _ sql: String, for span: Duration = .zero
    ) async throws -> BusySession {
        let task = Task { _ = try? await bench.sql("SET application_name = '\(application)';\n\(sql)") }
        let isBusy = try await eventually {
            try await bench.sql(
                """
                SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(application)' AND state = 'active' \
                AND datname = current_database() AND query NOT LIKE 'SET application_name%' \
                AND clock_timestamp() - query_start >= interval '\(span.inSeconds) s' \
                AND (wait_event_type IN ('Lock', 'Timeout'))
                """) == "1"
        }
        #expect(isBusy, "\(application) does not work")
        return BusySession(task: task)
    }

    /// When it has been ended.
    func ended() async { await task.value }
}

extension Bench {
    /// Ends everybody else's session here.
    func endOthers() async throws {
        try await sql(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
    }
}

struct ActivityTests {
    @Test func whereNothingIsWrongNothingIsFound() async throws {
        try await Bench.run { bench in
            let idle = try await OtherSession.open(bench)
            let seen = try await bench.observe("postgresql.activity")
            #expect(seen.verdict == .pass)
            #expect(seen["running"] == 0)
            #expect(seen["longest"] == 0)
            #expect(seen["waiting"] == 0)
            #expect(seen["oldest_transaction"].map { $0 > 0 } == true)
            #expect(seen.observation.details.isEmpty)
            await idle.close()
        }
    }

    @Test func aLongQueryIsNamed_WithoutItsData() async throws {
        try await Bench.run { bench in
            let busy = try await BusySession.begin(
                bench, "nightly-report", "SELECT pg_sleep(600), 'top secret', 4711", for: .milliseconds(200))
            let seen = try await bench.observe("postgresql.activity", ["long": "200ms"])
            #expect(seen.verdict == .warn)
            #expect(seen["long"] == 1)
            let finding = try #require(seen.observation.findings.first)
            #expect(finding.cause.code == .longQuery)
            #expect(finding.subject.contains("(nightly-report)"))
            #expect(finding.attributes["statement"] == "SELECT pg_sleep(?), ?, ?")
            #expect(finding.attributes["user"] == "postgres")
            #expect(finding.attributes["waits_for"] == "Timeout: PgSleep")
            #expect(try await bench.observe("postgresql.activity").verdict == .pass)
            let expected = try await bench.observe(
                "postgresql.activity", ["long": "200ms", "except": ["nightly-*"]])
            #expect(expected.verdict == .pass)
            #expect(expected["running"] == 1)
            #expect(expected["longest"] == 0)
            try await bench.endOthers()
            await busy.ended()
        }
    }

    @Test func noDataOfAStatementIsKeptAsEvidence() async throws {
        try await Bench.run { bench in
            let busy = try await BusySession.begin(bench, "leaky", "SELECT pg_sleep(600), 'top secret'")
            guard case .check(let check) = try bench.action("postgresql.activity", ["long": "0s"]).work else {
                throw NoSuchAction()
            }
            let context = bench.context()
            _ = try await check.observe(bench.target, context)
            let evidence = context.evidence.drain()
            #expect(evidence.contains { $0.excerpt.contains("pg_sleep") })
            #expect(!evidence.contains { $0.excerpt.contains("secret") })
            try await bench.endOthers()
            await busy.ended()
        }
    }

    static let schema =
        "CREATE TABLE t (id int PRIMARY KEY, x int); INSERT INTO t SELECT g, 0 FROM generate_series(1, 9) g"

    @Test func whoWaitsStandsBelowWhoBlocks() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let careless = try await OtherSession.open(bench, "UPDATE t SET x = 1 WHERE id = 1")
            let second = try await BusySession.begin(bench, "second", "UPDATE t SET x = 2 WHERE id = 1")
            let third = try await BusySession.begin(bench, "third", "UPDATE t SET x = 3 WHERE id = 1")
            let migration = try await BusySession.begin(bench, "migration", "ALTER TABLE t ADD COLUMN y int")
            let reader = try await BusySession.begin(bench, "reader", "SELECT * FROM t WHERE x = 42")
            let seen = try await bench.observe("postgresql.activity", ["wait": "0s", "long": "1h"])
            #expect(seen.verdict == .warn)
            #expect(seen["waiting"] == 4)
            #expect(seen["longest_wait"].map { $0 > 0 && $0 < 60 } == true)
            let finding = try #require(seen.observation.findings.first)
            #expect(seen.observation.findings.count == 1)
            #expect(finding.cause.code == .blocks)
            #expect(finding.subject.contains("(somebody)"))
            #expect(finding.cause.sentence.contains("4 sessions"))
            #expect(finding.advice?.contains("pg_terminate_backend") == true)
            let tree = seen.observation.details.map { ($0["application"]?.asText, $0["depth"]?.asNumber) }
            #expect(tree.map(\.0) == ["somebody", "second", "third", "migration", "reader"])
            #expect(tree.map(\.1) == [0, 1, 2, 1, 2])
            #expect(seen.observation.details[3]["waits_for"]?.asText?.contains("relation t (Access") == true)
            #expect(seen.observation.details[4]["blocked_by"] == seen.observation.details[3]["pid"])
            // Nobody is told of what is over in a moment.
            #expect(try await bench.observe("postgresql.activity", ["wait": "1h"]).verdict == .pass)
            try await bench.endOthers()
            for session in [second, third, migration, reader] { await session.ended() }
            await careless.close()
        }
    }

    @Test func whatIsNotShownIsUnknown_AndTheTreeStands() async throws {
        try await Bench.run(schema: Self.schema) { bench in
            let role = "blind_" + bench.database
            try await bench.makeRoles(role)
            let careless = try await OtherSession.open(bench, "UPDATE t SET x = 1 WHERE id = 1")
            let second = try await BusySession.begin(bench, "second", "UPDATE t SET x = 2 WHERE id = 1")
            try await Bench.open(bench.server, bench.database, roles: (role, role)) { blind in
                let seen = try await blind.observe("postgresql.activity", ["wait": "0s"])
                #expect(seen.verdict == .unknown)
                #expect(seen.observation.missing["longest"]?.code == .noPermission)
                #expect(seen["longest"] == nil)
                #expect(seen["waiting"] == 1)
                #expect(seen.observation.findings.first?.cause.code == .blocks)
                #expect(seen.observation.details.map { $0["statement"] } == [nil, nil])
                #expect(seen.observation.details.first?["state"] == "not shown to this role")
                try await bench.sql("GRANT pg_read_all_stats TO \(role)")
                let granted = try await blind.observe("postgresql.activity", ["wait": "0s"])
                #expect(granted.verdict == .warn)
                #expect(granted.observation.details.last?["statement"] == "UPDATE t SET x = ? WHERE id = ?")
            }
            try await bench.endOthers()
            await second.ended()
            await careless.close()
            try await bench.dropRoles(role)
        }
    }

    @Test func otherDatabasesAreLookedAtWhereItIsAsked() async throws {
        try await Bench.run { bench in
            let here = try await BusySession.begin(bench, "far-away", "SELECT pg_sleep(600)")
            try await Bench.run { other in
                #expect(try await other.observe("postgresql.activity", ["long": "0s"])["running"] == 0)
                let all = try await other.observe("postgresql.activity", ["long": "0s", "every-database": "true"])
                #expect(all.observation.details.contains { $0["application"] == "far-away" })
            }
            try await bench.endOthers()
            await here.ended()
        }
    }
}

struct LockTreeTests {
    @Test func aLongQueueIsNotWalkedAlongEveryPath() {
        // Each waits for all before it, as in the queue for one lock.
        let blockers = Dictionary(uniqueKeysWithValues: (2...200).map { ($0, Array(1..<$0)) })
        let tree = LockTree(blockers: blockers)
        #expect(tree.roots.map(\.pid) == [1])
        #expect(tree.roots[0].nodes.count == 200)
        #expect(tree.roots[0].nodes.dropFirst().allSatisfy { $0.depth == 1 && $0.blockedBy == 1 })
    }

    @Test func aRingHasItsSmallestAsRoot_AndWhoWaitsForTwoStandsBelowBoth() {
        let ring = LockTree(blockers: [5: [7], 7: [5], 9: [7]])
        #expect(ring.roots.map(\.pid) == [5])
        #expect(Set(ring.roots[0].nodes.map(\.pid)) == [5, 7, 9])
        let two = LockTree(blockers: [3: [1, 2]])
        #expect(two.roots.map { $0.nodes.map(\.pid) } == [[1, 3], [2, 3]])
        #expect(LockTree(blockers: [:]).roots.isEmpty)
        #expect(LockTree(blockers: [4: []]).roots.isEmpty)
    }
}

struct StatementTextTests {
    /// What is sent, and what may be shown of it. Whatever says "secret" is data.
    static let texts: [(String, String)] = [
        ("SELECT * FROM t1 WHERE name = 'secret' AND id = 42", "SELECT * FROM t1 WHERE name = ? AND id = ?"),
        (#"SELECT "it's" , 'secret' FROM "odd ""name" x"#, #"SELECT "it's" , ? FROM "odd ""name" x"#),
        (#"SELECT E'a\'secret', 'more secret'"#, "SELECT E…"), (#"SELECT 'a\' , 'secret'"#, "SELECT …"),
        ("SELECT $$secret$$, 1", "SELECT …"), ("SELECT $b$secret$b$", "SELECT …"),
        ("/* secret */ SELECT 1 -- secret 'x\n , 2 /* /* secret */ secret */", "SELECT ? , ? …"),
        ("SELECT 'it''s secret''", "SELECT …"), ("SELECT 'secret", "SELECT …"), (#"SELECT "secret"#, "SELECT …"),
        ("UPDATE t SET a = $1, b = -1.5e-10 WHERE x LIKE '%secret%'", "UPDATE t SET a = $1, b = -?-? WHERE x LIKE ?"),
        ("INSERT INTO \"Users\" VALUES ('secret', 'sec\nret', x'AB')", #"INSERT INTO "Users" VALUES (?, ?, x?)"#),
        ("SET my.token = secret", "SET …"), ("ALTER ROLE x PASSWORD 'secret'", "ALTER ROLE x PASSWORD ?"),
        ("SELECT '/*', 'b' /* ' */, 'secret'", "SELECT ?, ? , ?"), ("", ""),
    ]

    @Test func noDataIsLeft() async throws {
        let server = try await PostgreSQLServer.shared()
        for (text, shown) in Self.texts {
            let tag = "$millwright$"
            let seen = try await server.psql("SELECT \(StatementText.shown("\(tag)\(text)\(tag)::text"))")
            #expect(seen == shown, "\(text)")
        }
    }
}
