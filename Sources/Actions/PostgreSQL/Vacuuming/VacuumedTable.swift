import ClientPostgreSQL
import Maintenance

/// A table that autovacuum treats in a way of its own, or that it has not got to.
struct VacuumedTable {
    let name: String
    let isExcepted: Bool
    let isOn: Bool
    private let isTOASTOn: Bool
    let isBeingVacuumed: Bool
    let dueRatio: Double
    private let dead: Double
    /// Its own settings.
    let own: [(name: String, value: String)]

    init(_ row: Row) throws(CouldNotLook) {
        name = try row.text("name")
        isExcepted = try row.boolean("excepted")
        isOn = try row.boolean("on")
        isTOASTOn = try row.boolean("toast_on")
        isBeingVacuumed = try row.boolean("vacuuming")
        dead = try row.number("dead")
        dueRatio = try row.number("due_ratio")
        own = try row.text("own").split(separator: " ").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return parts.count == 2 ? (parts[0], parts[1]) : nil
        }
    }

    var isCaredFor: Bool { isOn && isTOASTOn }
    var isOverdue: Bool { dueRatio > 2 }

    var details: [String: JSONValue] {
        var details: [String: JSONValue] = [
            "table": .text(name), "autovacuum": .bool(isOn), "dead_rows": .number(dead),
            "due_ratio": .number((dueRatio * 10).rounded() / 10), "excepted": .bool(isExcepted),
        ]
        for (name, value) in own { details[name] = .text(value) }
        return details
    }

    /// Those with settings of their own among the expected ones, those that are off, and those past their time. The
    /// numbers come by functions that ask for no lock of the table.
    static let statement = """
        WITH tables AS (SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relname, \
        pg_table_is_visible(c.oid) AS visible, greatest(c.reltuples, 0)::float8 AS rows, \
        pg_stat_get_dead_tuples(c.oid)::float8 AS dead, coalesce(c.reloptions, '{}') AS options, \
        coalesce(t.reloptions, '{}') AS toast FROM pg_catalog.pg_class c \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid \
        WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema'), \
        told AS (SELECT t.*, \(option("autovacuum_enabled", "options"))::bool AS own_on, \
        \(option("autovacuum_enabled", "toast"))::bool AS toast_own, \
        coalesce(\(option("autovacuum_vacuum_threshold", "options")), \
        current_setting('autovacuum_vacuum_threshold'))::float8 \
        + coalesce(\(option("autovacuum_vacuum_scale_factor", "options")), \
        current_setting('autovacuum_vacuum_scale_factor'))::float8 * t.rows AS due, \
        coalesce((SELECT string_agg(option_name || '=' || option_value, ' ' ORDER BY option_name) \
        FROM pg_options_to_table(t.options) WHERE option_name = ANY ($2::text[])), '') AS own FROM tables t) \
        SELECT name, coalesce(own_on, true) AS on, coalesce(toast_own, own_on, true) AS toast_on, own, dead, \
        dead / greatest(due, 1) AS due_ratio, \
        name ~ ANY ($1::text[]) OR visible AND relname ~ ANY ($1::text[]) AS excepted, \
        EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum v WHERE v.relid = told.oid) AS vacuuming FROM told \
        WHERE NOT coalesce(own_on, true) OR NOT coalesce(toast_own, true) OR own <> '' OR dead > 2 * due \
        ORDER BY coalesce(own_on, true), dead / greatest(due, 1) DESC, name LIMIT \(PostgreSQLActionLimits.details)
        """

    private static func option(_ name: String, _ options: String) -> String {
        "(SELECT option_value FROM pg_options_to_table(t.\(options)) WHERE option_name = '\(name)')"
    }
}

/// A setting of the server beside the value that a plan expects.
struct ExpectedSetting {
    let name: String
    private let value: String
    /// As the server writes it, with its unit: `1min`.
    let shown: String
    private let isBoolean: Bool

    init(_ row: Row) throws(CouldNotLook) {
        name = try row.text("name")
        value = try row.text("setting")
        shown = try row.text("shown")
        isBoolean = try row.text("vartype") == "bool"
    }

    /// A number is the same however it is written; with a unit it is written as the server does.
    func isAsWanted(_ wanted: String) -> Bool {
        let wanted = wanted.lowercased()
        if isBoolean {
            return ["on", "true", "yes", "1"].contains(wanted) == (value == "on")
                && ["on", "true", "yes", "1", "off", "false", "no", "0"].contains(wanted)
        }
        if let number = Double(wanted), let own = Double(value) { return number == own }
        return wanted == value.lowercased() || wanted == shown.lowercased()
    }

    func details(wanted: String) -> [String: JSONValue] {
        ["setting": .text(name), "value": .text(shown), "expected": .text(wanted)]
    }

    static let statement = """
        SELECT name, setting, current_setting(name) AS shown, vartype FROM pg_catalog.pg_settings \
        WHERE name = ANY ($1::text[]) ORDER BY name
        """
}
