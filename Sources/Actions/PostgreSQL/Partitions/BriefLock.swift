import ClientPostgreSQL
import Host
import Maintenance

/// Does what needs a lock that others wait behind, and waits for it and holds it no longer than they may be made to wait.
enum BriefLock {
    /// Times that the work itself, not the wait, may turn out too long before it is given up.
    private static let patience = 5

    private enum Again: Error { case locked, slow }

    /// Tries again and again, each time in a session of its own: an error in a transaction is the end of one. The body
    /// runs with a `lock_timeout`; what it does by `bounded` besides with a `statement_timeout`.
    static func attempt(
        _ context: Context, _ access: PostgreSQLAccess, subject: String, tooSlow: String,
        _ body: @escaping @Sendable (ChangeSession) async throws -> Void
    ) async throws {
        var slow = 0
        while true {
            let isLast = context.remaining <= PostgreSQLActionLimits.lockPause * 4
            do {
                return try await once(access, body)
            } catch Again.slow {
                slow += 1
                if slow == patience || isLast { throw ChangeFailed(.tooLarge, tooSlow) }
            } catch Again.locked {
                if isLast { throw ChangeFailed(.busy, sentence(subject)) }
            } catch let error as ChangeFailed where error.cause.code == .busy {
                // The server has not ended the session of the try before yet.
                if isLast { throw error }
            }
            try await context.host.sleep(PostgreSQLActionLimits.lockPause)
        }
    }

    private static func sentence(_ subject: String) -> String {
        "\(subject) is locked by another session all the time (autovacuum, a migration, a transaction that is left "
            + "open): look in pg_locks who it is, or give the step more time."
    }

    private static func once(
        _ access: PostgreSQLAccess, _ body: @escaping @Sendable (ChangeSession) async throws -> Void
    ) async throws {
        try await access.changing { session in
            do {
                let wait = "SELECT set_config('lock_timeout', '\(PostgreSQLActionLimits.lockWait)', false)"
                try await session.execute(wait)
                try await body(session)
            } catch let failure as SQLFailure where failure.isPassing {
                throw Again.locked
            } catch let failure as SQLFailure where failure.state == SQLFailure.cancelled {
                throw Again.slow
            }
        }
    }

    /// Inside of a transaction: the statement ends within the time that others may be made to wait.
    static func bounded(_ session: ChangeSession, _ statement: String) async throws {
        let bound = "SELECT set_config('statement_timeout', '\(PostgreSQLActionLimits.lockWait)', true)"
        try await session.run([SQLStatement(bound), SQLStatement(statement)])
    }
}

extension SQLFailure {
    static let cancelled = "57014"
}
