import Host
import Maintenance
import Sandbox

@testable import ClientPostgreSQL

/// A target as the engine would open it, closed at the end.
func withTarget<Result>(
    _ settings: PlanValue, _ body: (PostgreSQLKind, PostgreSQLClient) async throws -> Result
) async throws -> Result {
    let definition = TargetKindDefinition(PostgreSQLKind.self)
    guard let kind = try definition.target(from: settings) as? PostgreSQLKind else { throw WrongKind() }
    let client = kind.open(on: .system)
    defer { client.close() }
    return try await body(kind, client)
}

struct WrongKind: Error {}

extension PostgreSQLClient {
    func access(
        _ purpose: Purpose = .look, within time: Duration = .seconds(20), unit: String? = nil,
        evidence: EvidenceLog? = nil
    ) -> PostgreSQLAccess {
        PostgreSQLAccess(
            self, for: purpose,
            in: Context(
                host: .system, deadline: Host.system.steady() + time,
                label: WorkLabel(run: "r1", step: "s1", unit: unit), evidence: evidence))
    }
}

/// A database of its own, opened with one URL.
func withDatabase<Result>(
    _ body: (_ server: PostgreSQLServer, _ database: String, _ client: PostgreSQLClient) async throws -> Result
) async throws -> Result {
    let server = try await PostgreSQLServer.shared()
    return try await Gate.databases.pass {
        try await server.withDatabase { database in
            try await withTarget(.text(server.url(database: database))) { _, client in
                try await body(server, database, client)
            }
        }
    }
}

func cause(_ body: () async throws -> Void) async throws -> Cause? {
    do {
        try await body()
        return nil
    } catch let error as CouldNotLook {
        return error.cause
    } catch let error as ChangeFailed {
        return error.cause
    }
}
