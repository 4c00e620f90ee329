public import ClientPostgreSQL
import Host
public import Maintenance

/// Writes server settings with ALTER SYSTEM, reloads, and proves each to be in force or names the restart that it needs.
public struct SetSettings: RepairableChange, UndoableChange {
    public typealias Kind = PostgreSQLKind

    var settings: [String: String] = [:]
    var reset: [String] = []

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.set",
        summary: "Writes server settings with ALTER SYSTEM, reloads, and looks whether each is in force.",
        measurements: [
            MeasurementDeclaration("settings", "Settings that were written."),
            MeasurementDeclaration("needs_restart", "Of these, those that are in force from the next restart on."),
        ],
        timeout: .seconds(60),
        applies:
            "Every PostgreSQL from 12 on, tested with 15, not through a pooler; also a standby. Not RDS or Aurora, "
            + "where a parameter group does it. It never restarts the server.",
        example: "{ settings: { work_mem: 10MB, max_wal_size: 8GB }, reset: wal_buffers }", limits: ["settings"])

    public static let parameters: [Parameter<SetSettings>] = [
        .optional(
            "settings", \.settings, default: [:], "Values by name, as postgresql.conf has them: `{ work_mem: 64MB }`."),
        .optional(
            "reset", \.reset, default: [],
            "Settings whose ALTER SYSTEM entry is taken away, so that postgresql.conf or the default holds again."),
    ]

    public func validate() throws(ValueError) {
        let names = (settings.keys + reset).map { $0.lowercased() }
        guard !names.isEmpty else { throw ValueError("no setting is named", path: ["settings"]) }
        guard Set(names).count == names.count else {
            throw ValueError("a setting is named twice, here or in `settings`", path: ["reset"])
        }
        for name in settings.keys + reset where !Self.isName(name) {
            throw ValueError("`\(name)` is no name of a setting", path: ["settings"])
        }
        for (name, value) in settings {
            let isEmptyList = SettingSQL.quotedLists.contains(name.lowercased()) && SettingLook.plain(value).isEmpty
            guard !isEmptyList else {
                throw ValueError(
                    "the server would read an empty list as one item without a name: use `reset`",
                    path: ["settings", name])
            }
            guard !value.unicodeScalars.contains(where: { $0.value < 32 }) else {
                throw ValueError("a value on one line", path: ["settings", name])
            }
        }
    }

    private static func isName(_ name: String) -> Bool {
        name.utf8.count < 128 && name.first?.isLetter == true
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
    }

    public var impact: Impact { .online }

    public var rights: [Right] {
        let names = (settings.keys + reset).sorted().joined(separator: ", ")
        return [
            .connect(.look), .connect(.change),
            .postgresql(.look, "GRANT pg_read_all_settings TO {role};", "to see the settings that superusers see"),
            .postgresql(
                .look,
                "GRANT SELECT ON pg_file_settings TO {role}; "
                    + "GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO {role};",
                "to see what is written and waits for a restart"),
            .postgresql(
                .change, "GRANT ALTER SYSTEM ON PARAMETER \(names) TO {role};",
                "to write the settings: from 15 on; before, only a superuser may"),
            .postgresql(.change, "GRANT EXECUTE ON FUNCTION pg_reload_conf() TO {role};", "to have them read"),
        ]
    }

    /// The entry of ALTER SYSTEM from before, `nil` where there was none, and the server's clock.
    public struct Baseline: Codable, Sendable {
        let at: Instant
        let entry: String?
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        guard try await access.server().flavour == .plain else {
            let cause = Cause(
                .notSupported, "\(access.identity) is managed: its settings are those of a parameter group.")
            return Preview(
                summary: cause.sentence, units: [],
                findings: [Finding(access.identity, .fail, cause, advice: "Set them in the parameter group.")])
        }
        let wanted = settings.sorted { $0.key < $1.key }.map { (name: $0.key, value: String?.some($0.value)) }
        let looks = try await SettingLook.take(wanted + reset.map { (name: $0, value: nil) }, access)
        var findings: [Finding] = []
        for look in looks { findings += try await SettingRefusal.findings(look, access) }
        let pending = looks.filter { !$0.isSo && !$0.isWaiting && $0.name != nil }
        let units = pending.map { look in
            WorkUnit(
                id: look.asked, title: Self.title(look), expected: .seconds(2),
                attributes: ["name": look.name ?? look.asked].merging(look.wanted.map { ["value": $0] } ?? [:]) { $1 })
        }
        let restarts = pending.filter { $0.context == "postmaster" }.count
        let statements = pending.map { SettingLook.statement($0.name ?? $0.asked, $0.wanted) }
        return Preview(
            summary: pending.isEmpty
                ? "all \(looks.count) settings are so already"
                : "\(pending.count) of \(looks.count) settings: \(pending.map(Self.title).joined(separator: "; "))",
            units: units, measurements: [Measurement("needs_restart", restarts)], findings: findings,
            statements: statements + (statements.isEmpty ? [] : ["SELECT pg_reload_conf()"]))
    }

    private static func title(_ look: SettingLook) -> String {
        let new = look.wanted.map { $0.isEmpty ? "empty" : $0 } ?? "no entry"
        let old = look.wanted == nil || look.isPending ? "\(look.shown), \(entryText(look))" : look.shown
        let when = look.context == "postmaster" ? "from a restart on" : "\(look.context), after a reload"
        return "\(look.name ?? look.asked): \(old) → \(new) (\(when))"
    }

    private static func entryText(_ look: SettingLook) -> String {
        switch look.entry {
        case .none: "no entry"
        case .value(let text): "written \(text)"
        case .hidden: "perhaps another written"
        }
    }

    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        let look = try await look(unit, access)
        switch look.entry {
        case .none: return Baseline(at: look.at, entry: nil)
        case .value(let text): return Baseline(at: look.at, entry: text)
        case .hidden: throw CouldNotLook(SettingRefusal.hidden(look))
        }
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        let look = try await look(unit, access)
        if look.isDone(since: baseline.at) { return .applied(proof(look)) }
        if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
        if look.entry == .hidden { return .unknown(SettingRefusal.hidden(look)) }
        return look.isWritten ? .partial("\(unit.id) is written and not loaded") : .pending
    }

    private func proof(_ look: SettingLook) -> Proof {
        let name = look.name ?? look.asked
        var findings: [Finding] = []
        if look.isPending {
            findings.append(
                Finding(
                    name, .warn, Cause(.needsRestart, "It is written, and in force from the next restart on."),
                    advice: "Restart the server in a window; until then it is \(look.shown)."))
        } else if look.isCovered, !look.isEqual {
            findings.append(
                Finding(
                    name, .warn,
                    Cause(.differs, "It is written, and \(look.overriddenFor ?? "a role") has a value of its own."),
                    advice: "Take that away with ALTER DATABASE or ALTER ROLE … RESET, where it is not meant."))
        }
        let summary =
            look.isPending
            ? "\(name) is written, and waits for a restart"
            : look.wanted == nil ? "\(name) has no entry any more, and is \(look.shown)" : "\(name) is \(look.shown)"
        return Proof(
            summary,
            measurements: [Measurement("settings", 1), Measurement("needs_restart", look.isPending ? 1 : 0)],
            findings: findings)
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        try await write(unit.attributes["value"], unit, expecting: [baseline.entry], access, context)
    }

    /// What is written already is only loaded.
    public func repair(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }

    public func undo(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        try await write(baseline.entry, unit, expecting: [unit.attributes["value"]], access, context)
    }

    /// Writes over one of the expected entries only: what somebody else has written since is theirs.
    private func write(
        _ value: String?, _ unit: WorkUnit, expecting entries: [String?], _ access: PostgreSQLAccess, _ context: Context
    ) async throws {
        let name = unit.attributes["name"] ?? unit.id
        let before = try await look(name, value, access)
        let isExpected = (entries + [value]).contains { expected in
            switch (before.entry, expected) {
            case (.none, nil): true
            case (.value(let text), let expected?): SettingLook.plain(text) == SettingLook.plain(expected)
            default: false
            }
        }
        // Where the file is not read only what is in force is seen, in other words than it was given.
        guard isExpected || !before.isEntryRead else {
            throw ChangeFailed(
                .changedMeanwhile,
                "\(name) was written by somebody else since: look at postgresql.auto.conf, and begin anew.")
        }
        try await access.changing { session in
            let row = try await session.execute(
                "SELECT has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE') AS may")
            guard try row.one().boolean("may") else {
                throw ChangeFailed(
                    .noPermission,
                    "The changing role may not call pg_reload_conf, so \(name) was not written. Grant it EXECUTE.")
            }
            try await session.execute(SettingLook.statement(name, value))
            try await session.execute("SELECT pg_reload_conf()")
        }
        // The postmaster reads, and tells its sessions, a moment later.
        for pause in [5, 20, 50, 100, 200, 400, 800, 1600] {
            try await context.host.sleep(.milliseconds(pause))
            if try await look(name, value, access).isDone(since: before.at) { return }
        }
    }

    private func look(_ unit: WorkUnit, _ access: PostgreSQLAccess) async throws -> SettingLook {
        try await look(unit.attributes["name"] ?? unit.id, unit.attributes["value"], access)
    }

    private func look(_ name: String, _ value: String?, _ access: PostgreSQLAccess) async throws -> SettingLook {
        let looks = try await SettingLook.take([(name: name, value: value)], access)
        guard let look = looks.first, look.name != nil else {
            throw CouldNotLook(
                .notFound, "There is no setting \(name) any more, or it is not shown to the looking role.")
        }
        return look
    }
}
