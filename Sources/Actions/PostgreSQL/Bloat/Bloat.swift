public import ClientPostgreSQL
public import Maintenance

/// How much of tables and indexes a rewrite would free, each with how far that can be believed.
public struct Bloat: Check {
    public typealias Kind = PostgreSQLKind

    var tables: [TablePattern] = []
    var except: [TablePattern] = []
    var leastSize = ByteCount(0)
    var read = ByteCount(512 << 20)
    var relationWarn = Share(percent: 50)
    var ignoreBelow = ByteCount(10 << 20)

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.bloat",
        summary:
            "Measures what a rewrite of tables and indexes would free, each with a class of trust.",
        measurements: [
            MeasurementDeclaration("relations", "Tables and indexes that were looked at."),
            MeasurementDeclaration(
                "bytes", .bytes, "What they take, with the values that are kept apart."),
            MeasurementDeclaration(
                "bloat_bytes", .bytes, "What a rewrite of those that are known would free."),
            MeasurementDeclaration(
                "bloat_percent", .percent, "The same as a share of the bytes of those."),
            MeasurementDeclaration(
                "worst_percent", .percent,
                "The largest share of one relation that is bloat, of those whose bloat is "
                    + "not below `ignore-below`."),
            MeasurementDeclaration(
                "unknown_percent", .percent, "Share of the bytes of which nothing can be said."),
        ],
        thresholds: Thresholds(warn: "bloat_percent >= 40% and bloat_bytes >= 10 MiB"),
        timeout: .seconds(120),
        applies:
            "PostgreSQL from 13 on; measured against rewrites on 15. For GIN, GiST and SP-GiST indexes there is no "
            + "model: they are unknown. A table that the role may not read is told by statistics alone, or by "
            + "pgstattuple where that is installed.",
        example: #"{ tables: "public.*", except: "public.audit_*", relation-warn: 60% }"#,
        looksByItself: true)

    public static let parameters: [Parameter<Bloat>] = [
        .optional(
            "tables", \.tables, default: [],
            "Tables with their indexes: names or patterns; all without it."),
        .optional("except", \.except, default: [], "Tables and indexes to leave out."),
        .optional(
            "min-size", \.leastSize, default: ByteCount(0), "Relations of fewer bytes are not looked at."),
        .optional(
            "read", \.read, default: ByteCount(512 << 20),
            "Bytes of tables that are read at most, where the statistics do not tell enough; 0 reads none."
        ),
        .optional(
            "relation-warn", \.relationWarn, default: Share(percent: 50),
            "Share of one relation that is bloat from which on it is a warning."),
        .optional(
            "ignore-below", \.ignoreBelow, default: ByteCount(10 << 20),
            "Bloat of a relation that is never a warning, whatever its share; nor are unknown relations that take less."
        ),
    ]

    public func validate() throws(ValueError) {
        guard relationWarn.percent > 0, relationWarn.percent <= 100 else {
            throw ValueError("above 0% and at most 100%", path: ["relation-warn"])
        }
    }

    public var rights: [Right] {
        [
            .connect(.look),
            .postgresql(
                .look,
                """
                DO $$DECLARE s record; BEGIN FOR s IN SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' \
                AND nspname <> 'information_schema' LOOP \
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO {role}', s.nspname); \
                EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO {role}', s.nspname); END LOOP; END$$;
                """,
                "to see the statistics of tables and to read rows where those do not tell enough; without it such "
                    + "tables are unknown"),
        ]
    }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        var names: [String]?
        var mistakes: [Finding] = []
        if !tables.isEmpty || !except.isEmpty {
            let all = tables.isEmpty ? [TablePattern(text: "*.*")] : tables
            let (found, findings) = try await TablePattern.resolve(all, except: except, access)
            names = found.filter { !$0.isParent }.map(\.name)
            // An exception may also name an index.
            mistakes = findings.filter { $0.severity == .fail }
        }
        let survey = BloatSurvey(
            names: names, except: except, leastBytes: Int(leastSize.bytes), readBytes: Int(read.bytes))
        let relations = try await survey.read(access, in: context)
        var observation = measure(relations)
        observation.findings = mistakes + bloated(relations) + unknown(relations)
        observation.details = relations.map(\.detail)
        return observation
    }

    private func measure(_ relations: [RelationBloat]) -> Observation {
        let bytes = relations.reduce(0) { $0 + $1.bytes }
        let known = relations.filter { $0.estimate != nil }
        let knownBytes = known.reduce(0) { $0 + $1.bytes }
        let bloat = known.reduce(0) { $0 + ($1.bloatBytes ?? 0) }
        let worst = known.filter { $0.bloatBytes ?? 0 >= Int(ignoreBelow.bytes) }
            .max { $0.bloatPercent ?? 0 < $1.bloatPercent ?? 0 }
        var observation = Observation(
            summary: "\(relations.count) relations, \(ByteCount.text(Double(bytes)))",
            measurements: [
                Measurement("relations", relations.count), Measurement("bytes", bytes, .bytes),
                Measurement(
                    "unknown_percent", bytes > 0 ? 100 * Double(bytes - knownBytes) / Double(bytes) : 0,
                    .percent),
            ])
        guard relations.isEmpty || !known.isEmpty else {
            let cause = Cause(.noData, "Of no relation its bloat is known.")
            for name in ["bloat_bytes", "bloat_percent", "worst_percent"] {
                observation.missing[name] = cause
            }
            observation.summary += ": \(cause.sentence)"
            return observation
        }
        let percent = knownBytes > 0 ? 100 * Double(bloat) / Double(knownBytes) : 0
        observation.measurements += [
            Measurement("bloat_bytes", bloat, .bytes), Measurement("bloat_percent", percent, .percent),
            Measurement("worst_percent", worst?.bloatPercent ?? 0, .percent),
        ]
        observation.summary +=
            ": \(ByteCount.text(Double(bloat))) (\(percent.tenths) %) of them is bloat"
        if known.count < relations.count {
            observation.summary += "; \(relations.count - known.count) are unknown"
        }
        if let worst, let percent = worst.bloatPercent {
            observation.summary += "; the worst is \(worst.relation), \(percent.tenths) %"
        }
        return observation
    }

    private func bloated(_ relations: [RelationBloat]) -> [Finding] {
        relations.compactMap { relation in
            guard let estimate = relation.estimate, let bytes = relation.bloatBytes,
                let percent = relation.bloatPercent, percent >= relationWarn.percent,
                bytes >= Int(ignoreBelow.bytes)
            else { return nil }
            let sentence =
                "\(percent.tenths) % (±\(max(0.1, estimate.error).tenths)) of its "
                + "\(ByteCount.text(Double(relation.bytes))) is bloat: a rewrite would free "
                + "\(ByteCount.text(Double(bytes)))."
            let advice =
                relation.kind == .table
                ? "Rewrite it in a window (postgresql.vacuum-full), and find out why vacuum did not keep up."
                : "Rebuild it (postgresql.reindex)."
            return Finding(
                relation.relation, .warn, Cause(.threshold, sentence), advice: advice,
                attributes: [
                    "bloat_bytes": .number(Double(bytes)), "trust": .text(relation.trust.rawValue),
                ])
        }
    }

    /// One finding a kind of cause. What is too small to hold bloat that would count keeps no verdict back, unless
    /// nothing at all is known; of what is locked not even the size is known.
    private func unknown(_ relations: [RelationBloat]) -> [Finding] {
        let unknown = relations.filter { $0.estimate == nil }
        let isBlind = unknown.count == relations.count
        let groups = Dictionary(grouping: unknown) { $0.cause.code }.sorted {
            $0.key.rawValue < $1.key.rawValue
        }
        return groups.compactMap { code, members in
            let bytes = members.reduce(0) { $0 + $1.bytes }
            guard let largest = members.first, isBlind || code == .busy || bytes >= Int(ignoreBelow.bytes)
            else {
                return nil
            }
            let others = members.count > 1 ? " and \(members.count - 1) more" : ""
            return Finding(
                largest.relation + others, .unknown,
                Cause(
                    code,
                    "The bloat of \(members.count) relations (\(ByteCount.text(Double(bytes)))) is not known: "
                        + "\(largest.cause.sentence)."),
                advice: Self.advice(code))
        }
    }

    private static func advice(_ code: Cause.Code) -> String {
        switch code {
        case .noPermission:
            "Grant the looking role SELECT on them; `millwright rights` prints the statement."
        case .busy: "Look again when the lock is gone; pg_locks says who holds it."
        case .limitReached, .timedOut: "Raise `read` or the step's timeout, or narrow `tables`."
        case .notSupported:
            "Judge them otherwise and name them in `except`: the details say which they are."
        default: "ANALYZE their tables, or let the role read them: the details say what each lacks."
        }
    }
}
