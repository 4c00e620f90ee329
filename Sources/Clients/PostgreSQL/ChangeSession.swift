import Maintenance

/// A session of the changing role that holds its work's lock. Every statement begins with the work's label as a
/// comment, so that a person who looks at the server's sessions or log knows whose it is: `pg_stat_activity` shows only
/// the first kilobyte of a statement.
public struct ChangeSession: Sendable {
    private let session: any PostgreSQLSession
    private let context: Context
    private let comment: String

    init(_ session: any PostgreSQLSession, in context: Context) {
        self.session = session
        self.context = context
        let label = context.label.description.map { character in
            character.isASCII && (character.isLetter || character.isNumber || "._-/:".contains(character))
                ? character : "_"
        }
        // A slash after an asterisk would end the comment; asterisks are replaced above.
        comment = "/* millwright \(String(label)) */ "
    }

    public var identity: String { session.identity }

    /// Refuses where a pooler stands between, and where an earlier attempt is still at it.
    func lock() async throws {
        guard try await !session.server.isPooled else {
            throw ChangeFailed(
                .notSupported,
                "\(identity) is reached through a connection pooler, where a lock of a session means nothing. "
                    + "Give the target a `change` URL that leads straight to the server.")
        }
        let key = WorkLock(context.label)
        let rows = try await execute(
            "SELECT pg_try_advisory_lock($1::int, $2::int) AS taken",
            [SQLParameter(WorkLock.space), SQLParameter(key.key)])
        guard try rows.one().boolean("taken") else {
            throw ChangeFailed(
                .busy, "An earlier attempt at the same work is still running in \(identity): wait until it has ended.")
        }
    }

    /// Runs one statement by itself, outside of a transaction unless one is open. A server's error is an `SQLFailure`.
    @discardableResult
    public func execute(_ sql: String, _ parameters: [SQLParameter] = []) async throws -> Rows {
        try await run([SQLStatement(sql, parameters)])[0]
    }

    /// Runs statements in one round trip.
    @discardableResult
    public func run(_ statements: [SQLStatement]) async throws -> [Rows] {
        let answers = try await session.run(statements.map { SQLStatement(comment + $0.text, $0.parameters) })
        for (statement, answer) in zip(statements, answers) {
            context.evidence.note(source: identity, statement: statement.noted, answer: answer.evidence)
        }
        return answers
    }

    /// Does the body in one transaction: committed when it returns, rolled back when it throws. A connection that is
    /// lost while committing leaves open what became of it, and the error says so.
    @discardableResult
    public func transaction<Value: Sendable>(
        _ isolation: String = "READ COMMITTED", _ body: (ChangeSession) async throws -> Value
    ) async throws -> Value {
        try await run([SQLStatement("BEGIN ISOLATION LEVEL \(isolation)")])
        let value: Value
        do {
            value = try await body(self)
        } catch {
            if !Task.isCancelled { _ = try? await run([SQLStatement("ROLLBACK")]) }
            throw error
        }
        do {
            try await run([SQLStatement("COMMIT")])
        } catch let error as CouldNotLook {
            throw CouldNotLook(.perhapsApplied, "\(error.cause.sentence) The change was being committed.")
        }
        return value
    }

    /// Feeds a `COPY … FROM STDIN`; `nil` from the source ends it.
    @discardableResult
    public func copyIn(_ sql: String, _ source: @escaping @Sendable () throws -> [UInt8]?) async throws -> Int {
        let rows = try await session.copyIn(SQLStatement(comment + sql), source)
        context.evidence.note(source: identity, statement: sql, answer: "\(rows) rows".utf8)
        return rows
    }
}
