import ActionsPostgreSQL
import Maintenance
import TestSupport
import Testing

/// The catalogue of what can be wrong with a database: each fault is put into a real server, and everybody is told the
/// truth about it, or that they cannot see it.
struct DatabaseFaultTests {
    /// A line for the faults of each room.
    static let all: [DatabaseFault] =
        DatabaseFault.connections + DatabaseFault.server + DatabaseFault.settings
        + DatabaseFault.bloat + DatabaseFault.partitions + DatabaseFault.indexes
        + DatabaseFault.sessions + DatabaseFault.vacuuming

    @Test(arguments: all) func itIsSeenAndNamed(_ fault: DatabaseFault) async throws {
        #expect(try await fault.seen() == fault.answers)
    }

    @Test func thePageSaysTheSame() throws {
        let table = FaultTable(
            "faults-postgresql.md", title: "What is said of a database's faults",
            introduction: """
                Each fault is put into a real PostgreSQL, and each action looks at it as superuser, as a role with `pg_monitor`, and as one
                that may only connect. `make test` does so; `RECORD_FAULTS=1` writes this page.
                """,
            roles: DatabaseFault.roles, Self.all.map { .init($0.action, $0.name, $0.wrong, $0.answers) })
        #expect(try table.difference() == nil)
    }

    /// No false green, no false alarm: of everything that looks there is at least one fault and a healthy fixture.
    @Test func everyCheckHasItsFaults() {
        // Tested by themselves, in ChecksTests, QueryTests and FigureTests.
        let elsewhere: Set = ["postgresql.connectivity", "postgresql.query", "postgresql.figures", "postgresql.size"]
        for action in PostgreSQLActions.all where !action.isChange && !elsewhere.contains(action.name) {
            let faults = Self.all.filter { $0.action == action.name }
            #expect(faults.contains { $0.name == "healthy" }, "\(action.name): no healthy fixture")
            #expect(faults.contains { $0.name != "healthy" }, "\(action.name): no fault")
        }
    }
}
