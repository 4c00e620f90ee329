import ClientPostgreSQL
import Host
import Maintenance

/// Whether autovacuum is set up as it should be, gets to its work, and is not held up.
struct Autovacuum: Check {
    typealias Kind = PostgreSQLKind

    var expect: [String: String] = [:]
    var except: [TablePattern] = []
    var holderTransactions = 1_000_000
    var holderAge = Duration.seconds(3600)
    var wait = Duration.seconds(10)

    init() {}

    static let declaration = Declaration(
        name: "postgresql.autovacuum",
        summary: "Compares autovacuum's settings with those expected, and finds vacuums that are held up, and by whom.",
        measurements: [
            MeasurementDeclaration("different", "Settings that are not as expected, the server's and the tables'."),
            MeasurementDeclaration("left_alone", "Tables for which autovacuum is off."),
            MeasurementDeclaration("overdue", "Tables with twice the dead rows that autovacuum waits for."),
            MeasurementDeclaration("waiting_vacuums", "Vacuums that wait for a lock."),
            MeasurementDeclaration("workers_busy", .percent, "Autovacuum's workers that are at work."),
            MeasurementDeclaration(
                "oldest_holder",
                "Transactions since the oldest that keeps vacuum from removing rows: a session, a "
                    + "prepared transaction, a replication slot, or a standby's feedback."),
            MeasurementDeclaration("oldest_holder_time", .seconds, "How long the longest of them has been open."),
        ],
        thresholds: Thresholds(fail: "oldest_holder >= 50 million"), timeout: .seconds(30),
        applies: "Every PostgreSQL from 13 on, not a standby, which does not vacuum.",
        example: """
            expect: { autovacuum_vacuum_scale_factor: "0.1", autovacuum_analyze_scale_factor: "0.05" }
            """, looksByItself: true)

    static let parameters: [Parameter<Autovacuum>] = [
        .optional(
            "expect", \.expect, default: [:],
            "Settings with the values that they must have, as postgresql.conf writes them; autovacuum and track_counts "
                + "must be on in any case. A table's own number may not be larger."),
        .optional("except", \.except, default: [], "Tables that may have autovacuum off, or numbers of their own."),
        .optional(
            "holder-transactions", \.holderTransactions, default: 1_000_000,
            "Transactions since a holder of old rows from which on it is a finding."),
        .optional(
            "holder-age", \.holderAge, default: .seconds(3600),
            "Time from which on it is one too, once \(PostgreSQLActionLimits.holderMatters) transactions have begun since."
        ),
        .optional(
            "wait", \.wait, default: .seconds(10), "From how long on a vacuum's waiting for a lock is a finding."),
    ]

    func validate() throws(ValueError) {
        guard holderTransactions > 0 else { throw ValueError("at least 1", path: ["holder-transactions"]) }
        guard expect.count <= PostgreSQLActionLimits.sessionsShown else {
            throw ValueError("at most \(PostgreSQLActionLimits.sessionsShown) settings", path: ["expect"])
        }
    }

    var rights: [Right] {
        [.connect(.look), .readStatistics("to see which sessions and standbys hold old rows")]
    }

    func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let names = expect.keys.sorted() + ["autovacuum", "track_counts"]
        let answers = try await access.look(
            [
                SQLStatement(ExpectedSetting.statement, [.array(names)]),
                SQLStatement(
                    VacuumedTable.statement, [.array(except.map(\.expression)), .array(expect.keys.sorted())]),
                SQLStatement(Self.workers, [SQLParameter(wait.inSeconds.written)]),
            ] + Horizon.statements(everyDatabase: false))
        let server = try answers[2].one()
        guard try !server.boolean("standby") else {
            throw CouldNotLook(.notSupported, "A standby does not vacuum: ask the primary.")
        }
        let tables = try answers[1].rows.map { try VacuumedTable($0) }
        let horizon = try Horizon(answers[3], answers[4].one())
        var observation = Observation(summary: "")
        let settings = try judgeSettings(answers[0], tables, &observation)
        let overdue = tables.filter(\.isOverdue)
        let earlier = EarlierLook(try await context.history("overdue"), at: context.host.now())
        judgeTables(tables, earlier, &observation)
        observation.measurements += [
            Measurement("left_alone", tables.filter { !$0.isExcepted && !$0.isCaredFor }.count),
            Measurement("overdue", overdue.count),
        ]
        try judgeWorkers(server, &observation)
        judgeHolders(horizon, access.identity, &observation)
        observation.summary =
            "\(counted(settings, "setting")) not as expected, \(counted(overdue.count, "table")) overdue, "
            + (horizon.holders.first.map { "\($0.subject) holds up \($0.transactions) transactions" }
                ?? "nobody holds vacuum up")
        observation.details += tables.map(\.details) + horizon.holders.map(\.details)
        return observation
    }

    /// How many are not as expected.
    private func judgeSettings(
        _ rows: Rows, _ tables: [VacuumedTable], _ observation: inout Observation
    ) throws -> Int {
        var different = 0
        var seen: Set<String> = []
        for row in rows.rows {
            let setting = try ExpectedSetting(row)
            seen.insert(setting.name)
            let wanted = expect[setting.name] ?? "on"
            observation.details.append(setting.details(wanted: wanted))
            guard !setting.isAsWanted(wanted) else { continue }
            different += 1
            observation.findings.append(
                Finding(
                    setting.name, .fail,
                    Cause(.differentSetting, "It is \(setting.shown), and \(wanted) is expected."),
                    advice: "ALTER SYSTEM SET \(setting.name) = '\(wanted)', then SELECT pg_reload_conf()."))
        }
        for name in expect.keys.sorted() where !seen.contains(name) {
            observation.findings.append(
                Finding(
                    name, .unknown, Cause(.notFound, "This server has no such setting."),
                    advice: "Check the name; pg_settings lists all."))
        }
        for table in tables where !table.isExcepted {
            for (name, own) in table.own {
                guard let wanted = expect[name].flatMap({ Double($0) }), let value = Double(own), value > wanted else {
                    continue
                }
                different += 1
                observation.findings.append(
                    Finding(
                        table.name, .warn,
                        Cause(
                            .differentSetting, "Its own \(name) is \(own), and at most \(wanted.written) is expected."),
                        advice: "ALTER TABLE \(table.name) RESET (\(name)), or except the table."))
            }
        }
        observation.measurements.append(Measurement("different", different))
        return different
    }

    private func judgeTables(
        _ tables: [VacuumedTable], _ earlier: EarlierLook, _ observation: inout Observation
    ) {
        for table in tables where !table.isExcepted && !table.isCaredFor {
            observation.findings.append(
                Finding(
                    table.name, .warn,
                    Cause(
                        .leftAlone, "Autovacuum is off for \(table.isOn ? "what it keeps out of line (TOAST)" : "it")."),
                    advice: "ALTER TABLE \(table.name) RESET (autovacuum_enabled, toast.autovacuum_enabled), or except "
                        + "the table.", attributes: table.details))
        }
        for table in tables where table.isOverdue && table.isCaredFor && earlier != .well && !table.isBeingVacuumed {
            let sentence =
                "It has \(((table.dueRatio * 10).rounded() / 10).written) times the dead rows that "
                + "autovacuum waits for."
            let isSure = earlier == .same
            observation.findings.append(
                Finding(
                    table.name, isSure ? .warn : .unknown,
                    isSure
                        ? Cause(.overdue, sentence)
                        : Cause(
                            .noData,
                            sentence + " Whether autovacuum gets to it is known from a second run, an hour later."),
                    advice: "Look who holds vacuum up and whether its workers are all busy; postgresql.vacuum does it "
                        + "now.", attributes: table.details))
        }
    }

    private func judgeWorkers(_ server: Row, _ observation: inout Observation) throws {
        let (most, busy) = (try server.integer("most"), try server.integer("workers"))
        let waiting = try server.integer("waiting")
        observation.measurements += [
            Measurement("waiting_vacuums", waiting),
            Measurement("workers_busy", 100 * Double(busy) / Double(max(1, most)), .percent),
        ]
        if waiting > 0 {
            observation.findings.append(
                Finding(
                    "vacuum", .warn,
                    Cause(.blocks, "\(counted(waiting, "vacuum")) waiting for a lock that somebody else holds."),
                    advice: "postgresql.activity names who blocks it."))
        }
        // Hidden are all of them or none.
        guard busy >= most else { return }
        let longest = try server.optional("longest").flatMap { Double($0) }
        guard let longest else {
            let cause = Cause(
                .noPermission,
                "All \(most) workers of autovacuum are busy, and since when is not shown: the looking role lacks "
                    + "pg_read_all_stats.")
            observation.findings.append(
                Finding("autovacuum", .unknown, cause, advice: "Grant pg_read_all_stats to the looking role."))
            return
        }
        guard longest >= 3600 else { return }
        observation.findings.append(
            Finding(
                "autovacuum", .warn,
                Cause(.overdue, "All its \(most) workers are busy, one for \(spanText(longest)): other tables wait."),
                advice: "Raise autovacuum_vacuum_cost_limit or lower autovacuum_vacuum_cost_delay; "
                    + "autovacuum_max_workers alone divides the same budget."))
    }

    private func judgeHolders(_ horizon: Horizon, _ identity: String, _ observation: inout Observation) {
        for holder in horizon.holders {
            let isLong =
                (holder.seconds ?? 0) >= holderAge.inSeconds
                && holder.transactions >= PostgreSQLActionLimits.holderMatters
            guard isLong || holder.transactions >= holderTransactions else { continue }
            let time = holder.seconds.map { " for \(spanText($0))" } ?? ""
            observation.findings.append(
                Finding(
                    holder.subject, .warn,
                    Cause(
                        .heldRows,
                        "It has kept vacuum from removing rows\(time): \(holder.transactions) transactions began since."
                    ),
                    advice: holder.advice, attributes: holder.details))
        }
        if let hidden = horizon.hidden {
            for name in ["oldest_holder", "oldest_holder_time"] { observation.missing[name] = hidden }
            observation.findings.append(
                Finding(identity, .unknown, hidden, advice: "Grant pg_read_all_stats to the looking role."))
        } else {
            observation.measurements += [
                Measurement("oldest_holder", horizon.holders.map(\.transactions).max() ?? 0),
                Measurement("oldest_holder_time", horizon.holders.compactMap(\.seconds).max() ?? 0, .seconds),
            ]
        }
    }

    /// A worker that is not shown has no user, unlike all other sessions of a database.
    private static let workers = """
        SELECT pg_is_in_recovery() AS standby, current_setting('autovacuum_max_workers')::int AS most, \
        count(*) FILTER (WHERE a.backend_type = 'autovacuum worker' OR \(SessionSQL.isHidden) AND a.usesysid IS NULL \
        AND a.datid IS NOT NULL) AS workers, \
        \(SessionSQL.seconds(since: "min(a.xact_start) FILTER (WHERE a.backend_type = 'autovacuum worker')")) \
        AS longest, \
        (SELECT count(*) FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity w ON w.pid = l.pid \
        WHERE NOT l.granted AND l.locktype = 'relation' AND l.mode = 'ShareUpdateExclusiveLock' \
        AND w.datname = current_database() \
        AND (w.backend_type = 'autovacuum worker' OR w.query ~* '^\\s*(/\\*[^*]*\\*/\\s*)?(vacuum|analyze)\\M') \
        AND clock_timestamp() - coalesce((to_jsonb(l) ->> 'waitstart')::timestamptz, \
        CASE WHEN current_setting('server_version_num')::int < 140000 THEN w.query_start END) \
        >= make_interval(secs => $1::float8)) AS waiting FROM pg_catalog.pg_stat_activity a
        """
}

extension Cause.Code {
    static let differentSetting = Cause.Code(rawValue: "different-setting")
    /// Autovacuum is off for it.
    static let leftAlone = Cause.Code(rawValue: "left-alone")
    static let overdue = Cause.Code(rawValue: "overdue")
}
