public import ClientPostgreSQL
import Host
public import Maintenance

/// Whether the server's settings are those that are expected, also for single tables, and whether any waits for a restart.
public struct SettingsDrift: Check {
    public typealias Kind = PostgreSQLKind

    var settings: [String: String] = [:]
    var except: [TablePattern] = []
    var files = false

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.settings-drift",
        summary:
            "Compares settings with the expected ones, names those that wait for a restart, and tables that differ.",
        measurements: [
            MeasurementDeclaration("differing", "Expected settings that have another value."),
            MeasurementDeclaration("pending_restart", "Settings whose new value waits for a restart."),
            MeasurementDeclaration(
                "overridden", "Expected settings that a database or role has a value of its own for."),
            MeasurementDeclaration("differing_tables", "Tables with an expected setting of their own that differs."),
            MeasurementDeclaration("file_errors", "Lines of the configuration files that the server cannot take."),
        ],
        timeout: .seconds(30),
        applies:
            "Every PostgreSQL from 12 on; tested with 15. Values are what a session of the looking role begins with: "
            + "give that role no settings of its own.",
        example: "{ settings: { autovacuum: on, autovacuum_vacuum_scale_factor: 0.1, shared_buffers: 4GB } }",
        looksByItself: true)

    public static let parameters: [Parameter<SettingsDrift>] = [
        .optional(
            "settings", \.settings, default: [:],
            "Expected values by name, as postgresql.conf has them: `{ work_mem: 64MB, autovacuum: on }`."),
        .optional(
            "except", \.except, default: [],
            "Tables that may have storage parameters of their own which differ from `settings`."),
        .optional(
            "files", \.files, default: false,
            "Whether lines of the configuration files that the server cannot take are looked for. Superusers may, and "
                + "who is granted it."),
    ]

    public var rights: [Right] {
        let all = Right.postgresql(
            .look, "GRANT pg_read_all_settings TO {role};", "to see the settings that superusers see")
        let file = Right.postgresql(
            .look,
            "GRANT SELECT ON pg_file_settings TO {role}; GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO {role};",
            "to read how the configuration files were understood")
        return [.connect(.look), all] + (files ? [file] : [])
    }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        var observation = Observation(summary: "")
        try await compare(access, &observation)
        try await lookForPending(access, &observation)
        try await lookAtTables(access, &observation)
        if files { try await lookAtFiles(access, &observation) }
        let parts = observation.measurements.filter { $0.value > 0 }.map {
            "\(Int($0.value)) \($0.name.replacing("_", with: " "))"
        }
        let expected = settings.isEmpty ? "" : "\(settings.count) settings expected, "
        let unknown = observation.findings.contains { $0.severity == .unknown } ? "not all could be seen" : nil
        observation.summary =
            expected
            + (parts + [unknown].compactMap { $0 }).joined(separator: ", ")
            + (parts.isEmpty && unknown == nil ? settings.isEmpty ? "none waits for a restart" : "all as they are" : "")
        return observation
    }

    private func compare(_ access: PostgreSQLAccess, _ observation: inout Observation) async throws {
        guard !settings.isEmpty else { return }
        let names = settings.keys.sorted()
        let rows = try await access.query(
            SettingSQL.compared, [.array(names), .array(names.map { settings[$0] })])
        var (differing, overridden) = (0, 0)
        for row in rows.rows {
            let (asked, wanted) = (try row.text("asked"), try row.text("value"))
            let whose = try row.optional("overridden_for")
            if whose != nil { overridden += 1 }
            let held = try row.optional("held").map { SeenSetting.written($0, try row.text("unit")) }
            observation.details.append([
                "setting": .text(asked), "expected": .text(wanted), "actual": held.map { .text($0) } ?? .null,
                "source": try row.optional("source").map { .text($0) } ?? .null,
                "overridden_for": whose.map { .text($0) } ?? .null,
            ])
            guard let finding = try Self.finding(row, asked, wanted, held) else { continue }
            observation.findings.append(finding)
            if finding.severity == .fail { differing += 1 }
        }
        observation.measurements += [Measurement("differing", differing), Measurement("overridden", overridden)]
    }

    private static func finding(_ row: Row, _ asked: String, _ wanted: String, _ held: String?) throws -> Finding? {
        guard let held, let context = try row.optional("context") else {
            let cause =
                try row.boolean("may_see_all")
                ? Cause(.notFound, "There is no such setting in this server.")
                : Cause(.noPermission, "It is not shown to the looking role, or does not exist.")
            return Finding(
                asked, cause.code == .notFound ? .fail : .unknown, cause,
                advice: cause.code == .notFound ? "Check its name." : "Grant the looking role pg_read_all_settings.")
        }
        guard try !row.boolean("is_secret") else {
            return Finding(asked, .unknown, Cause(.notSupported, "It may hold a secret, so it is not compared."))
        }
        guard try row.boolean("is_value") else {
            return Finding(
                asked, .fail, Cause(.malformed, "\(wanted) is no value of it: it holds \(held)."),
                advice: "Check the expected value and its unit.")
        }
        guard try !row.boolean("is_equal") else { return nil }
        let place = try SeenSetting.place(row.text("source"))
        let restart = try row.boolean("pending_restart") ? " A new value waits for a restart." : ""
        return Finding(
            asked, .fail, Cause(.differs, "It is \(held)\(place), and \(wanted) is expected.\(restart)"),
            advice: context == "postmaster"
                ? "postgresql.set writes it; it takes a restart." : "postgresql.set writes it and reloads.")
    }

    private func lookForPending(_ access: PostgreSQLAccess, _ observation: inout Observation) async throws {
        let row = try await access.query(
            """
            SELECT pg_has_role('pg_read_all_settings', 'USAGE') AS may_see_all,
              coalesce(string_agg(name, ', ' ORDER BY name) FILTER (WHERE pending_restart), '') AS names,
              count(*) FILTER (WHERE pending_restart) AS count FROM pg_catalog.pg_settings
            """
        ).one()
        let count = try row.integer("count")
        if count > 0 {
            observation.findings.append(
                Finding(
                    try row.text("names"), .warn, Cause(.needsRestart, "A new value of it waits for a restart."),
                    advice: "Restart the server in a window, or take the new value back."))
        }
        guard try row.boolean("may_see_all") else {
            let cause = Cause(
                .noPermission,
                "Not all settings are shown to the looking role, so one of the others may wait for a restart.")
            observation.missing["pending_restart"] = cause
            observation.findings.append(
                Finding(access.identity, .unknown, cause, advice: "Grant the looking role pg_read_all_settings."))
            return
        }
        observation.measurements.append(Measurement("pending_restart", count))
    }

    /// A storage parameter has its setting's name; autovacuum itself is `autovacuum_enabled` there.
    private func lookAtTables(_ access: PostgreSQLAccess, _ observation: inout Observation) async throws {
        let names = settings.keys.sorted().filter { $0.lowercased().hasPrefix("autovacuum") || $0.contains("vacuum_") }
        guard !names.isEmpty else { return }
        let rows = try await access.query(
            Self.tables, [.array(names), .array(names.map { settings[$0] }), .array(except.map(\.expression))])
        observation.measurements.append(Measurement("differing_tables", rows.count))
        for row in rows.rows {
            observation.findings.append(
                Finding(
                    "table \(try row.text("table"))", .fail,
                    Cause(.differs, "It has its own: \(try row.text("options"))."),
                    advice: "ALTER TABLE … RESET it, or name the table in the step's `except`."))
        }
    }

    private func lookAtFiles(_ access: PostgreSQLAccess, _ observation: inout Observation) async throws {
        guard try await access.query(SettingSQL.mayReadFiles).one().boolean("may_read") else {
            let cause = Cause(
                .noPermission, "The looking role may not see how the configuration files were understood.")
            observation.missing["file_errors"] = cause
            observation.findings.append(Finding("configuration files", .unknown, cause))
            return
        }
        let rows = try await access.query(
            """
            SELECT coalesce(regexp_replace(sourcefile, '^.*/', ''), 'configuration') AS file,
              coalesce(sourceline::text, '?') AS line, coalesce(name, '') AS name, error
            FROM pg_catalog.pg_file_settings f WHERE error IS NOT NULL
              AND NOT (error = 'setting could not be applied' AND EXISTS (SELECT FROM pg_catalog.pg_settings s
                WHERE lower(s.name) = lower(f.name) AND s.pending_restart)) OR name IS NULL ORDER BY 1, 2 LIMIT 1000
            """)
        observation.measurements.append(Measurement("file_errors", rows.count))
        for row in rows.rows {
            observation.findings.append(
                Finding(
                    "\(try row.text("file")) line \(try row.text("line"))", .warn,
                    Cause(.malformed, "\(try row.text("name")): \(try row.optional("error") ?? "not understood")."),
                    advice: "Repair it: a reload leaves it out, and a restart may fail on it."))
        }
    }

    private static let tables = """
        SELECT format('%I.%I', n.nspname, c.relname) AS "table", string_agg(o.text, ', ' ORDER BY o.text) AS options
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
        LATERAL (SELECT r.o AS text, split_part(r.o, '=', 1) AS name, split_part(r.o, '=', 2) AS value
          FROM unnest(c.reloptions) r(o)) o
        JOIN unnest($1::text[], $2::text[]) w(name, value) ON o.name = lower(w.name)
          OR lower(w.name) = 'autovacuum' AND o.name = 'autovacuum_enabled'
        WHERE c.relkind IN ('r', 'm', 'p', 't') AND NOT CASE
          WHEN o.value ~ '^-?[0-9.]+$' AND w.value ~ '^\\s*-?[0-9]+(\\.[0-9]*)?\\s*$'
            THEN o.value::numeric = w.value::numeric
          WHEN lower(o.value) IN ('on', 'true', 'yes', '1') THEN lower(w.value) IN ('on', 'true', 'yes', '1')
          WHEN lower(o.value) IN ('off', 'false', 'no', '0') THEN lower(w.value) IN ('off', 'false', 'no', '0')
          ELSE o.value = w.value END
          AND NOT EXISTS (SELECT FROM unnest($3::text[]) p(pattern) WHERE n.nspname || '.' || c.relname ~ p.pattern
            OR c.relname ~ p.pattern)
        GROUP BY 1 ORDER BY 1 LIMIT 1000
        """
}

/// How a setting is shown.
enum SeenSetting {
    /// `65536 8kB` is 512 MiB to a person.
    static func written(_ value: String, _ unit: String) -> String {
        let sizes: [String: Double] = ["B": 1, "kB": 1024, "8kB": 8192, "MB": 1_048_576, "16MB": 16_777_216]
        guard let number = Double(value) else { return value.isEmpty ? "empty" : value }
        guard number > 0 else { return value }
        if let size = sizes[unit] { return ByteCount.text(number * size) }
        return unit.isEmpty ? value : "\(value) \(unit)"
    }

    /// Where a value comes from, where that is not the server's own files.
    static func place(_ source: String) -> String {
        switch source {
        case "database": " in this database"
        case "user": " for the looking role"
        case "database user": " for the looking role in this database"
        case "command line": " by the server's command line"
        case "environment variable": " by the server's environment"
        default: ""
        }
    }
}

extension Cause.Code {
    /// Not as it is expected.
    static let differs = Cause.Code(rawValue: "differs")
    /// Written, and in force only from a restart on.
    static let needsRestart = Cause.Code(rawValue: "needs-restart")
}
