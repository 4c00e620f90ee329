import ClientPostgreSQL
import Maintenance

/// How old a database's oldest rows are.
struct AgedDatabase {
    let name: String
    let isOwn: Bool
    private let ages: [AgedID: Int]
    private let freezeAges: [AgedID: Int]
    /// The age at which the server refuses new ids.
    private let end: Int
    let xids: Double
    let multixacts: Double

    init(_ row: Row) throws(CouldNotLook) {
        name = try row.text("name")
        isOwn = try row.boolean("own")
        ages = [.xid: try row.integer("xid_age"), .multixact: try row.integer("multixact_age")]
        freezeAges = [.xid: try row.integer("xid_freeze"), .multixact: try row.integer("multixact_freeze")]
        end = try row.integer("end")
        xids = try row.number("xids")
        multixacts = try row.number("multixacts")
    }

    func age(_ id: AgedID) -> Int { ages[id] ?? 0 }

    func used(_ id: AgedID) -> Double { 100 * Double(age(id)) / Double(end) }

    /// Autovacuum begins to freeze at its own age, and this is well beyond.
    func isBehind(_ id: AgedID) -> Bool { Double(age(id)) > 1.2 * Double(freezeAges[id] ?? 0) }

    /// `nil` where none are used up.
    func daysLeft(_ id: AgedID, _ perDay: Double) -> Double? {
        perDay > 0 ? Double(max(0, end - age(id))) / perDay : nil
    }

    var details: [String: JSONValue] {
        [
            "database": .text(name), "xid_age": .number(Double(age(.xid))),
            "multixact_age": .number(Double(age(.multixact))),
            "xid_used_percent": .number((used(.xid) * 100).rounded() / 100),
            "multixact_used_percent": .number((used(.multixact) * 100).rounded() / 100),
        ]
    }

    /// All of them: templates, and those that take no connections, too. The server stops before the counters meet: by
    /// three million ids, one million before 14.
    static let statement = """
        SELECT d.datname AS name, d.datname = current_database() AS own, age(d.datfrozenxid) AS xid_age, \
        mxid_age(d.datminmxid) AS multixact_age, current_setting('autovacuum_freeze_max_age') AS xid_freeze, \
        current_setting('autovacuum_multixact_freeze_max_age') AS multixact_freeze, \
        2147483647 - CASE WHEN current_setting('server_version_num')::int >= 140000 THEN 3000000 ELSE 1000000 END \
        AS end, pg_snapshot_xmax(pg_current_snapshot())::text AS xids, \
        mod(d.datminmxid::text::bigint + mxid_age(d.datminmxid), 4294967296) AS multixacts \
        FROM pg_catalog.pg_database d ORDER BY greatest(age(d.datfrozenxid), mxid_age(d.datminmxid)) DESC, 1 \
        LIMIT \(PostgreSQLActionLimits.details)
        """
}

/// One of the oldest tables of the target's database; a TOAST table under its table's name.
struct AgedTable {
    let name: String
    private let ages: [Int]
    private let isLeftAlone: Bool
    private let vacuumed: String?
    private let isBeingVacuumed: Bool

    init(_ row: Row) throws(CouldNotLook) {
        name = try row.text("name")
        ages = [try row.integer("xid_age"), try row.integer("multixact_age")]
        isLeftAlone = try row.text("autovacuum") == "false"
        vacuumed = try row.optional("vacuumed")
        isBeingVacuumed = try row.boolean("vacuuming")
    }

    var details: [String: JSONValue] {
        [
            "table": .text(name), "xid_age": .number(Double(ages[0])), "multixact_age": .number(Double(ages[1])),
            "autovacuum": .bool(!isLeftAlone), "vacuumed": vacuumed.map { .text($0) } ?? .null,
            "being_vacuumed": .bool(isBeingVacuumed),
        ]
    }

    static let statement = """
        SELECT CASE WHEN p.oid IS NULL THEN format('%s.%s', n.nspname, c.relname) \
        ELSE format('%s.%s (TOAST)', m.nspname, p.relname) END AS name, age(c.relfrozenxid) AS xid_age, \
        CASE WHEN c.relminmxid <> '0' THEN mxid_age(c.relminmxid) ELSE 0 END AS multixact_age, \
        coalesce((SELECT option_value::bool FROM pg_options_to_table(c.reloptions) \
        WHERE option_name = 'autovacuum_enabled'), true)::text AS autovacuum, \
        greatest(s.last_vacuum, s.last_autovacuum) AS vacuumed, \
        EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum v WHERE v.relid = c.oid) AS vacuuming \
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
        LEFT JOIN pg_catalog.pg_class p ON p.reltoastrelid = c.oid \
        LEFT JOIN pg_catalog.pg_namespace m ON m.oid = p.relnamespace \
        LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid \
        WHERE c.relkind IN ('r', 't', 'm') AND c.relfrozenxid <> '0' \
        ORDER BY greatest(age(c.relfrozenxid), CASE WHEN c.relminmxid <> '0' THEN mxid_age(c.relminmxid) ELSE 0 END) \
        DESC, c.relpages DESC, 1 LIMIT $1::int
        """
}
