import ClientPostgreSQL
import Maintenance

/// A table that can be given partitions, and the statements that do it.
struct PartitionPlan: Sendable {
    let table: PartitionedTable
    let key: PartitionKey
    let tablespace: String?
    /// LIKE knows compression from 14 on.
    let version: Int

    /// Without a plan the findings say what is in the way.
    static func look(
        _ name: TableName, _ zone: ZoneName, _ span: Span, _ access: PostgreSQLAccess
    ) async throws -> (plan: PartitionPlan?, findings: [Finding]) {
        func refuse(_ code: Cause.Code, _ sentence: String, _ advice: String) -> (PartitionPlan?, [Finding]) {
            (nil, [Finding(name.text, .fail, Cause(code, sentence), advice: advice)])
        }
        guard let table = try await PartitionedTable.look(name, zone: zone, access) else {
            return refuse(
                .notFound, "There is no partitioned table \(name.text).",
                "Correct the name; without a schema it is looked for in the role's search_path.")
        }
        guard let key = table.key else {
            return refuse(
                .notSupported, "\(table.name) is not cut into ranges of one date, time or whole number.",
                "Look after its partitions by other means.")
        }
        guard span.fits(key) else {
            return refuse(
                .malformed, "\(span.written) does not measure \(key.rawValue), by which \(table.name) is cut.",
                key.isTime ? "Give a span such as 1 month." : "Give a number such as 1 million.")
        }
        if case .calendar(let age) = span, age.unit == .hour, key == .date {
            return refuse(.malformed, "\(table.name) is cut by days.", "Give a span of days or more.")
        }
        if table.isNested {
            return refuse(
                .notSupported, "\(table.name) is itself a partition by the same column.",
                "Name the table above it.")
        }
        if let sub = table.partitions.first(where: { $0.kind != "r" }) {
            return refuse(
                .notSupported, "\(sub.name) is no plain table: \(table.name) is cut further, or lies elsewhere.",
                "Look after its partitions by other means.")
        }
        let row = try await access.query(
            """
            SELECT (SELECT spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace) AS tablespace \
            FROM pg_catalog.pg_class c WHERE c.oid = $1::oid
            """, [SQLParameter(table.oid)]
        ).one()
        let version = try await access.server().version
        return (
            PartitionPlan(table: table, key: key, tablespace: try row.optional("tablespace"), version: version), []
        )
    }

    func grid(_ every: Span, _ zone: ZoneName, _ suffix: String?) -> PartitionGrid {
        PartitionGrid(table: table, key: key, every: every, zone: zone, suffix: suffix)
    }

    /// The last one attaches. Identity is the parent's alone; triggers and foreign keys come with attaching.
    func statements(_ unit: WorkUnit, owner: Bool) -> [String] {
        let name = "\(quotedIdentifier(table.schema)).\(quotedIdentifier(unit.attributes["name"] ?? ""))"
        let parts =
            ["DEFAULTS", "GENERATED", "CONSTRAINTS", "INDEXES", "STORAGE", "COMMENTS"]
            + (version >= 140_000 ? ["COMPRESSION"] : [])
        let create =
            "CREATE TABLE \(name) (LIKE \(table.quoted) \(parts.map { "INCLUDING \($0)" }.joined(separator: " ")))"
            + (tablespace.map { " TABLESPACE \(quotedIdentifier($0))" } ?? "")
        let low = quotedLiteral(unit.attributes["low"] ?? "")
        let high = quotedLiteral(unit.attributes["high"] ?? "")
        return [create] + (owner ? ["ALTER TABLE \(name) OWNER TO \(quotedIdentifier(table.owner))"] : [])
            + ["ALTER TABLE \(table.quoted) ATTACH PARTITION \(name) FOR VALUES FROM (\(low)) TO (\(high))"]
    }

    func checkNames(_ ranges: [NewRange], _ access: PostgreSQLAccess) async throws -> [Finding] {
        let names = ranges.map { table.table + $0.suffix }
        if let long = names.first(where: { $0.utf8.count > 63 }) {
            let cause = Cause(.tooLarge, "\(long) is longer than the 63 bytes that a name may have.")
            return [Finding(table.name, .fail, cause, advice: "Give a shorter `suffix`.")]
        }
        guard Set(names).count == names.count else {
            let cause = Cause(.duplicates, "The `suffix` gives two partitions the same name.")
            return [Finding(table.name, .fail, cause, advice: "Let it tell apart what `every` cuts.")]
        }
        let taken = try await access.query(
            """
            SELECT c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
            ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY ($2::text[]) ORDER BY 1
            """, [SQLParameter(table.schema), .array(names)])
        return try taken.rows.map { row in
            Finding(
                "\(table.schema).\(try row.text("name"))", .fail,
                Cause(.duplicates, "The name that a new partition would get is taken."),
                advice: "Attach that table if it was detached and belongs there, or give another `suffix`.")
        }
    }

    /// Rows that would have to lie in a partition to be made and lie in DEFAULT forbid it.
    func checkDefault(_ ranges: [NewRange], _ access: PostgreSQLAccess) async throws -> [Finding] {
        guard let partition = table.defaultPartition, let first = ranges.first, let last = ranges.last else {
            return []
        }
        guard partition.isReadable else {
            let cause = Cause(
                .noPermission,
                "The role may not read \(partition.name): whether rows of the new partitions lie in it is not known.")
            return [Finding(partition.name, .unknown, cause, advice: "Grant SELECT on it to the looking role.")]
        }
        let column = table.quotedColumn
        let count = try await access.query(
            """
            SELECT count(*) AS count FROM (SELECT 1 FROM \(partition.quoted) WHERE \(column) >= \
            \(quotedLiteral(first.lowerText)) AND \(column) < \(quotedLiteral(last.upperText)) \
            LIMIT \(PostgreSQLActionLimits.defaultRows)) d
            """
        ).one().integer("count")
        guard count > 0 else { return [] }
        let cause = Cause(
            .partlyCovered,
            "\(count) rows in it belong into partitions that are to be made, which the server refuses while they are "
                + "there.")
        return [
            Finding(
                partition.name, .fail, cause,
                advice: "Move them into a table of their own, make the partitions, and insert them again.",
                attributes: ["rows": .number(Double(count))])
        ]
    }

    func slowDefault(_ unit: WorkUnit) -> String {
        let name = table.defaultPartition.map(\.quoted) ?? ""
        let column = table.quotedColumn
        let low = unit.attributes["low"] ?? ""
        let high = unit.attributes["high"] ?? ""
        return "Nothing was made: \(name) would be locked for more than \(PostgreSQLActionLimits.lockWait) ms while it "
            + "is searched for rows of the new partition. Give it first CHECK (NOT (\(column) >= '\(low)' AND "
            + "\(column) < '\(high)')) NOT VALID, and validate it."
    }
}

extension Preview {
    /// Nothing can be done, and why.
    init(refusal findings: [Finding]) {
        self.init(
            summary: findings.first?.cause.sentence ?? "It cannot be done.", units: [], findings: findings)
    }
}
