import ClientPostgreSQL
import Host
import Maintenance

/// A setting as the server has it now, held against the value that is wanted; `nil` stands for no entry of ALTER SYSTEM.
struct SettingLook {
    /// What ALTER SYSTEM has written for it into postgresql.auto.conf.
    enum Entry: Hashable {
        case none
        case value(String)
        /// Not shown to the looking role, and not to be told from what is in force.
        case hidden
    }

    let asked: String
    let wanted: String?
    /// `nil` where there is no such setting, or none that the role may see.
    let name: String?
    let context: String
    let source: String
    let held: String
    let shown: String
    let isPending: Bool
    let isSecret: Bool
    let isValue: Bool
    let isEqual: Bool
    let maySeeAll: Bool
    let range: String
    let overriddenFor: String?
    let entry: Entry
    let isEntryRead: Bool
    /// What is in force was read from ALTER SYSTEM's file.
    let isFromEntry: Bool
    let at: Instant
    let loaded: Instant

    static func take(_ wanted: [(name: String, value: String?)], _ access: PostgreSQLAccess) async throws
        -> [SettingLook]
    {
        let parameters = [SQLParameter.array(wanted.map(\.name)), .array(wanted.map(\.value))]
        let answers = try await access.look([
            SQLStatement(SettingSQL.mayReadFiles), SQLStatement(SettingSQL.compared, parameters), SQLStatement(clock),
        ])
        var entries: [String: String]?
        if try answers[0].one().boolean("may_read") {
            let rows = try await access.query(Self.entries, [parameters[0]])
            entries = Dictionary(try rows.rows.map { (try $0.text("name"), try $0.text("setting")) }) { _, last in last
            }
        }
        let clock = try answers[2].one()
        return try answers[1].rows.map { try SettingLook($0, entries, clock) }
    }

    private init(_ row: Row, _ entries: [String: String]?, _ clock: Row) throws {
        asked = try row.text("asked")
        wanted = try row.optional("value")
        name = try row.optional("name")
        context = try row.optional("context") ?? ""
        source = try row.optional("source") ?? ""
        held = try row.optional("held") ?? ""
        shown = SeenSetting.written(held, try row.text("unit"))
        isPending = try row.optional("pending_restart") == "t"
        isSecret = try row.optional("is_secret") == "t"
        isValue = try row.optional("is_value") == "t"
        isEqual = try row.boolean("is_equal")
        maySeeAll = try row.boolean("may_see_all")
        overriddenFor = try row.optional("overridden_for")
        at = try clock.instant("now")
        loaded = try clock.instant("loaded")
        let (low, high) = (try row.optional("min_val"), try row.optional("max_val"))
        let words = try row.optional("words")
        range = words ?? (low.flatMap { low in high.map { "\(low) to \($0)" } } ?? "a value of its type")
        isEntryRead = entries != nil
        isFromEntry = try row.boolean("is_ours")
        if let entries {
            entry = entries[name?.lowercased() ?? ""].map { .value($0) } ?? .none
        } else if !maySeeAll || isPending || ["database", "user", "database user"].contains(source) {
            entry = .hidden
        } else {
            // It is read last: what it holds is what is in force.
            entry = isFromEntry ? .value(held) : .none
        }
    }

    /// True where nothing has to be written, nor read.
    var isSo: Bool {
        wanted == nil ? entry == .none && !isFromEntry : isEqual && !isPending
    }

    /// True where a restart is all that is left to do.
    var isWaiting: Bool { isEntryRead && isWritten && isPending }

    /// The file says what is wanted.
    var isWritten: Bool {
        switch (entry, wanted) {
        case (.none, nil): true
        case (.value(let text), let wanted?):
            isEntryRead ? Self.plain(text) == Self.plain(wanted) : isEqual
        default: false
        }
    }

    /// It is written, and whatever else becomes of it is not for a reload to do. A connection that was open before the
    /// reload keeps what only new ones begin with.
    func isDone(since moment: Instant) -> Bool {
        let isForNewSessions = ["backend", "superuser-backend"].contains(context)
        return isSo || isWritten && (isPending || isCovered || isForNewSessions && loaded >= moment)
    }

    /// Sessions of this role, or in this database, have a value of their own.
    var isCovered: Bool { ["database", "user", "database user"].contains(source) }

    /// As the file has it: list items may be quoted or not.
    static func plain(_ text: String) -> String {
        String(text.filter { !$0.isWhitespace && $0 != "\"" })
    }

    /// The statement that writes a value, or takes the entry away.
    static func statement(_ name: String, _ value: String?) -> String {
        let quoted = name.split(separator: ".").map { quotedIdentifier(String($0)) }.joined(separator: ".")
        guard let value else { return "ALTER SYSTEM RESET \(quoted)" }
        let items = SettingSQL.quotedLists.contains(name.lowercased()) ? Self.items(value) : [value]
        return "ALTER SYSTEM SET \(quoted) TO \(items.map(quotedLiteral).joined(separator: ", "))"
    }

    /// The items of a list, without the quotes around them.
    static func items(_ text: String) -> [String] {
        var items = [""]
        var isQuoted = false
        for character in text {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: items.append("")
            default: items[items.count - 1].append(character)
            }
        }
        return items.map { item in
            String(item.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        }
    }

    private static let clock = "SELECT clock_timestamp() AS now, pg_conf_load_time() AS loaded"

    private static let entries = """
        SELECT lower(name) AS name, setting FROM pg_catalog.pg_file_settings
        WHERE lower(name) IN (SELECT lower(n) FROM unnest($1::text[]) n) AND sourcefile ~ '/postgresql\\.auto\\.conf$'
          AND name <> 'primary_conninfo' AND setting IS NOT NULL ORDER BY seqno
        """
}
