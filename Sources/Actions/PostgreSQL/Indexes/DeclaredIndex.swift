import ClientPostgreSQL
import Maintenance

/// The index that a plan declares, beside what the server has.
struct DeclaredIndex: Sendable {
    /// An index of the table, or what else has the declared name.
    struct Present: Sendable {
        let oid: String
        /// `schema.index`, quoted where it must be.
        let quoted: String
        let statement: String?
        let isValid: Bool
        let isOnTable: Bool
        let hasName: Bool
        let builder: Int?
    }

    let action: CreateIndex
    let table: String
    let isTable: Bool
    let bytes: Double
    let rows: Double
    let present: [Present]

    /// `schema.index`, quoted.
    let quoted: String

    /// `nil` when there is no such table.
    static func look(_ action: CreateIndex, _ access: PostgreSQLAccess) async throws -> DeclaredIndex? {
        let answers = try await access.look([
            SQLStatement(tableStatement, [SQLParameter(action.table.text), SQLParameter(action.index.text)]),
            SQLStatement(presentStatement, [SQLParameter(action.table.text), SQLParameter(action.index.text)]),
        ])
        guard let table = answers[0].rows.first else { return nil }
        let present = try answers[1].rows.map { row in
            Present(
                oid: try row.text("oid"), quoted: try row.text("quoted"), statement: try row.optional("statement"),
                isValid: try row.boolean("valid"), isOnTable: try row.boolean("on_table"),
                hasName: try row.boolean("has_name"),
                builder: try row.optional("builder") == nil ? nil : row.integer("builder"))
        }
        return DeclaredIndex(
            action: action, table: try table.text("quoted"), isTable: try table.text("kind") == "r",
            bytes: try table.number("bytes"), rows: try table.number("rows"), present: present,
            quoted: try table.text("index"))
    }

    /// What has the declared name.
    var named: Present? { present.first(where: \.hasName) }

    /// The index of the table that is valid and what the plan declares, whatever its name.
    func equal(_ access: PostgreSQLAccess) async throws -> Present? {
        for index in present.sorted(by: { $0.hasName && !$1.hasName }) where index.isValid && index.isOnTable {
            if try await isEqual(index, access) { return index }
        }
        return nil
    }

    /// The server words expressions in its own way; where the words differ it is asked to word both.
    func isEqual(_ index: Present, _ access: PostgreSQLAccess) async throws -> Bool {
        guard let statement = index.statement, let there = IndexDefinition(statement: statement),
            let wanted = IndexDefinition(statement: action.statement(on: action.table.text)), wanted.isLike(there)
        else { return false }
        if wanted == there { return true }
        return try await worded(wanted.expressions, access) == worded(there.expressions, access)
    }

    private func worded(_ expressions: [String], _ access: PostgreSQLAccess) async throws -> String? {
        let list = expressions.map { "(\($0))" }.joined(separator: ", ")
        let rows = try await access.query("EXPLAIN (VERBOSE, COSTS OFF) SELECT \(list) FROM ONLY \(table)")
        // `Output: (lower(t.note)), …` stands below the node's own line.
        return try rows.rows.lazy.compactMap { try $0.text("QUERY PLAN") }.first { $0.contains("Output: ") }
            .map { String($0.drop(while: \.isWhitespace)) }
    }

    private static let tableStatement = """
        SELECT format('%I.%I', n.nspname, c.relname) AS quoted, c.relkind::text AS kind, \
        format('%I.%I', n.nspname, $2::text) AS index, c.relpages::float8 * current_setting('block_size')::int AS bytes, \
        greatest(c.reltuples, 0)::float8 AS rows FROM pg_catalog.pg_class c \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'm')
        """

    private static let presentStatement = """
        SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS quoted, \
        pg_get_indexdef(i.indexrelid) AS statement, \
        coalesce(i.indisvalid AND i.indisready AND i.indislive, false) AS valid, \
        coalesce(i.indrelid = t.oid, false) AS on_table, c.relname = $2 AS has_name, \
        \(Builder.expression("c.oid", "t.oid")) AS builder \
        FROM pg_catalog.pg_class t JOIN pg_catalog.pg_class c ON c.relnamespace = t.relnamespace \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid \
        WHERE t.oid = to_regclass($1) AND (c.relname = $2 OR i.indrelid = t.oid)
        """
}
