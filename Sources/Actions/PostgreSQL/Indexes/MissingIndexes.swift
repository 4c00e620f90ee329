public import ClientPostgreSQL
import Host
public import Maintenance

/// Which tables are read whole again and again, and which foreign keys no index serves.
public struct MissingIndexes: Check {
    public typealias Kind = PostgreSQLKind

    var except: [TablePattern] = []
    var scans = 100
    var rows = 10_000
    var rowsPerScan = 100
    var ignoreBelow = ByteCount(512 << 10)
    var window = Duration.seconds(86_400)

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.missing-indexes",
        summary: "Names tables that are read whole again and again, and foreign keys that no index serves.",
        measurements: [
            MeasurementDeclaration("tables", "Tables that are read whole more often than through an index."),
            MeasurementDeclaration(
                "foreign_keys", "Foreign keys without an index whose referred table loses rows: each looks at all rows."
            ),
            MeasurementDeclaration("counted_days", .days, "How long reads are counted."),
        ],
        timeout: .seconds(30),
        applies: "Every PostgreSQL from 13 on, on RDS and Aurora too. It names tables, not columns: which columns are "
            + "asked for, the slow statements tell. On a standby it judges what that standby reads.",
        example: "{ scans: 100, rows: 10000 }", looksByItself: true)

    public static let parameters: [Parameter<MissingIndexes>] = [
        .optional("except", \.except, default: [], "Tables that may be read whole."),
        .optional("scans", \.scans, default: 100, "Reads of the whole table up to which it is none of the named."),
        .optional("rows", \.rows, default: 10_000, "Rows read that way up to which it is none of the named."),
        .optional(
            "rows-per-scan", \.rowsPerScan, default: 100, "Rows that one such read must go through on the average."),
        .optional("ignore-below", \.ignoreBelow, default: ByteCount(512 << 10), "Size below which no index pays."),
        .optional(
            "window", \.window, default: .seconds(86_400),
            "How long reads must be counted before finding nothing means anything."),
    ]

    public func validate() throws(ValueError) {
        for (name, value) in [("scans", scans), ("rows", rows), ("rows-per-scan", rowsPerScan)] where value < 0 {
            throw ValueError("less than nothing", path: [name])
        }
    }

    public var rights: [Right] { [.connect(.look)] }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let excepted = SQLParameter.array(except.map(\.expression))
        let answers = try await access.look([
            SQLStatement(Self.evidence, [SQLParameter(ignoreBelow.bytes), excepted]),
            SQLStatement(
                Self.scanned,
                [
                    SQLParameter(scans), SQLParameter(rows), SQLParameter(ignoreBelow.bytes),
                    SQLParameter(rowsPerScan), excepted,
                ]),
            SQLStatement(Self.unserved, [SQLParameter(ignoreBelow.bytes), excepted]),
        ])
        let evidence = try answers[0].one()
        guard try evidence.boolean("counted") else {
            throw CouldNotLook(
                .notEnoughEvidence, "track_counts is off in \(access.identity), so nobody counts how tables are read.")
        }
        var observation = Observation(summary: "")
        try find(tables: answers[1], isStandby: try evidence.boolean("standby"), &observation)
        try find(foreignKeys: answers[2], &observation)
        try judgeWindow(evidence, access.identity, &observation)
        observation.summary =
            observation.findings.isEmpty && observation.missing.isEmpty
            ? "No table is read whole where an index would do"
            : "\(answers[1].count) tables are read whole again and again, \(answers[2].count) foreign keys have no index"
        observation.findings = observation.findings.limited()
        return observation
    }

    private func find(tables: Rows, isStandby: Bool, _ observation: inout Observation) throws(CouldNotLook) {
        for row in tables.rows {
            let (table, scans) = (try row.text("table"), try row.integer("seq_scan"))
            let average = try row.integer("rows_a_scan")
            let place = isStandby ? " on this standby" : ""
            let through = try row.integer("idx_scan")
            observation.findings.append(
                Finding(
                    table, .warn,
                    Cause(
                        .noIndex,
                        "It was read whole \(scans) times\(place), \(average) rows each time, and through an index "
                            + "\(through) times."),
                    advice: "See which statements ask for which of its columns, and index those with "
                        + "postgresql.create-index."))
            observation.details.append([
                "table": .text(table), "kind": "read whole", "scans": .number(Double(scans)),
                "index_scans": .number(Double(through)), "rows_per_scan": .number(Double(average)),
                "bytes": .number(try row.number("bytes")),
            ])
        }
        observation.measurements.append(Measurement("tables", tables.count))
    }

    /// Where no row of the referred table goes, nobody ever looks for those that refer to it.
    private func find(foreignKeys: Rows, _ observation: inout Observation) throws(CouldNotLook) {
        var harmful = 0
        for row in foreignKeys.rows {
            let (table, key, columns) = (
                try row.text("table"), try row.text("foreign_key"), try row.text("columns")
            )
            let (deleted, referred) = (try row.integer("deleted"), try row.text("refers_to"))
            observation.details.append([
                "table": .text(table), "kind": "foreign key", "foreign_key": .text(key), "columns": .text(columns),
                "refers_to": .text(referred), "deleted_there": .number(Double(deleted)),
                "bytes": .number(try row.number("bytes")),
            ])
            guard deleted > 0 else { continue }
            harmful += 1
            observation.findings.append(
                Finding(
                    table, .warn,
                    Cause(
                        .noIndex,
                        "No index serves its foreign key \(key), and \(referred) lost \(deleted) rows: each time the "
                            + "whole table is searched."),
                    advice: "Index (\(columns)) with postgresql.create-index."))
        }
        observation.measurements.append(Measurement("foreign_keys", harmful))
    }

    /// What was found stands however short the time is; that nothing was found does not.
    private func judgeWindow(
        _ evidence: Row, _ identity: String, _ observation: inout Observation
    ) throws(CouldNotLook) {
        let days = try evidence.optional("days").flatMap { Double($0) }
        if let days {
            observation.measurements.append(Measurement("counted_days", days, .days))
        } else {
            observation.missing["counted_days"] = Cause(.noData, "The server does not know since when it counts.")
        }
        // Where no table is large enough for an index to pay, there is nothing to be counted.
        guard (days ?? 0) * 86_400 < window.inSeconds, try evidence.integer("large") > 0 else { return }
        let since = days == nil ? "for an unknown time" : "only since \(try evidence.text("since")) UTC"
        let cause = Cause(
            .notEnoughEvidence,
            "Not enough evidence: how tables are read is counted \(since), and \(window.shortText) are needed.")
        for name in ["tables", "foreign_keys"]
        where observation.measurements.contains(where: { $0.name == name && $0.value == 0 }) {
            observation.measurements.removeAll { $0.name == name }
            observation.missing[name] = cause
        }
        if observation.missing["tables"] != nil || observation.missing["foreign_keys"] != nil {
            observation.findings.append(
                Finding(identity, .unknown, cause, advice: "Look again when the window has passed."))
        }
    }
}

extension Cause.Code {
    /// Something is searched as a whole that an index would find.
    static let noIndex = Cause.Code(rawValue: "no-index")
}
