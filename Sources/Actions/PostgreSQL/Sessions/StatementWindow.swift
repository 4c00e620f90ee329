import Maintenance

/// A statement as pg_stat_statements tells it from others.
struct StatementKey: Hashable, Sendable {
    let role: String
    let database: String
    /// `nil` where it is hidden.
    let query: String?
    let isTopLevel: String?
}

/// What was counted of one statement.
struct CountedStatement: Sendable {
    let key: StatementKey
    let role: String
    let database: String
    var calls: Int
    /// Milliseconds.
    var total: Double
    let longest: Double
    let isHidden: Bool
    let isMaintenance: Bool

    var mean: Double { calls > 0 ? total / Double(calls) : 0 }
}

/// What was counted, and over which time.
struct StatementWindow: Sendable {
    var statements: [CountedStatement]
    /// Seconds since 1970, by the server.
    let at: Double
    /// Seconds over which was counted; `nil` where the server does not say since when.
    var period: Double?
    var evicted: Int?

    /// What was called between two looks. What is counted less than before was begun anew in between.
    func since(_ earlier: StatementWindow) -> StatementWindow {
        let before = Dictionary(earlier.statements.filter { !$0.isHidden }.map { ($0.key, $0) }) { first, _ in first }
        var window = self
        window.statements = statements.compactMap { statement in
            guard !statement.isHidden, let old = before[statement.key], old.calls <= statement.calls,
                old.total <= statement.total
            else { return statement }
            var between = statement
            between.calls -= old.calls
            between.total -= old.total
            return between.calls > 0 ? between : nil
        }
        window.period = at - earlier.at
        window.evicted = evicted.flatMap { now in earlier.evicted.map { max(0, now - $0) } }
        return window
    }

    /// The slow ones first, then by what they take altogether.
    func ranked(_ isSlow: (CountedStatement) -> Bool) -> [CountedStatement] {
        let slow = statements.filter(isSlow).sorted { $0.mean > $1.mean }
        return slow + statements.filter { !isSlow($0) }.sorted { $0.total > $1.total }
    }

    func details(_ statement: CountedStatement, _ text: String?, isJudged: Bool) -> [String: JSONValue] {
        let all = statements.reduce(0) { $0 + $1.total }
        func rounded(_ value: Double) -> JSONValue { .number((value * 10).rounded() / 10) }
        return [
            "statement": .text(text ?? "not shown to this role"),
            "queryid": statement.key.query.map { .text($0) } ?? .null,
            "user": .text(statement.role), "database": .text(statement.database),
            "calls": .number(Double(statement.calls)), "mean_ms": rounded(statement.mean),
            "max_ms": rounded(statement.longest), "total_ms": rounded(statement.total),
            "share_percent": rounded(all > 0 ? 100 * statement.total / all : 0), "judged": .bool(isJudged),
        ]
    }
}
