import ClientPostgreSQL
import Host
import Maintenance
import Synchronization
import Testing

@testable import ActionsPostgreSQL
@testable import Sandbox

struct TerminateTests {
    static let idle: PlanValue = ["states": "idle-in-transaction", "older-than": "1s"]

    /// An ordinary role, whose sessions are nobody's to spare; it is trusted nowhere, so it gets a password.
    private func withRole(_ body: (Bench, String) async throws -> Void) async throws {
        try await Bench.run(schema: ActivityTests.schema) { bench in
            let role = "app_" + bench.database
            try await bench.makeRoles(role)
            try await bench.sql("GRANT ALL ON t TO \(role)")
            try await body(bench, role)
            try await bench.endOthers()
            try await bench.dropRoles(role)
        }
    }

    private func planned(_ bench: Bench, _ change: ConfiguredChange, _ count: Int = 1) async throws -> [WorkUnit] {
        #expect(try await eventually { try await bench.preview(change).units.count == count })
        return try await bench.preview(change).units
    }

    private func isThere(_ bench: Bench, _ unit: WorkUnit) async throws -> Bool {
        try await bench.sql("SELECT count(*) FROM pg_stat_activity WHERE pid = \(unit.attributes["pid"] ?? "0")") == "1"
    }

    @Test func anIdleTransactionIsEnded_AndSeenToBe() async throws {
        try await withRole { bench, role in
            let idle = try await OtherSession.open(bench, user: role, "UPDATE t SET x = 4711 WHERE id = 1")
            let change = try bench.change("postgresql.terminate", Self.idle)
            #expect(try bench.action("postgresql.terminate", Self.idle).impact == .disruptive)
            let unit = try #require(try await planned(bench, change).first)
            let preview = try await bench.preview(change)
            #expect(preview.statements.first?.contains("pg_terminate_backend") == true)
            #expect(preview.statements.first?.contains("SET x = ? WHERE") == true)
            let baseline = try await bench.prepare(change, unit)
            #expect(try await bench.probe(change, unit, baseline) == .pending)
            try await bench.apply(change, unit, baseline)
            guard case .applied(let proof) = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(proof["sessions"] == 1)
            #expect(proof["moved_on"] == 0)
            #expect(proof.summary.contains("has ended"))
            #expect(try await bench.preview(change).units.isEmpty)
            // Asked again after a crash it does nothing, and says the same.
            try await bench.apply(change, unit, baseline)
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            await idle.close()
        }
    }

    @Test func aLongQueryIsCancelled_AndItsSessionStays() async throws {
        try await withRole { bench, role in
            let url = bench.server.url(database: bench.database, user: role, password: "p")
            let work = Task {
                try await PostgreSQLServer.psql("SELECT pg_sleep(600); SELECT 1", url: url)
            }
            let change = try bench.change(
                "postgresql.terminate",
                ["states": "active", "older-than": "1s", "users": .text("app_*"), "statements": "*PG_SLEEP*"])
            let unit = try #require(try await planned(bench, change).first)
            let statement = try await bench.preview(change).statements.first
            #expect(statement?.contains("pg_cancel_backend") == true)
            let proof = try #require(try await bench.doAll(change, bench.preview(change)).first)
            #expect(proof["sessions"] == 1)
            let error = await #expect(throws: ProgramError.self) { try await work.value }
            #expect(error?.reason.contains("canceling statement due to user request") == true)
            #expect(unit.title.contains("(psql) of \(role)"))
        }
    }

    @Test func whoDoesNotHeedTheCancellingIsEnded() async throws {
        try await withRole { bench, role in
            let url = bench.server.url(database: bench.database, user: role, password: "p")
            let work = Task { try await PostgreSQLServer.psql(Self.stubborn, url: url) }
            let gentle = try bench.change(
                "postgresql.terminate",
                ["states": "active", "older-than": "1s", "grace": "300ms", "cancel-only": "true"])
            let unit = try #require(try await planned(bench, gentle).first)
            let baseline = try await bench.prepare(gentle, unit)
            let refused = try await failure { try await bench.apply(gentle, unit, baseline) }
            #expect(refused?.isFailed == true)
            #expect(try await bench.probe(gentle, unit, baseline) == .pending)
            let firm = try bench.change(
                "postgresql.terminate", ["states": "active", "older-than": "1s", "grace": "300ms"])
            let proof = try #require(try await bench.doAll(firm, bench.preview(firm)).first)
            #expect(proof.summary.contains("has ended"))
            await #expect(throws: ProgramError.self) { try await work.value }
        }
    }

    @Test func whoMovedOnIsLeftAlone() async throws {
        try await withRole { bench, role in
            try await bench.sql("ALTER ROLE \(role) SUPERUSER")
            let session = try await DatabaseSession.open(
                port: bench.server.port, database: bench.database, user: "postgres", application: "worker")
            try await session.execute("BEGIN")
            let change = try bench.change(
                "postgresql.terminate", ["states": "idle-in-transaction", "older-than": "1s", "users": "postgres"])
            let unit = try #require(try await planned(bench, change).first)
            let baseline = try await bench.prepare(change, unit)
            try await session.execute("SELECT 1")
            #expect(
                try await eventually {
                    guard case .applied = try await bench.probe(change, unit, baseline) else { return false }
                    return true
                })
            // It idles as long again: another idling than the planned one.
            _ = try await planned(bench, change)
            try await bench.apply(change, unit, baseline)
            #expect(try await isThere(bench, unit))
            guard case .applied(let proof) = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(proof.summary.contains("something else"))
            withExtendedLifetime(session) {}
        }
    }

    @Test func aProcessIdThatIsUsedAgainIsNotHit() async throws {
        try await withRole { bench, role in
            let idle = try await OtherSession.open(bench, user: role)
            let change = try bench.change("postgresql.terminate", Self.idle)
            let unit = try #require(try await planned(bench, change).first)
            for name in ["backend-start", "xact-start", "query-start", "state-change"] {
                var attributes = unit.attributes
                attributes[name] = "2026-01-01 00:00:00.000001+00"
                let older = WorkUnit(id: unit.id, title: unit.title, expected: unit.expected, attributes: attributes)
                let baseline = try await bench.prepare(change, older)
                try await bench.apply(change, older, baseline)
                #expect(try await isThere(bench, unit), "\(name)")
                guard case .applied(let proof) = try await bench.probe(change, older, baseline) else {
                    throw NotProven()
                }
                #expect(proof["sessions"] == 0)
                #expect(proof["moved_on"] == 1)
            }
            let broken = WorkUnit(id: unit.id, title: unit.title, expected: unit.expected)
            let refused = try await failure { _ = try await bench.prepare(change, broken) }
            #expect(refused?.code == .malformed)
            await idle.close()
        }
    }

    @Test func theRuleIsLookedAtAgainInTheMomentOfTheEnding() async throws {
        try await withRole { bench, role in
            let idle = try await OtherSession.open(bench, user: role)
            let change = try bench.change("postgresql.terminate", Self.idle)
            let unit = try #require(try await planned(bench, change).first)
            let baseline = try await bench.prepare(change, unit)
            try await bench.sql("ALTER ROLE \(role) SUPERUSER")
            try await bench.apply(change, unit, baseline)
            #expect(try await isThere(bench, unit))
            guard case .applied(let proof) = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            #expect(proof.summary.contains("left alone"))
            #expect(proof["sessions"] == 0)
            await idle.close()
        }
    }

    @Test func theRuleSparesWhomItMust() async throws {
        try await withRole { bench, role in
            let idle = try await OtherSession.open(bench, user: role)
            let boss = try await OtherSession.open(bench)
            // A session in which a change of ours works.
            let ours = try await OtherSession.open(
                bench, user: role, "SELECT pg_advisory_xact_lock(\(ChangeSession.lockSpace), 1)")
            let all = try bench.change("postgresql.terminate", Self.idle)
            let unit = try #require(try await planned(bench, all).first)
            #expect(unit.title.contains(role))
            #expect(try await eventually { try await bench.preview(all)["spared"] == 2 })
            func count(_ more: [(String, PlanValue)]) async throws -> Int {
                let entries = [("states", "idle-in-transaction"), ("older-than", PlanValue.text("1s"))] + more
                let rule = PlanValue.map(entries.map { .init($0.0, $0.1) })
                return try await bench.preview(bench.change("postgresql.terminate", rule)).units.count
            }
            #expect(try await count([("users", "postgres")]) == 1)
            #expect(try await count([("users", "postgre*")]) == 0)
            #expect(try await count([("users", ["app_*", "postgres"])]) == 2)
            #expect(try await count([("except-users", "app_*")]) == 0)
            #expect(try await count([("except-applications", "some*")]) == 0)
            #expect(try await count([("applications", "other")]) == 0)
            #expect(try await count([("statements", "select count(*")]) == 1)
            #expect(try await count([("statements", "delete*")]) == 0)
            #expect(try await count([("users", "nobody")]) == 0)
            for session in [idle, boss, ours] { await session.close() }
        }
    }

    @Test func whatMaintainsIsSparedUnlessItIsNamed() async throws {
        try await withRole { bench, role in
            let holder = try await OtherSession.open(bench, "LOCK TABLE t IN SHARE MODE")
            let build = try await BusySession.begin(
                bench, "build", "CREATE INDEX CONCURRENTLY made ON t (x)", for: .seconds(1))
            let rule: PlanValue = ["states": "active", "older-than": "1s", "users": "postgres"]
            let preview = try await bench.preview(bench.change("postgresql.terminate", rule))
            #expect(preview.units.isEmpty)
            #expect(preview["spared"] == 1)
            let named: PlanValue = [
                "states": "active", "older-than": "1s", "users": "postgres", "statements": "create index*",
            ]
            let change = try bench.change("postgresql.terminate", named)
            #expect(try await bench.doAll(change, bench.preview(change)).first?["sessions"] == 1)
            await build.ended()
            await holder.close()
        }
    }

    @Test func nobodyElseIsHit() async throws {
        try await withRole { bench, role in
            let isOver = Stop()
            let busy = (0..<6).map { number in
                Task {
                    let session = try await DatabaseSession.open(
                        port: bench.server.port, database: bench.database, user: "postgres",
                        application: "worker-\(number)")
                    var done = 0
                    while !isOver.isSet {
                        try await session.execute("BEGIN; SELECT pg_sleep(0.001)")
                        try await session.execute("COMMIT")
                        done += 1
                    }
                    return done
                }
            }
            var idle: [OtherSession] = []
            for _ in 0..<4 { idle.append(try await OtherSession.open(bench, user: role)) }
            let change = try bench.change(
                "postgresql.terminate",
                ["states": ["active", "idle-in-transaction"], "older-than": "1s", "users": ["app_*", "postgres"]])
            _ = try await planned(bench, change, 4)
            let proofs = try await bench.doAll(change, bench.preview(change))
            #expect(proofs.compactMap { $0["sessions"] } == [1, 1, 1, 1])
            isOver.set()
            for worker in busy { #expect(try await worker.value > 0) }
            for session in idle { await session.close() }
        }
    }

    @Test func whatWasBrokenOffGoesOn_AndLeavesNothing() async throws {
        try await withRole { bench, role in
            let url = bench.server.url(database: bench.database, user: role, password: "p")
            let work = Task { try await PostgreSQLServer.psql(Self.stubborn, url: url) }
            let change = try bench.change(
                "postgresql.terminate", ["states": "active", "older-than": "1s", "grace": "2s", "users": "app_*"])
            let unit = try #require(try await planned(bench, change).first)
            let baseline = try await bench.prepare(change, unit)
            let attempt = Task { try await bench.apply(change, unit, baseline) }
            let isSeen = try await eventually {
                if case .running = try await bench.probe(change, unit, baseline) { true } else { false }
            }
            #expect(isSeen)
            attempt.cancel()
            _ = await attempt.result
            #expect(try await eventually { try await bench.probe(change, unit, baseline) == .pending })
            try await bench.apply(change, unit, baseline)
            guard case .applied = try await bench.probe(change, unit, baseline) else { throw NotProven() }
            let locks =
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = \(ChangeSession.lockSpace)"
            #expect(
                try await bench.sql(
                    locks + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == "0")
            await #expect(throws: ProgramError.self) { try await work.value }
        }
    }

    static let stubborn = """
        DO $$BEGIN LOOP BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END$$
        """

    @Test func whoMayNotIsToldSo() async throws {
        try await withRole { bench, role in
            let (look, change) = ("tl_" + bench.database, "tc_" + bench.database)
            try await bench.makeRoles(look, change)
            let idle = try await OtherSession.open(bench, user: role)
            try await Bench.open(bench.server, bench.database, roles: (look, change)) { limited in
                let terminate = try limited.change("postgresql.terminate", Self.idle)
                let blind = try await limited.preview(terminate)
                #expect(blind.findings.map(\.severity) == [.unknown])
                #expect(blind.findings.first?.cause.code == .noPermission)
                let rights = try limited.action("postgresql.terminate", Self.idle).rights
                func grant(_ purpose: Purpose, _ word: String) async throws {
                    for right in rights where right.purpose == purpose && right.grant.contains(word) {
                        try await bench.sql(
                            right.grant.replacing("{role}", with: purpose == .look ? look : change))
                    }
                }
                try await grant(.look, "pg_read_all_stats")
                let unit = try #require(try await planned(limited, terminate).first)
                let baseline = try await limited.prepare(terminate, unit)
                let unseen = try await failure { try await limited.apply(terminate, unit, baseline) }
                #expect(unseen?.code == .noPermission)
                try await grant(.change, "pg_read_all_stats")
                let unsent = try await failure { try await limited.apply(terminate, unit, baseline) }
                #expect(unsent?.code == .noPermission)
                #expect(unsent?.isFailed == true)
                #expect(try await limited.probe(terminate, unit, baseline) == .pending)
                try await grant(.change, "pg_signal_backend")
                try await limited.apply(terminate, unit, baseline)
                guard case .applied = try await limited.probe(terminate, unit, baseline) else { throw NotProven() }
            }
            await idle.close()
            try await bench.dropRoles(look, change)
        }
    }

    @Test(
        arguments: [
            (["states": "active", "older-than": "0s"], "at least 1s"),
            (["states": "idle-in-transaction", "older-than": "1m", "cancel-only": "true"], "nothing to cancel"),
            (["states": [], "older-than": "1m"], "no state"), (["states": "active"], "older-than"),
            (["states": "active", "older-than": "1m", "grace": "1h"], "between"),
        ] as [(PlanValue, String)])
    func wrongRulesAreMistakes(_ rule: PlanValue, _ words: String) throws {
        let action = try #require(PostgreSQLActions.all.first { $0.name == "postgresql.terminate" })
        var text = ""
        do { _ = try action.configured(with: rule) } catch {
            text = error.errors.map(\.message).joined(separator: "\n")
        }
        #expect(text.contains(words), "\(text)")
    }
}

/// Tells tasks to stop.
private final class Stop: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
}
