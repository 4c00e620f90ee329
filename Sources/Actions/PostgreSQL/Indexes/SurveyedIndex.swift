import ClientPostgreSQL
import Host
import Maintenance

/// What may be said of an index.
enum Advice: String, CaseIterable, Sendable {
    case unused, duplicate, overlapping, invalid, building, keep

    /// What a person would do.
    var nextStep: String? {
        switch self {
        case .unused: "Make sure that no rare job needs it, and drop it with postgresql.drop-index."
        case .duplicate: "Drop it with postgresql.drop-index."
        case .overlapping: "Drop it with postgresql.drop-index where reading the longer one is not too slow."
        case .invalid: "Drop it with postgresql.drop-index, or rebuild it with postgresql.reindex."
        case .building, .keep: nil
        }
    }
}

/// A row of the survey.
struct SurveyedIndex: Sendable {
    let oid: String
    /// `schema.index`, quoted where it must be.
    let name: String
    let table: String
    var advice: Advice
    var reason: String
    let bytes: Double
    let scans: Int
    /// The server as a whole lacks evidence, so nobody can say whether this one is unused.
    let isLacking: Bool
    /// Its builder may be one that this role does not see.
    let isHidden: Bool
    /// Why it must not be dropped, whatever its use.
    let obstacle: String?
    let hasExpressions: Bool

    init(_ row: Row) throws(CouldNotLook) {
        oid = try row.text("oid")
        name = try row.text("index")
        table = try row.text("table")
        let word = try row.text("advice")
        guard let advice = Advice(rawValue: word) else {
            throw CouldNotLook(.malformed, "The survey of indexes has no such advice.")
        }
        self.advice = advice
        reason = try row.text("reason")
        bytes = try row.number("bytes")
        scans = try row.integer("scans")
        isLacking = try row.optional("is_lacking") == "t"
        isHidden = try row.optional("is_hidden") == "t"
        obstacle = try row.optional("obstacle")
        hasExpressions = try row.boolean("has_expressions")
    }

    /// An index and its builder are not seen at one moment: a build may have ended between the two. Left behind is only
    /// what is so in two looks.
    mutating func confirm(_ earlier: Set<String>) {
        guard advice == .invalid, !earlier.contains(oid) else { return }
        advice = .building
        reason = "Somebody was at work on it a moment ago."
    }
}

/// All indexes of a database, as one look found them.
struct SurveyedIndexes: Sendable {
    var indexes: [SurveyedIndex]
    /// Days since when uses are counted.
    let countedDays: Double?
    let nextTransaction: Double?

    static func look(
        _ access: PostgreSQLAccess, window: Duration, known: Double?, except: [IndexPattern] = [],
        ignoringStandbys: Bool = false
    ) async throws -> SurveyedIndexes {
        let seconds = window.microseconds / 1_000_000
        let needed = seconds % 86_400 == 0 ? "\(seconds / 86_400) days" : "\(seconds) seconds"
        let answers = try await access.look([
            IndexSurvey.settings,
            SQLStatement(
                IndexSurvey.statement,
                [
                    SQLParameter(needed), SQLParameter(known.map { String(Int64($0)) }),
                    .array(except.map(\.expression)), SQLParameter(String(ignoringStandbys)),
                ]),
        ])
        let rows = answers[1].rows
        var indexes: [SurveyedIndex] = []
        for row in rows { indexes.append(try SurveyedIndex(row)) }
        return SurveyedIndexes(
            indexes: indexes, countedDays: try rows.first?.optional("counted_days").flatMap { Double($0) },
            nextTransaction: try rows.first?.optional("next_xid").flatMap { Double($0) })
    }
}
