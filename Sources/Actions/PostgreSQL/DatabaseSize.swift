public import ClientPostgreSQL
import Host
public import Maintenance

/// How large the database is, and how fast it grows.
public struct DatabaseSize: Check {
    public typealias Kind = PostgreSQLKind

    var growthWarn = Share(percent: 20)
    var jumpWarn = Share(percent: 20)
    var shrinkWarn = Share(percent: 50)
    var ignoreBelow = ByteCount(1 << 20)
    var tables = 10

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.size",
        summary: "Measures the database's bytes and its growth, and what else takes the server's disk.",
        measurements: [
            MeasurementDeclaration("bytes", .bytes, "Size of the database on disk."),
            MeasurementDeclaration(
                "growth_per_day", .bytesPerDay, "Growth since the earlier run nearest to a day ago, over a day."),
            MeasurementDeclaration("growth_percent_per_day", .percentPerDay, "The same, in percent of the size then."),
        ] + serverMeasurements,
        timeout: .seconds(30),
        applies:
            "Every PostgreSQL from 10 on. On Aurora it is what the database takes, not what the cluster's volume has.",
        example: "{ growth-warn: 10% }", looksByItself: true)

    public static let parameters: [Parameter<DatabaseSize>] = [
        .optional(
            "growth-warn", \.growthWarn, default: Share(percent: 20), "Growth in a day from which on it is a warning."),
        .optional(
            "jump-warn", \.jumpWarn, default: Share(percent: 20),
            "Growth since the last run, however short ago, from which on it is a warning."),
        .optional(
            "shrink-warn", \.shrinkWarn, default: Share(percent: 50),
            "Loss since the last run from which on it is a warning: data may be gone."),
        .optional(
            "ignore-below", \.ignoreBelow, default: ByteCount(1 << 20),
            "Change that is never a warning, whatever its share."),
        .optional("tables", \.tables, default: 10, "How many of the largest tables are listed."),
    ]

    public func validate() throws(ValueError) {
        guard (0...1000).contains(tables) else { throw ValueError("between 0 and 1000", path: ["tables"]) }
    }

    /// To size other databases and the log takes `pg_monitor`; without it they are missing, with that cause.
    public var rights: [Right] { [.connect(.look)] }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let row = try await access.query(
            """
            SELECT current_database()::text AS database, pg_database_size(current_database()) AS bytes
            """
        ).one()
        let (database, bytes) = (try row.text("database"), try row.number("bytes"))
        var observation = Observation(
            summary: "\(database) takes \(ByteCount.text(bytes))",
            measurements: [Measurement("bytes", bytes, .bytes)])
        let past = try await context.history("bytes")
        judge(Growth(bytes: bytes, at: context.host.now(), past: past), database, &observation)
        if tables > 0 { try await list(access, &observation) }
        try await measureServer(access, &observation)
        return observation
    }

    private func judge(_ growth: Growth, _ database: String, _ observation: inout Observation) {
        switch growth.perDay {
        case .success(let day):
            observation.measurements.append(Measurement("growth_per_day", day.bytes, .bytesPerDay))
            observation.measurements.append(Measurement("growth_percent_per_day", day.percent, .percentPerDay))
            observation.summary += ", \(ByteCount.text(day.bytes)) (\(Self.percent(day.percent))) more a day"
            if day.percent >= growthWarn.percent, day.bytes >= Double(ignoreBelow.bytes) {
                observation.findings.append(
                    Finding(
                        database, .warn,
                        Cause(
                            .threshold,
                            "It grows by \(ByteCount.text(day.bytes)) a day, \(Self.percent(day.percent))."),
                        advice: "See in the details which tables are the largest, and what writes to them."))
            }
        case .failure(let error):
            observation.missing["growth_per_day"] = error.cause
            observation.missing["growth_percent_per_day"] = error.cause
            observation.summary += "; \(error.cause.sentence)"
        }
        guard let jump = growth.sinceLast, abs(jump.bytes) >= Double(ignoreBelow.bytes), observation.findings.isEmpty
        else { return }
        let change = "\(ByteCount.text(abs(jump.bytes))) (\(Self.percent(abs(jump.percent)))) since the last run"
        if jump.percent >= jumpWarn.percent, jump.isRecent {
            observation.findings.append(
                Finding(
                    database, .warn, Cause(.threshold, "It jumped by \(change)."),
                    advice: "See in the details which tables are the largest, and what wrote to them."))
        } else if -jump.percent >= shrinkWarn.percent {
            observation.findings.append(
                Finding(
                    database, .warn, Cause(.threshold, "It lost \(change)."),
                    advice: "Make sure that somebody meant it: a dropped or emptied table looks like this."))
        }
    }

    /// A table's size waits for whoever holds it exclusively; then the list is missing, not the database's size.
    private func list(_ access: PostgreSQLAccess, _ observation: inout Observation) async throws {
        do {
            let rows = try await access.query(
                """
                SELECT n.nspname || '.' || c.relname AS name, pg_total_relation_size(c.oid) AS bytes \
                FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
                AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%' \
                ORDER BY c.relpages DESC, 1 LIMIT 4 * $1::int
                """, [SQLParameter(tables)])
            let sizes = try rows.rows.map { (name: try $0.text("name"), bytes: try $0.optional("bytes")) }
            observation.details = sizes.compactMap { size in Double(size.bytes ?? "").map { (size.name, $0) } }
                .sorted { $0.1 > $1.1 }.prefix(tables).map { ["table": .text($0.0), "bytes": .number($0.1)] }
        } catch let error as CouldNotLook where error.cause.code == .busy {
            observation.details = [["table": "not listed", "because": .text(error.cause.sentence)]]
        }
    }

    private static func percent(_ value: Double) -> String { "\(((value * 10).rounded() / 10).written) %" }
}

/// Growth as earlier measurements let it be told.
struct Growth {
    let bytes: Double
    let at: Instant
    /// Newest first.
    let past: [PastMeasurement]

    struct Change: Equatable {
        let bytes: Double
        let percent: Double
        /// Growth over weeks is no jump.
        var isRecent = true
    }

    /// Against the measurement nearest to a day ago. Minutes are not stretched to a day: noise would look like growth.
    var perDay: Result<Change, CouldNotLook> {
        let older = past.filter { at - $0.at >= PostgreSQLActionLimits.growthSpan && $0.value > 0 }
        let day = Duration.seconds(86_400)
        func distance(_ point: PastMeasurement) -> Duration {
            let age = at - point.at
            return age > day ? age - day : day - age
        }
        guard let base = older.min(by: { distance($0) < distance($1) }) else {
            return .failure(
                CouldNotLook(
                    .noData,
                    past.isEmpty
                        ? "its growth is known from the second run on"
                        : "its growth is known an hour after the first run"))
        }
        let days = (at - base.at).inSeconds / 86_400
        let growth = (bytes - base.value) / days
        return .success(Change(bytes: growth, percent: 100 * growth / base.value))
    }

    var sinceLast: Change? {
        guard let last = past.first(where: { $0.value > 0 && $0.at <= at }) else { return nil }
        return Change(
            bytes: bytes - last.value, percent: 100 * (bytes - last.value) / last.value,
            isRecent: at - last.at <= .seconds(129_600))
    }
}
