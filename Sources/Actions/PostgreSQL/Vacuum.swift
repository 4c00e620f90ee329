public import ClientPostgreSQL
import Host
public import Maintenance

/// Vacuums and analyzes tables, each proven by the server's own statistics.
public struct Vacuum: RepairableChange {
    public typealias Kind = PostgreSQLKind

    var tables: [TablePattern] = []
    var except: [TablePattern] = []
    var analyze = true

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.vacuum",
        summary: "Vacuums and analyzes tables one by one, without making anybody wait.",
        measurements: [
            MeasurementDeclaration("tables", "Tables that are vacuumed."),
            MeasurementDeclaration("dead_before", "Dead rows before, as the statistics count them."),
            MeasurementDeclaration("dead_after", "Dead rows that are left."),
        ],
        timeout: .seconds(3600),
        applies: "Every PostgreSQL from 12 on, not through a pooler, not on a standby. On Aurora and RDS too; the role "
            + "needs to be a member of the tables' owner (from 17 on the right MAINTAIN is enough).",
        example: #"{ tables: "public.*", except: "public.audit_*" }"#, limits: ["tables"])

    public static let parameters: [Parameter<Vacuum>] = [
        .required("tables", \.tables, "Tables to vacuum: names or patterns such as public.*; partitions are found."),
        .optional("except", \.except, default: [], "Tables to leave out."),
        .optional("analyze", \.analyze, default: true, "Whether the planner's statistics are renewed as well."),
    ]

    public func validate() throws(ValueError) {
        guard !tables.isEmpty else { throw ValueError("no table is named", path: ["tables"]) }
    }

    public var impact: Impact { .online }

    public var rights: [Right] {
        [
            .connect(.look), .connect(.change),
            .readStatistics("to name the transaction that keeps dead rows alive"),
            .postgresql(
                .change, TablePattern.grantOwners(tables, except: except), "only a table's owner may vacuum it"),
        ]
    }

    /// What was so before, by the server's clock and statistics.
    public struct Baseline: Codable, Sendable {
        let at: Instant
        let dead: Int
    }

    public func preview(_ access: PostgreSQLAccess, in context: Context) async throws -> Preview {
        let (found, mistakes) = try await TablePattern.resolve(tables, except: except, access)
        guard found.count <= PostgreSQLActionLimits.tables else {
            throw CouldNotLook(
                .tooLarge,
                "\(found.count) tables match, and one step takes \(PostgreSQLActionLimits.tables): narrow it.")
        }
        let units = found.filter { !$0.isParent || analyze }.map(unit)
        var findings = mistakes
        if units.isEmpty, !findings.contains(where: { $0.severity == .fail }) {
            // To do nothing is no pass.
            let cause = Cause(.notFound, "Every table that matches is left out, so none would be vacuumed.")
            findings.append(Finding("tables", .fail, cause, advice: "Check what `except` names."))
        }
        let bytes = found.reduce(0) { $0 + $1.bytes }
        return Preview(
            summary: "\(units.count) tables, \(ByteCount.text(bytes))", units: units,
            measurements: [Measurement("dead_before", found.reduce(0) { $0 + $1.dead })], findings: findings,
            statements: units.map { statement($0) })
    }

    public func prepare(
        _ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> Baseline {
        let row = try await statistics(unit, access)
        return Baseline(at: try row.instant("now"), dead: try row.integer("dead"))
    }

    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        let row = try await statistics(unit, access)
        let state = try Self.state(unit, row, baseline, analyze)
        switch state {
        case .done:
            let dead = try row.integer("dead")
            return .applied(
                Proof(
                    "\(unit.title): \(statement(unit).split(separator: " ").first ?? "") seen in the statistics",
                    measurements: [
                        Measurement("tables", 1), Measurement("dead_before", baseline.dead),
                        Measurement("dead_after", dead),
                    ], findings: dead > 0 ? try await HeldRows.findings(unit.title, dead, baseline.at, access) : []))
        case .half, .nothing:
            if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
            return state == .half ? .partial("\(unit.title) is vacuumed and not analyzed") : .pending
        }
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        let statement = statement(unit)
        let notices = try await access.changing { session in
            try await session.execute("SELECT set_config('lock_timeout', '\(PostgreSQLActionLimits.lockWait)', false)")
            return try await LockQueue.patiently(context, session, subject: unit.title) {
                try await session.execute(statement).notices
            }
        }
        // Without the right, VACUUM warns, does nothing and succeeds.
        if let warning = notices.first(where: { $0.severity == "WARNING" }) {
            guard try await !isDone(unit, baseline, access, context) else { return }
            throw ChangeFailed(
                .noPermission,
                "\(unit.title) was skipped by the server: \(warning.message.prefix(200)). "
                    + "Make the changing role a member of the table's owner.")
        }
        _ = try await isDone(unit, baseline, access, context)
    }

    public func repair(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        try await apply(unit, since: baseline, access, in: context)
    }

    /// Servers before 15 publish statistics a moment later.
    private func isDone(
        _ unit: WorkUnit, _ baseline: Baseline, _ access: PostgreSQLAccess, _ context: Context
    ) async throws -> Bool {
        for pause in [0, 50, 100, 200, 400, 800] {
            try await context.host.sleep(.milliseconds(pause))
            if try await Self.state(unit, statistics(unit, access), baseline, analyze) == .done { return true }
        }
        return false
    }

    private enum Stage { case nothing, half, done }

    private static func state(
        _ unit: WorkUnit, _ row: Row, _ baseline: Baseline, _ analyze: Bool
    ) throws(CouldNotLook) -> Stage {
        func isSince(_ column: String) throws(CouldNotLook) -> Bool {
            guard try row.optional(column) != nil else { return false }
            return try row.instant(column) >= baseline.at
        }
        let isVacuumed = unit.attributes["parent"] == "true" ? true : try isSince("vacuumed")
        let isAnalyzed = analyze ? try isSince("analyzed") : true
        if isVacuumed, isAnalyzed { return .done }
        return isVacuumed && unit.attributes["parent"] != "true" ? .half : .nothing
    }

    private func statistics(_ unit: WorkUnit, _ access: PostgreSQLAccess) async throws -> Row {
        let rows = try await access.query(
            """
            SELECT clock_timestamp() AS now, last_vacuum AS vacuumed, last_analyze AS analyzed, \
            coalesce(n_dead_tup, 0) AS dead FROM pg_catalog.pg_stat_all_tables WHERE relid = to_regclass($1)
            """, [SQLParameter(unit.attributes["table"])])
        guard let row = rows.rows.first else {
            throw CouldNotLook(.notFound, "\(unit.title) is not there any more.")
        }
        return row
    }

    private func unit(_ table: FoundTable) -> WorkUnit {
        WorkUnit(
            id: table.name, title: table.name,
            // Reading at a hundred megabytes a second; history replaces it.
            expected: .seconds(2) + .milliseconds(Int64(table.bytes / 100_000)),
            attributes: ["table": table.quoted, "parent": String(table.isParent)])
    }

    private func statement(_ unit: WorkUnit) -> String {
        let table = unit.attributes["table"] ?? quotedIdentifier(unit.title)
        if unit.attributes["parent"] == "true" { return "ANALYZE \(table)" }
        return analyze ? "VACUUM (ANALYZE) \(table)" : "VACUUM \(table)"
    }
}

extension Vacuum: ProposingAction {
    /// All tables of the schemas that have any.
    public func proposals(_ access: PostgreSQLAccess, in context: Context) async throws -> [Proposal] {
        let answers = try await access.look([
            SQLStatement(
                """
                SELECT schemaname, count(*) AS tables, sum(n_dead_tup)::bigint AS dead FROM pg_stat_user_tables
                GROUP BY 1 ORDER BY 1 LIMIT 20
                """)
        ])
        var patterns: [PlanValue] = []
        var notes: [String] = []
        for row in answers[0].rows {
            let schema = try row.text("schemaname")
            patterns.append(.text("\(schema).*"))
            notes.append("\(schema): \(try row.integer("tables")) tables, \(try row.integer("dead")) dead rows now")
        }
        guard !patterns.isEmpty else { return [] }
        return [Proposal(parameters: [.init("tables", .list(patterns))], notes: notes)]
    }
}
