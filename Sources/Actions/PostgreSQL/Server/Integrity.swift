public import ClientPostgreSQL
import Host
public import Maintenance

/// Whether damage was seen: by the server, in pages that it read; and by amcheck, in indexes that this check has it read.
public struct Integrity: Check {
    public typealias Kind = PostgreSQLKind

    var indexes: [TablePattern] = []
    var except: [TablePattern] = []
    var heapAllIndexed = false
    var budget = ByteCount(1 << 30)
    var time = Duration.seconds(60)

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.integrity",
        summary: "Counts the checksum failures that the server met, and has amcheck read indexes within a budget.",
        measurements: [
            MeasurementDeclaration("checksum_failures", "Failures since the counters were reset, all databases."),
            MeasurementDeclaration("damaged", "Indexes in which amcheck found damage."),
            MeasurementDeclaration("indexes_checked", "Indexes that were read from end to end."),
            MeasurementDeclaration(
                "indexes_left", "Indexes that are left to later runs: each goes on where one ended."),
            MeasurementDeclaration("bytes_checked", .bytes, "How much that was."),
            MeasurementDeclaration("resume_after", "The object id of the last index read, for the next run."),
        ],
        timeout: .seconds(120),
        applies:
            "Every PostgreSQL from 12 on; tested with 15. Checksums are judged for the whole server, indexes (B-trees) "
            + "for the target's database, where the extension amcheck is. On Aurora checksums are the storage's.",
        example: "{ indexes: \"public.*\", budget: 2 GiB }", looksByItself: true)

    public static let parameters: [Parameter<Integrity>] = [
        .optional(
            "indexes", \.indexes, default: [],
            "Indexes that amcheck reads, names or patterns such as public.*; none where none is named. A reading index "
                + "keeps nobody out but ALTER and DROP."),
        .optional("except", \.except, default: [], "Indexes to leave out."),
        .optional(
            "heap-all-indexed", \.heapAllIndexed, default: false,
            "Whether each row of the table is looked for in the index as well: finds lost entries, reads the table too."
        ),
        .optional(
            "budget", \.budget, default: ByteCount(1 << 30),
            "How much one run reads. The next run goes on after the last index."),
        .optional("time", \.time, default: .seconds(60), "After this time no further index is begun."),
    ]

    public var rights: [Right] {
        guard !indexes.isEmpty else { return [.connect(.look)] }
        return [
            .connect(.look),
            .postgresql(
                .look,
                "DO $$BEGIN EXECUTE (SELECT string_agg(format('GRANT USAGE ON SCHEMA %s TO {role}; "
                    + "GRANT EXECUTE ON FUNCTION %s TO {role}', p.pronamespace::regnamespace, p.oid::regprocedure), "
                    + "'; ') FROM pg_proc p WHERE p.proname = 'bt_index_check'); END$$;",
                "only a superuser may call amcheck's functions unless they are granted"),
        ]
    }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        var observation = Observation(summary: "")
        try await judgeChecksums(access, context, &observation)
        if !indexes.isEmpty {
            let reading = AmcheckReading(
                patterns: indexes, except: except, heapAllIndexed: heapAllIndexed, budget: Double(budget.bytes),
                time: time, access: access, context: context)
            try await reading.run(&observation)
        }
        return observation
    }

    private func judgeChecksums(
        _ access: PostgreSQLAccess, _ context: Context, _ observation: inout Observation
    ) async throws {
        let rows = try await access.query(Self.checksums)
        guard let first = rows.rows.first else { throw CouldNotLook(.noData, "The server counts for no database.") }
        for (name, column) in [("ignore_checksum_failure", "ignores"), ("zero_damaged_pages", "zeroes")]
        where try first.boolean(column) {
            observation.findings.append(
                Finding(
                    name, .fail, Cause(.damageHidden, "\(name) is on: damaged pages are read as if they were whole."),
                    advice: "Turn it off: it is there to rescue data, not to run with."))
        }
        guard try first.boolean("has_checksums") else {
            let cause = Cause(
                .notSupported, "Data checksums are off, so the server does not notice damage of its files.")
            observation.missing["checksum_failures"] = cause
            observation.findings.append(
                Finding(
                    access.identity, .warn, cause,
                    advice: "Turn them on with pg_checksums --enable while the server is down."))
            observation.summary = "data checksums are off"
            return
        }
        var total = 0.0
        for row in rows.rows {
            let failures = try row.number("failures")
            total += failures
            guard failures > 0 else { continue }
            let isRecent = try row.boolean("is_recent")
            let since = try row.optional("last_failure") ?? "an unknown time"
            observation.findings.append(
                Finding(
                    try row.text("database"), isRecent ? .fail : .warn,
                    Cause(.damaged, "\(Int(failures)) pages did not match their checksums, the last at \(since)."),
                    advice: "The server's log names the files: restore them from a backup; look at disk and memory."))
        }
        observation.measurements.append(Measurement("checksum_failures", total))
        observation.summary =
            total == 0 ? "no checksum failure in what was read" : "\(Int(total)) checksum failures"
        let past = try await context.history("checksum_failures").first?.value
        if let past, total > past, !observation.findings.contains(where: { $0.severity == .fail }) {
            observation.findings.append(
                Finding(
                    access.identity, .fail,
                    Cause(.damaged, "\(Int(total - past)) checksum failures more than in the last run."),
                    advice: "The server's log names the files."))
        }
    }

    private static let checksums = """
        SELECT current_setting('data_checksums')::boolean AS has_checksums,
          coalesce(current_setting('ignore_checksum_failure', true), 'off')::boolean AS ignores,
          coalesce(current_setting('zero_damaged_pages', true), 'off')::boolean AS zeroes,
          coalesce('database ' || s.datname, 'shared tables') AS database, coalesce(s.checksum_failures, 0) AS failures,
          s.checksum_last_failure AS last_failure,
          coalesce(s.checksum_last_failure > clock_timestamp() - interval '7 days', false) AS is_recent
        FROM pg_catalog.pg_stat_database s ORDER BY 5 DESC, 4 LIMIT 10000
        """
}

extension Cause.Code {
    /// What was read does not hold together.
    static let damaged = Cause.Code(rawValue: "damaged")
    /// A setting keeps damage from being noticed.
    static let damageHidden = Cause.Code(rawValue: "damage-hidden")
}
