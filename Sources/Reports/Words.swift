import Engine
public import Host
import Maintenance

/// The sentences that all faces of a run share.
public enum Words {
    /// `fail: 9 pass, 1 warn, 1 fail`.
    public static func title(_ run: RunDocument) -> String {
        "\(run.verdict?.rawValue ?? run.state): \(counts(run.counts))"
    }

    public static func counts(_ counts: RunDocument.Counts) -> String {
        [
            (counts.pass, "pass"), (counts.warn, "warn"), (counts.fail, "fail"), (counts.unknown, "unknown"),
            (counts.skipped, "not run"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    static func facts(_ run: RunDocument) -> [(String, String)] {
        var facts = [
            ("run", run.run), ("environment", run.environment), ("asked for by", run.requestedBy),
            ("started", run.startedAt.map(time) ?? "not yet"),
            ("ended", run.endedAt.map(time) ?? "not yet"),
        ]
        if let cause = run.cause { facts.append(("why unknown", cause.sentence)) }
        if let duration = run.duration { facts.append(("took", took(duration))) }
        if let closes = run.windowCloses { facts.append(("window closes", time(closes))) }
        if let reason = run.windowOverride { facts.append(("window overridden", reason)) }
        if let missed = run.missed { facts.append(("missed before it", self.missed(missed))) }
        if run.resumptions > 0 {
            let times = run.resumptions == 1 ? "once" : "\(run.resumptions) times"
            facts.append(("gone on with by another process", times))
        }
        return facts
    }

    /// `2026-11-22 02:00:07 UTC`: the record has the fraction.
    public static func time(_ instant: Instant) -> String {
        let text = Instant(secondsSinceEpoch: instant.secondsSinceEpoch).description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
    }

    /// What a step saw, or why it is not a pass.
    public static func seen(_ step: RunDocument.Step) -> String { seen(step.summary, step.cause) }

    static func seen(_ step: StepFacts) -> String { bounded(seen(step.summary, step.cause)) }

    private static func seen(_ summary: String, _ cause: Cause?) -> String {
        guard let cause, !summary.contains(cause.sentence) else { return summary }
        return summary.isEmpty ? cause.sentence : "\(summary). \(cause.sentence)"
    }

    /// Text without the characters that steer terminals or turn its direction around.
    static func isSteering(_ character: Character) -> Bool {
        character.unicodeScalars.contains { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.isBidiControl
        }
    }

    static func measurements(_ step: RunDocument.Step) -> [(String, String)] {
        step.measurements.sorted { $0.key < $1.key }.map { name, value in
            let unit = UnitOfMeasure(rawValue: value.unit) ?? .count
            return (name, MeasurementText.text(Measurement(name, value.value, unit)))
        }
    }

    /// Who agreed to what the step did, each with how; empty where nobody was to.
    public static func agreed(_ step: RunDocument.Step) -> [String] {
        (step.agreed ?? []).map { "agreed: \($0.by), \($0.at)" + ($0.note.map { ", \($0)" } ?? "") }
    }

    public static func took(_ step: RunDocument.Step) -> String {
        guard let startedAt = step.startedAt, let endedAt = step.endedAt, step.state == "done" else { return "" }
        return took(endedAt - startedAt)
    }

    /// `12 ms`, `3.4 s`, `2 min 5 s`.
    public static func took(_ duration: Duration) -> String {
        let seconds = duration.inSeconds
        if seconds < 1 { return "\(Int((seconds * 1000).rounded())) ms" }
        if seconds < 60 { return "\(MeasurementText.number((seconds * 10).rounded() / 10)) s" }
        let whole = Int(seconds.rounded())
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
    }

    /// A text that somebody else gave, at a length that a page can hold.
    static func bounded(_ text: String) -> String {
        // Counting characters of a long text takes its time; most are short.
        guard text.utf8.count > ReportLimits.sentence else { return text }
        let cut = text.prefix(ReportLimits.sentence)
        return cut.endIndex == text.endIndex ? text : cut.dropLast() + "…"
    }

    /// A statement in one line, cut to the length that a line can show.
    public static func oneLine(_ text: String) -> String {
        let joined = text.split { $0.isWhitespace }.joined(separator: " ")
        return joined.count > ReportLimits.statement ? joined.prefix(ReportLimits.statement - 1) + "…" : joined
    }
}
