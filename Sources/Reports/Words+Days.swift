import Host
import Maintenance
import Schedules

/// Moments and days of a zone, signs and sentences of daily reports.
extension Words {
    /// `2026-11-22 03:00 Europe/Paris`.
    static func time(_ instant: Instant, _ zone: Zone) -> String { "\(clock(instant, zone)) \(zone.name)" }

    /// `2026-11-22 03:00`.
    static func clock(_ instant: Instant, _ zone: Zone) -> String {
        let local = zone.local(at: instant)
        let minute = local.secondOfDay / 60
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(local.date) \(two(minute / 60)):\(two(minute % 60))"
    }

    /// `Sunday 22 November 2026`.
    static func day(_ text: String) -> String {
        guard let date = CivilDate(text) else { return text }
        return "\(weekdays[date.weekday]) \(date.day) \(months[Int(date.month) - 1]) \(date.year)"
    }

    /// `Sun 22`.
    static func shortDay(_ text: String) -> String {
        guard let date = CivilDate(text) else { return text }
        return "\(weekdays[date.weekday].prefix(3)) \(date.day)"
    }

    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    /// A verdict without colour.
    static func sign(_ verdict: Verdict?) -> String {
        switch verdict {
        case .pass?: "✓"
        case .warn?: "!"
        case .fail?: "✗"
        case .unknown?: "?"
        case nil: "–"
        }
    }

    /// A comparison as people write it.
    static func sign(_ comparison: String) -> String {
        switch comparison {
        case ">=": "≥"
        case "<=": "≤"
        case "==": "="
        case "!=": "≠"
        default: comparison
        }
    }

    /// `warn ≥ 5 %`; of a condition on more than the measurement, its own words.
    static func thresholds(_ check: DailyReport.Check) -> [(verdict: Verdict, text: String)] {
        let unit = UnitOfMeasure(rawValue: check.measured?.unit ?? "") ?? .count
        return [(Verdict.warn, check.thresholds.warn), (.fail, check.thresholds.fail)].compactMap { verdict, text in
            guard let text else { return nil }
            let bounds = check.bounds.filter { $0.severity == verdict }
            guard let bound = bounds.first, bounds.count == 1, let condition = try? Condition(text),
                condition.names == [check.measured?.name]
            else { return (verdict, bounded(text)) }
            return (verdict, "\(sign(bound.sign)) \(NumberText.text(bound.value, unit))")
        }
    }

    /// `All 12 checks pass.`, `1 of 12 fails, 2 could not be known.`
    static func headline(_ counts: RunDocument.Counts, of total: Int) -> String {
        if total == 0 { return "Nothing was looked at." }
        if counts.pass == total { return total == 1 ? "The only check passes." : "All \(total) checks pass." }
        let parts = [
            (counts.fail, "fails", "fail"), (counts.unknown, "could not be known", "could not be known"),
            (counts.warn, "needs attention", "need attention"), (counts.skipped, "was not run", "were not run"),
            (counts.pass, "passes", "pass"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.0 == 1 ? $0.1 : $0.2)" }
        return "Of \(total) checks: \(parts.joined(separator: ", "))."
    }
}
