public import Maintenance

/// A database as one step uses it: each look and each change leaves its evidence.
public struct PostgreSQLAccess: Sendable {
    private let driver: any PostgreSQLDriver
    private let purpose: Purpose
    private let context: Context

    public init(_ driver: any PostgreSQLDriver, for purpose: Purpose, in context: Context) {
        self.driver = driver
        self.purpose = purpose
        self.context = context
    }

    public var identity: String { driver.identity }

    /// Runs one read-only statement with the looking role. What the server refuses is a `CouldNotLook`.
    public func query(_ sql: String, _ parameters: [SQLParameter] = []) async throws -> Rows {
        try await look([SQLStatement(sql, parameters)])[0]
    }

    /// Runs read-only statements on one snapshot and in one round trip.
    public func look(_ statements: [SQLStatement]) async throws -> [Rows] {
        let answers = try await looking { try await driver.look(statements, until: context.deadline) }
        guard answers.count == statements.count else {
            throw CouldNotLook(.malformed, "\(identity) left a statement unanswered.")
        }
        for (statement, answer) in zip(statements, answers) {
            context.evidence.note(source: identity, statement: statement.noted, answer: answer.evidence)
        }
        return answers
    }

    /// Looks at work of one's own while it goes on, many times a second: it would crowd out all other evidence, and
    /// proves nothing.
    public func watch(_ statement: SQLStatement) async throws -> Rows {
        let answers = try await looking { try await driver.look([statement], until: context.deadline) }
        guard let answer = answers.first else {
            throw CouldNotLook(.malformed, "\(identity) left a statement unanswered.")
        }
        return answer
    }

    /// Streams the answer of a `COPY … TO STDOUT`; the evidence is its size.
    public func copyOut(_ sql: String, _ sink: @escaping @Sendable ([UInt8]) throws -> Void) async throws {
        let statement = SQLStatement(sql)
        try await looking { try await driver.copyOut(statement, until: context.deadline, sink) }
        context.evidence.note(source: identity, statement: sql, answer: "copied out".utf8)
    }

    /// What answers there: version, flavour, pooler.
    public func server() async throws -> ServerDescription {
        try await looking { try await driver.server(until: context.deadline) }
    }

    /// The process that still works on a change with this label, whoever started it: its session holds the lock.
    public func running(_ label: WorkLabel) async throws -> Int? {
        let key = WorkLock(label)
        let rows = try await query(
            """
            SELECT pid FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 \
            AND classid = $1::text::oid AND objid = $2::text::oid \
            AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) LIMIT 1
            """, [SQLParameter(WorkLock.space), SQLParameter(UInt32(bitPattern: key.key))])
        return try rows.rows.first.map { try $0.integer("pid") }
    }

    /// Works in a session of the changing role that holds the lock of this piece of work. An error of the server is a
    /// `ChangeFailed`: the statement did not take effect, and a transaction that was open is rolled back.
    @discardableResult
    public func changing<Value: Sendable>(
        _ body: @escaping @Sendable (ChangeSession) async throws -> Value
    ) async throws -> Value {
        guard purpose == .change else {
            throw CouldNotLook(.notSupported, "\(identity) was opened for looking, and a change was asked of it.")
        }
        let context = context
        let work: @Sendable (any PostgreSQLSession) async throws -> Value = { session in
            let changing = ChangeSession(session, in: context)
            try await changing.lock()
            return try await body(changing)
        }
        do {
            return try await driver.session(until: context.deadline, work)
        } catch let failure as SQLFailure {
            throw ChangeFailed(failure.cause)
        }
    }

    private func looking<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let failure as SQLFailure { throw CouldNotLook(failure.cause) }
    }
}
