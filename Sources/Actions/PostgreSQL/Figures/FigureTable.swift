import ClientPostgreSQL
import Host
import Maintenance

/// A figure's answer as reports show it: columns in their order, a day a row, what is not known as null.
struct FigureTable: Sendable {
    let name: String
    let figure: Figure
    let columns: [Rows.Column]
    /// As many as the statement gave.
    let given: Int
    private(set) var rows: [[String?]]
    /// Days that the statement gave no row for.
    private(set) var filled: Set<Int> = []

    init(_ name: String, _ figure: Figure, _ rows: Rows, _ span: FigureSpan) throws(CouldNotLook) {
        guard !rows.columns.isEmpty else {
            throw CouldNotLook(.malformed, "The statement gives no rows at all: a figure needs a SELECT.")
        }
        guard rows.columns.count <= PostgreSQLActionLimits.figureColumns else {
            throw CouldNotLook(
                .tooLarge,
                "It gives \(rows.columns.count) columns, and \(PostgreSQLActionLimits.figureColumns) is the limit.")
        }
        guard Set(rows.columns.map(\.name)).count == rows.columns.count else {
            throw CouldNotLook(.malformed, "Two of its columns have one name; name each with AS.")
        }
        self.name = name
        self.figure = figure
        columns = rows.columns
        given = rows.count
        self.rows = rows.values
        for column in figure.units.keys where !columns.contains(where: { $0.name == column }) {
            throw CouldNotLook(.malformed, "The statement gives no column \(column), which `units` names.")
        }
        if let day = figure.byDay { try fill(day, span) }
    }

    /// One number of each column: no table, but measurements.
    var isOneRow: Bool { figure.byDay == nil && given == 1 }

    /// Whether there was nothing to count: no row, or one of zeros and NULLs.
    var isEmpty: Bool {
        if given == 0 { return true }
        guard isOneRow, let row = rows.first else { return false }
        return zip(columns, row).allSatisfy { column, value in
            value == nil || column.type.isNumeric && Double(value ?? "") == 0
        }
    }

    func number(_ column: Int, of row: [String?]) -> Double? {
        guard row.indices.contains(column), columns[column].type.isNumeric, let text = row[column] else { return nil }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }

    func unit(_ column: Int) -> UnitOfMeasure { figure.units[columns[column].name]?.unit ?? .count }

    func index(of column: String) -> Int? { columns.firstIndex { $0.name == column } }

    /// Every day of the period in order: of one without a row the counts are 0, and the rest is not known.
    private mutating func fill(_ day: String, _ span: FigureSpan) throws(CouldNotLook) {
        guard let index = index(of: day) else {
            throw CouldNotLook(.malformed, "The statement gives no column \(day), which `by-day` names.")
        }
        var byDay: [String: [String?]] = [:]
        for row in rows {
            guard let text = row[index], let date = Self.day(text) else {
                throw CouldNotLook(
                    .malformed, "The column \(day) holds what is no day; write `(at AT TIME ZONE :zone)::date`.")
            }
            guard byDay.updateValue(row, forKey: date) == nil else {
                throw CouldNotLook(.malformed, "It gives the day \(date) twice; group by the day alone.")
            }
        }
        if let stranger = byDay.keys.sorted().first(where: { !span.days.contains($0) }) {
            throw CouldNotLook(
                .malformed,
                "It gives the day \(stranger), which is not in the period \(span.text); use :from and :to on the same "
                    + "column as the day.")
        }
        rows = span.days.enumerated().map { place, date in
            if var row = byDay[date] {
                row[index] = date
                return row
            }
            filled.insert(place)
            return columns.enumerated().map { $0 == index ? date : Self.isCount($1.type) ? "0" : nil }
        }
    }

    /// int8, int2, int4: what count() gives. An average or a sum over nothing is not known.
    private static func isCount(_ type: ColumnType) -> Bool { [20, 21, 23].contains(type.rawValue) }

    /// `2026-11-15` of a date, or of a moment at midnight.
    private static func day(_ text: String) -> String? {
        let rest = text.dropFirst(10)
        guard rest.isEmpty || rest == " 00:00:00" || rest == " 00:00:00+00" else { return nil }
        return CivilDate(String(text.prefix(10)))?.description
    }

    // MARK: What a report gets

    /// One item of a step's details. Reports know it by its keys `figure`, `columns` and `rows`.
    func detail(_ span: FigureSpan, isOfThePeriod: Bool) -> [String: JSONValue] {
        var detail: [String: JSONValue] = [
            "figure": .text(name), "columns": .list(columns.map { .text($0.name) }),
            "numeric": .list(columns.filter(\.type.isNumeric).map { .text($0.name) }),
            "rows": .list(
                rows.prefix(PostgreSQLActionLimits.figureRows).map { row in
                    .list(row.indices.map { cell($0, of: row) })
                }),
            "rowsGiven": .number(Double(given)), "timezone": .text(span.timezone),
            "askedAt": .text(span.asked.description),
        ]
        if let title = figure.title { detail["title"] = .text(title) }
        if isOfThePeriod {
            detail["from"] = .text(span.from.description)
            detail["to"] = .text(span.to.description)
        }
        if let day = figure.byDay {
            detail["byDay"] = .text(day)
            detail["filledDays"] = .number(Double(filled.count))
        }
        let units = figure.units.mapValues { JSONValue.text($0.unit.rawValue) }
        if !units.isEmpty { detail["units"] = .object(units) }
        return detail
    }

    private func cell(_ column: Int, of row: [String?]) -> JSONValue {
        guard let text = row[column] else { return .null }
        if columns[column].type.isNumeric { return number(column, of: row).map { .number($0) } ?? .null }
        if columns[column].type == .boolean { return .bool(text == "t") }
        let short = text.hasSuffix(" 00:00:00+00") ? String(text.prefix(10)) : text
        let limit = PostgreSQLActionLimits.figureText
        return .text(short.count > limit ? short.prefix(limit - 1) + "…" : short)
    }
}
