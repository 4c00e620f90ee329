import ClientPostgreSQL
import Host
import Maintenance

/// The statements of an insertion, made from what the catalog says of the table and the query.
struct InsertionPlan: Sendable {
    let relation: Relation
    /// The columns that the query gives.
    let given: [String]
    private let sql: String
    private let key: [String]
    private let unless: [(name: String, value: String)]

    struct Wanted {
        var count = 0
        var already = 0
        var withoutKey = 0
        var repeated = 0
        /// Each key as a JSON list of texts.
        var missing: [String] = []
    }

    struct State {
        let at: Instant
        /// Places of the unit's keys, from 0, that have a row.
        let present: [Int]
        /// Keys without a row that the query still finds.
        let missing: Int
        /// Keys with more than one row.
        let repeated: Int
    }

    /// `nil` when the table does not exist.
    static func look(_ action: InsertMissing, _ access: PostgreSQLAccess) async throws -> InsertionPlan? {
        let sql = trimmed(action.sql)
        guard let relation = try await Relation(access.look([Relation.statement(action.into)])[0]) else { return nil }
        let columns = try await access.query("SELECT * FROM (\n\(sql)\n) AS wanted LIMIT 0").columns
        return InsertionPlan(
            relation: relation, given: columns.map(\.name), sql: sql, key: action.key.map(\.text),
            unless: action.unless.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    private static func trimmed(_ sql: String) -> String {
        var rest = Substring(sql)
        while let last = rest.last, last.isWhitespace || last == ";" { rest.removeLast() }
        return String(rest)
    }

    /// What keeps the rows from fitting into the table.
    var mistakes: [Finding] {
        var sentences: [String] = []
        for name in given where relation.column(name) == nil {
            sentences.append("The query gives a column \(name), which \(relation.name) does not have.")
        }
        for name in given where given.filter({ $0 == name }).count > 1 {
            sentences.append("The query gives the column \(name) more than once.")
        }
        for name in key where !given.contains(name) {
            sentences.append("The query does not give the key column \(name).")
        }
        for name in unless.map(\.name) where relation.column(name) == nil {
            sentences.append("`unless` names a column \(name), which \(relation.name) does not have.")
        }
        for column in relation.columns where column.isRequired && !given.contains(column.name) {
            sentences.append(
                "The query does not give \(column.name), which \(relation.name) needs and has no default for.")
        }
        if !["r", "p"].contains(relation.kind) { sentences.append("\(relation.name) is not a table.") }
        var findings = Set(sentences).sorted().map { Finding(relation.name, .fail, Cause(.malformed, $0)) }
        if relation.hidesRows {
            let cause = Cause(.partlyCovered, "Row security hides rows of \(relation.name) from the looking role.")
            findings.append(Finding(relation.name, .unknown, cause, advice: "Give the looking role BYPASSRLS."))
        }
        return findings
    }

    func wanted(_ access: PostgreSQLAccess) async throws -> Wanted {
        let keys = key.enumerated().map { "w.\(quotedIdentifier($1))::\(type($1))::text AS k\($0)" }
        let have = key.map { "h.\(quotedIdentifier($0)) = w.\(quotedIdentifier($0))" }
        let rows = try await access.query(
            """
            WITH wanted AS (\n\(sql)\n), have AS (SELECT DISTINCT \(list(key)) FROM \(relation.quoted) x \
            WHERE \(condition("x", from: 1)))
            SELECT \(keys.joined(separator: ", ")), bool_or(h.\(quotedIdentifier(key[0])) IS NOT NULL) AS present, \
            count(*) AS times FROM wanted w LEFT JOIN have h ON \(have.joined(separator: " AND ")) \
            GROUP BY \((1...key.count).map(String.init).joined(separator: ", ")) \
            ORDER BY \((1...key.count).map(String.init).joined(separator: ", ")) LIMIT \
            \(PostgreSQLActionLimits.keys + 1)
            """, unless.map { SQLParameter($0.value) })
        guard rows.count <= PostgreSQLActionLimits.keys else {
            throw CouldNotLook(
                .tooLarge,
                "The query finds more than \(PostgreSQLActionLimits.keys) rows to insert: is it the right one?")
        }
        var wanted = Wanted()
        for row in rows.rows {
            let times = try row.integer("times")
            let key = row.values.prefix(key.count).compactMap { $0 }
            wanted.count += times
            guard key.count == self.key.count else {
                wanted.withoutKey += times
                continue
            }
            if times > 1 { wanted.repeated += 1 }
            if try row.boolean("present") {
                wanted.already += times
            } else {
                wanted.missing.append(String(decoding: try encodeJSON(key), as: UTF8.self))
            }
        }
        return wanted
    }

    /// How it stands with a unit's keys; the same question outside and inside of the changing transaction.
    func state(_ unit: WorkUnit, _ ask: (String, [SQLParameter]) async throws -> Rows) async throws -> State {
        let row = try await ask(
            """
            WITH planned AS (\(planned)), wanted AS (\n\(sql)\n), \
            asked AS (SELECT DISTINCT \(list(key)) FROM wanted), \
            have AS (SELECT \(list(key)), count(*) AS n FROM \(relation.quoted) x \
            WHERE \(condition("x", from: key.count + 1)) GROUP BY \(list(key)))
            SELECT clock_timestamp() AS now, \
            coalesce(string_agg((p.place - 1)::text, ',' ORDER BY p.place) FILTER (WHERE h.n >= 1), '') AS present, \
            count(*) FILTER (WHERE h.n IS NULL AND w.\(quotedIdentifier(key[0])) IS NOT NULL) AS missing, \
            count(*) FILTER (WHERE h.n > 1) AS repeated FROM planned p \
            LEFT JOIN have h ON \(matching("h", "p")) LEFT JOIN asked w ON \(matching("w", "p"))
            """, parameters(unit)
        ).one()
        return State(
            at: try row.instant("now"),
            present: try row.text("present").split(separator: ",").compactMap { Int($0) },
            missing: try row.integer("missing"), repeated: try row.integer("repeated"))
    }

    var insertion: String {
        """
        WITH planned AS (\(planned)), wanted AS (\n\(sql)\n)
        INSERT INTO \(relation.quoted) (\(list(given))) SELECT \
        \(given.map { "w." + quotedIdentifier($0) }.joined(separator: ", ")) \
        FROM wanted w WHERE EXISTS (SELECT 1 FROM planned p WHERE \(matching("w", "p"))) \
        AND NOT EXISTS (SELECT 1 FROM \(relation.quoted) x WHERE \
        \(key.map { "x.\(quotedIdentifier($0)) = w.\(quotedIdentifier($0))" }.joined(separator: " AND ")) \
        AND \(condition("x", from: key.count + 1)))
        """
    }

    /// Rows that came since the facts from before and that this very transaction did not insert.
    var othersRows: String {
        """
        WITH planned AS (\(planned)) SELECT count(*) AS count FROM \(relation.quoted) x, planned p \
        WHERE \(isNew) AND x.xmin::text <> (txid_current() % 4294967296)::text
        """
    }

    /// The transactions that wrote the rows as they are now. A unit is inserted by one: where there are more, somebody
    /// else has put in a row, or has altered one.
    var writers: String {
        """
        WITH planned AS (\(planned)) SELECT DISTINCT x.xmin::text AS writer FROM \(relation.quoted) x, planned p \
        WHERE \(isNew) LIMIT 2
        """
    }

    /// Deletes the rows that were inserted; the last parameter is the transaction that wrote them.
    var removal: String {
        """
        WITH planned AS (\(planned)) DELETE FROM \(relation.quoted) x USING planned p \
        WHERE \(isNew) AND x.xmin::text = $\(key.count + unless.count + 2)::text
        """
    }

    /// A row of one of the unit's keys; a parameter lists the places of those that had one before.
    private var isNew: String {
        """
        \(matching("x", "p")) AND \(condition("x", from: key.count + 1)) \
        AND NOT (p.place - 1)::text = ANY ($\(key.count + unless.count + 1)::text[])
        """
    }

    /// Two Millwrights never insert into the same table at the same time; it is given up with the transaction.
    func lock(_ session: ChangeSession) async throws {
        try await session.execute(
            "SELECT pg_advisory_xact_lock($1::int, $2::oid::bigint::bit(32)::int)",
            [SQLParameter(Self.lockSpace), SQLParameter(relation.oid)])
    }

    /// "MLWT": the first key of locks on a whole table.
    static let lockSpace: Int32 = 0x4D4C_5754

    func parameters(_ unit: WorkUnit) -> [SQLParameter] {
        let keys = unit.items.map { (try? decodeJSON([String].self, $0.utf8)) ?? [] }
        let columns = key.indices.map { place in
            SQLParameter.array(keys.map { place < $0.count ? $0[place] : nil })
        }
        return columns + unless.map { SQLParameter($0.value) }
    }

    func parameters(_ unit: WorkUnit, sparing places: [Int]) -> [SQLParameter] {
        parameters(unit) + [.array(places.map(String.init))]
    }

    private var planned: String {
        let arrays = key.indices.map { "$\($0 + 1)::text[]" }.joined(separator: ", ")
        let names = key.indices.map { "k\($0)" }.joined(separator: ", ")
        return "SELECT * FROM unnest(\(arrays)) WITH ORDINALITY AS p(\(names), place)"
    }

    private func matching(_ alias: String, _ planned: String) -> String {
        key.enumerated().map { "\(alias).\(quotedIdentifier($1)) = \(planned).k\($0)::\(type($1))" }
            .joined(separator: " AND ")
    }

    private func condition(_ alias: String, from first: Int) -> String {
        guard !unless.isEmpty else { return "true" }
        return unless.enumerated().map { "\(alias).\(quotedIdentifier($1.name)) = $\(first + $0)::\(type($1.name))" }
            .joined(separator: " AND ")
    }

    private func list(_ names: [String]) -> String { names.map { quotedIdentifier($0) }.joined(separator: ", ") }

    private func type(_ name: String) -> String { relation.column(name)?.baseType ?? "text" }
}
