import Host
import Maintenance
import Plans
import Sandbox
import Testing

/// The rights that the plan's actions declare are enough, and each of them is needed.
///
/// A role with the rights of all steps runs the whole plan. Then each step is run with its own rights alone, and once more
/// without each of them: so no right of another step stands in for the one that is left out.
@Suite(.serialized) struct RightsTests {
    @Test func theDeclaredRightsAreEnoughAndEachIsNeeded() async throws {
        let bench = try await RightsBench.start()
        try await bench.permit(try bench.needs().flatMap(\.grants))
        for step in try await bench.bench.runAll() {
            #expect(step.isWell, "with all rights: \(step.step): \(step.sentence)")
        }
        let needs = try bench.needs()
        #expect(
            needs.map(\.step) == [
                "database", "inspections", "connections", "size", "clear-cache", "vacuum", "calibration-tickets",
                "archive", "figures",
            ])
        for need in needs {
            try await bench.permit(need.grants)
            let whole = try await bench.run(need)
            #expect(whole?.verdict == .pass, "\(need.step) with its own rights: \(whole?.sentence ?? "did not run")")
            for grant in need.grants where !grant.isContained(in: need.grants) {
                try await bench.permit(need.grants.filter { $0 != grant })
                let seen = try await bench.run(need, without: grant)
                let sentence = seen?.sentence ?? "did not run"
                #expect(seen?.verdict != .pass, "\(need.step) does not need \(grant.statement)")
                #expect(
                    grant.names.contains { sentence.contains($0) },
                    "\(need.step) without \(grant.statement) says: \(sentence)")
            }
        }
        await bench.stop()
    }
}

/// The rights of one step.
struct StepNeed {
    let procedure: String
    let step: String
    let grants: [Grant]
}

/// A right that cannot be divided any more.
struct Grant: Hashable {
    let kind: String
    let purpose: Purpose
    /// `{role}` stands for who gets it.
    let statement: String

    /// `GRANT SELECT, INSERT ON t` is two.
    static func each(_ right: Right) -> [Grant] {
        let parts = right.grant.firstMatch(of: /^GRANT ([A-Z, ]+) ON (.*)$/)
        let statements = parts.map { parts in
            parts.1.split(separator: ", ").map { "GRANT \($0) ON \(parts.2)" }
        }
        // The target of Redis has one URL, so that one user looks and changes.
        let purpose = right.kind == "redis" ? Purpose.look : right.purpose
        return (statements ?? [right.grant]).map { Grant(kind: right.kind, purpose: purpose, statement: $0) }
    }

    /// Where one user looks and changes, the keys that may be changed contain those that may be looked at.
    func isContained(in grants: [Grant]) -> Bool {
        statement.contains(" %R~") && grants.contains { $0.statement == statement.replacing(" %R~", with: " ~") }
    }

    /// What the sentence may call it.
    var names: [String] {
        if kind == "redis" {
            let rule = statement.split(separator: " ").last.map(String.init) ?? ""
            return [rule.hasPrefix("+") ? rule : "key patterns"]
        }
        if statement.contains("GRANT CONNECT") { return ["permission denied for database"] }
        if statement.contains("pg_read_all_stats") { return ["pg_read_all_stats"] }
        if statement.contains("pg_class") { return ["owner"] }
        return statement.firstMatch(of: /\sON (\S+)\s/).map { [String($0.1)] } ?? []
    }
}

/// The plan on a sandbox, run by roles that have what `permit` gave them and nothing else.
struct RightsBench {
    let bench: FaultBench

    static func start() async throws -> RightsBench {
        let whole = try await FaultBench.start(rows: 6000)
        let sandbox = whole.sandbox
        let database = "127.0.0.1:\(sandbox.proxies.database.port)/greenlang"
        let own = [
            "STEAMTRAP_LOOK_URL": "postgresql://rights_look:secret@\(database)",
            "STEAMTRAP_CHANGE_URL": "postgresql://rights_change:secret@\(database)",
            "STEAMTRAP_REDIS_URL": "redis://rights:secret@127.0.0.1:\(sandbox.proxies.cache.port)/0",
        ]
        var host = whole.host
        host.environment = { [others = whole.host.environment] in own[$0] ?? others($0) }
        // The owner of the tables may connect because the database is its own too: its members could by that alone.
        try await sandbox.sql(
            """
            CREATE ROLE rights_look;
            CREATE ROLE rights_change;
            ALTER DATABASE greenlang OWNER TO postgres;
            REVOKE ALL ON DATABASE greenlang FROM PUBLIC, greenlang_app;
            """)
        return RightsBench(bench: FaultBench(sandbox: sandbox, plan: whole.plan, host: host))
    }

    func stop() async { await bench.sandbox.stop() }

    /// The steps that need rights, each with those of its guard and its proof.
    func needs() throws -> [StepNeed] {
        try ["daily-health", "weekly"].flatMap { procedure in
            // The rights on clusters and buckets have tests of their own, where they can be taken away.
            let steps = try bench.plan.runnable(procedure: procedure, catalogue: FaultBench.catalogue).steps.filter {
                $0.action.hasPrefix("postgresql.") || $0.action.hasPrefix("redis.")
            }
            return try steps.compactMap { step in
                var grants: [Grant] = []
                for right in try step.parts.flatMap({ try #require($0.rights(FaultBench.catalogue)) }) {
                    for grant in Grant.each(right) where !grants.contains(grant) { grants.append(grant) }
                }
                return grants.isEmpty ? nil : StepNeed(procedure: procedure, step: step.id, grants: grants)
            }
        }
    }

    /// Makes the roles anew with these rights alone.
    func permit(_ grants: [Grant]) async throws {
        let statements = grants.filter { $0.kind == "postgresql" }.map { grant in
            grant.statement.replacing("{role}", with: "rights_" + grant.purpose.rawValue)
        }
        try await bench.sandbox.sql(
            """
            DROP OWNED BY rights_look, rights_change;
            DROP ROLE rights_look, rights_change;
            CREATE ROLE rights_look LOGIN PASSWORD 'secret';
            CREATE ROLE rights_change LOGIN PASSWORD 'secret';
            \(statements.joined(separator: "\n"))
            """)
        let cache = bench.sandbox.cache
        try await cache.command(["ACL", "SETUSER", "rights", "reset", "on", ">secret"])
        for grant in grants where grant.kind == "redis" {
            let words = grant.statement.replacing("{role}", with: "rights").split(separator: " ").map(String.init)
            let answer = try await cache.command(words)
            #expect(answer == "OK", "\(grant.statement): \(answer)")
        }
    }

    /// Some rights are needed only to see what another role's session does: then there is one.
    func run(_ need: StepNeed, without grant: Grant? = nil) async throws -> SeenStep? {
        try await bench.replenish()
        guard grant?.statement.contains("pg_read_all_stats") == true, let other = Fault.named("old-transaction") else {
            return try await bench.run(need.procedure, only: [need.step]).first
        }
        let sandbox = bench.sandbox
        try await sandbox.sql("GRANT CONNECT ON DATABASE greenlang TO greenlang_app;")
        try await sandbox.apply(other)
        let seen = try await bench.run(need.procedure, only: [need.step]).first
        try await sandbox.heal()
        try await sandbox.sql("REVOKE CONNECT ON DATABASE greenlang FROM greenlang_app;")
        return seen
    }
}
