import ClientPostgreSQL
import Host
import Testing

/// Statements that a connection keeps prepared.
@Suite struct PreparedTests {
    /// Of statements that are prepared together, those before one that is refused are prepared all the same.
    @Test func oneThatIsRefusedSpoilsNoOther() async throws {
        try await withDatabase { database throws in
            let host = Host.system
            let connection = try RecordConnection(to: try RecordAddress(database.url), on: host)
            @Sendable func answers(_ texts: [String]) async throws -> [String?] {
                try await connection.tryTo { session in
                    let end = host.steady() + .seconds(10)
                    _ = try session.open(until: end)
                    let statements = texts.map { SQLStatement(prepared: $0, ["7"]) }
                    return try session.exchange(statements, until: end).map { $0.values[0][0] }
                }
            }
            let first = "SELECT $1::int + 1"
            await #expect(throws: SQLFailure.self) {
                _ = try await answers([first, "SELECT $1 FROM nowhere", "SELECT 0 * $1::int"])
            }
            for _ in 0..<2 {
                #expect(try await answers([first, "SELECT $1::int + 2", "SELECT $1::int + 3"]) == ["8", "9", "10"])
                #expect(try await answers(["SELECT $1::int + 4"]) == ["11"])
            }
            await connection.perform { $0.hangUp() }
            #expect(try await answers([first]) == ["8"])
            await connection.perform { $0.hangUp() }
        }
    }
}
