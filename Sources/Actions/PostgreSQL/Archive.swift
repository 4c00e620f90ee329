public import ClientPostgreSQL
import Host
public import Maintenance

/// Moves old rows into an archive table, batch by batch, each in one statement that is proven by counts and checksums.
public struct Archive: UndoableChange {
    public typealias Kind = PostgreSQLKind

    var table = TableName.placeholder
    var into = TableName.placeholder
    var column = ColumnName("")
    var olderThan = Age(1, .year)
    var batch = 10_000
    var children: [String: TableName] = [:]

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.archive",
        summary:
            "Moves rows older than an age into an archive table, with the rows of other tables that belong to them.",
        measurements: [
            MeasurementDeclaration("rows", "Rows that were moved."),
            MeasurementDeclaration("child_rows", "Rows of the children that were moved with them."),
            MeasurementDeclaration("held", "Old rows that stay because other tables refer to them.", aggregate: .last),
            MeasurementDeclaration(
                "left", "Old rows that are still in the table, held ones included.", aggregate: .last),
        ],
        timeout: .seconds(600),
        applies:
            "Every PostgreSQL from 11 on, not through a pooler, not on a standby. The table needs a primary key. A "
            + "column without a time zone is read as UTC.",
        example: """
            { table: trap_inspections, into: trap_inspections_archive, column: detected_at, older-than: 2 years, \
            children: { energy_calculations: energy_calculations_archive } }
            """, limits: ["rows"])

    public static let parameters: [Parameter<Archive>] = [
        .required("table", \.table, "The table that the rows leave."),
        .required("into", \.into, "The table that gets them: the same columns by name, in any order."),
        .required("column", \.column, "The date or time by which a row is old."),
        .required("older-than", \.olderThan, "Age from which on rows are moved, by the server's clock and calendar."),
        .optional("batch", \.batch, default: 10_000, "Rows that are moved in one transaction."),
        .optional(
            "children", \.children, default: [:],
            "Tables whose rows refer to the moved ones, each with the archive that gets them: "
                + "`{ order_lines: order_lines_archive }`. Rows that any other table refers to stay."),
    ]

    public func validate() throws(ValueError) {
        guard (1...PostgreSQLActionLimits.batchRows).contains(batch) else {
            throw ValueError("between 1 and \(PostgreSQLActionLimits.batchRows)", path: ["batch"])
        }
        for name in children.keys where TableName(name) == nil {
            throw ValueError("`\(name)` is not \(TableName.typeName)", path: ["children", name])
        }
        let names = [table.text, into.text] + children.flatMap { [$0.key, $0.value.text] }
        for name in names where names.filter({ $0 == name }).count > 1 {
            throw ValueError("the table \(name) stands in it twice")
        }
    }

    public var impact: Impact { .online }

    /// Each child with its archive, in a stable order.
    var named: [(table: TableName, archive: TableName)] {
        children.sorted { $0.key < $1.key }.compactMap { name, archive in TableName(name).map { ($0, archive) } }
    }

    private var everyTable: [TableName] { [table, into] + named.flatMap { [$0.table, $0.archive] } }

    public var rights: [Right] {
        [.connect(.look)]
            + Right.select(
                .look, everyTable,
                "to count and to compare; so does every other table with a foreign key to one that rows leave")
            + [.connect(.change)]
            + everyTable.flatMap { table in
                Right.usage(.change, table) + [
                    .postgresql(
                        .change, "GRANT SELECT, INSERT, DELETE ON \(table.text) TO {role};",
                        "to move rows, and to move them back where they have to be taken back")
                ]
            }
    }

    /// What the unit's rows were before, and what lay in the archives between them.
    public struct Baseline: Codable, Hashable, Sendable {
        let rows: Tally
        let children: [Tally]
        let archive: Tally
        let childArchives: [Tally]
        /// Keys of rows that were archived earlier and lie between the unit's; `nil` where they are too many.
        let spared: [[String]]?
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        let shape = try await ArchiveShape.look(self, access)
        guard let plan = shape.plan else {
            let sentence = shape.findings.first?.cause.sentence ?? "The tables do not fit together."
            return Preview(summary: sentence, units: [], findings: shape.findings)
        }
        return try await plan.preview(self, shape.findings, access)
    }

    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        let plan = try await plan(access)
        let rows = try await access.look(plan.baseline(unit))
        let tallies = try rows.dropLast(2).map { try Tally($0) }
        let duplicates = try rows[rows.count - 2].one().integer("count")
        guard duplicates == 0 else {
            throw CouldNotLook(
                .duplicates, "\(duplicates) rows of \(unit.title) are in \(into.text) already: remove the copies first."
            )
        }
        let count = plan.children.count
        let between = rows[rows.count - 1].values.map { $0.compactMap { $0 } }
        return Baseline(
            rows: tallies[0], children: Array(tallies.dropFirst().prefix(count)), archive: tallies[count + 1],
            childArchives: Array(tallies.dropFirst(count + 2)),
            spared: between.count > PostgreSQLActionLimits.spared ? nil : between)
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        let plan = try await plan(access)
        let seen = try await ArchiveSight(access.look(plan.sight(unit)), plan)
        switch seen.judge(baseline) {
        case .moved:
            let rows = baseline.rows.count
            let childRows = baseline.children.reduce(0) { $0 + $1.count }
            var held = Double(unit.attributes["held"] ?? "") ?? 0
            var left = Double(unit.attributes["left"] ?? "") ?? 0
            if let remaining = plan.remaining(unit) {
                let row = try await access.look([remaining])[0].one()
                held = Double(try row.integer("held"))
                left = Double(try row.integer("left_over"))
            }
            return .applied(
                Proof(
                    "\(rows) rows moved into \(into.text), counts and checksums equal",
                    measurements: [
                        Measurement("rows", rows), Measurement("child_rows", childRows),
                        Measurement("held", held),
                        Measurement("left", left),
                    ]))
        case .notMoved:
            if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
            return .pending
        case .mixed(let what):
            if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
            return .partial("\(unit.title): \(what)")
        }
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let plan = try await plan(access)
        try await access.changing { session in
            try await plan.checkRights(session)
            try await session.transaction(plan.isolation) { session in
                let moved = try await session.execute(plan.moving, plan.parameters(unit)).one()
                try plan.compare(moved, with: baseline, "moved")
            }
        }
    }

    public func undo(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        guard let spared = baseline.spared else {
            throw ChangeFailed(
                .notSupported,
                "\(unit.title) cannot be told apart from rows that were archived earlier: move it back by hand.")
        }
        let plan = try await plan(access)
        try await access.changing { session in
            try await session.transaction { session in
                let moved = try await session.execute(
                    plan.movingBack, plan.parameters(unit) + plan.sparing(spared)
                ).one()
                try plan.compare(moved, with: baseline, "moved back")
            }
        }
    }

    /// The tables may have been altered since the preview, so every call looks at them anew.
    private func plan(_ access: PostgreSQLAccess) async throws -> ArchivePlan {
        let shape = try await ArchiveShape.look(self, access)
        if let plan = shape.plan { return plan }
        let cause = shape.findings.first { $0.severity == .fail }?.cause
        throw CouldNotLook(cause ?? Cause(.malformed, "The tables of the archive do not fit together any more."))
    }
}
