public import ClientPostgreSQL
import Host
public import Maintenance

/// Has pg_partman look after the tables that it was given, one by one, and believes the bounds instead of it.
public struct RunPartman: Change {
    public typealias Kind = PostgreSQLKind

    var tables = [TablePattern(text: "*.*")]
    var except: [TablePattern] = []

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.run-partman",
        summary: "Runs pg_partman's maintenance table by table, proven by the bounds that the catalog shows.",
        measurements: [
            MeasurementDeclaration("tables", "Tables that were looked after."),
            MeasurementDeclaration("partitions_made", "Partitions that a table has more than before."),
            MeasurementDeclaration("partitions_gone", "Partitions that a table has fewer than before."),
        ],
        timeout: .seconds(600),
        applies:
            "Databases with the extension pg_partman from 4 on, whose tables are cut into ranges natively. The role "
            + "needs to be a member of the tables' owners and may run the extension's functions. Where pg_partman is "
            + "not installed, postgresql.create-partitions and drop-partitions do it alone.",
        example: "{ tables: public.readings }", limits: ["tables"])

    public static let parameters: [Parameter<RunPartman>] = [
        .optional(
            "tables", \.tables, default: [TablePattern(text: "*.*")],
            "Tables of pg_partman's configuration: names or patterns such as public.*."),
        .optional("except", \.except, default: [], "Tables to leave out."),
    ]

    public func validate() throws(ValueError) {
        guard !tables.isEmpty else { throw ValueError("no table is named", path: ["tables"]) }
    }

    /// How long it holds its locks is its own. Where its retention drops tables the preview says `destructive`.
    public var impact: Impact { .disruptive }

    public var rights: [Right] {
        let read =
            "DO $$BEGIN EXECUTE (SELECT format('GRANT USAGE ON SCHEMA %I TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA "
            + "%I TO {role}', n.nspname, n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
            + "WHERE e.extname = 'pg_partman'); END$$;"
        let work = read.replacing(
            "GRANT SELECT ON", with: "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %I TO {role}; GRANT ALL ON"
        ).replacing("n.nspname, n.nspname)", with: "n.nspname, n.nspname, n.nspname)")
        return [
            .connect(.look), .postgresql(.look, read, "to read its configuration"), .connect(.change),
            .postgresql(.change, work, "to run it"),
            .postgresql(
                .change, TablePattern.grantOwners(tables, except: except),
                "only a table's owner may give it partitions"),
        ]
    }

    public struct Baseline: Codable, Hashable, Sendable {
        let partitions: Int
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        guard let schema = try await schema(access) else {
            let cause = Cause(.notFound, "The extension pg_partman is not installed in this database.")
            return Preview(
                refusal: [
                    Finding("pg_partman", .fail, cause, advice: "postgresql.create-partitions does without it.")
                ])
        }
        let configured = try await configuration(schema, access)
        guard !configured.isEmpty else {
            let cause = Cause(.notFound, "No table of pg_partman's configuration matches.")
            return Preview(refusal: [Finding("tables", .fail, cause, advice: "Check the names.")])
        }
        let drops = configured.filter { $0["drops"] == "true" }.count
        return Preview(
            summary: "\(configured.count) tables of pg_partman"
                + (drops > 0 ? ", of which \(drops) have a retention that drops rows" : ""),
            units: configured.map { attributes in
                let table = attributes["table"] ?? ""
                return WorkUnit(id: table, title: table, expected: .seconds(5), attributes: attributes)
            },
            statements: configured.prefix(1).map { statement($0) }, impact: drops > 0 ? .destructive : nil)
    }

    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        Baseline(partitions: try await table(unit, access).partitions.count)
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        let table = try await table(unit, access)
        let (what, findings) = try await lacking(unit, table, access)
        guard what == nil else {
            if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
            return .pending
        }
        let change = table.partitions.count - baseline.partitions
        return .applied(
            Proof(
                "\(unit.title) has its \(unit.attributes["premake"] ?? "") partitions ahead, and none that is overdue",
                measurements: [
                    Measurement("tables", 1), Measurement("partitions_made", max(0, change)),
                    Measurement("partitions_gone", max(0, -change)),
                ], findings: findings))
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let tooSlow = "\(unit.title): pg_partman's maintenance takes longer than the step may."
        try await BriefLock.attempt(context, access, subject: unit.title, tooSlow: tooSlow) { session in
            try await session.execute(statement(unit.attributes), [SQLParameter(unit.attributes["table"])])
        }
        guard let what = try await lacking(unit, table(unit, access), access).what else { return }
        throw ChangeFailed(.rejected, "pg_partman ran without an error, and \(what)")
    }

    private func statement(_ attributes: [String: String]) -> String {
        "SELECT \(attributes["schema"] ?? "").run_maintenance(p_parent_table := $1::text, p_analyze := false)"
    }

    private func schema(_ access: PostgreSQLAccess) async throws -> String? {
        try await access.query(
            """
            SELECT quote_ident(n.nspname) AS schema FROM pg_catalog.pg_extension e \
            JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_partman'
            """
        ).rows.first?.text("schema")
    }

    private func configuration(_ schema: String, _ access: PostgreSQLAccess) async throws -> [[String: String]] {
        let rows = try await access.query(
            """
            SELECT parent_table, premake, retention, retention IS NOT NULL AND NOT retention_keep_table AS drops \
            FROM \(schema).part_config WHERE EXISTS (SELECT 1 FROM unnest($1::text[]) x WHERE parent_table ~ x \
            OR split_part(parent_table, '.', 2) ~ x) AND NOT EXISTS (SELECT 1 FROM unnest($2::text[]) y \
            WHERE parent_table ~ y OR split_part(parent_table, '.', 2) ~ y) ORDER BY 1
            """, [.array(tables.map(\.expression)), .array(except.map(\.expression))])
        return try rows.rows.map { row in
            var attributes = [
                "schema": schema, "table": try row.text("parent_table"), "premake": try row.text("premake"),
                "drops": try row.boolean("drops") ? "true" : "false",
            ]
            attributes["retention"] = try row.optional("retention")
            return attributes
        }
    }

    private func table(_ unit: WorkUnit, _ access: PostgreSQLAccess) async throws -> PartitionedTable {
        let found = try await PartitionedTable.look(
            """
            SELECT c.oid, '' AS matched FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
            ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = $1
            """, [SQLParameter(unit.attributes["table"]), SQLParameter(ZoneName.utc.text)], access)
        guard let table = found.first?.table, table.key != nil else {
            throw CouldNotLook(
                .notSupported, "\(unit.title) is not cut natively into ranges of one date, time or whole number.")
        }
        return table
    }

    /// What pg_partman's configuration wants and the catalog does not show.
    private func lacking(
        _ unit: WorkUnit, _ table: PartitionedTable, _ access: PostgreSQLAccess
    ) async throws -> (what: String?, findings: [Finding]) {
        let premake = Int(unit.attributes["premake"] ?? "") ?? 0
        let coverage = Coverage(table.ranges, at: try await table.position(access) ?? 0)
        if coverage.current == nil { return ("there is no partition for now.", []) }
        if !coverage.isEndless, coverage.following.count < premake {
            return (
                "\(coverage.following.count) of \(premake) partitions follow the one in use. It makes none ahead of "
                    + "its newest row unless infinite_time_partitions is on, and none for which rows lie in DEFAULT.",
                []
            )
        }
        if let retention = unit.attributes["retention"] {
            let cutoff =
                table.now == nil
                ? Int64(retention).map { (coverage.current?.lower ?? 0) - $0 }
                : try await table.cutoff(interval: retention, zone: .utc, access)
            let old = cutoff.map { table.ended(before: $0).count } ?? 0
            if old > 0 { return ("\(old) partitions are older than its retention of \(retention).", []) }
        }
        guard let partition = table.defaultPartition, partition.isReadable else { return (nil, []) }
        let rows = try await DefaultRows(table, partition, access)
        guard rows.count > 0 else { return (nil, []) }
        let cause = Cause(.partlyCovered, "\(rows.text) lie in DEFAULT, for which there is no partition.")
        return (nil, [Finding(partition.name, .warn, cause, advice: "pg_partman's partition_data_proc moves them.")])
    }
}
