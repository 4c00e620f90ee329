import ClientPostgreSQL
import Maintenance

/// Whether indexes can be built beside the traffic at all on a server.
enum ConcurrentBuilds {
    static func findings(_ access: PostgreSQLAccess) async throws -> [Finding] {
        let server = try await access.server()
        let isStandby = try await access.query("SELECT pg_is_in_recovery() AS standby").one().boolean("standby")
        if isStandby {
            let cause = Cause(.notSupported, "\(access.identity) is a standby, where nothing can be built.")
            return [Finding(access.identity, .fail, cause, advice: "Let the target lead to the primary.")]
        }
        // Fixed in 14.4: rows that were updated while the index was built were missing in it.
        if (140_000..<140_004).contains(server.version) {
            let cause = Cause(
                .notSupported,
                "Concurrent builds of PostgreSQL \(server.versionText) can leave rows out of the index, unseen.")
            return [Finding(access.identity, .fail, cause, advice: "Update the server to 14.4 or later first.")]
        }
        return []
    }
}
