import ClientPostgreSQL
import Maintenance

/// What a range is measured by: the type of the key, with its values as whole numbers (microseconds since 1970, of the
/// clock on the wall where the type knows no zone; days count as their midnight).
enum PartitionKey: String, Sendable {
    case timestamptz = "timestamp with time zone"
    case timestamp = "timestamp without time zone"
    case date
    case bigint
    case integer
    case smallint

    var isTime: Bool { self == .timestamptz || self == .timestamp || self == .date }
}

/// A partitioned table as the catalog describes it.
struct PartitionedTable: Sendable {
    let oid: String
    let name: String
    /// `"schema"."table"`, for statements.
    let quoted: String
    let schema: String
    let table: String
    let owner: String
    /// r range, l list, h hash.
    let strategy: String
    let column: String?
    /// `nil` where the ranges cannot be reckoned with: several columns, an expression, another type.
    let key: PartitionKey?
    /// The server's clock as a value of the key; `nil` for numbers.
    let now: Int64?
    /// A range of another table's range by the same column: it ends where that does.
    let isNested: Bool
    let isReadable: Bool
    var partitions: [Partition]

    var ranges: [Partition] {
        partitions.filter { !$0.isDefault && !$0.isPending }.sorted { ($0.lower ?? .min) < ($1.lower ?? .min) }
    }
    var defaultPartition: Partition? { partitions.first(where: \.isDefault) }
    var quotedColumn: String { quotedIdentifier(column ?? "") }
}

struct Partition: Sendable, Hashable {
    let oid: String
    let name: String
    let quoted: String
    let kind: String
    /// Included; `nil` where it has no lower bound.
    let lower: Int64?
    /// Not included; `nil` where it has no upper bound.
    let upper: Int64?
    /// The instant at which it ends; `nil` for numbers.
    let until: Int64?
    let lowerText: String?
    let upperText: String?
    let isDefault: Bool
    /// Its detaching was begun and not ended: who asks the table does not see its rows.
    let isPending: Bool
    /// As the statistics estimate them.
    let rows: Int
    let bytes: Double
    let isReadable: Bool
}

extension PartitionedTable {
    /// The table of this name; `nil` where it is no partitioned table.
    static func look(
        _ table: TableName, zone: ZoneName, _ access: PostgreSQLAccess
    ) async throws -> PartitionedTable? {
        try await look(
            "SELECT to_regclass($1)::oid AS oid, '' AS matched", [SQLParameter(table.text), SQLParameter(zone.text)],
            access
        ).first?.table
    }

    /// All that `chosen` selects (`oid`, and which patterns it matched), each with its partitions; `$2` is the zone.
    static func look(
        _ chosen: String, _ parameters: [SQLParameter], _ access: PostgreSQLAccess
    ) async throws -> [(table: PartitionedTable, matched: String)] {
        let answers = try await access.look([
            SQLStatement(tables(chosen), parameters), SQLStatement(partitions(chosen), parameters),
        ])
        var found: [String: [Partition]] = [:]
        for row in answers[1].rows { found[try row.text("parent"), default: []].append(try Partition(row)) }
        return try answers[0].rows.map { row in
            (try PartitionedTable(row, found[row.text("oid")] ?? []), try row.text("matched"))
        }
    }

    private init(_ row: Row, _ partitions: [Partition]) throws(CouldNotLook) {
        oid = try row.text("oid")
        name = try row.text("name")
        quoted = try row.text("quoted")
        schema = try row.text("schema")
        table = try row.text("table")
        owner = try row.text("owner")
        strategy = try row.text("strategy")
        column = try row.optional("column")
        let type = try row.optional("type").flatMap { PartitionKey(rawValue: $0) }
        key = strategy == "r" ? type : nil
        now = try row.optional("now").flatMap { Int64($0) }
        isNested = try row.boolean("nested")
        isReadable = try row.boolean("readable")
        self.partitions = partitions
    }

    private static func tables(_ chosen: String) -> String {
        """
        WITH chosen AS (\(chosen)) \
        SELECT c.oid::text AS oid, n.nspname || '.' || c.relname AS name, format('%I.%I', n.nspname, c.relname) AS \
        quoted, n.nspname AS schema, c.relname AS "table", pg_get_userbyid(c.relowner) AS owner, \
        p.partstrat::text AS strategy, \(nested) AS nested, \
        has_table_privilege(c.oid, 'SELECT') AS readable, \(column) AS "column", \(type) AS type, \
        CASE \(type) WHEN 'timestamp with time zone' THEN \(micros("now()")) \
        WHEN 'timestamp without time zone' THEN \(micros("now() AT TIME ZONE $2::text")) \
        WHEN 'date' THEN \(micros("now() AT TIME ZONE $2::text")) END::text AS now, ch.matched \
        FROM chosen ch JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = ch.oid \(joins) ORDER BY 2
        """
    }

    /// Bounds as numbers. A bound's text is read only where the key's type is one of those that are reckoned with.
    private static func partitions(_ chosen: String) -> String {
        """
        WITH chosen AS (\(chosen)), \
        bounds AS (SELECT i.inhparent AS parent, c.oid, n.nspname, c.relname, c.relkind, c.reltuples, c.relpages, \
        coalesce((to_jsonb(i) ->> 'inhdetachpending')::boolean, false) AS pending, \
        pg_get_expr(c.relpartbound, c.oid) AS bound, regexp_match(pg_get_expr(c.relpartbound, c.oid), \
        '^FOR VALUES FROM \\((.*)\\) TO \\((.*)\\)$') AS ends FROM chosen ch \
        JOIN pg_catalog.pg_inherits i ON i.inhparent = ch.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace), \
        keys AS (SELECT p.partrelid AS oid, CASE WHEN p.partstrat = 'r' THEN \(type) END AS type \
        FROM chosen ch JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = ch.oid \(joins)), \
        texts AS (SELECT b.*, k.type, \(end(1)) AS low, \(end(2)) AS high FROM bounds b JOIN keys k ON k.oid = b.parent) \
        SELECT parent::text AS parent, oid::text AS oid, nspname || '.' || relname AS name, format('%I.%I', nspname, \
        relname) AS quoted, relkind::text AS kind, low, high, \(place("low")) AS lower, \(place("high")) AS upper, \
        CASE WHEN type = 'timestamp with time zone' THEN \(micros("high::timestamptz")) \
        WHEN type IN ('timestamp without time zone', 'date') \
        THEN \(micros("(high::timestamp AT TIME ZONE $2::text)")) END::text AS until, bound = 'DEFAULT' AS is_default, pending, \
        greatest(reltuples, 0)::bigint AS rows, relpages::float8 * current_setting('block_size')::int AS bytes, \
        has_table_privilege(oid, 'SELECT') AS readable FROM texts ORDER BY parent, name
        """
    }

    private static let joins = """
        JOIN pg_catalog.pg_class c ON c.oid = p.partrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
        """
    private static let nested = """
        EXISTS (SELECT 1 FROM pg_partition_ancestors(c.oid) x JOIN pg_catalog.pg_partitioned_table o \
        ON o.partrelid = x.relid AND o.partstrat = 'r' AND o.partnatts = 1 JOIN pg_catalog.pg_attribute oa \
        ON oa.attrelid = x.relid AND oa.attnum = o.partattrs[0] WHERE x.relid <> c.oid AND oa.attname = a.attname)
        """
    private static let column = "CASE WHEN p.partnatts = 1 AND p.partattrs[0] <> 0 THEN a.attname END"
    private static let type = "CASE WHEN p.partnatts = 1 AND p.partattrs[0] <> 0 THEN format_type(a.atttypid, -1) END"

    /// One end as text; infinity bounds nothing.
    private static func end(_ index: Int) -> String {
        let text = "btrim(b.ends[\(index)], '''')"
        return "CASE WHEN \(text) NOT IN ('MINVALUE', 'MAXVALUE', 'infinity', '-infinity') THEN \(text) END"
    }

    private static func place(_ text: String) -> String {
        "CASE type WHEN 'timestamp with time zone' THEN \(micros("\(text)::timestamptz")) "
            + "WHEN 'timestamp without time zone' THEN \(micros("\(text)::timestamp")) "
            + "WHEN 'date' THEN \(micros("\(text)::timestamp")) "
            + "WHEN 'bigint' THEN \(text)::bigint WHEN 'integer' THEN \(text)::bigint "
            + "WHEN 'smallint' THEN \(text)::bigint END::text"
    }

    static func micros(_ moment: String) -> String { "(extract(epoch FROM \(moment)) * 1000000)::bigint" }
}

extension Partition {
    init(_ row: Row) throws(CouldNotLook) {
        oid = try row.text("oid")
        name = try row.text("name")
        quoted = try row.text("quoted")
        kind = try row.text("kind")
        lower = try row.optional("lower").flatMap { Int64($0) }
        upper = try row.optional("upper").flatMap { Int64($0) }
        until = try row.optional("until").flatMap { Int64($0) }
        lowerText = try row.optional("low")
        upperText = try row.optional("high")
        isDefault = try row.boolean("is_default")
        isPending = try row.boolean("pending")
        rows = try row.integer("rows")
        bytes = try row.number("bytes")
        isReadable = try row.boolean("readable")
    }

    func holds(_ value: Int64) -> Bool { !isDefault && (lower ?? .min) <= value && upper.map { value < $0 } != false }
}
