public import ClientPostgreSQL
public import Maintenance

/// Report queries of a period, all on one snapshot: the same numbers whoever asks, and none where there are none.
public struct Figures: Check {
    public typealias Kind = PostgreSQLKind

    var period = FigurePeriod.lastDays(7)
    var timezone = "UTC"
    var figures: [String: Figure] = [:]
    var reads: [TableName] = []

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.figures",
        summary: "Runs the queries of a report over one period; their numbers are measurements, their rows tables.",
        measurements: [
            MeasurementDeclaration("rows", "Rows with something in them; 0 of an empty period."),
            MeasurementDeclaration("period_days", .days, "Days of the period."),
        ],
        timeout: .seconds(300),
        applies:
            "Every PostgreSQL from 10 on. It runs in one read-only transaction with the looking role, in UTC. The period "
            + "begins with its first moment and ends before its last, by the database's clock in `timezone`.",
        example: """
            { period: last 7 days, figures: { overview: { sql: "SELECT count(*) AS total FROM trap_inspections \
            WHERE detected_at >= :from AND detected_at < :to" }, days: { by-day: day, total: inspections = overview.total, \
            sql: "SELECT detected_at::date AS day, count(*) AS inspections FROM trap_inspections \
            WHERE detected_at >= :from AND detected_at < :to GROUP BY 1" } } }
            """, hasOpenMeasurements: true)

    public static let parameters: [Parameter<Figures>] = [
        .required(
            "figures", \.figures,
            "Each query by its name. Of one row the numbers are measurements, `overview.total`; several rows are a table."
        ),
        .optional("period", \.period, default: .lastDays(7), "Of which whole days: without those that are not over."),
        .optional("timezone", \.timezone, default: "UTC", "Where its days begin and end, such as `Europe/Paris`."),
        .optional(
            "reads", \.reads, default: [], "Tables that they read, where their text does not show them (a function's)."),
    ]

    public func validate() throws(ValueError) {
        guard !figures.isEmpty else { throw ValueError("at least one figure", path: ["figures"]) }
        guard figures.count <= PostgreSQLActionLimits.figures else {
            throw ValueError("at most \(PostgreSQLActionLimits.figures) figures", path: ["figures"])
        }
        guard timezone.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "/_+-".contains($0)) }),
            timezone.first?.isLetter == true, timezone.count <= 64
        else { throw ValueError("not a time zone such as `Europe/Paris`", path: ["timezone"]) }
        for (name, figure) in figures.sorted(by: { $0.key < $1.key }) {
            guard name.first?.isLetter == true,
                name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
            else {
                throw ValueError(
                    "a figure's name begins with a letter and has letters, digits and `_`: it stands in conditions",
                    path: ["figures", name])
            }
            do throws(ValueError) { try figure.check(figures, timezone: timezone) } catch {
                throw error.under(name).under("figures")
            }
        }
    }

    public var rights: [Right] {
        var tables: [TableName] = reads
        if tables.isEmpty {
            for figure in figures.sorted(by: { $0.key < $1.key }) {
                tables += SQLTables.named(in: figure.value.sql).filter { !tables.contains($0) }
            }
        }
        return [.connect(.look)] + Right.select(.look, tables, "to work out the figures")
    }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let span = try await period.ask(access, timezone: timezone)
        let answers = try await FigureAnswers(figures, access, span)
        let rows = answers.tables.values.filter { !$0.isEmpty }.map(\.given).reduce(0, +)
        var observation = Observation(
            summary: rows == 0 && answers.failures.isEmpty
                ? "nothing to count in \(span.text)"
                : "\(answers.tables.count) of \(figures.count) figures of \(span.text)",
            measurements: [
                Measurement("rows", rows), Measurement("period_days", Double(span.days.count), .days),
            ])
        if !answers.failures.isEmpty, answers.tables.isEmpty {
            observation.measurements.removeAll { $0.name == "rows" }
            observation.missing["rows"] = Cause(.noData, "None of the figures is known.")
        }
        answers.measure(into: &observation)
        observation.findings = answers.findings
        observation.details = answers.details(span)
        return observation
    }
}
