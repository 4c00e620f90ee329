public import ClientPostgreSQL
public import Maintenance

/// Any read-only SQL as a check: columns become measurements, rows become findings.
public struct Query: Check {
    public typealias Kind = PostgreSQLKind

    var sql = ""
    var measurements: [String: QueryMeasurement] = [:]
    var reads: [TableName] = []

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.query",
        summary: "Runs one read-only statement; the numbers of its first row are measurements.",
        measurements: [MeasurementDeclaration("rows", "How many rows the statement gave.")],
        timeout: .seconds(60),
        applies: "Every PostgreSQL from 10 on. It runs in a read-only transaction with the looking role, in UTC.",
        example: """
            { sql: "SELECT count(*) AS traps, max(last_inspected_at) IS NULL AS none FROM traps", \
            measurements: { traps: count } }
            """, hasOpenMeasurements: true)

    public static let parameters: [Parameter<Query>] = [
        .required(
            "sql", \.sql,
            "One SELECT. Numbers of the first row are measurements, named as their columns. Rows with the columns "
                + "`severity` (warn, fail, unknown; what is well is pass or NULL), `subject`, `cause` and `advice` are "
                + "findings."),
        .optional(
            "measurements", \.measurements, default: [:],
            "Units of measurements, and the column where it has another name: `{ age: { column: age_s, unit: s } }`."),
        .optional(
            "reads", \.reads, default: [], "Tables that it reads, where its text does not show them (a function's)."),
    ]

    public func validate() throws(ValueError) {
        guard sql.contains(where: { !$0.isWhitespace }) else { throw ValueError("an empty statement", path: ["sql"]) }
    }

    public var rights: [Right] {
        [.connect(.look)]
            + Right.select(.look, reads.isEmpty ? SQLTables.named(in: sql) : reads, "to run the statement")
    }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let rows = try await access.query(sql)
        guard !rows.columns.isEmpty else {
            throw CouldNotLook(.malformed, "The statement gives no rows at all: a check needs a SELECT.")
        }
        var observation = Observation(summary: rows.count == 1 ? "1 row" : "\(rows.count) rows")
        if !rows.columns.contains(where: { $0.name == "rows" }) {
            observation.measurements.append(Measurement("rows", rows.count))
        }
        try measure(rows, &observation)
        try find(rows, &observation)
        observation.details = rows.rows.prefix(PostgreSQLActionLimits.details).map { row in
            Dictionary(zip(row.columns, row.values).map { ($0.name, Self.detail($0.type, $1)) }) { first, _ in first }
        }
        if rows.count == 1, !observation.measurements.isEmpty {
            observation.summary = observation.measurements.filter { $0.name != "rows" }
                .map { "\($0.name) \($0.value.written)\($0.unit.rawValue)" }.joined(separator: ", ")
        }
        if observation.summary.isEmpty { observation.summary = "1 row" }
        return observation
    }

    private func measure(_ rows: Rows, _ observation: inout Observation) throws(CouldNotLook) {
        let renamed = Set(measurements.values.compactMap(\.column))
        var wanted = measurements.sorted { $0.key < $1.key }.map { ($0.key, $0.value.column ?? $0.key, $0.value.unit) }
        for column in rows.columns
        where column.type.isNumeric && measurements[column.name] == nil && !renamed.contains(column.name) {
            wanted.append((column.name, column.name, .count))
        }
        for (name, column, unit) in wanted {
            guard rows.columns.contains(where: { $0.name == column }) else {
                throw CouldNotLook(.malformed, "The statement gives no column \(column), which \(name) is measured by.")
            }
            guard let row = rows.rows.first, let text = try row.optional(column) else {
                let what = rows.isEmpty ? "The statement gave no row" : "The first row has no value in \(column)"
                observation.missing[name] = Cause(.noData, "\(what), so \(name) is not known.")
                continue
            }
            guard let value = Double(text), value.isFinite else {
                observation.missing[name] = Cause(.malformed, "The column \(column) holds no number in the first row.")
                continue
            }
            observation.measurements.append(Measurement(name, value, unit))
        }
    }

    private func find(_ rows: Rows, _ observation: inout Observation) throws(CouldNotLook) {
        guard rows.columns.contains(where: { $0.name == "severity" }) else { return }
        let has = Set(rows.columns.map(\.name))
        func value(_ row: Row, _ name: String) throws(CouldNotLook) -> String? {
            has.contains(name) ? try row.optional(name) : nil
        }
        for (index, row) in rows.rows.enumerated() {
            guard let word = try row.optional("severity")?.lowercased(), word != "pass", word != "ok" else { continue }
            guard let severity = Verdict(rawValue: word) else {
                throw CouldNotLook(
                    .malformed, "Row \(index + 1) has a severity that is none of pass, warn, fail and unknown.")
            }
            let sentence = try value(row, "cause") ?? "The statement reports it."
            observation.findings.append(
                Finding(
                    try value(row, "subject") ?? "row \(index + 1)", severity, Cause(.reported, sentence),
                    advice: try value(row, "advice")))
        }
    }

    private static func detail(_ type: ColumnType, _ value: String?) -> JSONValue {
        guard let value else { return .null }
        if type == .boolean { return .bool(value == "t") }
        if type.isNumeric, let number = Double(value), number.isFinite, abs(number) < 9e15 { return .number(number) }
        return .text(value)
    }
}

extension Cause.Code {
    /// A plan's own statement says so.
    static let reported = Cause.Code(rawValue: "reported")
}

/// How a plan names a measurement of a query: its unit, and its column where that has another name.
public struct QueryMeasurement: ParameterValue, Hashable {
    public let column: String?
    public let unit: UnitOfMeasure

    public init(column: String? = nil, unit: UnitOfMeasure = .count) {
        self.column = column
        self.unit = unit
    }

    public static var typeName: String {
        "a unit (\(units.joined(separator: ", "))) or a map of `column` and `unit`"
    }

    public static var schema: JSONValue {
        let unit = schemaOfUnit
        let map: JSONValue = .object([
            "type": "object", "additionalProperties": false,
            "properties": .object(["column": ["type": "string"], "unit": unit]),
        ])
        return .object(["anyOf": .list([unit, map])])
    }

    public static func read(_ value: PlanValue) throws(ValueError) -> QueryMeasurement {
        guard case .map(let entries) = value else { return QueryMeasurement(unit: try unit(try scalar(value))) }
        var (column, measure): (String?, UnitOfMeasure) = (nil, .count)
        for entry in entries {
            let text = try scalar(entry.value)
            switch entry.key {
            case "column": column = text
            case "unit": do { measure = try unit(text) } catch { throw error.under("unit") }
            default: throw ValueError("unknown key, it takes `column` and `unit`", path: [entry.key])
            }
        }
        return QueryMeasurement(column: column, unit: measure)
    }

    public var written: String {
        let name = unit == .count ? "count" : unit.rawValue
        return column.map { "{ column: \($0), unit: \(name) }" } ?? name
    }

    static var typeNameOfUnit: String { "a unit (\(units.joined(separator: ", ")))" }

    static var schemaOfUnit: JSONValue { .object(["type": "string", "enum": .list(units.map { .text($0) })]) }

    private static var units: [String] { ["count"] + UnitOfMeasure.allCases.map(\.rawValue).filter { !$0.isEmpty } }

    static func unit(_ text: String) throws(ValueError) -> UnitOfMeasure {
        if text == "count" { return .count }
        guard let unit = UnitOfMeasure(rawValue: text), !text.isEmpty else {
            throw ValueError("`\(text)` is no unit: one of \(units.joined(separator: ", "))")
        }
        return unit
    }
}
