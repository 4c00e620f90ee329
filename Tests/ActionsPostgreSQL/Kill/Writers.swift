import ClientPostgreSQL
import Host
import Maintenance
import Sandbox
import Synchronization

/// Sessions of others that write all the time, as pgbench does.
struct Writers: Sendable {
    struct Outcome: Sendable {
        var committed = 0
        var longest = Duration.zero
        var errors: [String] = []
    }

    private let tasks: [Task<Outcome, any Error>]
    private let isOver: Flag

    private final class Flag: Sendable {
        let value = Mutex(false)
    }

    /// `statement` gets a number that no other one gets.
    static func start(
        _ bench: Bench, _ count: Int = 3, _ statement: @escaping @Sendable (Int) -> String
    ) throws -> Writers {
        let isOver = Flag()
        let tasks = try (1...count).map { writer in
            let client = try bench.client()
            return Task {
                defer { client.close() }
                var outcome = Outcome()
                while !isOver.value.withLock({ $0 }) {
                    let text = statement(writer * 10_000_000 + outcome.committed + outcome.errors.count)
                    let before = Host.system.steady()
                    do {
                        try await client.session(until: before + .seconds(30)) { session in
                            _ = try await session.run([SQLStatement(text)])
                        }
                        outcome.committed += 1
                    } catch let error as SQLFailure {
                        outcome.errors.append(error.cause.sentence)
                    }
                    outcome.longest = max(outcome.longest, Host.system.steady() - before)
                    try await Host.system.sleep(.milliseconds(4))
                }
                return outcome
            }
        }
        return Writers(tasks: tasks, isOver: isOver)
    }

    func stop() async throws -> Outcome {
        isOver.value.withLock { $0 = true }
        var all = Outcome()
        for task in tasks {
            let one = try await task.value
            all.committed += one.committed
            all.longest = max(all.longest, one.longest)
            all.errors += one.errors
        }
        return all
    }
}

extension Bench {
    /// Connections of its own to the database.
    func client() throws -> PostgreSQLClient {
        let url = server.url(database: database)
        guard let kind = try TargetKindDefinition(PostgreSQLKind.self).target(from: .text(url)) as? PostgreSQLKind
        else { throw NoSuchAction() }
        return kind.open(on: .system)
    }
}
