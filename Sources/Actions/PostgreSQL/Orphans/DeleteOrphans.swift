public import ClientPostgreSQL
import Host
public import Maintenance

/// Takes away rows that refer to a row that is not there, by a rule that the plan declares as a foreign key would.
public struct DeleteOrphans: UndoableChange {
    public typealias Kind = PostgreSQLKind

    var table = TableName.placeholder
    var columns: [ColumnName] = []
    var parent = TableName.placeholder
    var parentColumns: [ColumnName] = []
    var into: TableName?
    var batch = 1000
    var emptyParent = false

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.delete-orphans",
        summary: "Moves rows whose parent does not exist into an archive table, or deletes them.",
        measurements: [
            MeasurementDeclaration("rows", "Rows that were taken away."),
            MeasurementDeclaration(
                "adopted", "Rows that were planned and stayed: their parent came, or another row refers to them."),
            MeasurementDeclaration("left", "Rows without a parent that are still there.", aggregate: .last),
        ],
        timeout: .seconds(600),
        applies: "Every PostgreSQL from 11 on, not through a pooler, not on a standby. The table needs a primary key.",
        example: """
            { table: order_lines, columns: order_id, parent: orders, parent-columns: id, into: order_lines_orphaned }
            """, limits: ["rows"])

    public static let parameters: [Parameter<DeleteOrphans>] = [
        .required("table", \.table, "The table whose rows may have lost their parent."),
        .required("columns", \.columns, "Its columns that refer; a row with NULL in one refers to nothing and stays."),
        .required("parent", \.parent, "The table that they refer to."),
        .required("parent-columns", \.parentColumns, "Its columns that are referred to, in the same order."),
        .optional(
            "into", \.into, default: nil,
            "Table that gets the rows: the same columns by name, in any order. Without it they are deleted for good, "
                + "which is destructive and needs an approval."),
        .optional("batch", \.batch, default: 1000, "Rows that are taken away in one transaction."),
        .optional(
            "empty-parent", \.emptyParent, default: false,
            "Goes on although the parent holds no row at all: every row that refers is then without one."),
    ]

    public func validate() throws(ValueError) {
        guard (1...PostgreSQLActionLimits.orphans).contains(batch) else {
            throw ValueError("between 1 and \(PostgreSQLActionLimits.orphans)", path: ["batch"])
        }
        guard !columns.isEmpty, columns.count == parentColumns.count else {
            throw ValueError("as many columns as in `columns`, at least one", path: ["parent-columns"])
        }
        guard into?.text != table.text, into?.text != parent.text else {
            throw ValueError("another table than the rows leave or refer to", path: ["into"])
        }
    }

    public var impact: Impact { into == nil ? .destructive : .online }

    public var rights: [Right] {
        let archive = into.map { [$0] } ?? []
        return [.connect(.look)] + Right.select(.look, [table, parent] + archive, "to find the rows and to count them")
            + [.connect(.change)] + Right.select(.change, [parent], "to see at the last moment that there is no parent")
            + (archive + [table]).flatMap { name in
                Right.usage(.change, name) + [
                    .postgresql(
                        .change, "GRANT SELECT, INSERT, DELETE ON \(name.text) TO {role};",
                        "to take rows away, and to put them back where they have to be taken back")
                ]
            }
    }

    public struct Baseline: Codable, Hashable, Sendable {
        /// Planned rows that were there, and those of them without a parent.
        let present: Int
        let orphaned: Int
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        let shape = try await OrphanShape.look(self, access)
        guard let rule = shape.rule else { return Preview(refusal: shape.findings) }
        var findings = shape.findings
        let answers = try await access.look([
            SQLStatement("SELECT count(*) AS count FROM \(rule.table.quoted) x WHERE \(rule.orphaned("x"))"),
            SQLStatement(rule.keys), SQLStatement("SELECT EXISTS (SELECT 1 FROM \(rule.parent.quoted)) AS rows"),
        ])
        let count = try answers[0].one().integer("count")
        if count > 0, try !answers[2].one().boolean("rows"), !emptyParent {
            let cause = Cause(
                .rejected, "\(rule.parent.name) is empty: all \(count) rows of \(rule.table.name) would go.")
            findings.append(
                Finding(
                    rule.parent.name, .fail, cause,
                    advice: "Find out why. If it is meant to be empty, say `empty-parent: true`."))
        }
        if count > 0, let key = shape.foreignKey {
            let cause = Cause(
                .rejected,
                "\(count) rows have no parent although the foreign key \(key) is in force: it was bypassed.")
            findings.append(
                Finding(
                    rule.table.name, .fail, cause,
                    advice: "Find out by what, such as disabled triggers or a damaged index, before rows are deleted."))
        }
        let keys = try answers[1].rows.map { try $0.text("key") }
        return Preview(
            summary: count == 0 && shape.foreignKey != nil
                ? "no row of \(rule.table.name) is without a parent: the foreign key \(shape.foreignKey ?? "") sees to it"
                : "\(count) rows of \(rule.table.name) have no parent in \(rule.parent.name)",
            units: units(keys, of: count), measurements: [Measurement("left", count)], findings: findings,
            statements: [rule.moving])
    }

    private func units(_ keys: [String], of count: Int) -> [WorkUnit] {
        stride(from: 0, to: keys.count, by: batch).map { start in
            let end = min(start + batch, keys.count)
            var attributes = ["left": String(count - end)]
            if end == keys.count { attributes[ArchivePlan.isLast] = "true" }
            return WorkUnit(
                id: "rows-\(start + 1)", title: "\(table.text): \(end - start) rows from the \(start + 1)th",
                size: Double(end - start), expected: .seconds(1), attributes: attributes,
                items: Array(keys[start..<end]))
        }
    }

    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        let sight = try await sight(unit, access)
        guard sight.archived == 0 else {
            throw CouldNotLook(
                .duplicates,
                "\(sight.archived) of the rows are in \(into?.text ?? "") already: remove the copies first.")
        }
        return Baseline(present: sight.present, orphaned: sight.orphaned)
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        let sight = try await sight(unit, access)
        guard sight.orphaned == 0 else {
            if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
            return sight.archived == 0
                ? .pending : .partial("\(unit.title): \(sight.archived) are archived, \(sight.orphaned) still there")
        }
        let gone = baseline.present - sight.present
        var findings: [Finding] = []
        if into != nil, sight.archived != gone {
            let cause = Cause(
                .changedMeanwhile,
                "\(gone) rows are gone and \(sight.archived) of them are in the archive: somebody else deleted them.")
            findings.append(Finding(table.text, .warn, cause))
        }
        var left = Double(unit.attributes["left"] ?? "") ?? 0
        if unit.attributes[ArchivePlan.isLast] == "true" { left = Double(sight.left) }
        let rows = into == nil ? gone : sight.archived
        return .applied(
            Proof(
                "\(rows) rows without a parent are gone from \(table.text)"
                    + (into.map { " and in \($0.text)" } ?? ""),
                measurements: [
                    Measurement("rows", rows), Measurement("adopted", sight.present), Measurement("left", left),
                ], findings: findings))
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let rule = try await rule(access)
        let tooSlow = "Nothing was taken away: a batch of \(table.text) takes longer than the step may."
        let mayBeEmpty = emptyParent
        try await BriefLock.attempt(context, access, subject: table.text, tooSlow: tooSlow) { session in
            try await session.transaction { try await rule.take(unit, $0, mayBeEmpty: mayBeEmpty) }
        }
    }

    public func undo(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        guard into != nil else {
            throw ChangeFailed(.notSupported, "The rows were deleted for good: nothing holds them.")
        }
        let rule = try await rule(access)
        try await access.changing { session in
            try await session.transaction { session in
                let moved = try await session.execute(rule.movingBack, rule.parameters(unit)).one()
                try rule.compare(moved)
            }
        }
    }

    /// All that is asked of a unit, on one snapshot.
    private struct Sight {
        let present: Int
        let orphaned: Int
        let archived: Int
        let left: Int
    }

    private func sight(_ unit: WorkUnit, _ access: PostgreSQLAccess) async throws -> Sight {
        let rule = try await rule(access)
        let row = try await access.query(
            rule.sight(counting: unit.attributes[ArchivePlan.isLast] == "true"), rule.parameters(unit)
        ).one()
        return Sight(
            present: try row.integer("present"), orphaned: try row.integer("orphaned"),
            archived: try row.integer("archived"), left: try row.integer("left_over"))
    }

    /// The tables may have been altered since the preview, so every call looks at them anew.
    private func rule(_ access: PostgreSQLAccess) async throws -> OrphanRule {
        let shape = try await OrphanShape.look(self, access)
        if let rule = shape.rule { return rule }
        let cause = shape.findings.first { $0.severity == .fail }?.cause
        throw CouldNotLook(cause ?? Cause(.malformed, "The tables do not fit together any more."))
    }
}
