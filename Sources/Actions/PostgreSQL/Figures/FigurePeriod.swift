import ClientPostgreSQL
import Host
public import Maintenance

/// Whole days, weeks or months that are over: from the first moment on, up to and without the last.
public enum FigurePeriod: ParameterValue, Hashable {
    case yesterday
    /// The days before today.
    case lastDays(Int)
    /// From Monday on, as ISO 8601 has it.
    case previousWeek
    case previousMonth

    public static var typeName: String {
        "`yesterday`, `last 7 days`, `previous week` or `previous month`"
    }

    public static var schema: JSONValue {
        .object([
            "type": "string", "description": .text(typeName),
            "pattern": "^(yesterday|last [1-9][0-9]* days|previous week|previous month)$",
        ])
    }

    public static func read(_ value: PlanValue) throws(ValueError) -> FigurePeriod {
        let text = try scalar(value)
        switch text {
        case "yesterday": return .yesterday
        case "previous week": return .previousWeek
        case "previous month": return .previousMonth
        default: break
        }
        let words = text.split(separator: " ")
        guard words.count == 3, words[0] == "last", words[2] == "days", let days = Int(words[1]) else {
            throw ValueError("`\(text.prefix(80))` is not \(typeName)")
        }
        guard (1...PostgreSQLActionLimits.figureDays).contains(days) else {
            throw ValueError("between 1 and \(PostgreSQLActionLimits.figureDays) days")
        }
        return .lastDays(days)
    }

    public var written: String {
        switch self {
        case .yesterday: "yesterday"
        case .lastDays(let days): "last \(days) days"
        case .previousWeek: "previous week"
        case .previousMonth: "previous month"
        }
    }

    /// What the period ends with, in the words of `date_trunc`, and how long it is.
    private var shape: (unit: String, length: String) {
        switch self {
        case .yesterday: ("day", "1 day")
        case .lastDays(let days): ("day", "\(days) days")
        case .previousWeek: ("week", "7 days")
        case .previousMonth: ("month", "1 month")
        }
    }

    /// By the database's clock, and in the zone's own days: one of 23 hours is a day too.
    func ask(_ access: PostgreSQLAccess, timezone: String) async throws -> FigureSpan {
        let row = try await access.query(
            """
            SELECT now() AS at, edge::date AS after, (edge - $3::interval)::date AS first, \
            edge AT TIME ZONE $1 AS until, (edge - $3::interval) AT TIME ZONE $1 AS since \
            FROM (SELECT date_trunc($2, now() AT TIME ZONE $1) AS edge) AS period
            """, [SQLParameter(timezone), SQLParameter(shape.unit), SQLParameter(shape.length)]
        ).one()
        guard let first = CivilDate(try row.text("first")), let after = CivilDate(try row.text("after")) else {
            throw CouldNotLook(.malformed, "\(access.identity) gave a day that is none.")
        }
        return FigureSpan(
            from: try row.instant("since"), to: try row.instant("until"), asked: try row.instant("at"),
            timezone: timezone,
            days: (first.daysSinceEpoch..<after.daysSinceEpoch).map { CivilDate(daysSinceEpoch: $0).description })
    }
}

/// A period as the database's clock has it: `from` belongs to it, `to` does not.
struct FigureSpan: Sendable {
    let from: Instant
    let to: Instant
    /// The database's `now()`.
    let asked: Instant
    let timezone: String
    /// Its days in the zone: `2026-11-15`.
    let days: [String]

    /// `2026-11-15 up to 2026-11-22, UTC`.
    var text: String {
        guard let first = days.first, let last = CivilDate(days.last ?? "") else { return "no day" }
        return "\(first) up to \(CivilDate(daysSinceEpoch: last.daysSinceEpoch + 1)), \(timezone)"
    }
}
