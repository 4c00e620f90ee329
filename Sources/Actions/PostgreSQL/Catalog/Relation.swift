import ClientPostgreSQL
import Maintenance

/// A table as the catalog describes it.
struct Relation: Sendable, Hashable {
    struct Column: Sendable, Hashable {
        let name: String
        /// With its length or precision: `character varying(20)`.
        let type: String
        /// Without: what a text is cast to.
        let baseType: String
        let isRequired: Bool
        let isGenerated: Bool

        var quoted: String { quotedIdentifier(name) }
    }

    let oid: String
    let name: String
    /// `"schema"."table"`, for statements.
    let quoted: String
    let kind: String
    let columns: [Column]
    let primaryKey: [Column]
    /// Rules rewrite what a statement does.
    let hasRules: Bool
    /// Row security hides rows from the role that looks.
    let hidesRows: Bool

    func column(_ name: String) -> Column? { columns.first { $0.name == name } }

    static func statement(_ table: TableName) -> SQLStatement {
        SQLStatement(
            """
            SELECT c.oid::text AS oid, n.nspname || '.' || c.relname AS name, format('%I.%I', n.nspname, c.relname) \
            AS quoted, \
            c.relkind::text AS kind, c.relhasrules AS rules, row_security_active(c.oid) AS hides, a.attname::text AS \
            "column", \
            format_type(a.atttypid, a.atttypmod) AS type, format_type(a.atttypid, -1) AS base, \
            a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS required, a.attgenerated <> '' AS generated, \
            array_position(i.indkey::int2[], a.attnum) AS place \
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
            LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary \
            WHERE c.oid = to_regclass($1) ORDER BY a.attnum
            """, [SQLParameter(table.text)])
    }

    /// `nil` when there is no such table.
    init?(_ rows: Rows) throws(CouldNotLook) {
        guard let first = rows.rows.first else { return nil }
        oid = try first.text("oid")
        name = try first.text("name")
        quoted = try first.text("quoted")
        kind = try first.text("kind")
        hasRules = try first.boolean("rules")
        hidesRows = try first.boolean("hides")
        var columns: [Column] = []
        var key: [(place: Int, column: Column)] = []
        for row in rows.rows {
            let column = Column(
                name: try row.text("column"), type: try row.text("type"), baseType: try row.text("base"),
                isRequired: try row.boolean("required"), isGenerated: try row.boolean("generated"))
            columns.append(column)
            if try row.optional("place") != nil { key.append((try row.integer("place"), column)) }
        }
        self.columns = columns
        primaryKey = key.sorted { $0.place < $1.place }.map(\.column)
    }
}
