import Maintenance
import TestSupport
import Testing

@testable import ActionsRedis

/// The catalogue of what can be wrong with a Redis: each fault is put into a real server, and everybody is told the truth
/// about it, or that they cannot see it.
struct ServerFaultTests {
    @Test(arguments: ServerFault.all) func itIsSeenAndNamed(_ fault: ServerFault) async throws {
        #expect(try await fault.seen() == fault.answers)
    }

    @Test func thePageSaysTheSame() throws {
        let table = FaultTable(
            "faults-redis.md", title: "What is said of a Redis's faults",
            introduction: """
                Each fault is put into a real Redis, and each check looks at it as the default user, and as one that may only sign in and choose a
                database. `make test` does so; `RECORD_FAULTS=1` writes this page. Servers that do not answer are those of [faults.md](faults.md).
                """,
            roles: ServerFault.roles,
            ServerFault.all.map { .init($0.action, $0.name, $0.wrong, $0.answers) })
        #expect(try table.difference() == nil)
    }

    @Test func everyCheckHasItsFaults() {
        // What does not answer is of ServerStateTests.
        for action in RedisActions.all where !action.isChange && action.name != "redis.connectivity" {
            let faults = ServerFault.all.filter { $0.action == action.name }
            #expect(faults.contains { $0.name == "healthy" }, "\(action.name): no healthy fixture")
            #expect(faults.contains { $0.name != "healthy" }, "\(action.name): no fault")
        }
    }
}
