import ClientPostgreSQL
import Host
import Maintenance

/// Takes locks without standing in the way: whoever waits long for a strong lock makes all who come after wait too.
enum LockQueue {
    /// Tries again and again with short waits until the deadline is near; then says who holds the lock.
    static func patiently<Value: Sendable>(
        _ context: Context, _ session: ChangeSession, subject: String, _ body: () async throws -> Value
    ) async throws -> Value {
        while true {
            do {
                return try await body()
            } catch let failure as SQLFailure where failure.state == SQLFailure.lockNotAvailable {
                guard context.remaining > PostgreSQLActionLimits.lockPause * 4 else {
                    throw ChangeFailed(
                        .busy,
                        "\(subject) is locked by another session all the time (autovacuum, a migration, another "
                            + "maintenance): look in pg_locks who it is, or give the step more time.")
                }
                try await context.host.sleep(PostgreSQLActionLimits.lockPause)
            }
        }
    }
}
