import Host
import Maintenance

/// What both faces of a weekly report say.
extension Words {
    static func seconds(_ seconds: Double) -> String {
        if seconds >= 3600, seconds.truncatingRemainder(dividingBy: 3600) == 0, seconds < 1e9 {
            return "\(Int(seconds) / 3600) h"
        }
        return took(.milliseconds(Int64(min(max(seconds, 0) * 1000, 9e15))))
    }

    /// `8 runs: 6 pass, 1 fail, 1 unknown; 1 was missed.`
    static func week(_ report: WeeklyReport) -> String {
        let missed = report.procedures.map(\.missedInAll).reduce(0, +)
        let tail = missed == 0 ? "" : missed == 1 ? "; 1 due run was missed" : "; \(missed) due runs were missed"
        if report.runs == 0 { return "No run in seven days\(tail)." }
        var counts = report.counts
        counts.skipped = 0
        let open = report.counts.skipped > 0 ? ", \(report.counts.skipped) without a verdict" : ""
        return "\(report.runs == 1 ? "1 run" : "\(report.runs) runs"): \(self.counts(counts))\(open)\(tail)."
    }

    /// `daily 09:00; due 7 times, ran 6, missed 1`.
    static func due(_ procedure: WeeklyReport.ProcedureDays) -> String {
        let ran = procedure.runs == 1 ? "1 run" : "\(procedure.runs) runs"
        guard let schedule = procedure.schedule, let due = procedure.due else {
            return "\(ran); its schedule is not known here"
        }
        return "\(schedule); due \(due), \(ran), \(procedure.missedInAll) missed"
    }

    static func missedTimes(_ procedure: WeeklyReport.ProcedureDays) -> String {
        let named = procedure.missed.map { "\($0.description.prefix(16).replacing("T", with: " "))" }
        let left = procedure.missedInAll - named.count
        return named.joined(separator: ", ") + " UTC" + (left > 0 ? " and \(left) before" : "")
    }

    /// Why a day shows no run.
    static func without(_ day: WeeklyReport.Day) -> String {
        if day.missed > 0 { return "missed" }
        if day.isBeforeTheFirstRun { return "before" }
        if day.isToday { return "none yet" }
        return day.due == 0 ? "not due" : "no run"
    }

    /// `Sunday 15 November 2026: 2 runs, worst fail`.
    static func day(_ day: WeeklyReport.Day) -> String {
        var text = self.day(day.date) + (day.isToday ? ", up to the report: " : ": ")
        if day.runsInAll > 0 {
            text +=
                "\(day.runsInAll == 1 ? "1 run" : "\(day.runsInAll) runs"), \(day.verdict?.rawValue ?? "no verdict")"
        } else {
            text += day.isBeforeTheFirstRun ? "before the service's first run" : "no run"
        }
        if day.missed > 0 { text += ", \(day.missed) missed" }
        return text
    }
}
