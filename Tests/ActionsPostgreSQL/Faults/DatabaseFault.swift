import ActionsPostgreSQL
import Host
import Maintenance
import Sandbox
import TestSupport
import Testing

/// Something wrong with a database, and what an action must say of it to whom.
struct DatabaseFault: Sendable, CustomTestStringConvertible {
    /// What is undone when everybody has looked: a session that is closed, a role that is dropped.
    typealias Undo = @Sendable () async throws -> Void

    let action: String
    /// A few words with hyphens; `healthy` where nothing is wrong.
    let name: String
    let wrong: String
    var parameters: PlanValue?
    /// Of a server of its own, where the fault concerns the whole server.
    var settings: [String: String]?
    /// To the superuser, to a role with pg_monitor, and to one without rights.
    let answers: [FaultAnswer]
    let put: @Sendable (Bench) async throws -> Undo?

    init(
        _ action: String, _ name: String, _ wrong: String, with parameters: PlanValue? = nil,
        settings: [String: String]? = nil, _ answers: FaultAnswer...,
        put: @escaping @Sendable (Bench) async throws -> Undo?
    ) {
        self.action = action
        self.name = name
        self.wrong = wrong
        self.parameters = parameters
        self.settings = settings
        self.answers = answers
        self.put = put
    }

    /// Where SQL alone makes it.
    init(
        _ action: String, _ name: String, _ wrong: String, with parameters: PlanValue? = nil,
        settings: [String: String]? = nil, _ answers: FaultAnswer..., sql: String
    ) {
        self.action = action
        self.name = name
        self.wrong = wrong
        self.parameters = parameters
        self.settings = settings
        self.answers = answers
        put = { bench in
            if !sql.isEmpty { try await bench.sql(sql) }
            return nil
        }
    }

    var testDescription: String { "\(action): \(name)" }

    static let roles = ["superuser", "pg_monitor", "no rights"]

    /// What is said of it to each role, in their order. A change is asked for by the superuser last, for it alters what
    /// the others look at.
    func seen() async throws -> [FaultAnswer] {
        guard let settings else { return try await Bench.run { try await seen(at: $0) } }
        let server = try await PostgreSQLServer.start(settings: settings)
        return try await doing {
            try await Bench.open(server, "postgres") { try await seen(at: $0) }
        } finally: {
            await server.stop()
        }
    }

    private func seen(at bench: Bench) async throws -> [FaultAnswer] {
        let (watcher, plain) = ("watcher_" + bench.database, "plain_" + bench.database)
        try await bench.makeRoles(watcher, plain)
        try await bench.sql("GRANT pg_monitor TO \(watcher)")
        let undo = try await put(bench)
        return try await doing {
            var answers: [FaultAnswer] = []
            for role in [plain, watcher] {
                let answer = try await Bench.open(bench.server, bench.database, roles: (role, role)) { bench in
                    try await bench.answer(action, parameters)
                }
                answers.insert(answer, at: 0)
            }
            return [try await bench.answer(action, parameters)] + answers
        } finally: {
            // A role that stays, or a session, would let the database's drop fail.
            try? await undo?()
            try? await bench.dropRoles(watcher, plain)
        }
    }
}

extension Bench {
    /// What an action says, done as far as it can be done.
    func answer(_ name: String, _ parameters: PlanValue?) async throws -> FaultAnswer {
        let configured = try action(name, parameters)
        switch configured.work {
        case .check(let check):
            return try await FaultAnswer.of {
                FaultAnswer(try await check.observe(target, context()), configured.thresholds)
            }
        case .change(let change):
            return try await FaultAnswer.of(change, on: target) { context(unit: $0?.id) }
        }
    }
}
