import ClientPostgreSQL
import Maintenance

/// What the catalog says of the tables of a rule, and whether they fit together.
struct OrphanShape {
    /// `nil` where something keeps the rows from being taken away.
    let rule: OrphanRule?
    let findings: [Finding]
    /// A validated foreign key that says the same as the rule.
    let foreignKey: String?

    static func look(_ action: DeleteOrphans, _ access: PostgreSQLAccess) async throws -> OrphanShape {
        let names = [action.table, action.parent] + (action.into.map { [$0] } ?? [])
        let answers = try await access.look(
            names.map { Relation.statement($0) } + [
                SQLStatement(references, [SQLParameter(action.table.text)]),
                SQLStatement(triggers, [SQLParameter(action.table.text)]),
            ])
        var findings: [Finding] = []
        var relations: [Relation] = []
        for (name, answer) in zip(names, answers) {
            guard let relation = try Relation(answer) else {
                findings.append(
                    Finding(
                        name.text, .fail, Cause(.notFound, "There is no table \(name.text)."),
                        advice: "Correct the name; without a schema it is looked for in the role's search_path."))
                continue
            }
            relations.append(relation)
        }
        guard relations.count == names.count else { return OrphanShape(rule: nil, findings: findings, foreignKey: nil) }
        findings += try Self.triggers(answers[names.count + 1])
        var reader = Reader(action: action, relations: relations, findings: findings)
        let rule = try reader.rule(answers[names.count])
        let isBlocked = reader.findings.contains { $0.severity != .warn }
        return OrphanShape(rule: isBlocked ? nil : rule, findings: reader.findings, foreignKey: reader.foreignKey)
    }

    private static func triggers(_ rows: Rows) throws -> [Finding] {
        try rows.rows.map { row in
            let cause = Cause(.notSupported, "The trigger \(try row.text("name")) fires for each row that leaves.")
            return Finding(
                try row.text("table"), .warn, cause, advice: "Make sure that it neither keeps rows nor alters others.")
        }
    }

    /// Foreign keys from and to the table.
    private static let references = """
        SELECT con.conname AS name, n.nspname || '.' || c.relname AS "table", format('%I.%I', n.nspname, c.relname) \
        AS quoted, con.conrelid::oid::text AS oid, con.confrelid::oid::text AS referenced_oid, \
        con.confdeltype::text AS action, con.convalidated AS validated, \
        (SELECT json_agg(a.attname ORDER BY k.place)::text FROM unnest(con.conkey) WITH ORDINALITY AS k(attnum, place) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum) AS columns, \
        (SELECT json_agg(a.attname ORDER BY k.place)::text FROM unnest(con.confkey) WITH ORDINALITY AS k(attnum, \
        place) JOIN pg_catalog.pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.attnum) AS referenced \
        FROM pg_catalog.pg_constraint con JOIN pg_catalog.pg_class c ON c.oid = con.conrelid \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE con.contype = 'f' AND con.conparentid = 0 \
        AND to_regclass($1)::oid IN (con.conrelid, con.confrelid) ORDER BY 2, 1
        """

    private static let triggers = """
        SELECT t.tgname AS name, t.tgrelid::regclass::text AS "table" FROM pg_catalog.pg_trigger t \
        WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 8 = 8 AND t.tgrelid = to_regclass($1) \
        ORDER BY 1
        """

    /// Reads the shape and notes everything that does not fit.
    private struct Reader {
        let action: DeleteOrphans
        let relations: [Relation]
        var findings: [Finding]
        var foreignKey: String?

        private var table: Relation { relations[0] }
        private var parent: Relation { relations[1] }
        private var archive: Relation? { relations.count > 2 ? relations[2] : nil }

        private mutating func fail(_ subject: String, _ code: Cause.Code, _ sentence: String, _ advice: String? = nil) {
            findings.append(Finding(subject, .fail, Cause(code, sentence), advice: advice))
        }

        mutating func rule(_ references: Rows) throws -> OrphanRule? {
            for relation in relations {
                if !["r", "p"].contains(relation.kind) {
                    fail(relation.name, .notSupported, "\(relation.name) is not a table.")
                }
                if relation.hasRules {
                    fail(relation.name, .notSupported, "Rules of \(relation.name) would rewrite what moves its rows.")
                }
                if relation.hidesRows {
                    let cause = Cause(.partlyCovered, "Row security hides rows of \(relation.name) from the role.")
                    findings.append(Finding(relation.name, .unknown, cause, advice: "Give the role BYPASSRLS."))
                }
            }
            if table.primaryKey.isEmpty {
                fail(table.name, .notSupported, "\(table.name) has no primary key, so its rows cannot be told apart.")
            }
            let columns = find(action.columns, in: table)
            let parentColumns = find(action.parentColumns, in: parent)
            if let archive { check(archive) }
            let holds = try references.rows.compactMap { try hold($0) }
            guard columns.count == action.columns.count, parentColumns.count == columns.count else { return nil }
            return OrphanRule(
                table: table, parent: parent, archive: archive, columns: columns, parentColumns: parentColumns,
                holds: holds)
        }

        private mutating func find(_ names: [ColumnName], in relation: Relation) -> [Relation.Column] {
            names.compactMap { name in
                let column = relation.column(name.text)
                if column == nil { fail(relation.name, .notFound, "\(relation.name) has no column \(name.text).") }
                return column
            }
        }

        private mutating func check(_ archive: Relation) {
            for column in table.columns {
                guard let other = archive.column(column.name) else {
                    fail(
                        archive.name, .malformed, "\(archive.name) has no column \(column.name).",
                        "Add it: ALTER TABLE \(archive.quoted) ADD COLUMN \(column.quoted) \(column.type).")
                    continue
                }
                if other.type != column.type, other.type != column.baseType {
                    fail(
                        archive.name, .malformed,
                        "The column \(column.name) is \(column.type) in \(table.name) and \(other.type) in "
                            + "\(archive.name).")
                }
            }
        }

        /// A key of the table itself, or one that holds its rows; what would follow them in silence forbids it.
        private mutating func hold(_ row: Row) throws -> OrphanRule.Hold? {
            let name = try row.text("name")
            let columns = try decodeJSON([String].self, row.text("columns").utf8)
            let referenced = try decodeJSON([String].self, row.text("referenced").utf8)
            let (from, to) = (try row.text("oid"), try row.text("referenced_oid"))
            if from == table.oid, to == parent.oid, try row.boolean("validated"),
                Set(zip(columns, referenced).map { [$0, $1] })
                    == Set(zip(action.columns, action.parentColumns).map { [$0.text, $1.text] })
            {
                foreignKey = name
            }
            guard to == table.oid else { return nil }
            guard ["a", "r"].contains(try row.text("action")) else {
                fail(
                    try row.text("table"), .rejected,
                    "Rows of \(try row.text("table")) would silently go or change with those that leave \(table.name) "
                        + "(foreign key \(name)).", "Make the foreign key NO ACTION.")
                return nil
            }
            return OrphanRule.Hold(quoted: try row.text("quoted"), columns: columns, referenced: referenced)
        }
    }
}
