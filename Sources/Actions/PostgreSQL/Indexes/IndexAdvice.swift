public import ClientPostgreSQL
import Host
public import Maintenance

/// Which indexes are unused, equal, served by another, or left behind by a build that did not end.
public struct IndexAdvice: Check {
    public typealias Kind = PostgreSQLKind

    var window = Duration.seconds(35 * 86_400)
    var except: [IndexPattern] = []
    var ignoreBelow = ByteCount(1 << 20)
    var ignoreStandbys = false

    public init() {}

    public static let declaration = Declaration(
        name: "postgresql.index-advice",
        summary: "Says of every index whether it is unused, a duplicate, served by a longer one, invalid, being built, "
            + "or to be kept.",
        measurements: [
            MeasurementDeclaration("indexes", "Indexes of the database's own tables."),
            MeasurementDeclaration("unused", "Indexes that nothing used in the whole window."),
            MeasurementDeclaration("unused_bytes", .bytes, "What they take."),
            MeasurementDeclaration("duplicate", "Indexes that equal another."),
            MeasurementDeclaration("duplicate_bytes", .bytes, "What they take."),
            MeasurementDeclaration("overlapping", "Indexes that a longer one can replace."),
            MeasurementDeclaration("overlapping_bytes", .bytes, "What they take."),
            MeasurementDeclaration("invalid", "Indexes that a build left behind, which nothing can use."),
            MeasurementDeclaration("invalid_bytes", .bytes, "What they take."),
            MeasurementDeclaration("building", "Indexes that somebody builds, rebuilds or drops at this moment."),
            MeasurementDeclaration("keep", "Indexes of which nothing else is to be said."),
            MeasurementDeclaration("reclaimable_bytes", .bytes, "What all that may go takes."),
            MeasurementDeclaration("counted_days", .days, "How long uses are counted."),
            MeasurementDeclaration(
                "next_transaction",
                "The server's next transaction number: later looks tell by it which indexes are old enough."),
        ],
        timeout: .seconds(60),
        applies: "Every PostgreSQL from 13 on, on RDS and Aurora too. On a standby, and where there are standbys, only "
            + "`ignore-standbys: true` lets an index count as unused.",
        example: "{ window: 35 days, except: [\"*.year_end_*\"] }", looksByItself: true)

    public static let parameters: [Parameter<IndexAdvice>] = [
        .optional(
            "window", \.window, default: .seconds(35 * 86_400),
            "How long an index must be seen without use before it is called unused: as long as the rarest job's period."
        ),
        .optional("except", \.except, default: [], "Indexes that are never advised away."),
        .optional(
            "ignore-below", \.ignoreBelow, default: ByteCount(1 << 20),
            "Bytes below which an unused or overlapping index is listed and no warning."),
        .optional(
            "ignore-standbys", \.ignoreStandbys, default: false,
            "Whether standbys serve no queries, so that this server's counts are the whole truth."),
    ]

    public func validate() throws(ValueError) {
        guard (.seconds(1)...Duration.seconds(366 * 86_400)).contains(window) else {
            throw ValueError("between a second and a year", path: ["window"])
        }
    }

    public var rights: [Right] { [.connect(.look), .readStatistics("to see which indexes others build")] }

    public func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        var survey = try await look(access, context)
        let invalid = Set(survey.indexes.filter { $0.advice == .invalid }.map(\.oid))
        if !invalid.isEmpty {
            try await context.host.sleep(PostgreSQLActionLimits.secondLook)
            survey = try await look(access, context)
            for index in survey.indexes.indices { survey.indexes[index].confirm(invalid) }
        }
        return IndexAdviceReport(survey, ignoreBelow: ignoreBelow, access.identity).observation
    }

    private func look(_ access: PostgreSQLAccess, _ context: Context) async throws -> SurveyedIndexes {
        let now = context.host.now()
        let known = try await context.history("next_transaction").first { now - $0.at >= window }
        return try await SurveyedIndexes.look(
            access, window: window, known: known?.value, except: except, ignoringStandbys: ignoreStandbys)
    }
}
