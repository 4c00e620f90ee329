import ClientPostgreSQL
import Maintenance

/// How rows of this table get into this archive: the tables, the key, what moves with them and what keeps them.
struct ArchivePlan: Sendable {
    struct Child: Sendable {
        let table: Relation
        let archive: Relation
        /// Its columns that hold the primary key of the table, in the key's order.
        let reference: [String]
        /// Its foreign key deletes or alters its rows in silence where the row that they refer to goes.
        let followsSilently: Bool
    }

    /// A foreign key that keeps rows in place while another row refers to them.
    struct Hold: Sendable {
        let reference: ArchiveShape.Reference
        /// The child through which it holds, where it refers to a child.
        let through: Child?
        let isSelf: Bool
    }

    let table: Relation
    let archive: Relation
    let column: Relation.Column
    let children: [Child]
    let holds: [Hold]

    var key: [Relation.Column] { table.primaryKey }

    /// A child's row that comes while a batch moves is unseen by the moving statement, and CASCADE or SET NULL would
    /// still reach it: lost without a trace. On one snapshot for the whole transaction the server refuses instead.
    var isolation: String { children.contains(where: \.followsSilently) ? "REPEATABLE READ" : "READ COMMITTED" }

    /// `$1` cut-off, `$2` the unit's oldest row, then its lowest and its highest key.
    func parameters(_ unit: WorkUnit) -> [SQLParameter] {
        let low = Self.key(unit.attributes["low"])
        let high = Self.key(unit.attributes["high"])
        return [SQLParameter(unit.attributes["cutoff"]), SQLParameter(unit.attributes["oldest"])]
            + (low + high).map { SQLParameter($0) }
    }

    private static func key(_ text: String?) -> [String] {
        text.flatMap { try? decodeJSON([String].self, $0.utf8) } ?? []
    }

    /// One list for each column of the key.
    func sparing(_ keys: [[String]]) -> [SQLParameter] {
        key.indices.map { place in .array(keys.map { place < $0.count ? $0[place] : nil }) }
    }

    /// The unit's rows by key and by age: rows that were archived earlier lie before its oldest.
    func range(_ alias: String) -> String {
        "\(old(alias)) AND \(alias).\(column.quoted) >= $2::\(column.baseType) "
            + "AND \(keys(between: alias, key.map(\.name)))"
    }

    func old(_ alias: String) -> String { "\(alias).\(column.quoted) < $1::\(column.baseType)" }

    /// Between the unit's lowest and highest key.
    func keys(between alias: String, _ columns: [String]) -> String {
        let own = "(" + columns.map { "\(alias).\(quotedIdentifier($0))" }.joined(separator: ", ") + ")"
        func bound(_ first: Int) -> String {
            "(" + key.enumerated().map { "$\(first + $0)::\($1.baseType)" }.joined(separator: ", ") + ")"
        }
        return "\(own) >= \(bound(3)) AND \(own) <= \(bound(3 + key.count))"
    }

    /// True for rows that another row refers to.
    func held(_ alias: String) -> String {
        guard !holds.isEmpty else { return "false" }
        return "("
            + holds.map { hold in
                let reference = hold.reference
                let pairs = zip(reference.columns, reference.referenced)
                guard let child = hold.through else {
                    let own = pairs.map { "h.\(quotedIdentifier($0)) = \(alias).\(quotedIdentifier($1))" }
                    return "EXISTS (SELECT 1 FROM \(reference.quoted) h WHERE \(own.joined(separator: " AND "))"
                        + (hold.isSelf ? " AND NOT (\(same("h", alias)))" : "") + ")"
                }
                let through = pairs.map { "h.\(quotedIdentifier($0)) = c.\(quotedIdentifier($1))" }
                let own = zip(child.reference, key).map { "c.\(quotedIdentifier($0)) = \(alias).\($1.quoted)" }
                return "EXISTS (SELECT 1 FROM \(child.table.quoted) c JOIN \(reference.quoted) h "
                    + "ON \(through.joined(separator: " AND ")) WHERE \(own.joined(separator: " AND ")))"
            }.joined(separator: " OR ") + ")"
    }

    func same(_ left: String, _ right: String) -> String {
        key.map { "\(left).\($0.quoted) = \(right).\($0.quoted)" }.joined(separator: " AND ")
    }

    func belongs(_ child: Child, _ alias: String, to parent: String) -> String {
        zip(child.reference, key).map { "\(alias).\(quotedIdentifier($0)) = \(parent).\($1.quoted)" }
            .joined(separator: " AND ")
    }

    /// A row as a number: equal rows have equal ones, in whatever order their columns stand.
    func hash(_ alias: String, _ columns: [Relation.Column]) -> String {
        let row = columns.map { "\(alias).\($0.quoted)" }.joined(separator: ", ")
        return "hashtextextended(ROW(\(row))::text, 0)::numeric"
    }

    func tally(_ relation: Relation, _ alias: String, columns: [Relation.Column], where condition: String) -> String {
        "SELECT count(*) AS count, coalesce(sum(\(hash(alias, columns))), 0) AS sum "
            + "FROM \(relation.quoted) \(alias) WHERE \(condition)"
    }
}
