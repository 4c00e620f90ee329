import ClientPostgreSQL
import Maintenance

/// Sessions whose doing could not be seen: what is counted over all of them is then not known.
struct HiddenSessions {
    private let cause: Cause

    /// To be counted by the statement, which looks at pg_stat_activity as `a`; `condition` says which of them matter.
    static func columns(_ condition: String = "true") -> String {
        "count(*) FILTER (WHERE \(SessionSQL.isHidden) AND \(condition)) AS hidden, "
            + "count(*) FILTER (WHERE a.state = 'disabled') AS untracked"
    }

    /// `nil` where everything was seen.
    init?(_ row: Row) throws(CouldNotLook) {
        let (hidden, untracked) = (try row.integer("hidden"), try row.integer("untracked"))
        if hidden > 0 {
            cause = Cause(
                .noPermission,
                "What \(counted(hidden, "session")) of other roles \(hidden == 1 ? "does" : "do") is not shown: the "
                    + "looking role lacks pg_read_all_stats.")
        } else if untracked > 0 {
            cause = Cause(
                .noData, "\(counted(untracked, "session")) hide what they do: track_activities is off for them.")
        } else {
            return nil
        }
    }

    func tell(_ measurements: [String], _ identity: String, _ observation: inout Observation) {
        observation.measurements.removeAll { measurements.contains($0.name) }
        for name in measurements { observation.missing[name] = cause }
        let advice =
            cause.code == .noPermission
            ? "Grant pg_read_all_stats to the looking role." : "Set track_activities to on for all roles."
        observation.findings.append(Finding(identity, .unknown, cause, advice: advice))
        observation.summary = cause.sentence + " Of what is seen: " + observation.summary
    }

    /// As what keeps a change from being planned.
    var finding: Finding {
        Finding("sessions", .unknown, cause, advice: "Grant pg_read_all_stats to the looking role.")
    }
}
