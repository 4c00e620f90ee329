import ClientPostgreSQL
import Maintenance

/// An index that patterns selected.
struct FoundIndex: Sendable {
    let oid: String
    let name: String
    let quoted: String
    /// Quoted, and as it is.
    let table: String
    let tableName: String
    let isTable: Bool
    let bytes: Double
    let isValid: Bool
    let isExclusion: Bool
    /// Not valid and named as a rebuild names what it works on.
    let isLeftover: Bool
    /// Somebody builds, rebuilds or drops it.
    let builder: Int?

    /// The indexes that match by their own name or by that of their table or of what these are parts of; a name that
    /// matches nothing is a finding.
    static func resolve(
        indexes: [IndexPattern], tables: [TablePattern], except: [IndexPattern], _ access: PostgreSQLAccess
    ) async throws -> (found: [FoundIndex], findings: [Finding]) {
        let patterns = [indexes.map(\.expression), tables.map(\.expression), except.map(\.expression)]
        let rows = try await access.query(statement, patterns.map { .array($0) })
        var found: [FoundIndex] = []
        var used = patterns.map { _ in Set<Int>() }
        for row in rows.rows {
            var matched: [[Int]] = []
            for (place, column) in ["by_index", "by_table", "excepted"].enumerated() {
                matched.append(try row.text(column).split(separator: ",").compactMap { Int($0) })
                used[place].formUnion(matched[place])
            }
            if matched[2].isEmpty, !(matched[0] + matched[1]).isEmpty { found.append(try FoundIndex(row)) }
        }
        let named = [
            (indexes.map(\.written), indexes.map(\.pattern.isExact), Verdict.fail, "No index matches"),
            (tables.map(\.written), tables.map(\.isExact), .fail, "No index of a table matches"),
            (
                except.map(\.written), except.map(\.pattern.isExact), .warn,
                "There is no index to leave out that matches"
            ),
        ]
        var findings: [Finding] = []
        for (place, (names, exact, severity, words)) in named.enumerated() {
            for (index, name) in names.enumerated()
            where !used[place].contains(index + 1) && (severity == .fail || exact[index]) {
                findings.append(
                    Finding(
                        name, severity, Cause(.notFound, "\(words) \(name)."),
                        advice: "Check the name, and the role's search_path where no schema is given."))
            }
        }
        return (found, findings)
    }

    private init(_ row: Row) throws(CouldNotLook) {
        oid = try row.text("oid")
        name = try row.text("name")
        quoted = try row.text("quoted")
        table = try row.text("table")
        tableName = try row.text("table_name")
        isTable = try row.text("kind") == "r"
        bytes = try row.number("bytes")
        isValid = try row.boolean("valid")
        isExclusion = try row.boolean("exclusion")
        isLeftover = try row.boolean("leftover")
        builder = try row.optional("builder") == nil ? nil : row.integer("builder")
    }

    private static func places(_ parameter: String, _ names: String) -> String {
        """
        (SELECT coalesce(string_agg(DISTINCT p.place::text, ','), '') FROM unnest($\(parameter)::text[]) \
        WITH ORDINALITY AS p(pattern, place), \(names) AS x WHERE x.full_name ~ p.pattern \
        OR x.visible AND x.name ~ p.pattern)
        """
    }

    private static func names(_ relation: String) -> String {
        """
        LATERAL (SELECT y.relname AS name, yn.nspname || '.' || y.relname AS full_name, \
        pg_table_is_visible(y.oid) AS visible FROM pg_catalog.pg_class y \
        JOIN pg_catalog.pg_namespace yn ON yn.oid = y.relnamespace WHERE y.oid = \(relation).oid \
        OR \(relation).relispartition AND y.oid IN (SELECT relid FROM pg_partition_ancestors(\(relation).oid)))
        """
    }

    /// relpages needs no lock, unlike the exact size.
    private static let statement = """
        SELECT c.oid::text AS oid, n.nspname || '.' || c.relname AS name, \
        format('%I.%I', n.nspname, c.relname) AS quoted, format('%I.%I', tn.nspname, t.relname) AS "table", \
        tn.nspname || '.' || t.relname AS table_name, \
        t.relkind::text AS kind, c.relpages::float8 * current_setting('block_size')::int AS bytes, \
        i.indisvalid AND i.indisready AND i.indislive AS valid, i.indisexclusion AS exclusion, \
        NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AS leftover, \(Builder.expression("c.oid", "t.oid")) \
        AS builder, \(places("1", names("c"))) AS by_index, \(places("2", names("t"))) AS by_table, \
        \(places("3", names("c"))) AS excepted \
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        JOIN pg_catalog.pg_class t ON t.oid = i.indrelid AND t.relkind IN ('r', 'm') \
        JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace \
        WHERE c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
        AND n.nspname NOT LIKE 'pg\\_toast%' ORDER BY c.relpages DESC, 2
        """
}

/// Who is at work on an index: shown by the server's progress, or by a lock on the index that nothing else takes, or
/// perhaps a process that builds something of the table which this role may not see.
enum Builder {
    static func expression(_ index: String, _ table: String) -> String {
        """
        coalesce((SELECT b.pid FROM pg_catalog.pg_stat_progress_create_index b WHERE b.index_relid = \(index) LIMIT 1), \
        (SELECT l.pid FROM pg_catalog.pg_locks l WHERE l.locktype = 'relation' AND l.granted \
        AND l.relation = \(index) AND l.database = \(database) AND l.mode IN ('ShareUpdateExclusiveLock', \
        'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') LIMIT 1), \
        (SELECT b.pid FROM pg_catalog.pg_stat_progress_create_index b JOIN pg_catalog.pg_locks l ON l.pid = b.pid \
        AND l.locktype = 'relation' AND l.granted AND l.relation = \(table) AND l.database = \(database) \
        WHERE b.relid IS NULL OR b.relid = \(table) AND coalesce(b.index_relid, 0) = 0 LIMIT 1))
        """
    }

    private static let database =
        "(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())"
}
