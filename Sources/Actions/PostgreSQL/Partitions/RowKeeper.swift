import ClientPostgreSQL
import Maintenance

/// Sees to it that no row goes which is not kept elsewhere, unless the plan says that it may.
struct RowKeeper: Sendable {
    let action: DropPartitions
    let table: PartitionedTable

    init(_ action: DropPartitions, _ table: PartitionedTable) {
        self.action = action
        self.table = table
    }

    /// What keeps a partition from being dropped, and what was seen of it.
    func findings(_ partition: Partition, _ access: PostgreSQLAccess) async throws -> [Finding] {
        var findings = try await dependents(partition, access)
        guard !action.keep, !action.loseRows else { return findings }
        guard partition.isReadable else {
            let cause = Cause(
                .noPermission, "The role may not read \(partition.name): whether it is empty is not known.")
            return findings + [Finding(partition.name, .unknown, cause, advice: "Grant SELECT on it.")]
        }
        do {
            let (unkept, sentence) = try await unkept(partition.quoted, partition.name, access.query)
            if unkept > 0 {
                findings.append(
                    Finding(
                        partition.name, .fail, Cause(.rejected, sentence), advice: advice,
                        attributes: ["rows": .number(Double(unkept))]))
            }
        } catch let error as CouldNotLook {
            findings.append(Finding(partition.name, .unknown, error.cause))
        }
        return findings
    }

    private var advice: String {
        action.archive == nil
            ? "Name the `archive` that holds them, or `keep: true` the detached table, or `lose-rows: true`."
            : "Let postgresql.archive move them first, or find out which of the two is right."
    }

    /// Rows of a partition that the archive does not have, or all where there is none; counted up to a bound.
    private func unkept(
        _ quoted: String, _ name: String, _ query: (String, [SQLParameter]) async throws -> Rows
    ) async throws -> (Int, String) {
        guard let archive = action.archive else {
            let isThere = try await query("SELECT EXISTS (SELECT 1 FROM \(quoted)) AS rows", []).one().boolean("rows")
            return (isThere ? 1 : 0, "\(name) holds rows, and nothing says where they are kept.")
        }
        let from = try await Self.relation(TableName(quoted) ?? archive, query)
        let missing = try await Self.missing(from, Self.relation(archive, query))
        let count = try await query(missing, []).one().integer("count")
        return (
            count,
            "\(count)\(count >= PostgreSQLActionLimits.defaultRows ? " or more" : "") rows of \(name) are not in "
                + "\(archive.text), or have other values there."
        )
    }

    private static func relation(
        _ name: TableName, _ query: (String, [SQLParameter]) async throws -> Rows
    ) async throws -> Relation {
        let statement = Relation.statement(name)
        guard let found = try await Relation(query(statement.text, statement.parameters)) else {
            throw CouldNotLook(.notFound, "There is no table \(name.text).")
        }
        return found
    }

    /// By the primary key, and then value by value as text: types that know no equality compare too.
    private static func missing(_ from: Relation, _ archive: Relation) throws -> String {
        guard from.oid != archive.oid else {
            throw CouldNotLook(
                .rejected, "\(archive.name) is to be the archive of itself: its rows would be gone with it.")
        }
        guard !from.primaryKey.isEmpty else {
            throw CouldNotLook(
                .notSupported, "\(from.name) has no primary key, so its rows cannot be looked for in the archive.")
        }
        if let column = from.columns.first(where: { archive.column($0.name) == nil }) {
            throw CouldNotLook(.malformed, "\(archive.name) has no column \(column.name), which \(from.name) has.")
        }
        let key = from.primaryKey.map { "a.\($0.quoted) = p.\($0.quoted)" }.joined(separator: " AND ")
        func values(_ alias: String) -> String {
            "ROW(" + from.columns.map { "\(alias).\($0.quoted)" }.joined(separator: ", ") + ")::text"
        }
        return """
            SELECT count(*) AS count FROM (SELECT 1 FROM \(from.quoted) p WHERE NOT EXISTS (SELECT 1 FROM \
            \(archive.quoted) a WHERE \(key) AND \(values("a")) = \(values("p"))) \
            LIMIT \(PostgreSQLActionLimits.defaultRows)) x
            """
    }

    /// Views and foreign keys on the partition itself would keep it from being dropped once it is detached.
    private func dependents(_ partition: Partition, _ access: PostgreSQLAccess) async throws -> [Finding] {
        guard !action.keep else { return [] }
        let rows = try await access.query(
            """
            SELECT DISTINCT format('%s %I.%I', CASE WHEN c.relkind IN ('v', 'm') THEN 'the view' \
            ELSE 'a foreign key of' END, n.nspname, c.relname) AS name FROM (\
            SELECT r.ev_class AS oid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid \
            WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::oid \
            UNION SELECT f.conrelid FROM pg_catalog.pg_constraint f WHERE f.contype = 'f' AND f.confrelid = $1::oid \
            AND f.conparentid = 0) o JOIN pg_catalog.pg_class c ON c.oid = o.oid AND c.oid <> $1::oid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY 1 LIMIT 5
            """, [SQLParameter(partition.oid)])
        guard !rows.isEmpty else { return [] }
        let names = try rows.rows.map { try $0.text("name") }.joined(separator: ", ")
        let cause = Cause(.rejected, "\(partition.name) could be detached and not dropped: \(names) depends on it.")
        return [Finding(partition.name, .fail, cause, advice: "Drop what depends on it first, or `keep: true`.")]
    }

    /// Under the lock under which the table goes.
    func make(sureOf unit: WorkUnit, _ session: ChangeSession) async throws {
        guard !action.loseRows else { return }
        let (unkept, sentence) = try await unkept(unit.attributes["quoted"] ?? "", unit.title) {
            try await session.execute($0, $1)
        }
        guard unkept == 0 else {
            throw ChangeFailed(.changedMeanwhile, "\(unit.title) is detached and was not dropped: \(sentence)")
        }
    }

    /// Exactly, where the rows are looked at anyway.
    func count(_ partition: Partition, _ access: PostgreSQLAccess) async throws -> Int {
        guard !action.loseRows, partition.isReadable else { return partition.rows }
        return try await access.query("SELECT count(*) AS count FROM \(partition.quoted)").one().integer("count")
    }
}
