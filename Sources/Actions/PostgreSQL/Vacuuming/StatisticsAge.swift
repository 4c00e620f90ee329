import ClientPostgreSQL
import Host
import Maintenance

/// Whether the planner's statistics are still true.
struct StatisticsAge: Check {
    typealias Kind = PostgreSQLKind

    var rows = 1000
    var changed = Share(percent: 20)
    var settle = Duration.seconds(86_400)
    var olderThan: Duration?
    var except: [TablePattern] = []

    init() {}

    static let declaration = Declaration(
        name: "postgresql.statistics-age",
        summary: "Finds tables whose statistics for the planner are missing, or no longer true.",
        measurements: [
            MeasurementDeclaration("tables", "Tables with at least `rows` rows."),
            MeasurementDeclaration("never_analyzed", "Those of them that were never analyzed."),
            MeasurementDeclaration("stale", "Those of which too much changed since, or that are too old."),
            MeasurementDeclaration("not_counted", "Those of which the server lost when they were analyzed."),
            MeasurementDeclaration("oldest", .days, "The oldest statistics."),
            MeasurementDeclaration("most_changed", .percent, "The largest share of rows changed since."),
        ], timeout: .seconds(30),
        applies: "Every PostgreSQL from 13 on, not a standby, which counts nothing. Before 14 a table that was never "
            + "analyzed cannot be told from one whose counters were lost. No right is needed.",
        example: "{ older-than: 8d, except: staging_* }", looksByItself: true)

    static let parameters: [Parameter<StatisticsAge>] = [
        .optional("rows", \.rows, default: 1000, "Tables with fewer rows are left out: any plan is good enough there."),
        .optional(
            "changed", \.changed, default: Share(percent: 20),
            "Share of a table's rows that changed since from which on its statistics are stale: twice what autovacuum "
                + "waits for."),
        .optional(
            "settle", \.settle, default: .seconds(86_400),
            "How old statistics are at least before changes count: those written together with ANALYZE are counted after it."
        ),
        .optional(
            "older-than", \.olderThan, default: nil,
            "Age from which on statistics are stale where anything changed (1 %), for plans that analyze regularly."),
        .optional("except", \.except, default: [], "Tables to leave out."),
    ]

    var rights: [Right] { [.connect(.look)] }

    func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let answers = try await access.look([
            SQLStatement(Self.server),
            SQLStatement(AnalyzedTable.statement, [SQLParameter(rows), .array(except.map(\.expression))]),
        ])
        let server = try answers[0].one()
        guard try !server.boolean("standby") else {
            throw CouldNotLook(.notSupported, "A standby does not count what its tables go through: ask the primary.")
        }
        guard try server.boolean("counted") else {
            throw CouldNotLook(.noData, "track_counts is off: the server does not count what its tables go through.")
        }
        let tables = try answers[1].rows.map { try AnalyzedTable($0) }
        let never = tables.filter { $0.analysis == .never }
        let stale = tables.filter(isStale)
        let lost = tables.filter { $0.analysis == .lost }
        var observation = Observation(
            summary: "\(never.count) of \(counted(tables.count, "table")) never analyzed, \(stale.count) with stale "
                + "statistics",
            measurements: [
                Measurement("tables", tables.count), Measurement("never_analyzed", never.count),
                Measurement("stale", stale.count), Measurement("not_counted", lost.count),
                Measurement("oldest", tables.compactMap(\.seconds).max().map { $0 / 86_400 } ?? 0, .days),
                Measurement(
                    "most_changed", tables.filter { $0.analysis == .known }.map(\.changed).max() ?? 0, .percent),
            ], details: (never + stale + lost + tables.filter { !isStale($0) && $0.analysis == .known }).map(\.details))
        let now = context.host.now()
        let isAutovacuumOn = try server.boolean("autovacuum")
        let neverBefore = EarlierLook(try await context.history("never_analyzed"), at: now)
        let staleBefore = EarlierLook(try await context.history("stale"), at: now)
        for table in never {
            judge(table, "It was never analyzed.", neverBefore, isAutovacuumOn, &observation)
        }
        for table in stale { judge(table, table.sentence, staleBefore, isAutovacuumOn, &observation) }
        judgeLost(lost, &observation)
        return observation
    }

    private func isStale(_ table: AnalyzedTable) -> Bool {
        guard table.analysis == .known, let seconds = table.seconds else { return false }
        if table.changed >= changed.percent, seconds >= settle.inSeconds { return true }
        guard let olderThan else { return false }
        return seconds >= olderThan.inSeconds && (table.changed >= 1 || table.hasNewerPartitions)
    }

    /// Of a table that autovacuum looks after nobody can tell by one look that it will not get there in a minute.
    private func judge(
        _ table: AnalyzedTable, _ sentence: String, _ before: EarlierLook, _ isAutovacuumOn: Bool,
        _ observation: inout Observation
    ) {
        let advice = "ANALYZE \(table.name), as postgresql.vacuum does."
        let isCared = isAutovacuumOn && table.isCaredFor && !isOverAge(table)
        switch before {
        case .well where isCared: return
        case .none where isCared:
            let cause = Cause(
                .noData, sentence + " Whether autovacuum gets to it is known from a second run, an hour later.")
            observation.findings.append(Finding(table.name, .unknown, cause, advice: advice, attributes: table.details))
        case .none, .well, .same:
            let why = table.isPartitioned ? " Autovacuum never does so of a partitioned table." : ""
            observation.findings.append(
                Finding(
                    table.name, .warn, Cause(.staleStatistics, sentence + why), advice: advice,
                    attributes: table.details))
        }
    }

    private func isOverAge(_ table: AnalyzedTable) -> Bool {
        guard let olderThan, let seconds = table.seconds else { return false }
        return seconds >= olderThan.inSeconds
    }

    private func judgeLost(_ lost: [AnalyzedTable], _ observation: inout Observation) {
        guard let first = lost.first else { return }
        let names = first.name + (lost.count > 1 ? " and \(lost.count - 1) more" : "")
        let cause = Cause(
            .noData,
            "When they were analyzed is not known: the server lost its counters since, by a crash or a reset.")
        observation.findings.append(
            Finding(names, .unknown, cause, advice: "ANALYZE them once, as postgresql.vacuum does."))
    }

    private static let server = """
        SELECT pg_is_in_recovery() AS standby, current_setting('track_counts')::bool AS counted, \
        current_setting('autovacuum')::bool AS autovacuum
        """
}

extension Cause.Code {
    static let staleStatistics = Cause.Code(rawValue: "stale-statistics")
}
