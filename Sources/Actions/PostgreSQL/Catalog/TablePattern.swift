import ClientPostgreSQL
public import Maintenance

/// Tables as a plan selects them: `orders`, `public.orders`, `public.*`, `*.events_2024?`.
public struct TablePattern: ParameterValue, Hashable {
    public let text: String

    public static var typeName: String { "a table or a pattern such as public.*" }
    public var written: String { text }

    public static func read(_ value: PlanValue) throws(ValueError) -> TablePattern {
        let text = try scalar(value)
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }), text.utf8.count < 200,
            !text.contains(where: { $0.isWhitespace || "\"';\\\0".contains($0) })
        else { throw ValueError("`\(text)` is not \(typeName)") }
        return TablePattern(text: text)
    }

    var isExact: Bool { !text.contains("*") && !text.contains("?") }

    /// As an anchored regular expression over `schema.table`, or over `table` where no schema is given.
    var expression: String {
        var result = "^"
        for character in text {
            switch character {
            case "*": result += "[^.]*"
            case "?": result += "[^.]"
            case _ where character.isLetter || character.isNumber || character == "_": result.append(character)
            default: result += "\\" + String(character)
            }
        }
        return result + "$"
    }

    /// The tables that match, partitions in the place of their parents; a name that matches nothing is a finding.
    static func resolve(
        _ patterns: [TablePattern], except: [TablePattern], _ access: PostgreSQLAccess
    ) async throws -> ([FoundTable], [Finding]) {
        let rows = try await access.query(
            statement, [.array(patterns.map(\.expression)), .array(except.map(\.expression))])
        var tables: [FoundTable] = []
        var used: Set<Int> = []
        var usedExceptions: Set<Int> = []
        for row in rows.rows {
            for index in try row.text("matched").split(separator: ",") { used.formUnion(Int(index).map { [$0] } ?? []) }
            let exceptions = try row.text("excepted").split(separator: ",").compactMap { Int($0) }
            usedExceptions.formUnion(exceptions)
            guard exceptions.isEmpty else { continue }
            tables.append(
                FoundTable(
                    name: try row.text("name"), quoted: try row.text("quoted"), bytes: try row.number("bytes"),
                    dead: try row.integer("dead"), isParent: try row.boolean("parent")))
        }
        var findings = patterns.enumerated().filter { !used.contains($0.offset + 1) }.map { _, pattern in
            Finding(
                pattern.text, .fail, Cause(.notFound, "No table matches \(pattern.text)."),
                advice: "Check the name, and the role's search_path where no schema is given.")
        }
        findings += except.enumerated().filter { $1.isExact && !usedExceptions.contains($0 + 1) }.map { _, pattern in
            Finding(
                pattern.text, .warn, Cause(.notFound, "There is no table \(pattern.text) to leave out."),
                advice: "Check the name: what was meant is not left out.")
        }
        return (tables, findings)
    }

    /// A block that makes a role a member of the owners of all tables that match, and refuses superusers.
    static func grantOwners(_ patterns: [TablePattern], except: [TablePattern]) -> String {
        func list(_ patterns: [TablePattern]) -> String {
            "ARRAY[\(patterns.map { quotedLiteral($0.expression) }.joined(separator: ", "))]::text[]"
        }
        return """
            DO $$DECLARE o record; BEGIN FOR o IN SELECT DISTINCT r.rolname, r.rolsuper FROM pg_class c \
            JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.oid = c.relowner \
            WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
            AND (n.nspname || '.' || c.relname ~ ANY (\(list(patterns))) OR pg_table_is_visible(c.oid) AND c.relname \
            ~ ANY (\(list(patterns)))) \
            AND NOT (n.nspname || '.' || c.relname ~ ANY (\(list(except))) OR c.relname ~ ANY (\(list(except)))) \
            LOOP IF o.rolsuper THEN RAISE EXCEPTION 'tables of the superuser % match: give them another owner', \
            o.rolname; \
            END IF; EXECUTE format('GRANT %I TO {role}', o.rolname); END LOOP; END$$;
            """
    }

    /// relpages needs no lock, unlike the exact size.
    private static let statement = """
        WITH tables AS (SELECT c.oid, c.relkind, n.nspname || '.' || c.relname AS name, \
        format('%I.%I', n.nspname, c.relname) AS quoted, c.relname, pg_table_is_visible(c.oid) AS visible, \
        c.relpages::float8 * current_setting('block_size')::int AS bytes \
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' \
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'), \
        named AS (SELECT t.*, (SELECT coalesce(string_agg(p.place::text, ','), '') FROM unnest($1::text[]) \
        WITH ORDINALITY AS p(pattern, place) WHERE t.name ~ p.pattern OR (t.visible AND t.relname ~ p.pattern)) AS \
        matched, \
        (SELECT coalesce(string_agg(p.place::text, ','), '') FROM unnest($2::text[]) \
        WITH ORDINALITY AS p(pattern, place) WHERE t.name ~ p.pattern OR (t.visible AND t.relname ~ p.pattern)) AS \
        excepted \
        FROM tables t), \
        roots AS (SELECT l.relid AS oid, r.matched, r.excepted FROM named r, \
        LATERAL pg_partition_tree(r.oid) l WHERE r.relkind = 'p' AND r.matched <> '') \
        SELECT n.name, n.quoted, n.bytes, n.relkind = 'p' AS parent, coalesce(s.n_dead_tup, 0) AS dead, \
        concat_ws(',', nullif(n.matched, ''), (SELECT string_agg(nullif(r.matched, ''), ',') FROM roots r WHERE \
        r.oid = n.oid)) \
        AS matched, \
        concat_ws(',', nullif(n.excepted, ''), (SELECT string_agg(nullif(r.excepted, ''), ',') FROM roots r WHERE \
        r.oid = n.oid)) \
        AS excepted FROM named n LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = n.oid \
        WHERE n.matched <> '' OR n.oid IN (SELECT oid FROM roots) ORDER BY n.relkind = 'p', n.bytes DESC, n.name
        """
}

/// A table that a pattern selected.
struct FoundTable: Hashable, Sendable {
    let name: String
    let quoted: String
    let bytes: Double
    let dead: Int
    /// A partitioned table: holds no rows itself, and has statistics of its own.
    let isParent: Bool
}
