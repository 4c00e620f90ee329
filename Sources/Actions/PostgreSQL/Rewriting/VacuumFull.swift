public import ClientPostgreSQL
import Host
public import Maintenance

/// Writes bloated tables anew, with their indexes, while nobody else can use them.
public struct VacuumFull: Change {
    public typealias Kind = PostgreSQLKind

    var tables: [TablePattern] = []
    var except: [TablePattern] = []
    var leastBloat = Share(percent: 30)
    var read = ByteCount(512 << 20)
    var room: ByteCount?

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.vacuum-full",
        summary: "Writes bloated tables anew, one by one; each is locked for everybody meanwhile.",
        measurements: [
            MeasurementDeclaration("tables", "Tables that are written anew."),
            MeasurementDeclaration("bytes_before", .bytes, "What they took, with their indexes."),
            MeasurementDeclaration("bytes_after", .bytes, "What they take now."),
            MeasurementDeclaration("bytes_expected", .bytes, "What the look at their bloat says that they will take."),
            MeasurementDeclaration(
                "bytes_needed", .bytes, "Free disk that the largest needs while it is written, at most.",
                aggregate: .largest),
        ],
        timeout: .seconds(3600),
        applies: "PostgreSQL from 13 on, not through a pooler, not on a standby. On Aurora and RDS too; the role needs "
            + "to be a member of the tables' owner (from 17 on the right MAINTAIN is enough). Nobody can read or write a "
            + "table while it is written anew: in a window only. Where indexes alone are bloated, postgresql.reindex "
            + "does without.",
        example: #"{ tables: "public.*", least-bloat: 40%, room: 20 GiB }"#, limits: ["tables"])

    public static let parameters: [Parameter<VacuumFull>] = [
        .required("tables", \.tables, "Tables to look at: names or patterns such as public.*; partitions are found."),
        .optional("except", \.except, default: [], "Tables to leave out."),
        .optional(
            "least-bloat", \.leastBloat, default: Share(percent: 30),
            "Share of a table with its indexes that is bloat from which on it is written anew; 0% takes every table."),
        .optional(
            "read", \.read, default: ByteCount(512 << 20),
            "Bytes that the look at the bloat reads at most, where the statistics do not tell enough."),
        .optional(
            "room", \.room, default: nil,
            "Free disk that one table may take. A table that needs more is left with a warning: SQL cannot see how much "
                + "is free."),
    ]

    public func validate() throws(ValueError) {
        guard !tables.isEmpty else { throw ValueError("no table is named", path: ["tables"]) }
        guard leastBloat.percent <= 100 else { throw ValueError("at most 100%", path: ["least-bloat"]) }
    }

    public var impact: Impact { .disruptive }

    public var rights: [Right] {
        Bloat().rights + [
            .connect(.change), .readStatistics("to name the transaction that keeps dead rows alive"),
            .postgresql(
                .change, TablePattern.grantOwners(tables, except: except), "only a table's owner may write it anew"),
        ]
    }

    /// The file that the table's rows were in before.
    public struct Baseline: Codable, Sendable {
        let at: Instant
        let oid: Int
        let file: Int
        let bytes: Double
    }

    public func prepare(_ unit: WorkUnit, _ access: PostgreSQLAccess, in context: Context) async throws -> Baseline {
        let row = try await file(unit, access)
        let bytes = try await size(unit, access)
        return Baseline(
            at: try row.instant("now"), oid: try row.integer("oid"), file: try row.integer("file"), bytes: bytes)
    }

    /// VACUUM FULL does all or nothing: another file means that the table was written anew. Its size is asked for only
    /// then, for that would wait for the lock.
    public func probe(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws -> ChangeState {
        // First: what commits after a look at the file is not seen by it.
        if let process = try await access.running(context.label) { return .running(handle: "process \(process)") }
        let row = try await file(unit, access)
        guard try row.integer("oid") == baseline.oid else {
            throw CouldNotLook(.notFound, "\(unit.title) is not there any more: another table has its name.")
        }
        guard try row.integer("file") != baseline.file else { return .pending }
        let bytes = try await size(unit, access)
        let proof = Proof(
            "\(unit.title): written anew, \(ByteCount.text(baseline.bytes)) before and \(ByteCount.text(bytes)) now",
            measurements: [
                Measurement("tables", 1), Measurement("bytes_before", baseline.bytes, .bytes),
                Measurement("bytes_after", bytes, .bytes),
            ], findings: try await shortfall(unit, baseline, bytes, access))
        return .applied(proof)
    }

    public func apply(
        _ unit: WorkUnit, since baseline: Baseline, _ access: PostgreSQLAccess, in context: Context
    ) async throws {
        guard try await file(unit, access).integer("file") == baseline.file else { return }
        let statement = Self.statement(unit)
        let notices = try await access.changing { session in
            let process = try await session.execute(
                """
                SELECT pg_backend_pid() AS process, \
                set_config('lock_timeout', '\(PostgreSQLActionLimits.lockWait)', false)
                """
            ).one().integer("process")
            return try await LockQueue.patiently(context, session, subject: unit.title) {
                try await withThrowingTaskGroup(of: [ServerNotice]?.self) { group in
                    group.addTask { try await session.execute(statement).notices }
                    group.addTask {
                        await RewriteProgress.show(process, access, context)
                        return nil
                    }
                    defer { group.cancelAll() }
                    while let result = try await group.next() { if let result { return result } }
                    return []
                }
            }
        }
        // Without the right, VACUUM warns, does nothing and succeeds.
        if let warning = notices.first(where: { $0.severity == "WARNING" }) {
            guard try await file(unit, access).integer("file") == baseline.file else { return }
            throw ChangeFailed(
                .noPermission,
                "\(unit.title) was skipped by the server: \(warning.message.prefix(200)). "
                    + "Make the changing role a member of the table's owner.")
        }
    }

    /// A table that did not become as small as it should: rows that somebody may still need were kept.
    private func shortfall(
        _ unit: WorkUnit, _ baseline: Baseline, _ bytes: Double, _ access: PostgreSQLAccess
    ) async throws -> [Finding] {
        guard let expected = Double(unit.attributes["expected"] ?? ""),
            bytes > expected * 1.2 + Double(16 * PageLayout.page)
        else { return [] }
        let rows = try await access.query(
            "SELECT coalesce(n_dead_tup, 0) AS dead FROM pg_catalog.pg_stat_all_tables WHERE relid = $1::oid",
            [SQLParameter(baseline.oid)])
        let dead = try rows.rows.first?.integer("dead") ?? 0
        let held = try await HeldRows.findings(unit.title, max(1, dead), baseline.at, access)
        guard held.isEmpty else { return held }
        let sentence =
            "It takes \(ByteCount.text(bytes)) and \(ByteCount.text(expected)) were expected: it grew meanwhile, or "
            + "somebody kept old rows alive who is gone now."
        return [Finding(unit.title, .warn, Cause(.threshold, sentence), advice: "Look at postgresql.bloat again.")]
    }

    /// Without any lock.
    private func file(_ unit: WorkUnit, _ access: PostgreSQLAccess) async throws -> Row {
        let rows = try await access.query(
            """
            SELECT clock_timestamp() AS now, c.oid::bigint AS oid, pg_relation_filenode(c.oid)::bigint AS file \
            FROM pg_catalog.pg_class c WHERE c.oid = to_regclass($1)
            """, [SQLParameter(unit.attributes["table"])])
        guard let row = rows.rows.first else {
            throw CouldNotLook(.notFound, "\(unit.title) is not there any more.")
        }
        return row
    }

    /// Exactly, or as the catalog has it where somebody holds the table exclusively.
    private func size(_ unit: WorkUnit, _ access: PostgreSQLAccess) async throws -> Double {
        let table = SQLParameter(unit.attributes["table"])
        do {
            let answers = try await access.look([
                SQLStatement("SELECT set_config('lock_timeout', '\(PostgreSQLActionLimits.lockWait)', true)"),
                SQLStatement("SELECT pg_total_relation_size(to_regclass($1)) AS bytes", [table]),
            ])
            return try answers[1].one().number("bytes")
        } catch let error as CouldNotLook where error.cause.code == .busy {
            return try await access.query(
                """
                SELECT coalesce(sum(c.relpages::float8), 0) * current_setting('block_size')::int AS bytes \
                FROM pg_catalog.pg_class t JOIN pg_catalog.pg_class c ON c.oid IN (t.oid, t.reltoastrelid) \
                OR c.oid IN (SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid IN (t.oid, t.reltoastrelid)) \
                WHERE t.oid = to_regclass($1)
                """, [table]
            ).one().number("bytes")
        }
    }

    static func statement(_ unit: WorkUnit) -> String {
        "VACUUM (FULL) \(unit.attributes["table"] ?? quotedIdentifier(unit.title))"
    }
}
