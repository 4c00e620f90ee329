import Host
import Maintenance

/// What a notice says, the same over every channel: a heading, and paragraphs. Plain text; each channel writes it in its
/// own markup.
struct NoticeText {
    struct Line: Hashable {
        let severity: Verdict?
        let text: String
    }

    let heading: String
    let facts: [(name: String, value: String)]
    /// What was found and missed.
    let lines: [Line]

    init(_ notice: Notice) {
        heading = Self.heading(notice)
        facts = Self.facts(notice)
        lines = Self.lines(notice)
    }

    /// `FAIL shop daily: 9 pass, 1 warn, 1 fail`.
    private static func heading(_ notice: Notice) -> String {
        let place = notice.environment == "default" ? "" : " (\(notice.environment))"
        let what = "\(notice.service) \(notice.procedure)\(place)"
        let text =
            switch notice.event {
            case .test: "test: \(what)"
            case .asked: "asks: \(what): \(notice.points.first.map { "\($0.step): \($0.sentence)" } ?? "")"
            case .recovered: "recovered: \(what): \(counts(notice.counts))"
            case .missed: "missed: \(what): \(missedInShort(notice))"
            case .pass, .warn, .fail, .unknown, .ended:
                "\(notice.verdict?.rawValue ?? notice.event.rawValue): \(what): \(counts(notice.counts))"
            }
        return oneLine(text, NoticeLimits.heading)
    }

    private static func facts(_ notice: Notice) -> [(name: String, value: String)] {
        var facts = [("run", notice.run), ("environment", notice.environment)]
        if let verdict = notice.verdict { facts.append(("verdict", verdict.rawValue)) }
        if let startedAt = notice.startedAt { facts.append(("started", time(startedAt))) }
        facts.append((notice.event == .test || notice.event == .asked ? "sent" : "ended", time(notice.at)))
        if let earlier = notice.recoversFrom { facts.append(("recovers from", earlier)) }
        facts.append(("see more", notice.hint))
        return facts.map { (name: $0.0, value: oneLine($0.1, Limits.noticeSentence)) }
    }

    private static func lines(_ notice: Notice) -> [Line] {
        var lines: [Line] = []
        if let text = notice.text { lines.append(Line(severity: nil, text: oneLine(text, NoticeLimits.section))) }
        if let missed = notice.missed {
            var text = "\(occurrences(missed)) of `\(missed.schedule)` had no run"
            if !missed.latest.isEmpty {
                let isAll = missed.latest.count == missed.count && !missed.isAtLeast
                text += (isAll ? ": " : ", the last: ") + missed.latest.map(time).joined(separator: ", ")
            }
            lines.append(Line(severity: .unknown, text: oneLine(text, NoticeLimits.section)))
        }
        if !notice.leftSteps.isEmpty {
            let steps = notice.leftSteps.joined(separator: ", ")
            lines.append(
                Line(severity: .unknown, text: oneLine("The window's end left undone: \(steps)", NoticeLimits.section)))
        }
        lines += notice.points.map { point in
            let subject = point.subject.isEmpty ? "" : " \(point.subject):"
            let advice = point.advice.map { " \($0)" } ?? ""
            return Line(
                severity: notice.event == .asked ? nil : point.severity,
                text: oneLine("\(point.step):\(subject) \(point.sentence)\(advice)", 3 * Limits.noticeSentence))
        }
        if notice.morePoints > 0 { lines.append(Line(severity: nil, text: "… and \(notice.morePoints) more.")) }
        return lines
    }

    static func counts(_ counts: Notice.Counts) -> String {
        let all = [
            (counts.pass, "pass"), (counts.warn, "warn"), (counts.fail, "fail"), (counts.unknown, "unknown"),
            (counts.skipped, "not run"),
        ]
        let there = all.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return there.isEmpty ? "no step" : there.joined(separator: ", ")
    }

    private static func missedInShort(_ notice: Notice) -> String {
        var parts: [String] = []
        if let missed = notice.missed { parts.append("\(occurrences(missed)) without a run") }
        if !notice.leftSteps.isEmpty { parts.append("\(notice.leftSteps.count) steps left by the window's end") }
        return parts.joined(separator: ", ")
    }

    private static func occurrences(_ missed: MissedOccurrences) -> String {
        let number = (missed.isAtLeast ? "at least " : "") + String(missed.count)
        return missed.count == 1 ? "\(number) occurrence" : "\(number) occurrences"
    }

    /// `2026-11-22 02:00:07 UTC`.
    static func time(_ instant: Instant) -> String {
        let text = Instant(secondsSinceEpoch: instant.secondsSinceEpoch).description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
    }

    /// One line without characters that steer terminals or turn the text's direction around.
    static func oneLine(_ text: String, _ limit: Int) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: scalars.append(" ")
            default: scalars.append(scalar.properties.isBidiControl ? " " : scalar)
            }
        }
        let joined = String(scalars).split(separator: " ").joined(separator: " ")
        return joined.unicodeScalars.count > limit
            ? String(String.UnicodeScalarView(joined.unicodeScalars.prefix(limit - 1))) + "…" : joined
    }
}
