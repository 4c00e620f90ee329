public import ClientPostgreSQL
import Host
public import Maintenance

/// Builds a declared index beside the traffic, proven by the server's word that it is valid.
public struct CreateIndex: RepairableChange, UndoableChange {
    public typealias Kind = PostgreSQLKind

    var index = IndexName(text: "")
    var table = TableName.placeholder
    var columns: [String] = []
    var include: [ColumnName] = []
    var unique = false
    var using = IndexName(text: "btree")
    var condition: String?

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.create-index",
        summary:
            "Builds a declared index concurrently; one that is there already is left, a failed build is cleared away.",
        measurements: [
            MeasurementDeclaration("indexes", "Indexes that are in place."),
            MeasurementDeclaration("bytes", .bytes, "What they take."),
            MeasurementDeclaration(
                "bytes_needed", .bytes, "Free disk that the build needs, about.", aggregate: .largest),
        ],
        timeout: .seconds(3600),
        applies:
            "Every PostgreSQL from 13 on but 14.0 to 14.3, whose concurrent builds can leave rows out; not through a "
            + "pooler, not on a standby, not on a partitioned table (index its partitions). On Aurora and RDS too; the "
            + "role needs to be a member of the table's owner.",
        example: #"{ index: orders_day, table: public.orders, columns: ["site_id", "day DESC"], where: "open" }"#,
        limits: ["indexes"])

    public static let parameters: [Parameter<CreateIndex>] = [
        .required("index", \.index, "Name of the index; it lies in its table's schema."),
        .required("table", \.table, "Table to index."),
        .required(
            "columns", \.columns,
            "Columns or expressions as CREATE INDEX takes them: site_id, day DESC, lower(name), (at::date)."),
        .optional("include", \.include, default: [], "Columns that are only carried along."),
        .optional("unique", \.unique, default: false, "Whether no two rows may have the same."),
        .optional("using", \.using, default: IndexName(text: "btree"), "Index method."),
        .optional("where", \.condition, default: nil, "Condition of a partial index."),
    ]

    public func validate() throws(ValueError) {
        guard !columns.isEmpty else { throw ValueError("no column is named", path: ["columns"]) }
        guard IndexDefinition(statement: statement(on: table.text))?.items.count == columns.count else {
            throw ValueError("each item is one column or expression", path: ["columns"])
        }
    }

    public var impact: Impact { .online }

    public var rights: [Right] {
        [.connect(.look), .connect(.change), .readStatistics("to see which indexes others build")]
            + Right.select(.look, [table], "to compare expressions with those of an index that is there")
            + [
                .postgresql(.change, FoundIndex.grantOwner(of: table), "only a table's owner may index it"),
                .postgresql(
                    .change, "GRANT CREATE ON SCHEMA \(table.schema ?? "public") TO {role};",
                    "an index lies in its table's schema"),
            ]
    }

    /// What is on the table already, so that taking back touches nothing else.
    public struct Baseline: Codable, Sendable {
        let at: Instant
        let present: [String]
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        var findings = try await ConcurrentBuilds.findings(access)
        guard let found = try await DeclaredIndex.look(self, access) else {
            let cause = Cause(.notFound, "There is no table \(table.text) to index, or it is partitioned.")
            return Preview(summary: cause.sentence, units: [], findings: [Finding(table.text, .fail, cause)])
        }
        let equal = try await found.equal(access)
        if equal == nil, let named = found.named { findings += try await hindrance(named, found, access) }
        // An entry's frame and its columns, the pages not quite full, and as much again for sorting.
        let needed = 2.6 * found.rows * Double(16 + 16 * (columns.count + include.count))
        let unit = WorkUnit(
            id: found.quoted, title: index.text,
            // Reading at fifty megabytes a second; history replaces it.
            expected: .seconds(2) + .milliseconds(Int64(found.bytes / 50_000)),
            attributes: ["index": found.quoted, "table": found.table, "is-table": String(found.isTable)])
        return Preview(
            summary: equal.map { "\($0.quoted) is there already" }
                ?? "an index on \(ByteCount.text(found.bytes)); it needs about \(ByteCount.text(needed)) of free disk, "
                + "and SQL cannot see how much there is",
            units: [unit], measurements: [Measurement("bytes_needed", equal == nil ? needed : 0, .bytes)],
            findings: findings, statements: equal == nil ? [statement(on: found.table)] : [])
    }

    /// Why what has the name keeps the declared index from being made. A build that did not end is cleared away.
    private func hindrance(
        _ named: DeclaredIndex.Present, _ found: DeclaredIndex, _ access: PostgreSQLAccess
    ) async throws -> [Finding] {
        let cause: Cause
        if let builder = named.builder {
            cause = Cause(.busy, "Process \(builder) is at work on an index of that name.")
        } else if !named.isOnTable {
            cause = Cause(.rejected, "Something else has that name in the schema.")
        } else if try await !found.isEqual(named, access) {
            cause = Cause(
                .rejected, "Another index has that name: \((named.statement ?? "").prefix(300))")
        } else {
            return []
        }
        return [Finding(named.quoted, .fail, cause, advice: "Give the declared index another name.")]
    }

    /// - Parameter table: Qualified: another role may find another table by the same name.
    func statement(on table: String) -> String {
        let carried = include.isEmpty ? "" : " INCLUDE (\(include.map(\.quoted).joined(separator: ", ")))"
        return "CREATE \(unique ? "UNIQUE " : "")INDEX CONCURRENTLY \(index.quoted) ON \(table) "
            + "USING \(using.quoted) (\(columns.joined(separator: ", ")))\(carried)"
            + (condition.map { " WHERE (\($0))" } ?? "")
    }
}
