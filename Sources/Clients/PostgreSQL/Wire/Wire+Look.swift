import CLibPQ
import Host
import Maintenance

extension Wire {
    /// Runs statements in one read-only transaction, all on one snapshot, in one round trip.
    func look(_ statements: [SQLStatement], caps: AnswerCaps, _ bounds: CallBounds) throws -> [Rows] {
        let frame = [SQLStatement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"), localSettings(bounds)]
        do {
            let answers = try exchange(frame + statements + [SQLStatement("COMMIT")], caps: caps, bounds)
            return Array(answers.dropFirst(2).dropLast())
        } catch let error as ServerError {
            try rollBack(bounds)
            throw error
        }
    }

    /// Streams a COPY out of a read-only transaction.
    func lookByCopy(_ statement: SQLStatement, _ bounds: CallBounds, _ sink: ([UInt8]) throws -> Void) throws {
        _ = try exchange(
            [SQLStatement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"), localSettings(bounds)], bounds)
        do {
            try copyOut(statement, bounds, sink)
            _ = try exchange([SQLStatement("COMMIT")], bounds)
        } catch let error as ServerError {
            try rollBack(bounds)
            throw error
        }
    }

    /// Ends a transaction that an error has spoilt; does nothing where there is none.
    func rollBack(_ bounds: CallBounds) throws {
        guard isBusy else { return }
        _ = try exchange([SQLStatement("ROLLBACK")], bounds)
    }

    /// The server ends the statement shortly before the caller would give up, so that the cause is the server's own.
    /// Texts come in one form whatever the role's settings are. Row security that would leave rows out is an error: a
    /// look that sees fewer rows than there are proves nothing.
    private func localSettings(_ bounds: CallBounds) -> SQLStatement {
        let statement = serverMilliseconds(bounds)
        let lock = min(max(1, statement / 2), Int(PostgreSQLLimits.lookLockWait.microseconds / 1000))
        return SQLStatement(
            """
            SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true), \
            set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true), \
            set_config('intervalstyle', 'postgres', true), set_config('bytea_output', 'hex', true), \
            set_config('extra_float_digits', '1', true), set_config('row_security', 'off', true)
            """, [SQLParameter(statement), SQLParameter(lock)])
    }

    /// A statement that begins late in a session gets less time than the first: the server ends it before we hang up, and
    /// does not work on with nobody there. Not within a transaction, which would take it back when it fails.
    func renewStatementTimeout(_ bounds: CallBounds) throws {
        let left = serverMilliseconds(bounds)
        guard left < grantedMilliseconds - max(1000, grantedMilliseconds / 10), let connection,
            PQtransactionStatus(connection) == PQTRANS_IDLE
        else { return }
        let renewal = SQLStatement("SELECT set_config('statement_timeout', $1, false)", [SQLParameter(left)])
        _ = try exchange([renewal], bounds)
        grantedMilliseconds = left
    }

    /// What the server is given of the time that is left.
    func serverMilliseconds(_ bounds: CallBounds) -> Int {
        let left = Int(bounds.milliseconds)
        return max(1, left - min(250, left / 10))
    }

    /// Finds out once what answers here.
    func describe(_ bounds: CallBounds) throws -> ServerDescription {
        if let server { return server }
        guard let connection else { throw lost() }
        let row = try exchange([ServerDescription.statement], bounds)[0].one()
        let description = try ServerDescription(row, clientProcess: Int(PQbackendPID(connection)))
        server = description
        return description
    }
}
