public import Dispatching
public import Host

/// What the scheduler tells of itself, in the text format of Prometheus (exposition format 0.0.4).
public enum MetricsText {
    /// - Parameter problems: files of plans whose present content is not in force.
    public static func text(_ metrics: DispatchMetrics, problems: Int, holds: Int, at now: Instant) -> String {
        var text = ""
        func family(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: String)]) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
            for sample in samples { text += "\(name)\(sample.labels) \(sample.value)\n" }
        }
        let standings = metrics.standings
        family(
            "millwright_procedures", "gauge", "Procedures by where they stand.",
            [
                ("next", standings.withNextInstant), ("without-plan", standings.withoutPlan),
                ("disabled", standings.disabled), ("paused", standings.paused), ("triggered", standings.triggered),
                ("exhausted", standings.exhausted), ("unexplained", standings.unexplained),
                ("unseen", standings.unseen), ("by-agreement", standings.byAgreement), ("overdue", standings.overdue),
            ].map { ("{standing=\"\($0)\"}", String($1)) })
        family(
            "millwright_every_procedure_has_next_or_reason", "gauge",
            "1 while every enabled procedure has a next instant or a stated reason.",
            [("", standings.unexplained == 0 ? "1" : "0")])
        family(
            "millwright_fact_seen", "gauge", "1 while the fact that a procedure hangs on was seen lately, else 0.",
            metrics.relative.filter { !$0.isAgreement }.map { one in
                let isUnseen = if case .unseen = one.standing { true } else { false }
                return ("{\(labels(one.procedure))}", isUnseen ? "0" : "1")
            })
        family(
            "millwright_agreement_overdue", "gauge",
            "1 while what is done by agreement was not done within its period, else 0.",
            metrics.relative.filter(\.isAgreement).map { one in
                let isOverdue = if case .overdue = one.standing { true } else { false }
                return ("{\(labels(one.procedure))}", isOverdue ? "1" : "0")
            })
        family("millwright_runs", "gauge", "Runs in hand.", [("", String(metrics.running))])
        family(
            "millwright_occurrences_waiting", "gauge", "Occurrences that wait to begin.",
            [("", String(metrics.waiting))])
        family(
            "millwright_occurrences_blocked", "gauge",
            "Of those the ones that could begin but for other runs, by cause.",
            [MissCause.locked, .limited].map {
                ("{cause=\"\($0.rawValue)\"}", String(metrics.blocked[$0] ?? 0))
            })
        family(
            "millwright_plans_with_problems", "gauge", "Files of plans that cannot be used.", [("", String(problems))])
        family("millwright_holds", "gauge", "Holds in force.", [("", String(holds))])
        family(
            "millwright_missed_total", "counter", "Occurrences without a run, by cause.",
            metrics.missed.map { ("{\(labels($0.procedure)),cause=\"\($0.cause.rawValue)\"}", String($0.count)) })
        if let next = metrics.next {
            family(
                "millwright_next_due_timestamp_seconds", "gauge", "When something is due next.",
                [("", String(next.secondsSinceEpoch))])
        }
        family(
            "millwright_written_timestamp_seconds", "gauge", "When this was written.",
            [("", String(now.secondsSinceEpoch))])
        return text
    }

    private static func labels(_ key: ProcedureKey) -> String {
        "service=\"\(escaped(key.service))\",environment=\"\(escaped(key.environment))\",procedure=\"\(escaped(key.procedure))\""
    }

    /// Of a label's value the format escapes backslash, quote and line end.
    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
