import ClientPostgreSQL
import Maintenance

extension ArchivePlan {
    /// The facts from before on one snapshot: the rows, each child's, what lies in each archive between the unit's
    /// keys, copies, and the keys of what lies in the archive.
    func baseline(_ unit: WorkUnit) -> [SQLStatement] {
        let parameters = parameters(unit)
        let planned = "\(range("t")) AND NOT \(held("t"))"
        let own = tally(table, "t", columns: table.columns, where: planned)
        let others = children.map { child in
            let parent = "EXISTS (SELECT 1 FROM \(table.quoted) t WHERE \(belongs(child, "x", to: "t")) AND \(planned))"
            return tally(child.table, "x", columns: child.table.columns, where: parent)
        }
        let names = key.map { "a.\($0.quoted)::text" }.joined(separator: ", ")
        let between =
            "SELECT \(names) FROM \(archive.quoted) a WHERE \(range("a")) "
            + "LIMIT \(PostgreSQLActionLimits.spared + 1)"
        return ([own] + others).map { SQLStatement($0, parameters) } + archived(unit)
            + [SQLStatement(copies(of: "t"), parameters), SQLStatement(between, parameters)]
    }

    /// The archives, the rows that are still in the table, and copies.
    func sight(_ unit: WorkUnit) -> [SQLStatement] {
        let left = "SELECT count(*) AS count FROM \(table.quoted) t WHERE \(range("t"))"
        return archived(unit) + [left, copies(of: "t")].map { SQLStatement($0, parameters(unit)) }
    }

    /// The old rows that are still in the table, and those of them that are held. Counting them takes as long as the
    /// preview did, so that only the last unit does it; for the others `nil`.
    func remaining(_ unit: WorkUnit) -> SQLStatement? {
        guard unit.attributes[Self.isLast] == "true" else { return nil }
        return SQLStatement(
            "SELECT count(*) AS left_over, count(*) FILTER (WHERE \(held("t"))) AS held FROM \(table.quoted) t "
                + "WHERE \(old("t"))", [SQLParameter(unit.attributes["cutoff"])])
    }

    /// Children's archives are read by their reference alone: their rows have no age of their own. Every statement is
    /// given all parameters, so each has to use them.
    private func archived(_ unit: WorkUnit) -> [SQLStatement] {
        let parameters = parameters(unit)
        let own = SQLStatement(tally(archive, "a", columns: table.columns, where: range("a")), parameters)
        let used = "$1::text IS NOT NULL AND $2::text IS NOT NULL"
        return [own]
            + children.map { child in
                SQLStatement(
                    tally(
                        child.archive, "x", columns: child.table.columns,
                        where: "\(used) AND \(keys(between: "x", child.reference))"), parameters)
            }
    }

    private func copies(of alias: String) -> String {
        "SELECT count(*) AS count FROM \(table.quoted) \(alias) JOIN \(archive.quoted) a ON \(same(alias, "a")) "
            + "WHERE \(range(alias))"
    }
}

/// What lies where now.
struct ArchiveSight {
    enum Judgement: Equatable {
        case moved
        case notMoved
        case mixed(String)
    }

    private let archive: Tally
    private let childArchives: [Tally]
    /// Rows in the unit's range that are in the table, late and held ones included.
    private let left: Int
    /// Rows that are in the table and in the archive.
    private let copies: Int
    private let names: [String]

    init(_ rows: [Rows], _ plan: ArchivePlan) throws {
        let tallies = try rows.dropLast(2).map { try Tally($0) }
        archive = tallies[0]
        childArchives = Array(tallies.dropFirst())
        left = try rows[rows.count - 2].one().integer("count")
        copies = try rows[rows.count - 1].one().integer("count")
        names = plan.children.map(\.archive.name)
    }

    /// Rows that came into the range after the plan was made, and rows that are held, stay in the table: they are not
    /// the unit's, and the next run finds them. So what is left proves nothing by itself; what arrived does.
    func judge(_ before: Archive.Baseline) -> Judgement {
        guard copies == 0 else { return .mixed("\(copies) rows are in the table and in the archive as well") }
        let isMoved =
            archive.isSum(of: before.archive, and: before.rows)
            && zip(childArchives, zip(before.childArchives, before.children)).allSatisfy { now, was in
                now.isSum(of: was.0, and: was.1)
            }
        if isMoved { return .moved }
        if archive == before.archive, childArchives == before.childArchives {
            guard left >= before.rows.count else {
                return .mixed(
                    "of \(before.rows.count) rows \(left) are left in the table, and none came into the archive")
            }
            return .notMoved
        }
        let arrived = archive.count - before.archive.count
        guard arrived == before.rows.count else {
            return .mixed("\(arrived) of \(before.rows.count) rows are in the archive")
        }
        for (index, now) in childArchives.enumerated()
        where !now.isSum(of: before.childArchives[index], and: before.children[index]) {
            return .mixed("the rows in \(names[index]) are not those that were planned")
        }
        return .mixed("the rows in the archive have other contents than those that were planned")
    }
}
