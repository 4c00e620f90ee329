import ClientPostgreSQL
import Maintenance

/// When a row is without a parent, and the statements that take such rows away.
struct OrphanRule: Sendable {
    /// A foreign key to the table whose rows leave: a row that another refers to stays.
    struct Hold: Sendable {
        let quoted: String
        let columns: [String]
        let referenced: [String]
    }

    let table: Relation
    let parent: Relation
    let archive: Relation?
    let columns: [Relation.Column]
    let parentColumns: [Relation.Column]
    let holds: [Hold]

    private var key: [Relation.Column] { table.primaryKey }

    /// One list of texts for each column of the key.
    func parameters(_ unit: WorkUnit) -> [SQLParameter] {
        let keys = unit.items.map { (try? decodeJSON([String].self, $0.utf8)) ?? [] }
        return key.indices.map { place in .array(keys.map { place < $0.count ? $0[place] : nil }) }
    }

    /// The unit's keys as a table `k`, whose columns are `k0`, `k1` and so on.
    private var planned: String {
        let lists = key.indices.map { "$\($0 + 1)::text[]" }.joined(separator: ", ")
        return "unnest(\(lists)) AS k(\(key.indices.map { "k\($0)" }.joined(separator: ", ")))"
    }

    private func isPlanned(_ alias: String) -> String {
        key.enumerated().map { "\(alias).\($1.quoted) = k.k\($0)::\($1.baseType)" }.joined(separator: " AND ")
    }

    /// As a foreign key understands it: NULL in one of its columns refers to nothing.
    func orphaned(_ alias: String) -> String {
        let refers = columns.map { "\(alias).\($0.quoted) IS NOT NULL" }
        let isParent = zip(columns, parentColumns).map { "p.\($1.quoted) = \(alias).\($0.quoted)" }
        let held = holds.map { hold in
            let own = zip(hold.columns, hold.referenced).map {
                "h.\(quotedIdentifier($0)) = \(alias).\(quotedIdentifier($1))"
            }
            return "NOT EXISTS (SELECT 1 FROM \(hold.quoted) h WHERE \(own.joined(separator: " AND ")))"
        }
        let noParent = "NOT EXISTS (SELECT 1 FROM \(parent.quoted) p WHERE \(isParent.joined(separator: " AND ")))"
        return (refers + [noParent] + held).joined(separator: " AND ")
    }

    var keys: String {
        let names = key.map { "x.\($0.quoted)" }
        let texts = names.map { "\($0)::text" }.joined(separator: ", ")
        return "SELECT json_build_array(\(texts))::text AS key FROM \(table.quoted) x WHERE \(orphaned("x")) "
            + "ORDER BY \(names.joined(separator: ", ")) LIMIT \(PostgreSQLActionLimits.keys)"
    }

    func sight(counting: Bool) -> String {
        let archived =
            archive.map { "(SELECT count(*) FROM \($0.quoted) a JOIN \(planned) ON \(isPlanned("a")))" } ?? "0"
        let left = counting ? "(SELECT count(*) FROM \(table.quoted) y WHERE \(orphaned("y")))" : "0"
        return """
            SELECT count(*) AS present, count(*) FILTER (WHERE \(orphaned("x"))) AS orphaned, \(archived) AS archived, \
            \(left) AS left_over FROM \(table.quoted) x JOIN \(planned) ON \(isPlanned("x"))
            """
    }

    /// Planned rows that are still without a parent. `references` is what they refer to.
    var moving: String {
        move(from: table, to: archive, "\(isPlanned("x")) AND \(orphaned("x"))")
    }

    var movingBack: String {
        archive.map { move(from: $0, to: table, isPlanned("x")) } ?? ""
    }

    private func move(from: Relation, to: Relation?, _ condition: String) -> String {
        let all = table.columns.map(\.quoted).joined(separator: ", ")
        let returned = table.columns.map { "x.\($0.quoted)" }.joined(separator: ", ")
        var parts = [
            "gone AS (DELETE FROM \(from.quoted) x USING \(planned) WHERE \(condition) RETURNING \(returned))"
        ]
        if let to {
            let given = table.columns.filter { to.column($0.name)?.isGenerated == false }.map(\.quoted)
                .joined(separator: ", ")
            parts.append(
                "kept AS (INSERT INTO \(to.quoted) (\(given)) OVERRIDING SYSTEM VALUE SELECT \(given) FROM gone "
                    + "RETURNING \(all))")
        }
        let hash = "hashtextextended(ROW(\(returned))::text, 0)::numeric"
        let tallies = ["gone", to == nil ? "gone" : "kept"].enumerated().map { index, name in
            "(SELECT count(*) FROM \(name)) AS count\(index), "
                + "(SELECT coalesce(sum(\(hash)), 0) FROM \(name) x) AS sum\(index)"
        }
        let references = columns.enumerated().map {
            "(SELECT array_agg(\($1.quoted)::text) FROM gone) AS reference\($0)"
        }
        return "WITH \(parts.joined(separator: ",\n"))\nSELECT "
            + (tallies + references).joined(separator: ", ")
    }

    /// What is deleted is what is archived, or nothing is.
    func compare(_ row: Row) throws {
        guard try Tally(row, "count0", "sum0") == Tally(row, "count1", "sum1") else {
            throw ChangeFailed(
                .changedMeanwhile,
                "Nothing was moved: the rows would not be stored as they are. A trigger interferes, or a column of "
                    + "\(archive?.name ?? "the archive") differs.")
        }
    }

    /// In a transaction: takes the rows away, and looks once more, on what is committed by then, that none has a
    /// parent. A row that somebody altered at the same moment is seen as it is then, and its parent would not be.
    func take(_ unit: WorkUnit, _ session: ChangeSession, mayBeEmpty: Bool) async throws {
        // Hidden parents would make orphans of rows that are none.
        try await session.execute("SELECT set_config('row_security', 'off', true)")
        let moved = try await session.execute(moving, parameters(unit)).one()
        try compare(moved)
        let lists = columns.indices.map { "$\($0 + 1)::text[]" }.joined(separator: ", ")
        let names = columns.indices.map { "r\($0)" }.joined(separator: ", ")
        let same = parentColumns.enumerated().map { "p.\($1.quoted) = r.r\($0)::\(columns[$0].baseType)" }
        let references = try columns.indices.map { SQLParameter(try moved.optional("reference\($0)") ?? "{}") }
        let row = try await session.execute(
            """
            SELECT (SELECT count(*) FROM unnest(\(lists)) AS r(\(names)) JOIN \(parent.quoted) p ON \
            \(same.joined(separator: " AND "))) AS found, EXISTS (SELECT 1 FROM \(parent.quoted)) AS rows
            """, references
        ).one()
        guard try row.integer("found") == 0 else {
            throw ChangeFailed(
                .changedMeanwhile, "Nothing was taken away: rows got their parent at the same moment.")
        }
        guard try row.boolean("rows") || mayBeEmpty else {
            throw ChangeFailed(.changedMeanwhile, "Nothing was taken away: \(parent.name) has become empty.")
        }
    }
}
