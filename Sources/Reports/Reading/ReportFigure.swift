public import Maintenance

/// A table that a check brought along in its details: columns in their order, numbers apart from texts.
///
/// A check says that an item of its details is one with the keys `figure`, `columns` and `rows`.
public struct ReportFigure: Codable, Sendable {
    public let name: String
    public let title: String
    public let columns: [String]
    /// The columns of numbers.
    public let numeric: [String]
    public let units: [String: String]
    /// Null is what is not known.
    public let rows: [[JSONValue]]
    /// As many as the statement gave.
    public let rowsGiven: Int
    /// The column that names a day; the table has every day of the period.
    public let byDay: String?
    /// Days without a row of their own.
    public let filledDays: Int
    /// `from` belongs to the period, `to` does not; without them it is as of `askedAt`.
    public let from: String?
    public let to: String?
    public let timezone: String?
    public let askedAt: String?
    /// Why there is nothing to show.
    public let notKnown: String?
    public let run: String
    public let step: String
    public let note: Int?

    init?(_ detail: [String: JSONValue], run: String, step: String, note: Int?) {
        guard let name = detail["figure"]?.asText, case .list(let columns)? = detail["columns"],
            case .list(let rows)? = detail["rows"]
        else { return nil }
        let names = columns.map { $0.asText ?? "" }
        self.name = name
        title = Words.bounded(detail["title"]?.asText ?? name)
        self.columns = names
        numeric = Self.texts(detail["numeric"])
        var units: [String: String] = [:]
        if case .object(let given)? = detail["units"] { units = given.compactMapValues(\.asText) }
        self.units = units
        self.rows = rows.map { row in
            guard case .list(let cells) = row, cells.count == names.count else {
                return names.map { _ in JSONValue.null }
            }
            return cells
        }
        rowsGiven = detail["rowsGiven"]?.asNumber.flatMap { Int(exactly: $0) } ?? rows.count
        byDay = detail["byDay"]?.asText
        filledDays = detail["filledDays"]?.asNumber.flatMap { Int(exactly: $0) } ?? 0
        from = detail["from"]?.asText
        to = detail["to"]?.asText
        timezone = detail["timezone"]?.asText
        askedAt = detail["askedAt"]?.asText
        notKnown = detail["notKnown"]?.asText.map(Words.bounded)
        self.run = run
        self.step = step
        self.note = note
    }

    /// Of a step that could not look: nothing is known, and the report says so.
    init(notKnown cause: String, run: String, step: String, note: Int?) {
        name = step
        title = step
        columns = []
        numeric = []
        units = [:]
        rows = []
        rowsGiven = 0
        byDay = nil
        filledDays = 0
        from = nil
        to = nil
        timezone = nil
        askedAt = nil
        notKnown = Words.bounded(cause)
        self.run = run
        self.step = step
        self.note = note
    }

    private static func texts(_ value: JSONValue?) -> [String] {
        if case .list(let items)? = value { items.compactMap(\.asText) } else { [] }
    }

    /// `2026-11-15 up to 2026-11-22, UTC`, or when it was asked.
    var span: String {
        if notKnown != nil { return "" }
        guard let from, let to else { return "as of \(askedAt.map(Self.moment) ?? "an unknown time")" }
        return "\(Self.moment(from)) up to \(Self.moment(to)), not included; \(timezone ?? "UTC")"
    }

    private static func moment(_ text: String) -> String {
        text.hasSuffix("T00:00:00Z")
            ? String(text.prefix(10)) : "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }

    /// One number of each column.
    var isOneRow: Bool { byDay == nil && rows.count == 1 && rowsGiven == 1 }

    func unit(_ column: Int) -> UnitOfMeasure { UnitOfMeasure(rawValue: units[columns[column]] ?? "") ?? .count }

    func isNumeric(_ column: Int) -> Bool { numeric.contains(columns[column]) }

    func number(_ row: Int, _ column: Int) -> Double? {
        if isNumeric(column), case .number(let value) = rows[row][column] { value } else { nil }
    }

    /// What stands in a cell; what is not known is `n/a`.
    func text(_ row: Int, _ column: Int) -> String {
        switch rows[row][column] {
        case .null: NumberText.notKnown
        case .number(let value): NumberText.text(value, unit(column))
        case .bool(let value): value ? "yes" : "no"
        case .text(let text): Words.bounded(text)
        case .list, .object: "…"
        }
    }

    /// The first column that is a quantity, for a chart.
    var mainColumn: Int? { columns.indices.first { isNumeric($0) && columns[$0] != byDay } }
}

extension ReportFigure {
    /// The tables of the runs' steps. A step that brought none along says why, and is not left out.
    static func all(
        of runs: [RunFacts], _ notes: [EvidenceNote], _ tables: [String: [[String: JSONValue]]]
    ) -> [ReportFigure] {
        let figures = runs.flatMap { run in
            run.steps.filter(\.hasFigures).flatMap { step -> [ReportFigure] in
                let note = notes.first { $0.run == run.id && $0.step == step.id }
                let found = step.attachments.suffix(1).flatMap { tables[$0] ?? [] }.compactMap {
                    ReportFigure($0, run: run.id, step: step.id, note: note?.number)
                }
                guard found.isEmpty else { return found }
                let none = "Its tables are not in the journal any more, or were too many to read."
                let why = step.cause?.sentence ?? (step.state == "done" ? none : "It was not run.")
                return [ReportFigure(notKnown: why, run: run.id, step: step.id, note: note?.number)]
            }
        }
        return Array(figures.prefix(ReportLimits.figures))
    }
}
