import ClientPostgreSQL
import Host
import Journal
import Maintenance

/// Asks questions over a connection of their own. A question whose answer was lost is asked again.
final class Reader: Sendable {
    private let connection: RecordConnection
    private let opening: SessionOpening
    private let patience: Duration

    init(_ address: RecordAddress, _ opening: SessionOpening, patience: Duration) throws {
        connection = try RecordConnection(to: address, on: opening.host)
        self.opening = opening
        self.patience = patience
    }

    func ask<Value: Sendable>(
        _ question: @escaping @Sendable (Answers) throws -> Value
    ) async throws(JournalError) -> Value {
        try opening.mustNotBeClosed()
        let (opening, patience) = (opening, patience)
        let result = await connection.perform { session in
            Answers(session: session, opening: opening).patiently(patience, question)
        }
        return try result.get()
    }

    func close() async { await connection.perform { $0.hangUp() } }
}

/// One question after the other on the connection's thread.
struct Answers {
    let session: RecordSession
    let opening: SessionOpening

    /// Every row as its values, in the order of the columns.
    func rows(_ sql: String, _ parameters: [SQLParameter] = []) throws -> [[String?]] {
        let deadline = opening.host.steady() + PostgreSQLJournalLimits.exchange
        return try session.exchange([SQLStatement(sql, parameters)], until: deadline)[0].values
    }

    fileprivate func patiently<Value>(
        _ patience: Duration, _ question: (Answers) throws -> Value
    ) -> Result<Value, JournalError> {
        let end = opening.host.steady() + patience
        var pause = PostgreSQLJournalLimits.firstPause
        while true {
            let failure: JournalError
            do {
                try opening.open(session, until: opening.host.steady() + PostgreSQLJournalLimits.opening)
                return .success(try question(self))
            } catch {
                failure = JournalError(error, opening.identity)
            }
            guard failure.code == .unreachable, opening.host.steady() < end else { return .failure(failure) }
            session.pause(pause)
            pause = min(pause * 2, PostgreSQLJournalLimits.longestPause)
        }
    }
}
