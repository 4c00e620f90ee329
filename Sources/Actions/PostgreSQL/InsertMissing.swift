public import ClientPostgreSQL
import Host
public import Maintenance

/// Inserts a row for each that a query finds and that has none yet: tickets, work orders, missing settings.
public struct InsertMissing: UndoableChange {
    public typealias Kind = PostgreSQLKind

    var sql = ""
    var into = TableName.placeholder
    var key: [ColumnName] = []
    var unless: [String: String] = [:]
    var reads: [TableName] = []

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.insert-missing",
        summary: "Inserts the rows that a query finds and that are not there yet; run twice, it inserts nothing.",
        measurements: [
            MeasurementDeclaration("rows", "Rows that this step inserted."),
            MeasurementDeclaration("wanted", "Rows that the query finds.", aggregate: .last),
            MeasurementDeclaration("already", "Rows of these that were there before.", aggregate: .last),
            MeasurementDeclaration("unneeded", "Planned rows that the query did not find any more."),
        ],
        timeout: .seconds(300),
        applies:
            "Every PostgreSQL from 10 on, not through a pooler, not on a standby. Two Millwrights never insert the "
            + "same row; against other writers a unique index protects.",
        example: """
            { sql: "SELECT sensor_id, 'CALIBRATION_REQUIRED' AS ticket_type FROM sensors WHERE last_calibrated_at IS \
            NULL", \
            into: maintenance_tickets, key: sensor_id, unless: { ticket_type: CALIBRATION_REQUIRED, status: OPEN } }
            """, limits: ["rows"])

    public static let parameters: [Parameter<InsertMissing>] = [
        .required("sql", \.sql, "One SELECT; its columns are the columns of the rows, by name."),
        .required("into", \.into, "The table that gets the rows."),
        .required("key", \.key, "Columns by which a row is the same: one row for each key."),
        .optional(
            "unless", \.unless, default: [:],
            "Only a row with these values counts as being there: `{ status: OPEN }`. New rows must have them too."),
        .optional("reads", \.reads, default: [], "Tables that the query reads, where its text does not show them."),
    ]

    public func validate() throws(ValueError) {
        guard sql.contains(where: { !$0.isWhitespace }) else { throw ValueError("an empty statement", path: ["sql"]) }
        guard !key.isEmpty, Set(key).count == key.count else {
            throw ValueError("one or more different columns", path: ["key"])
        }
    }

    public var impact: Impact { .online }

    public var rights: [Right] {
        let sources = reads.isEmpty ? SQLTables.named(in: sql) : reads
        return [.connect(.look)] + Right.select(.look, sources, "to find the rows")
            + Right.select(.look, [into], "to see which rows are there") + [.connect(.change)]
            + Right.select(.change, sources.filter { $0 != into }, "to find the rows once more while inserting them")
            + Right.usage(.change, into)
            + [
                .postgresql(
                    .change, "GRANT SELECT, INSERT ON \(into.text) TO {role};",
                    "to insert the rows; taking them back needs DELETE, a serial column USAGE of its sequence")
            ]
    }

    /// Which of the unit's keys had a row before.
    public struct Baseline: Codable, Sendable {
        let at: Instant
        let existing: [Int]
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        guard let plan = try await InsertionPlan.look(self, access) else {
            let cause = Cause(.notFound, "There is no table \(into.text) to insert into.")
            return Preview(summary: cause.sentence, units: [], findings: [Finding(into.text, .fail, cause)])
        }
        let mistakes = plan.mistakes
        guard mistakes.isEmpty else {
            return Preview(summary: "The rows do not fit into \(into.text).", units: [], findings: mistakes)
        }
        let wanted = try await plan.wanted(access)
        var findings: [Finding] = []
        if wanted.withoutKey > 0 {
            findings.append(
                Finding(
                    into.text, .fail,
                    Cause(
                        .malformed,
                        "The query finds \(wanted.withoutKey) rows without a key: which they are is not known."),
                    advice: "Leave them out in the query, or repair them."))
        }
        if wanted.repeated > 0 {
            findings.append(
                Finding(
                    into.text, .fail,
                    Cause(
                        .malformed, "The query finds \(wanted.repeated) keys more than once: one row each is wanted."),
                    advice: "Use DISTINCT or GROUP BY in the query."))
        }
        let units = stride(from: 0, to: wanted.missing.count, by: PostgreSQLActionLimits.keysPerUnit).map { start in
            let keys = wanted.missing[start..<min(start + PostgreSQLActionLimits.keysPerUnit, wanted.missing.count)]
            return WorkUnit(
                id: "rows-\(start + 1)", title: "\(into.text): \(keys.count) rows", size: Double(keys.count),
                expected: .seconds(2),
                attributes: ["wanted": String(wanted.count), "already": String(wanted.already)], items: Array(keys))
        }
        return Preview(
            summary: "\(wanted.missing.count) of \(wanted.count) rows are missing in \(into.text)",
            units: findings.isEmpty ? units : [],
            measurements: [Measurement("wanted", wanted.count), Measurement("already", wanted.already)],
            findings: findings, statements: [plan.insertion])
    }

    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        let state = try await plan(access).state(unit, access.query)
        return Baseline(at: state.at, existing: state.present)
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        let state = try await plan(access).state(unit, access.query)
        guard state.missing == 0 else {
            if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
            return .pending
        }
        let inserted = Set(state.present).subtracting(baseline.existing).count
        var findings: [Finding] = []
        if state.repeated > 0 {
            findings.append(
                Finding(
                    into.text, .warn, Cause(.duplicates, "\(state.repeated) keys have more than one row."),
                    advice: "Somebody else inserts them too: a unique index would keep them apart."))
        }
        return .applied(
            Proof(
                "\(inserted) rows inserted into \(into.text), one for each key",
                measurements: [
                    Measurement("rows", inserted), Measurement("unneeded", unit.items.count - state.present.count),
                    Measurement("wanted", Double(unit.attributes["wanted"] ?? "") ?? 0),
                    Measurement("already", Double(unit.attributes["already"] ?? "") ?? 0),
                ], findings: findings))
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let plan = try await plan(access)
        try await access.changing { session in
            try await session.transaction { session in
                try await plan.lock(session)
                try await session.execute(plan.insertion, plan.parameters(unit))
                let others = try await session.execute(
                    plan.othersRows, plan.parameters(unit, sparing: baseline.existing)
                ).one().integer("count")
                guard others == 0 else {
                    throw ChangeFailed(
                        .changedMeanwhile,
                        "\(others) of the rows were inserted by somebody else since they were found missing. "
                            + "Nothing was inserted: what is still missing is found by the next attempt.")
                }
                let state = try await plan.state(unit) { try await session.execute($0, $1) }
                guard state.missing == 0, state.repeated == 0 else {
                    throw ChangeFailed(
                        .rejected,
                        state.missing > 0
                            ? "\(state.missing) of the rows would not count as being there once inserted: what "
                                + "`unless` says must hold for the new rows. Nothing was inserted."
                            : "\(state.repeated) keys would have more than one row: somebody inserted them at the same "
                                + "time. Nothing was inserted.")
                }
            }
        }
    }

    public func undo(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let plan = try await plan(access)
        try await access.changing { session in
            try await session.transaction { session in
                try await plan.lock(session)
                let planned = plan.parameters(unit, sparing: baseline.existing)
                let writers = try await session.execute(plan.writers, planned)
                guard writers.count <= 1 else {
                    throw ChangeFailed(
                        .changedMeanwhile,
                        "Nothing was deleted: rows of \(unit.title) were inserted or altered by somebody else since, "
                            + "and cannot be told from this step's. Take back by hand what is to go.")
                }
                guard let writer = writers.rows.first else { return }
                try await session.execute(plan.removal, planned + [SQLParameter(try writer.text("writer"))])
            }
        }
    }

    private func plan(_ access: PostgreSQLAccess) async throws -> InsertionPlan {
        guard let plan = try await InsertionPlan.look(self, access) else {
            throw CouldNotLook(.notFound, "There is no table \(into.text) any more.")
        }
        guard let mistake = plan.mistakes.first else { return plan }
        throw CouldNotLook(mistake.cause)
    }
}

extension Cause.Code {
    /// More than one where there should be one.
    static let duplicates = Cause.Code(rawValue: "duplicates")
}

extension TableName {
    /// What a required parameter holds until the plan's value is read.
    static let placeholder = TableName(text: "", schema: nil)

    private init(text: String, schema: String?) {
        self.text = text
        self.schema = schema
    }
}
