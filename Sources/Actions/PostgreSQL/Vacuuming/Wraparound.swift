import ClientPostgreSQL
import Host
import Maintenance

/// How far the server is from refusing to write, for want of transaction ids or multixact ids.
struct Wraparound: Check {
    typealias Kind = PostgreSQLKind

    var warnUsed = Share(percent: 40)
    var failUsed = Share(percent: 75)
    var warnWithin = Duration.seconds(30 * 86_400)
    var failWithin = Duration.seconds(7 * 86_400)
    var tables = 10

    init() {}

    static let declaration = Declaration(
        name: "postgresql.wraparound",
        summary: "Measures the age of the oldest transaction and multixact ids, and the time until the server refuses "
            + "to write.",
        measurements: [
            MeasurementDeclaration("xid_age", "Transactions since the oldest one that is not frozen."),
            MeasurementDeclaration("xid_used", .percent, "The same, of what there may be."),
            MeasurementDeclaration("multixact_age", "Multixacts since the oldest one that is not frozen."),
            MeasurementDeclaration("multixact_used", .percent, "The same, of what there may be."),
            MeasurementDeclaration("xids", "Transaction ids given out so far: what the rate is worked out from."),
            MeasurementDeclaration("multixacts", "Multixact ids given out so far, modulo 2^32."),
            MeasurementDeclaration("xids_per_day", "How fast transaction ids are used up."),
            MeasurementDeclaration("multixacts_per_day", "How fast multixact ids are used up."),
            MeasurementDeclaration(
                "xid_time_left", .days, "Until no transaction may write, if nothing were frozen from now on."),
            MeasurementDeclaration("multixact_time_left", .days, "The same for multixacts."),
        ], timeout: .seconds(15),
        applies: "Every PostgreSQL from 13 on; on a standby the ages are the primary's. No right is needed. Multixact "
            + "members, which end on their own, are shown by no function before 18.",
        example: "{ warn-used: 30% }", looksByItself: true)

    static let parameters: [Parameter<Wraparound>] = [
        .optional(
            "warn-used", \.warnUsed, default: Share(percent: 40), "Share of the ids from which on it is a warning."),
        .optional("fail-used", \.failUsed, default: Share(percent: 75), "The same for a failure."),
        .optional(
            "warn-within", \.warnWithin, default: .seconds(30 * 86_400),
            "Time left below which it is a warning, where autovacuum is behind: a fifth over its own age for freezing."),
        .optional("fail-within", \.failWithin, default: .seconds(7 * 86_400), "The same for a failure."),
        .optional("tables", \.tables, default: 10, "How many of this database's oldest tables are listed."),
    ]

    func validate() throws(ValueError) {
        guard (0...PostgreSQLActionLimits.sessionsShown).contains(tables) else {
            throw ValueError("between 0 and \(PostgreSQLActionLimits.sessionsShown)", path: ["tables"])
        }
    }

    var rights: [Right] { [.connect(.look)] }

    func observe(_ access: PostgreSQLAccess, in context: Context) async throws -> Observation {
        let answers = try await access.look(
            [SQLStatement(AgedDatabase.statement), SQLStatement(AgedTable.statement, [SQLParameter(tables)])]
                + Horizon.statements(everyDatabase: true))
        let databases = try answers[0].rows.map { try AgedDatabase($0) }
        guard let first = databases.first else {
            throw CouldNotLook(.malformed, "\(access.identity) lists no database, not even its own.")
        }
        let tables = try answers[1].rows.map { try AgedTable($0) }
        let horizon = try Horizon(answers[2], answers[3].one())
        let now = context.host.now()
        let rates = Rates(
            xid: BurnRate(count: first.xids, at: now, past: try await context.history("xids")).perDay,
            multixact: BurnRate(
                count: first.multixacts, at: now, past: try await context.history("multixacts"),
                modulus: 4_294_967_296
            ).perDay)
        var observation = Observation(
            summary: "", details: databases.map(\.details) + tables.map(\.details) + horizon.holders.map(\.details))
        measure(databases, rates, &observation)
        observation.findings = databases.flatMap { judge($0, rates, tables, horizon) }
        return observation
    }

    private func measure(_ databases: [AgedDatabase], _ rates: Rates, _ observation: inout Observation) {
        observation.summary = "no database is older than "
        for id in AgedID.allCases {
            guard let oldest = databases.max(by: { $0.age(id) < $1.age(id) }) else { continue }
            let name = id.rawValue
            observation.measurements += [
                Measurement("\(name)_age", oldest.age(id)), Measurement("\(name)_used", oldest.used(id), .percent),
                Measurement("\(name)s", id == .xid ? oldest.xids : oldest.multixacts),
            ]
            observation.summary +=
                (id == .xid ? "" : " and ") + "\(((oldest.used(id) * 10).rounded() / 10).written) % of all \(id.plural)"
            switch rates[id] {
            case .failure(let error):
                observation.missing["\(name)s_per_day"] = error.cause
                observation.missing["\(name)_time_left"] = error.cause
            case .success(let rate):
                observation.measurements.append(Measurement("\(name)s_per_day", rate))
                if let days = oldest.daysLeft(id, rate) {
                    observation.measurements.append(Measurement("\(name)_time_left", days, .days))
                } else {
                    observation.missing["\(name)_time_left"] = Cause(
                        .noData, "No \(id.plural) are used up, so there is no time until their end.")
                }
            }
        }
    }

    private func judge(
        _ database: AgedDatabase, _ rates: Rates, _ tables: [AgedTable], _ horizon: Horizon
    ) -> [Finding] {
        AgedID.allCases.compactMap { id in
            let rate = try? rates[id].get()
            let days = rate.flatMap { database.daysLeft(id, $0) }
            // A healthy server is always some days away, and freezes in time.
            let daysThatCount = database.isBehind(id) ? days ?? .infinity : .infinity
            let used = database.used(id)
            let severity: Verdict
            if used >= failUsed.percent || daysThatCount < failWithin.inSeconds / 86_400 {
                severity = .fail
            } else if used >= warnUsed.percent || daysThatCount < warnWithin.inSeconds / 86_400 {
                severity = .warn
            } else {
                return nil
            }
            let left = days.map { ", and at the present rate the end is \(spanText($0 * 86_400)) away" } ?? ""
            return Finding(
                "database \(database.name)", severity,
                Cause(
                    .wraparound,
                    "Its oldest rows are \(((used * 10).rounded() / 10).written) % of all \(id.plural) old\(left): then "
                        + "the server refuses to write."),
                advice: advice(database, id, tables, horizon), attributes: database.details)
        }
    }

    /// Freezing helps only when nobody holds it up.
    private func advice(
        _ database: AgedDatabase, _ id: AgedID, _ tables: [AgedTable], _ horizon: Horizon
    ) -> String {
        let half = database.age(.xid) / 2
        let holder = horizon.holders.first {
            $0.transactions >= half && ($0.database == nil || $0.database == database.name)
        }
        let oldest = database.isOwn ? tables.prefix(3).map(\.name).joined(separator: ", ") : ""
        return (holder.map { "The \($0.subject) keeps vacuum from freezing. \($0.advice) Then vacuum" } ?? "Vacuum")
            + (oldest.isEmpty ? " the oldest tables of this database." : " the oldest tables first: \(oldest).")
    }
}

/// The two kinds of ids that can end.
enum AgedID: String, CaseIterable {
    case xid, multixact

    var plural: String { self == .xid ? "transaction ids" : "multixact ids" }
}

struct Rates {
    let xid: Result<Double, CouldNotLook>
    let multixact: Result<Double, CouldNotLook>

    subscript(_ id: AgedID) -> Result<Double, CouldNotLook> { id == .xid ? xid : multixact }
}

extension Cause.Code {
    static let wraparound = Cause.Code(rawValue: "wraparound")
}
