import ClientPostgreSQL
import Host
import Maintenance
import Sandbox

/// A session of somebody else that holds a transaction open until it is closed.
struct OtherSession {
    private let task: Task<Void, any Error>
    private let finish: AsyncStream<Void>.Continuation

    static func open(
        _ bench: Bench, user: String = "postgres", _ statements: String..., isolation: String = "REPEATABLE READ"
    ) async throws -> OtherSession {
        let url =
            bench.server.url(database: bench.database, user: user, password: user == "postgres" ? nil : "p")
            + "?application_name=somebody"
        guard let kind = try TargetKindDefinition(PostgreSQLKind.self).target(from: .text(url)) as? PostgreSQLKind
        else {
            throw NoSuchAction()
        }
        let client = kind.open(on: .system)
        let (ready, began) = AsyncStream<Void>.makeStream()
        let (ended, finish) = AsyncStream<Void>.makeStream()
        let deadline = Host.system.steady() + .seconds(60)
        let task = Task {
            defer {
                began.finish()
                client.close()
            }
            try await client.session(until: deadline) { session in
                _ = try await session.run([SQLStatement("BEGIN ISOLATION LEVEL \(isolation)")])
                _ = try await session.run([SQLStatement("SELECT count(*) FROM pg_class")])
                for statement in statements { _ = try await session.run([SQLStatement(statement)]) }
                began.finish()
                for await _ in ended {}
                _ = try await session.run([SQLStatement("ROLLBACK")])
            }
        }
        for await _ in ready {}
        return OtherSession(task: task, finish: finish)
    }

    func close() async {
        finish.finish()
        _ = await task.result
    }
}
