public import ClientPostgreSQL
import Host
public import Maintenance

/// How near the sequences are to their last value: their own, their column's, or that of a column that refers to it.
public struct Sequences: Check {
    public typealias Kind = PostgreSQLKind

    var except: [TablePattern] = []
    var warnWithin = Duration.seconds(90 * 86_400)
    var failWithin = Duration.seconds(14 * 86_400)

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.sequences",
        summary: "How near the sequences are to the last value that they or the columns they feed can hold.",
        measurements: [
            MeasurementDeclaration("used_percent", .percent, "Of the way from start to end, the fullest sequence."),
            MeasurementDeclaration("sequences", "Sequences that were looked at."),
            MeasurementDeclaration("unreadable", "Sequences whose value the looking role may not see."),
            MeasurementDeclaration(
                "days_left", .days, "Days until the fullest one ends, at its rate since the run nearest to a day ago."),
        ],
        thresholds: Thresholds(warn: "used_percent >= 85%", fail: "used_percent >= 95%"), timeout: .seconds(30),
        applies: "Every PostgreSQL from 10 on; tested with 15. Sequences of all schemas of the target's database, not "
            + "temporary ones. One that cycles ends nowhere, unless it feeds a column that is smaller than it.",
        looksByItself: true)

    public static let parameters: [Parameter<Sequences>] = [
        .optional("except", \.except, default: [], "Sequences to leave out: names or patterns."),
        .optional(
            "warn-within", \.warnWithin, default: .seconds(90 * 86_400),
            "It is a warning where the fullest one, more than half used, will end within this time."),
        .optional("fail-within", \.failWithin, default: .seconds(14 * 86_400), "The same for a failure."),
    ]

    public var rights: [Right] {
        [
            .connect(.look),
            .postgresql(
                .look,
                "DO $$DECLARE s record; BEGIN FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' "
                    + "AND nspname <> 'information_schema' LOOP EXECUTE "
                    + "format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA %I TO {role}', s.nspname); END LOOP; END$$;",
                "to see the sequences' values: pg_monitor does not; from 14 on pg_read_all_data does"),
        ]
    }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let rows = try await access.query(Self.statement, [.array(except.map(\.expression))])
        let found = try rows.rows.map(SeenSequence.init)
        let hidden = found.filter { !$0.isReadable }
        var observation = Observation(
            summary: found.isEmpty ? "There are no sequences." : "",
            measurements: [Measurement("sequences", found.count), Measurement("unreadable", hidden.count)],
            details: found.map(\.detail))
        if let first = hidden.first {
            let cause = Cause(
                .noPermission,
                "The values of \(hidden.count) of \(found.count) sequences are not shown to the looking role.")
            observation.findings.append(
                Finding(
                    hidden.count == 1 ? first.name : "\(first.name) and \(hidden.count - 1) more", .unknown, cause,
                    advice: "Grant the looking role SELECT on the sequences, or pg_read_all_data."))
        }
        try await judge(found.filter(\.isReadable), context, &observation)
        return observation
    }

    private func judge(
        _ seen: [SeenSequence], _ context: Context, _ observation: inout Observation
    ) async throws {
        guard let fullest = seen.filter({ !$0.isEndless }).max(by: { $0.used < $1.used }) else {
            let none = observation.findings.first?.cause
            observation.missing["days_left"] = none ?? Cause(.noData, "No sequence can end.")
            if let none {
                observation.missing["used_percent"] = none
                observation.summary = none.sentence
            } else {
                observation.measurements.append(Measurement("used_percent", 0, .percent))
                if !seen.isEmpty { observation.summary = "None of the \(seen.count) sequences can end." }
            }
            return
        }
        observation.measurements.append(Measurement("used_percent", fullest.used, .percent))
        let share = ((fullest.used * 10).rounded() / 10).written
        observation.summary = "\(fullest.name) has used \(share) % of its values, the fullest of \(seen.count)"
        if let narrower = fullest.narrower { observation.summary += "; \(narrower)" }
        try await tellTime(fullest, context, &observation)
    }

    /// From an hour on minutes of a bulk load are no rate; below one half there is time to look again.
    private func tellTime(
        _ fullest: SeenSequence, _ context: Context, _ observation: inout Observation
    ) async throws {
        let past = try await context.history("used_percent")
        switch Growth(bytes: fullest.used, at: context.host.now(), past: past).perDay {
        case .failure(let error): observation.missing["days_left"] = error.cause
        case .success(let rate) where rate.bytes <= 0:
            observation.missing["days_left"] = Cause(.noData, "No value was taken since the earlier run.")
        case .success(let rate):
            let days = max(0, 100 - fullest.used) / rate.bytes
            observation.measurements.append(Measurement("days_left", days, .days))
            let isFailing = days < failWithin.inSeconds / 86_400
            guard fullest.used >= 50, isFailing || days < warnWithin.inSeconds / 86_400 else { return }
            observation.findings.append(
                Finding(
                    fullest.name, isFailing ? .fail : .warn,
                    Cause(.threshold, "At its rate since the earlier run it ends in \(Int(days)) days."),
                    advice: fullest.advice))
        }
    }
}

/// A sequence, and what it feeds.
private struct SeenSequence {
    let name: String
    let isReadable: Bool
    let isEndless: Bool
    let used: Double
    /// Which column ends before the sequence does.
    let narrower: String?
    let detail: [String: JSONValue]

    var advice: String {
        narrower == nil
            ? "Make the sequence larger (ALTER SEQUENCE … AS bigint), and the columns that it feeds."
            : "Make the column larger before the sequence; that rewrites its table."
    }

    init(_ row: Row) throws {
        name = try row.text("sequence")
        isReadable = try row.boolean("is_readable")
        isEndless = try row.boolean("is_endless")
        used = try row.optional("used_percent").flatMap(Double.init) ?? 0
        let (columns, referrers) = (try row.optional("columns"), try row.optional("referrers"))
        if try row.boolean("is_referrer_smaller") {
            narrower = "\(referrers ?? "a column that refers to it") ends before \(columns ?? "the sequence")"
        } else if try row.boolean("is_column_smaller") {
            narrower = "\(columns ?? "its column") ends before the sequence"
        } else {
            narrower = nil
        }
        func number(_ column: String) throws -> JSONValue {
            try row.optional(column).flatMap(Double.init).map { .number($0) } ?? .null
        }
        detail = [
            "sequence": .text(name), "type": .text(try row.text("type")), "columns": columns.map { .text($0) } ?? .null,
            "referrers": referrers.map { .text($0) } ?? .null, "used_percent": try number("used_percent"),
            // Digits beyond a double's: as texts.
            "last_value": try row.optional("last_value").map { .text($0) } ?? .null,
            "ends_at": .text(try row.text("ends_at")), "cycles": .bool(try row.boolean("cycles")),
            "state": .text(!isReadable ? "no privilege" : isEndless ? "endless" : "looked at"),
        ]
    }
}

extension Sequences {
    /// The end is the least of the sequence's own, that of the columns which it feeds (owned, identity, or by a plain
    /// default; domains followed to their base) and that of foreign keys that refer to these. The value is asked for
    /// only where the role may see it: before 17 the server refuses instead of giving NULL, and one refusal would end
    /// the look.
    private static let statement = """
        WITH RECURSIVE types AS (
          SELECT t.oid, t.oid AS base FROM pg_catalog.pg_type t WHERE t.typtype = 'b'
          UNION ALL SELECT t.oid, x.base FROM pg_catalog.pg_type t JOIN types x ON x.oid = t.typbasetype
          WHERE t.typtype = 'd'
        ), ends AS (
          SELECT oid, CASE base WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647
            ELSE 9223372036854775807 END::numeric AS most
          FROM types WHERE base IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
        ), feeds AS (
          SELECT d.objid AS seq, d.refobjid AS relid, d.refobjsubid AS attnum FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
          WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
            AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
          UNION SELECT d.refobjid, f.adrelid, f.adnum FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid
          WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid = 0
        ), columns AS (
          SELECT f.seq, min(e.most) AS most, min(x.most) AS referring,
            string_agg(DISTINCT format('%s.%I %s', f.relid::regclass, a.attname,
              format_type(a.atttypid, a.atttypmod)), ', ') AS names,
            string_agg(DISTINCT format('%s.%I %s', k.conrelid::regclass, ka.attname,
              format_type(ka.atttypid, ka.atttypmod)), ', ') FILTER (WHERE x.most < e.most) AS referrers
          FROM feeds f
          JOIN pg_catalog.pg_attribute a ON a.attrelid = f.relid AND a.attnum = f.attnum AND NOT a.attisdropped
          JOIN ends e ON e.oid = a.atttypid
          LEFT JOIN pg_catalog.pg_constraint k ON k.contype = 'f' AND k.confrelid = f.relid
            AND f.attnum = ANY (k.confkey)
          LEFT JOIN pg_catalog.pg_attribute ka ON ka.attrelid = k.conrelid
            AND ka.attnum = k.conkey[array_position(k.confkey, f.attnum::int2)]
          LEFT JOIN ends x ON x.oid = ka.atttypid GROUP BY 1
        ), found AS (
          SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS sequence, q.seqincrement AS increment,
            q.seqcycle AS cycles, format_type(q.seqtypid, NULL) AS type, k.names AS columns, k.referrers, q.seqstart,
            CASE WHEN q.seqincrement > 0 THEN least(q.seqmax, k.most, k.referring)
              ELSE greatest(q.seqmin, -k.most - 1, -k.referring - 1) END AS ends_at,
            coalesce(CASE WHEN q.seqincrement > 0 THEN k.most < q.seqmax ELSE -k.most - 1 > q.seqmin END, false)
              AS is_column_smaller,
            coalesce(CASE WHEN q.seqincrement > 0 THEN k.referring < least(q.seqmax, k.most)
              ELSE -k.referring - 1 > greatest(q.seqmin, -k.most - 1) END, false) AS is_referrer_smaller,
            (has_sequence_privilege(c.oid, 'SELECT') OR has_sequence_privilege(c.oid, 'USAGE'))
              AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery()) AS is_readable
          FROM pg_catalog.pg_sequence q JOIN pg_catalog.pg_class c ON c.oid = q.seqrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN columns k ON k.seq = c.oid
          WHERE c.relpersistence <> 't' AND NOT EXISTS (SELECT FROM unnest($1::text[]) p(pattern)
            WHERE n.nspname || '.' || c.relname ~ p.pattern OR c.relname ~ p.pattern)
        ), valued AS (
          SELECT f.*, CASE WHEN f.is_readable THEN pg_sequence_last_value(f.oid) END AS last_value FROM found f
        )
        SELECT sequence, columns, referrers, type, last_value, ends_at, is_readable, is_column_smaller,
          is_referrer_smaller, cycles, cycles AND NOT (is_column_smaller OR is_referrer_smaller) AS is_endless,
          CASE WHEN NOT is_readable THEN NULL WHEN last_value IS NULL THEN 0 WHEN ends_at = seqstart THEN 100
            ELSE round(100 * (last_value - seqstart)::numeric / (ends_at - seqstart), 4) END AS used_percent
        FROM valued ORDER BY is_readable, used_percent DESC NULLS LAST, sequence LIMIT 20000
        """
}
