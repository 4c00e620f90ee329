import ClientPostgreSQL
public import Maintenance

/// One report query of a plan.
public struct Figure: ParameterValue, Hashable {
    var title: String?
    var sql = ""
    /// The column that names the day; days without a row get one.
    var byDay: String?
    /// The column whose days must sum to a column of another figure.
    var total: FigureTotal?
    var units: [String: FigureUnit] = [:]

    private static let parameters: [Parameter<Figure>] = [
        .required(
            "sql", \.sql,
            "One SELECT. `:from` and `:to` are the period's ends, `:zone` its time zone: `at >= :from AND at < :to`."),
        .optional("title", \.title, default: nil, "What reports call it."),
        .optional("by-day", \.byDay, default: nil, "The column with the day: days without a row are filled in."),
        .optional(
            "total", \.total, default: nil,
            "What must be equal: `inspections = overview.total`, the days' sum and a column of another figure."),
        .optional("units", \.units, default: [:], "Units of columns: `{ success_rate: \"%\", duration: s }`."),
    ]

    public static var typeName: String {
        "a map of `sql` and, where they are needed, `title`, `by-day`, `total` and `units`"
    }

    public static var schema: JSONValue {
        let properties = Dictionary(parameters.map { ($0.description.name, $0.description.schema) }) { first, _ in first
        }
        return .object([
            "type": "object", "additionalProperties": false, "required": ["sql"], "properties": .object(properties),
        ])
    }

    public static func read(_ value: PlanValue) throws(ValueError) -> Figure {
        guard case .map = value else { throw ValueError("\(value.kindName) where \(typeName) is expected") }
        do {
            return try parameters.decode(value, of: "a figure", into: Figure())
        } catch {
            throw error.errors.first ?? ValueError("no figure")
        }
    }

    public var written: String { "{ sql: \(sql) }" }

    /// What is wrong with it beyond the types, among the figures of the same step.
    func check(_ others: [String: Figure], timezone: String) throws(ValueError) {
        let parsed: FigureSQL
        do { parsed = try FigureSQL(sql) } catch { throw error.under("sql") }
        guard sql.contains(where: { !$0.isWhitespace }) else { throw ValueError("an empty statement", path: ["sql"]) }
        if parsed.placeholders.contains(.from) != parsed.placeholders.contains(.to) {
            throw ValueError("a period has two ends: use both :from and :to, or neither", path: ["sql"])
        }
        if byDay != nil {
            guard parsed.isOfThePeriod else {
                throw ValueError("days belong to a period: the statement needs :from and :to", path: ["sql"])
            }
            guard timezone == "UTC" || parsed.placeholders.contains(.zone) else {
                throw ValueError(
                    "the session is in UTC, the days are of \(timezone): write `(at AT TIME ZONE :zone)::date`",
                    path: ["sql"])
            }
        }
        guard let total else { return }
        guard byDay != nil else { throw ValueError("`total` compares days, and there is no `by-day`", path: ["total"]) }
        guard let other = others[total.figure], other.byDay == nil, other != self else {
            throw ValueError("no figure without `by-day` is named `\(total.figure)`", path: ["total"])
        }
    }
}

/// A unit of measure as a plan writes it.
public struct FigureUnit: ParameterValue, Hashable {
    let unit: UnitOfMeasure

    public static var typeName: String { QueryMeasurement.typeNameOfUnit }
    public static var schema: JSONValue { QueryMeasurement.schemaOfUnit }

    public static func read(_ value: PlanValue) throws(ValueError) -> FigureUnit {
        FigureUnit(unit: try QueryMeasurement.unit(try scalar(value)))
    }

    public var written: String { unit == .count ? "count" : unit.rawValue }
}

/// `inspections = overview.total`: the sum over a figure's days, and a column of another figure.
public struct FigureTotal: ParameterValue, Hashable {
    let column: String
    let figure: String
    let otherColumn: String

    public static var typeName: String { "an equation such as `inspections = overview.total`" }

    public static func read(_ value: PlanValue) throws(ValueError) -> FigureTotal {
        let text = try scalar(value)
        let sides = text.split(separator: "=", omittingEmptySubsequences: false).map { side in
            side.split(separator: " ").joined(separator: " ")
        }
        guard sides.count == 2, !sides[0].isEmpty, let point = sides[1].firstIndex(of: "."),
            point != sides[1].startIndex, sides[1].index(after: point) != sides[1].endIndex
        else { throw ValueError("`\(text.prefix(80))` is not \(typeName)") }
        return FigureTotal(
            column: sides[0], figure: String(sides[1][..<point]),
            otherColumn: String(sides[1][sides[1].index(after: point)...]))
    }

    public var written: String { "\(column) = \(figure).\(otherColumn)" }
}
