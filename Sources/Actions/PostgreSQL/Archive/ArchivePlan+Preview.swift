import ClientPostgreSQL
import Maintenance

extension ArchivePlan {
    /// Fixes the cut-off by the server's clock, and cuts what is older into batches along the primary key.
    func preview(_ action: Archive, _ findings: [Finding], _ access: PostgreSQLAccess) async throws -> Preview {
        let cutoff = try await access.query(
            "SELECT (now() - $1::interval)::\(column.baseType)::text AS cutoff",
            [SQLParameter(action.olderThan.written)]
        ).one().text("cutoff")
        let answers = try await access.look([
            SQLStatement(batches, [SQLParameter(cutoff), SQLParameter(action.batch)]),
            SQLStatement(
                "SELECT count(*) AS count FROM \(table.quoted) t WHERE \(old("t")) AND \(held("t"))",
                [SQLParameter(cutoff)]),
            SQLStatement(copies, [SQLParameter(cutoff)]),
        ])
        var findings = findings
        let held = try answers[1].one().integer("count")
        if held > 0 {
            let names = Set(holds.map(\.reference.table)).sorted().joined(separator: ", ")
            findings.append(
                Finding(
                    table.name, .warn, Cause(.heldRows, "\(held) old rows stay: rows of \(names) refer to them."),
                    advice: "Name these tables under `children` with an archive each, or archive them first.",
                    attributes: ["held": .number(Double(held))]))
        }
        let copied = try answers[2].one()
        let (copies, same) = (try copied.integer("count"), try copied.integer("same"))
        if copies > 0 { findings.append(duplicates(copies, same)) }
        let units = try units(answers[0], cutoff, held)
        let rows = units.reduce(0) { $0 + $1.size }
        return Preview(
            summary: "\(rows.written) rows of \(table.name) before \(cutoff), in \(units.count) batches"
                + (held > 0 ? "; \(held) more are held back" : ""),
            units: units,
            measurements: [Measurement("held", held), Measurement("left", Double(held) + rows)],
            findings: findings, statements: [moving])
    }

    private func duplicates(_ copies: Int, _ same: Int) -> Finding {
        let which = same == copies ? "all of them identical" : "\(copies - same) of them with other contents"
        return Finding(
            archive.name, .fail,
            Cause(.duplicates, "\(copies) rows are in \(table.name) and in \(archive.name) as well, \(which)."),
            advice: same == copies
                ? "An earlier copy was not followed by its deletion: delete them from \(archive.name)."
                : "Find out which of the two is right before anything is moved.",
            attributes: ["rows": .number(Double(copies)), "identical": .number(Double(same))])
    }

    private func units(_ rows: Rows, _ cutoff: String, _ held: Int) throws -> [WorkUnit] {
        let total = try rows.rows.first?.integer("total") ?? 0
        var done = 0
        return try rows.rows.enumerated().map { index, row in
            let count = try row.integer("count")
            done += count
            func bound(_ prefix: String) throws -> String {
                let texts = try key.indices.map { try row.text("\(prefix)\($0)") }
                return String(decoding: try encodeJSON(texts), as: UTF8.self)
            }
            var attributes = [
                "cutoff": cutoff, "oldest": try row.text("oldest"), "low": try bound("low"), "high": try bound("high"),
                "held": String(held), "left": String(total - done + held),
            ]
            if index == rows.count - 1 { attributes[Self.isLast] = "true" }
            return WorkUnit(
                id: "batch-\(index + 1)", title: "\(table.name), batch \(index + 1): \(count) rows",
                size: Double(count), expected: .seconds(1) + .milliseconds(count / 5), attributes: attributes)
        }
    }

    /// Marks the unit whose proof looks at what is left of the whole table.
    static let isLast = "last"

    private var batches: String {
        let names = key.enumerated().map { "t.\($1.quoted) AS k\($0)" }.joined(separator: ", ")
        let order = key.map { "t.\($0.quoted)" }.joined(separator: ", ")
        let bounds = key.indices.map { "f.k\($0)::text AS low\($0), l.k\($0)::text AS high\($0)" }.joined(
            separator: ", ")
        return """
            WITH due AS MATERIALIZED (SELECT \(names), t.\(column.quoted) AS at, row_number() OVER (ORDER BY \
            \(order)) AS place \
            FROM \(table.quoted) t WHERE \(old("t")) AND NOT \(held("t"))), \
            cut AS (SELECT count(*) AS count, min(at)::text AS oldest, min(place) AS first, max(place) AS last \
            FROM due GROUP BY (place - 1) / $2::int) \
            SELECT b.count, b.oldest, (SELECT count(*) FROM due) AS total, \(bounds) FROM cut b \
            JOIN due f ON f.place = b.first JOIN due l ON l.place = b.last ORDER BY b.first \
            LIMIT \(PostgreSQLActionLimits.batches)
            """
    }

    private var copies: String {
        """
        SELECT count(*) AS count, count(*) FILTER (WHERE \(hash("t", table.columns)) = \(hash("a", table.columns))) \
        AS same \
        FROM \(table.quoted) t JOIN \(archive.quoted) a ON \(same("t", "a")) WHERE \(old("t"))
        """
    }
}
