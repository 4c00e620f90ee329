import ClientPostgreSQL
import Maintenance

extension ArchivePlan {
    /// One statement moves everything on one snapshot: what is deleted is what is inserted, or nothing is.
    var moving: String {
        let due =
            "SELECT \(key.map { "t.\($0.quoted)" }.joined(separator: ", ")) FROM \(table.quoted) t "
            + "WHERE \(range("t")) AND NOT \(held("t"))"
        return move(due, from: table, to: archive, columns: table.columns, children.map { ($0, $0.table, $0.archive) })
    }

    /// The same the other way; the last parameters are the keys of rows that were archived earlier.
    var movingBack: String {
        let first = 3 + 2 * key.count
        let lists = key.indices.map { "$\(first + $0)::text[]" }.joined(separator: ", ")
        let names = key.indices.map { "k\($0)" }.joined(separator: ", ")
        let same = key.enumerated().map { "a.\($1.quoted) = s.k\($0)::\($1.baseType)" }.joined(separator: " AND ")
        let due =
            "SELECT \(key.map { "a.\($0.quoted)" }.joined(separator: ", ")) FROM \(archive.quoted) a "
            + "WHERE \(range("a")) AND NOT EXISTS (SELECT 1 FROM unnest(\(lists)) AS s(\(names)) WHERE \(same))"
        return move(due, from: archive, to: table, columns: table.columns, children.map { ($0, $0.archive, $0.table) })
    }

    /// `gone0` and `kept0` are the table's own rows, the others the children's.
    private func move(
        _ due: String, from: Relation, to: Relation, columns: [Relation.Column],
        _ children: [(child: Child, from: Relation, to: Relation)]
    ) -> String {
        var parts = ["due AS MATERIALIZED (\(due))"]
        parts += step(0, from, to, columns, same("x", "d"))
        for (index, move) in children.enumerated() {
            parts += step(index + 1, move.from, move.to, move.child.table.columns, belongs(move.child, "x", to: "d"))
        }
        let all = [columns] + children.map(\.child.table.columns)
        let sums = all.enumerated().flatMap { index, columns in
            ["gone", "kept"].map { name in
                "(SELECT count(*) FROM \(name)\(index)) AS \(name)_count\(index), "
                    + "(SELECT coalesce(sum(\(hash("x", columns))), 0) FROM \(name)\(index) x) AS \(name)_sum\(index)"
            }
        }
        return "WITH " + parts.joined(separator: ",\n") + "\nSELECT " + sums.joined(separator: ", ")
    }

    private func step(
        _ index: Int, _ from: Relation, _ to: Relation, _ columns: [Relation.Column], _ belongs: String
    ) -> [String] {
        let all = columns.map(\.quoted).joined(separator: ", ")
        // What the receiving table works out itself is not given to it, and compared afterwards all the same.
        let given = columns.filter { to.column($0.name)?.isGenerated == false }.map(\.quoted).joined(separator: ", ")
        let returned = columns.map { "x.\($0.quoted)" }.joined(separator: ", ")
        return [
            "gone\(index) AS (DELETE FROM \(from.quoted) x USING due d WHERE \(belongs) RETURNING \(returned))",
            "kept\(index) AS (INSERT INTO \(to.quoted) (\(given)) OVERRIDING SYSTEM VALUE "
                + "SELECT \(given) FROM gone\(index) "
                + "RETURNING \(all))",
        ]
    }

    /// Inside of the moving transaction: what does not equal the facts from before is rolled back.
    func compare(_ moved: Row, with baseline: Archive.Baseline, _ verb: String) throws {
        for (index, planned) in ([baseline.rows] + baseline.children).enumerated() {
            let name = index == 0 ? table.name : children[index - 1].table.name
            for part in ["gone", "kept"] {
                let tally = try Tally(moved, "\(part)_count\(index)", "\(part)_sum\(index)")
                guard tally != planned else { continue }
                let what =
                    tally.count == planned.count
                    ? "rows of \(name) have other contents than before"
                        + (part == "kept" ? " once they are stored" : "")
                    : "\(tally.count) rows of \(name) would be \(verb) and not \(planned.count)"
                throw ChangeFailed(
                    .changedMeanwhile,
                    "Nothing was \(verb): \(what). They were changed meanwhile, or a trigger interferes.")
            }
        }
    }

    /// A change that could not be taken back is not begun.
    func checkRights(_ session: ChangeSession) async throws {
        let tables = [table, archive] + children.flatMap { [$0.table, $0.archive] }
        let rows = try await session.execute(
            """
            SELECT p || ' on ' || t AS lacking FROM unnest($1::text[]) t, unnest(ARRAY['SELECT', 'INSERT', \
            'DELETE']) p \
            WHERE NOT has_table_privilege(t, p) ORDER BY t, p
            """, [.array(tables.map(\.quoted))])
        guard !rows.isEmpty else { return }
        let lacking = try rows.rows.map { try $0.text("lacking") }.joined(separator: ", ")
        throw ChangeFailed(
            .noPermission, "The changing role lacks \(lacking): it could not move the rows, or not move them back.")
    }
}

extension Cause.Code {
    /// What was planned is not what is there any more.
    static let changedMeanwhile = Cause.Code(rawValue: "changed-meanwhile")
}
