import ClientPostgreSQL
import Host
import Maintenance

/// Which statements take long, as pg_stat_statements counts them.
struct SlowStatements: Check {
    typealias Kind = PostgreSQLKind

    var slow = Duration.seconds(1)
    var minCalls = 5
    var top = 20
    var over: Duration?
    var everyDatabase = false

    init() {}

    static let declaration = Declaration(
        name: "postgresql.slow-statements",
        summary: "Lists the statements that take longest, by pg_stat_statements, and says since when it counts.",
        measurements: [
            MeasurementDeclaration("statements", "Different statements that were counted."),
            MeasurementDeclaration(
                "slow", "Statements whose mean is at least `slow`, over at least `min-calls` calls."),
            MeasurementDeclaration(
                "slowest_mean", .milliseconds, "The highest mean of a statement with as many calls."),
            MeasurementDeclaration(
                "slowest", .milliseconds, "The longest single call of these; not known where `over` is given."),
            MeasurementDeclaration("window", .days, "The time over which was counted."),
            MeasurementDeclaration(
                "evicted", "How often the server gave up entries for want of room; not known before 14."),
        ], timeout: .seconds(60),
        applies: "PostgreSQL from 13 on with the extension pg_stat_statements, version 1.8 or later, in the target's "
            + "database and in shared_preload_libraries. RDS and Aurora have it.",
        example: "{ slow: 500ms, over: 30s }", looksByItself: true)

    static let parameters: [Parameter<SlowStatements>] = [
        .optional("slow", \.slow, default: .seconds(1), "The mean time of a call from which on it is a finding."),
        .optional(
            "min-calls", \.minCalls, default: 5,
            "Calls from which on a statement is judged: one of them proves nothing."),
        .optional("top", \.top, default: 20, "How many statements are listed: the slow ones, then by their total."),
        .optional(
            "over", \.over, default: nil,
            "Looks twice, so far apart, and judges what was called in between. Without it everything since the "
                + "statistics were reset is judged, in which today may drown."),
        .optional(
            "every-database", \.everyDatabase, default: false,
            "Whether the statements of the server's other databases are looked at as well."),
    ]

    func validate() throws(ValueError) {
        guard (1...PostgreSQLActionLimits.sessionsShown).contains(top) else {
            throw ValueError("between 1 and \(PostgreSQLActionLimits.sessionsShown)", path: ["top"])
        }
        guard minCalls > 0 else { throw ValueError("at least 1", path: ["min-calls"]) }
        if let over, over < .milliseconds(100) { throw ValueError("at least 100ms", path: ["over"]) }
    }

    var rights: [Right] {
        [.connect(.look), .readStatistics("to see the statements of other roles")]
    }

    func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let source = try await StatementSource.find(access)
        let window: StatementWindow
        if let over {
            guard context.remaining > over + .seconds(1) else {
                throw CouldNotLook(
                    .limitReached, "The step ends before `over` has passed: give it a `timeout` that is longer.")
            }
            let first = try await source.look(access, everyDatabase)
            try await context.host.sleep(over)
            window = try await source.look(access, everyDatabase).since(first)
        } else {
            window = try await source.look(access, everyDatabase)
        }
        let ranked = window.ranked { isSlow($0) }
        let shown = Array(ranked.prefix(top))
        let texts = try await source.texts(of: shown, access)
        var observation = Observation(
            summary: summary(window),
            details: shown.map { window.details($0, texts[$0.key], isJudged: isJudged($0)) })
        measure(window, &observation)
        for statement in shown where isSlow(statement) && !statement.isHidden {
            observation.findings.append(finding(statement, window, texts[statement.key]))
        }
        judgeHidden(window, access.identity, &observation)
        return observation
    }

    /// What a person calls for now and then may take its time: maintenance, and loading or unloading whole tables.
    private func isJudged(_ statement: CountedStatement) -> Bool {
        statement.calls >= minCalls && !statement.isMaintenance
    }

    private func isSlow(_ statement: CountedStatement) -> Bool {
        isJudged(statement) && statement.mean >= slow.inSeconds * 1000
    }

    private func summary(_ window: StatementWindow) -> String {
        let slow = window.statements.filter(isSlow).count
        let period = window.period.map { "over \(spanText($0))" } ?? "since a time that this version does not tell"
        return "\(slow) of \(counted(window.statements.count, "statement")) slow \(period)"
            + (over == nil && window.period != nil ? ", since the statistics were reset" : "")
    }

    private func measure(_ window: StatementWindow, _ observation: inout Observation) {
        let judged = window.statements.filter(isJudged)
        observation.measurements = [
            Measurement("statements", window.statements.count),
            Measurement("slow", window.statements.filter(isSlow).count),
            Measurement("slowest_mean", judged.map(\.mean).max() ?? 0, .milliseconds),
        ]
        if over == nil {
            observation.measurements.append(
                Measurement("slowest", judged.map(\.longest).max() ?? 0, .milliseconds))
        } else {
            observation.missing["slowest"] = Cause(
                .notSupported, "The server tells the longest call since the reset alone, not of the time between.")
        }
        let old = Cause(.notSupported, "pg_stat_statements tells this from version 1.9 on (PostgreSQL 14).")
        if let period = window.period {
            observation.measurements.append(Measurement("window", period / 86_400, .days))
        } else {
            observation.missing["window"] = old
        }
        if let evicted = window.evicted {
            observation.measurements.append(Measurement("evicted", evicted))
        } else {
            observation.missing["evicted"] = old
        }
    }

    private func finding(_ statement: CountedStatement, _ window: StatementWindow, _ text: String?) -> Finding {
        Finding(
            "statement \(statement.key.query ?? "of \(statement.role)")", .warn,
            Cause(
                .slowStatement,
                "Its mean over \(counted(statement.calls, "call")) is \(spanText(statement.mean / 1000))."),
            advice: "Look at its plan with EXPLAIN (ANALYZE, BUFFERS), on a copy where it alters anything.",
            attributes: window.details(statement, text, isJudged: true))
    }

    /// Times are shown to everybody, and neither whose statement it is that is slow nor whether it is maintenance. What
    /// happened between two looks cannot be told of them at all.
    private func judgeHidden(_ window: StatementWindow, _ identity: String, _ observation: inout Observation) {
        let count = window.statements.filter { $0.isHidden && (over != nil || isSlow($0)) }.count
        guard count > 0 else { return }
        let cause = Cause(
            .noPermission,
            "\(counted(count, "statement")) of other roles that may be slow \(count == 1 ? "is" : "are") not shown: the "
                + "looking role lacks pg_read_all_stats.")
        for name in ["slow", "slowest_mean", "slowest"] {
            observation.measurements.removeAll { $0.name == name }
            observation.missing[name] = cause
        }
        observation.findings.append(
            Finding(identity, .unknown, cause, advice: "Grant pg_read_all_stats to the looking role."))
    }
}

extension Cause.Code {
    static let slowStatement = Cause.Code(rawValue: "slow-statement")
}
