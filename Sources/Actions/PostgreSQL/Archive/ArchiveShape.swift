import ClientPostgreSQL
import Maintenance

/// What the catalog says of the tables of an archive, and whether they fit together.
struct ArchiveShape {
    /// `nil` where something keeps the rows from being moved.
    let plan: ArchivePlan?
    let findings: [Finding]

    /// A foreign key to a table that rows leave.
    struct Reference: Sendable, Hashable {
        let name: String
        let table: String
        let quoted: String
        let oid: String
        let columns: [String]
        let referenced: [String]
        let referencedOID: String
        /// As `confdeltype`: a and r refuse, c deletes, n and d alter.
        let action: String
        let isIndexed: Bool
        let pages: Int
    }

    static func look(_ action: Archive, _ access: PostgreSQLAccess) async throws -> ArchiveShape {
        let named = action.named
        let names = [action.table, action.into] + named.flatMap { [$0.table, $0.archive] }
        let leaving: SQLParameter = .array([action.table.text] + named.map(\.table.text))
        let answers = try await access.look(
            names.map { Relation.statement($0) } + [
                SQLStatement(references, [leaving]), SQLStatement(triggers, [leaving]),
            ])
        let relations = try answers.prefix(names.count).map { try Relation($0) }
        var reader = ShapeReader(action: action)
        for (name, relation) in zip(names, relations) where relation == nil { reader.missing(name) }
        let found = relations.compactMap { $0 }
        guard found.count == names.count else { return ArchiveShape(plan: nil, findings: reader.findings) }
        let keys = try answers[names.count].rows.map { try reference($0) }
        for row in answers[names.count + 1].rows {
            reader.warn(
                try row.text("table"), .notSupported,
                "The trigger \(try row.text("name")) of \(try row.text("table")) fires for each row that leaves.",
                advice: "Make sure that it neither keeps rows nor alters others.")
        }
        let plan = reader.plan(found, keys)
        let isBlocked = reader.findings.contains { $0.severity != .warn }
        return ArchiveShape(plan: isBlocked ? nil : plan, findings: reader.findings)
    }

    private static func reference(_ row: Row) throws -> Reference {
        Reference(
            name: try row.text("name"), table: try row.text("table"), quoted: try row.text("quoted"),
            oid: try row.text("oid"), columns: try decodeJSON([String].self, row.text("columns").utf8),
            referenced: try decodeJSON([String].self, row.text("referenced").utf8),
            referencedOID: try row.text("referenced_oid"), action: try row.text("action"),
            isIndexed: try row.boolean("indexed"), pages: try row.integer("pages"))
    }

    private static let references = """
        SELECT con.conname AS name, n.nspname || '.' || c.relname AS "table", format('%I.%I', n.nspname, c.relname) \
        AS quoted, \
        c.oid::text AS oid, con.confrelid::oid::text AS referenced_oid, con.confdeltype::text AS action, c.relpages \
        AS pages, \
        (SELECT json_agg(a.attname ORDER BY k.place)::text FROM unnest(con.conkey) WITH ORDINALITY AS k(attnum, place) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.attnum) AS columns, \
        (SELECT json_agg(a.attname ORDER BY k.place)::text FROM unnest(con.confkey) WITH ORDINALITY AS k(attnum, \
        place) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.attnum) AS referenced, \
        EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = con.conrelid AND i.indisvalid \
        AND i.indpred IS NULL AND i.indkey[0] = ANY (con.conkey)) AS indexed \
        FROM pg_catalog.pg_constraint con JOIN pg_catalog.pg_class c ON c.oid = con.conrelid \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        WHERE con.contype = 'f' AND con.conparentid = 0 \
        AND con.confrelid = ANY (SELECT to_regclass(t) FROM unnest($1::text[]) t) ORDER BY 2, 1
        """

    /// Of the people's triggers, those that fire on DELETE.
    private static let triggers = """
        SELECT t.tgname AS name, t.tgrelid::regclass::text AS "table" FROM pg_catalog.pg_trigger t \
        WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 8 = 8 \
        AND t.tgrelid = ANY (SELECT to_regclass(n) FROM unnest($1::text[]) n) ORDER BY 2, 1
        """
}

/// Reads the shape and notes everything that does not fit.
struct ShapeReader {
    let action: Archive
    private(set) var findings: [Finding] = []

    init(action: Archive) { self.action = action }

    mutating func fail(_ subject: String, _ code: Cause.Code, _ sentence: String, advice: String? = nil) {
        findings.append(Finding(subject, .fail, Cause(code, sentence), advice: advice))
    }

    mutating func warn(_ subject: String, _ code: Cause.Code, _ sentence: String, advice: String? = nil) {
        findings.append(Finding(subject, .warn, Cause(code, sentence), advice: advice))
    }

    mutating func missing(_ name: TableName) {
        fail(
            name.text, .notFound, "There is no table \(name.text).",
            advice: "Create it, or correct the name; without a schema it is looked for in the role's search_path.")
    }

    /// `relations` as named: the table, its archive, each child and its archive.
    mutating func plan(_ relations: [Relation], _ references: [ArchiveShape.Reference]) -> ArchivePlan? {
        let table = relations[0]
        for relation in relations { checkKind(relation) }
        let pairs = stride(from: 0, to: relations.count, by: 2).map { (relations[$0], relations[$0 + 1]) }
        for (from, to) in pairs { checkColumns(from, to) }
        guard !table.primaryKey.isEmpty else {
            fail(
                table.name, .notSupported, "\(table.name) has no primary key, so its rows cannot be told apart.",
                advice: "Add a primary key.")
            return nil
        }
        let dates = ["timestamp with time zone", "timestamp without time zone", "date"]
        guard let column = table.column(action.column.text), dates.contains(column.baseType) else {
            fail(table.name, .notFound, "\(table.name) has no column \(action.column.text) with a date or a time.")
            return nil
        }
        var children: [ArchivePlan.Child] = []
        for (child, archive) in pairs.dropFirst() {
            let own = references.filter { $0.oid == child.oid && $0.referencedOID == table.oid }
            if let plan = self.child(child, archive, own, table) { children.append(plan) }
        }
        let holds = references.compactMap { hold($0, table, children) }
        for reference in references { checkIndex(reference) }
        return ArchivePlan(table: table, archive: relations[1], column: column, children: children, holds: holds)
    }

    private mutating func checkKind(_ relation: Relation) {
        if !["r", "p"].contains(relation.kind) {
            fail(relation.name, .notSupported, "\(relation.name) is not a table.")
        }
        if relation.hasRules {
            fail(relation.name, .notSupported, "Rules of \(relation.name) would rewrite what moves its rows.")
        }
        if relation.hidesRows {
            findings.append(
                Finding(
                    relation.name, .unknown,
                    Cause(.partlyCovered, "Row security hides rows of \(relation.name) from the looking role."),
                    advice: "Give the looking role BYPASSRLS: of a policy nobody can see whether it shows all rows."))
        }
    }

    private mutating func checkColumns(_ from: Relation, _ to: Relation) {
        for column in from.columns {
            guard let other = to.column(column.name) else {
                fail(
                    to.name, .malformed, "\(to.name) has no column \(column.name), which \(from.name) has.",
                    advice: "Add it: ALTER TABLE \(to.quoted) ADD COLUMN \(column.quoted) \(column.type).")
                continue
            }
            // A type without a length takes what one with a length holds.
            guard other.type == column.type || other.type == column.baseType else {
                fail(
                    to.name, .malformed,
                    "The column \(column.name) is \(column.type) in \(from.name) and \(other.type) in \(to.name).")
                continue
            }
            if other.isGenerated { fail(to.name, .malformed, "The column \(column.name) of \(to.name) is generated.") }
        }
        for column in to.columns where column.isRequired && from.column(column.name) == nil {
            fail(
                to.name, .malformed,
                "\(to.name) needs a value in \(column.name), which \(from.name) does not have, and has no default."
            )
        }
    }

    private mutating func child(
        _ child: Relation, _ archive: Relation, _ references: [ArchiveShape.Reference], _ table: Relation
    ) -> ArchivePlan.Child? {
        guard let reference = references.first, references.count == 1 else {
            fail(
                child.name, references.isEmpty ? .notFound : .notSupported,
                references.isEmpty
                    ? "\(child.name) has no foreign key to \(table.name), so which rows belong to it is not known."
                    : "\(child.name) has \(references.count) foreign keys to \(table.name).")
            return nil
        }
        let pairs = Dictionary(zip(reference.referenced, reference.columns)) { first, _ in first }
        let columns = table.primaryKey.compactMap { pairs[$0.name] }
        guard columns.count == table.primaryKey.count, pairs.count == columns.count else {
            fail(
                child.name, .notSupported, "\(child.name) refers to another key of \(table.name) than its primary key.")
            return nil
        }
        return ArchivePlan.Child(
            table: child, archive: archive, reference: columns,
            followsSilently: !["a", "r"].contains(reference.action))
    }

    /// A foreign key of a table that nobody named: it either keeps rows in place or forbids the archive.
    private mutating func hold(
        _ reference: ArchiveShape.Reference, _ table: Relation, _ children: [ArchivePlan.Child]
    ) -> ArchivePlan.Hold? {
        if reference.referencedOID == table.oid, children.contains(where: { $0.table.oid == reference.oid }) {
            return nil
        }
        let isSelf = reference.oid == reference.referencedOID
        let to = children.first { $0.table.oid == reference.referencedOID }
        guard reference.action == "a" || reference.action == "r" else {
            let effect = reference.action == "c" ? "deleted" : "altered"
            fail(
                reference.table, .rejected,
                "Rows of \(reference.table) would be silently \(effect) with those that leave "
                    + "\(to?.table.name ?? table.name) (foreign key \(reference.name)).",
                advice: isSelf || to != nil
                    ? "Make the foreign key NO ACTION."
                    : "Name it under `children` with an archive of its own, or make its foreign key NO ACTION.")
            return nil
        }
        return ArchivePlan.Hold(reference: reference, through: to, isSelf: isSelf)
    }

    /// Each deleted row is looked for in the referring table; without an index that reads all of it each time.
    private mutating func checkIndex(_ reference: ArchiveShape.Reference) {
        guard !reference.isIndexed, reference.pages >= 32 else { return }
        let reads = Double(action.batch) * Double(reference.pages)
        let sentence =
            "\(reference.table) has no index on \(reference.columns.joined(separator: ", ")): for every row that "
            + "leaves, all of it is read."
        let names = reference.columns.map { quotedIdentifier($0) }.joined(separator: ", ")
        let advice = "CREATE INDEX CONCURRENTLY ON \(reference.quoted) (\(names))."
        if reads > 2e7 {
            fail(reference.table, .tooLarge, sentence, advice: advice)
        } else {
            warn(reference.table, .tooLarge, sentence, advice: advice)
        }
    }
}
