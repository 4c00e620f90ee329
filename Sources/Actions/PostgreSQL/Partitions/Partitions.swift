public import ClientPostgreSQL
public import Maintenance

/// Whether partitions are there for the rows to come, and those that should be gone are.
public struct Partitions: Check {
    public typealias Kind = PostgreSQLKind

    var tables = [TablePattern(text: "*.*")]
    var except: [TablePattern] = []
    var ahead = 1
    var retain: Span?
    var zone = ZoneName.utc

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.partitions",
        summary: "Reads the bounds of partitions: what is made ahead, holes, what DEFAULT holds, what is overdue.",
        measurements: [
            MeasurementDeclaration("tables", "Partitioned tables that were looked at."),
            MeasurementDeclaration("partitions", "Their partitions."),
            MeasurementDeclaration(
                "ahead", "Partitions that follow the one in use without a hole; the table that has fewest."),
            MeasurementDeclaration(
                "covered_until", .timestamp, "Until when there are partitions; the table whose end is next."),
            MeasurementDeclaration("gaps", "Holes between partitions."),
            MeasurementDeclaration("default_rows", "Rows in DEFAULT partitions of ranges, counted up to 100,000 each."),
            MeasurementDeclaration("overdue", "Partitions that are wholly older than `retain`."),
            MeasurementDeclaration("detaching", "Partitions whose detaching was begun and not ended."),
        ],
        applies: "Every PostgreSQL from 13 on. Judged are ranges of one column of dates, times or whole numbers; of "
            + "lists and hashes only what is detached half-way. Numbers need the right to read the newest partition.",
        example: #"{ tables: public.readings, ahead: 3, retain: 2 years }"#, looksByItself: true)

    public static let parameters: [Parameter<Partitions>] = [
        .optional(
            "tables", \.tables, default: [TablePattern(text: "*.*")],
            "Partitioned tables: names or patterns such as public.*."),
        .optional("except", \.except, default: [], "Tables to leave out, such as one that gets no rows any more."),
        .optional(
            "ahead", \.ahead, default: 1,
            "Partitions that must follow the one in use; fewer are a warning, none for "
                + "the rows of now is a failure."),
        .optional(
            "retain", \.retain, default: nil,
            "Age from which on a partition should be gone, such as 2 years; for whole numbers how far behind the "
                + "highest."),
        .optional("zone", \.zone, default: .utc, "Time zone of keys that know none, and of `retain`."),
    ]

    public func validate() throws(ValueError) {
        guard !tables.isEmpty else { throw ValueError("no table is named", path: ["tables"]) }
        guard (0...PostgreSQLActionLimits.partitionsAhead).contains(ahead) else {
            throw ValueError("between 0 and \(PostgreSQLActionLimits.partitionsAhead)", path: ["ahead"])
        }
    }

    public var rights: [Right] {
        [
            .connect(.look),
            .postgresql(
                .look, "GRANT pg_read_all_data TO {role};",
                "to count what lies in DEFAULT partitions; SELECT on those alone is enough"),
        ]
    }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        try await zone.check(access)
        let found = try await PartitionedTable.look(
            Self.chosen,
            [.array(tables.map(\.expression)), SQLParameter(zone.text), .array(except.map(\.expression))], access)
        guard found.count <= PostgreSQLActionLimits.tables else {
            throw CouldNotLook(
                .tooLarge,
                "\(found.count) partitioned tables match, and one look takes \(PostgreSQLActionLimits.tables): "
                    + "narrow it.")
        }
        var report = PartitionReport(ahead: ahead, retain: retain, zone: zone)
        let used = Set(found.flatMap { $0.matched.split(separator: ",").compactMap { Int($0) } })
        for (index, pattern) in tables.enumerated() where !used.contains(index + 1) && pattern.text != "*.*" {
            report.add(
                pattern.text, .fail, .notFound, "No partitioned table matches \(pattern.text).",
                "Check the name, and the role's search_path where no schema is given.")
        }
        for (table, _) in found { try await report.judge(table, access) }
        return report.observation(found.map(\.table))
    }

    /// Foreign tables and temporary ones are nobody's upkeep.
    private static let chosen = """
        SELECT oid, matched FROM (SELECT c.oid, (SELECT coalesce(string_agg(x.place::text, ','), '') \
        FROM unnest($1::text[]) WITH ORDINALITY AS x(pattern, place) WHERE n.nspname || '.' || c.relname ~ x.pattern \
        OR (pg_table_is_visible(c.oid) AND c.relname ~ x.pattern)) AS matched FROM pg_catalog.pg_class c \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'p' AND c.relpersistence <> 't' \
        AND NOT EXISTS (SELECT 1 FROM unnest($3::text[]) y WHERE n.nspname || '.' || c.relname ~ y \
        OR (pg_table_is_visible(c.oid) AND c.relname ~ y))) m WHERE matched <> ''
        """
}

extension ZoneName {
    /// The server has a list of its own; an unknown name would be an error without a name.
    func check(_ access: PostgreSQLAccess) async throws {
        guard self != .utc else { return }
        let rows = try await access.query(
            "SELECT 1 FROM pg_catalog.pg_timezone_names WHERE name = $1", [SQLParameter(text)])
        guard !rows.isEmpty else {
            throw CouldNotLook(.notFound, "The server knows no time zone \(text): give a name of pg_timezone_names.")
        }
    }
}
